"""More rights than a cell has: other processes, new processes, and the kernel's own objects."""

from attacks.payload import LIBC, PRINT_MARKER, Payload

PRIVILEGE = (
    Payload(
        "kill", "privilege", "victim", "import os, time\nos.kill(@VICTIM@, 9)\ntime.sleep(0.05)"
    ),
    Payload(
        "ptrace",
        "privilege",
        "victim",
        LIBC + "libc.ptrace(16, @VICTIM@, 0, 0)\nimport time\ntime.sleep(0.1)",
    ),
    Payload(
        "pidfd-signal",
        "privilege",
        "victim",
        "import os, signal, time\n"
        "signal.pidfd_send_signal(os.pidfd_open(@VICTIM@), 9)\ntime.sleep(0.05)",
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
    Payload(
        "limit-of-victim",
        "privilege",
        "victim",
        "import resource\nresource.prlimit(@VICTIM@, resource.RLIMIT_NOFILE, (77, 77))",
    ),
    Payload(
        "priority-of-victim",
        "privilege",
        "victim",
        "import os\nos.setpriority(os.PRIO_PROCESS, @VICTIM@, 19)",
    ),
    Payload(
        "processors-of-victim",
        "privilege",
        "victim",
        "import os\nos.sched_setaffinity(@VICTIM@, [min(os.sched_getaffinity(@VICTIM@))])",
    ),
    Payload(
        "scheduler-of-victim",
        "privilege",
        "victim",
        "import os\nos.sched_setscheduler(@VICTIM@, os.SCHED_BATCH, os.sched_param(0))",
    ),
    Payload(
        "memory-score-of-victim",
        "privilege",
        "victim",
        "import io\nwith io.open('/proc/@VICTIM@/oom_score_adj', 'w') as f: f.write('555')",
    ),
    Payload(
        "kill-the-group",
        "privilege",
        "victim",
        """\
import os, time
os.killpg(@VICTIM@, 15)
time.sleep(0.05)""",
    ),
    Payload(
        "kill-by-number",
        "privilege",
        "victim",
        LIBC
        + """\
import time
libc.syscall(234, @VICTIM@, @VICTIM@, 9)
time.sleep(0.05)""",
    ),
    Payload(
        "queued-signal",
        "privilege",
        "victim",
        LIBC
        + """\
import time
libc.sigqueue(@VICTIM@, 9, None)
time.sleep(0.05)""",
    ),
    Payload(
        "environment-of-victim",
        "privilege",
        "leak",
        "import io\nprint(io.open('/proc/@VICTIM@/environ', 'rb').read())",
    ),
    Payload(
        "descriptor-of-victim",
        "privilege",
        "leak",
        "import io\nprint(io.open('/proc/@VICTIM@/fd/@HELD@', 'rb').read())",
    ),
    Payload(
        "stolen-descriptor",
        "privilege",
        "leak",
        LIBC
        + """\
import os
fd = libc.syscall(438, os.pidfd_open(@VICTIM@), @HELD@, 0)
print(os.pread(fd, 99, 0))""",
    ),
    Payload(
        "root-of-victim",
        "privilege",
        "leak",
        "import io\nprint(io.open('/proc/@VICTIM@/root@SECRET@').read())",
    ),
    Payload(
        "file-by-handle",
        "privilege",
        "leak",
        LIBC
        + """\
import os
handle = ctypes.create_string_buffer(b'\\x80\\0\\0\\0', 136)
mount = ctypes.c_int()
libc.name_to_handle_at(-100, b'@SECRET@', handle, ctypes.byref(mount), 0)
fd = libc.open_by_handle_at(os.open('@FOLDER@', 0), handle, 0)
print(os.read(fd, 99))""",
    ),
    Payload(
        "new-namespaces",
        "privilege",
        "marker",
        LIBC + "if libc.unshare(0x10000000) != 0: raise OSError\n" + PRINT_MARKER,
    ),
    Payload(
        "new-owner",
        "privilege",
        "spare",
        "import os\nos.chown('@SPARE@', 12345, 12345)",
    ),
    Payload(
        "key-in-the-kernel",
        "privilege",
        "marker",
        LIBC
        + "if libc.syscall(248, b'user', b'x', b'y', 1, -2) < 0: raise OSError\n"
        + PRINT_MARKER,
    ),
    Payload(
        "kernel-program",
        "privilege",
        "marker",
        LIBC
        + """\
import struct
attributes = struct.pack('<4I', 2, 4, 4, 1) + bytes(112)
if libc.syscall(321, 0, attributes, 128) < 0: raise OSError
"""
        + PRINT_MARKER,
    ),
    Payload(
        "performance-counter",
        "privilege",
        "marker",
        LIBC
        + """\
import struct
attributes = struct.pack('<IIQ', 1, 112, 1) + bytes(24) + struct.pack('<Q', 0x61) + bytes(64)
if libc.syscall(298, attributes, 0, -1, -1, 0) < 0: raise OSError
"""
        + PRINT_MARKER,
    ),
    Payload(
        "watched-file",
        "privilege",
        "marker",
        LIBC + "watch = libc.inotify_add_watch(libc.inotify_init1(0), b'@SECRET@', 0xfff)\n"
        "if watch < 0: raise OSError\n" + PRINT_MARKER,
    ),
    Payload(
        "native-fork",
        "privilege",
        "file",
        LIBC
        + """\
import os
pid = libc.fork()
if pid == 0:
    libc.mkdir(b'@OUT@', 0o700)
    libc._exit(0)
os.waitpid(pid, 0)""",
    ),
    Payload(
        "third-clone",
        "privilege",
        "file",
        LIBC
        + """\
import os, struct
pid = libc.syscall(435, struct.pack('<11Q', 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0), 88)
if pid == 0:
    libc.mkdir(b'@OUT@', 0o700)
    libc._exit(0)
os.waitpid(pid, 0)""",
    ),
    Payload(
        "spawned",
        "privilege",
        "file",
        "import os\nos.waitpid(os.posix_spawn('/bin/mkdir', ['mkdir', '@OUT@'], {}), 0)",
    ),
    Payload(
        "another-program-in-its-place",
        "privilege",
        "file",
        "import os\nos.execv('/bin/mkdir', ['mkdir', '@OUT@'])",
    ),
    Payload(
        "from-another-thread",
        "privilege",
        "file",
        """\
import os, threading
thread = threading.Thread(target=os.mkdir, args=('@OUT@',))
thread.start()
thread.join()""",
    ),
    Payload(
        "from-a-pool",
        "privilege",
        "file",
        """\
import os
from multiprocessing.pool import ThreadPool
ThreadPool(1).apply(os.mkdir, ('@OUT@',))""",
    ),
    Payload(
        "at-the-end-of-the-process",
        "privilege",
        "file",
        """\
import atexit, os
atexit.register(os.mkdir, '@OUT@')
atexit._run_exitfuncs()""",
    ),
    Payload(
        "dumpable-again",
        "privilege",
        "marker",
        LIBC
        + """\
libc.prctl(4, 1, 0, 0, 0)
if libc.prctl(3, 0, 0, 0, 0) != 1: raise OSError
"""
        + PRINT_MARKER,
    ),
    Payload(
        "shared-segment",
        "privilege",
        "marker",
        LIBC
        + """\
segment = libc.shmget(0, 4096, 0o600)
if segment < 0: raise OSError
libc.shmctl(segment, 0, None)
"""
        + PRINT_MARKER,
    ),
    Payload(
        "message-queue",
        "privilege",
        "marker",
        LIBC
        + """\
queue = libc.msgget(0, 0o600)
if queue < 0: raise OSError
libc.msgctl(queue, 0, None)
"""
        + PRINT_MARKER,
    ),
    Payload(
        "device-node",
        "privilege",
        "file",
        "import os, stat\nos.mknod('@OUT@', stat.S_IFCHR | 0o600, os.makedev(1, 3))",
    ),
    Payload(
        "raised-limit",
        "privilege",
        "marker",
        """\
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
"""
        + PRINT_MARKER,
    ),
)
