"""Too much of something, or never done: the session or the machine is to be lost."""

from attacks.payload import LIBC, PRINT_MARKER, Payload

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
    Payload("memory", "denial", "memory", "kept_bomb = b'x' * 280_000_000"),
    Payload(
        "memory-in-pieces",
        "denial",
        "memory",
        "kept_bomb = []\nfor _ in range(280):\n    kept_bomb.append(bytearray(1_000_000))",
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
    Payload(
        "processes",
        "denial",
        "tasks",
        """\
import os, time
for _ in range(12):
    if os.fork() == 0:
        time.sleep(1)
        os._exit(0)
time.sleep(0.05)""",
    ),
    Payload(
        "threads-that-stay",
        "denial",
        "tasks",
        """\
import threading, time
for _ in range(12): threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
time.sleep(0.05)""",
    ),
    Payload(
        "shifted-int",
        "denial",
        "memory",
        "kept_bomb = 1 << 2_300_000_000",
    ),
    Payload(
        "width-of-a-format",
        "denial",
        "memory",
        "kept_bomb = '%280000000d' % 1",
    ),
    Payload(
        "mapped-memory",
        "denial",
        "memory",
        """\
import mmap
kept_bomb = mmap.mmap(-1, 280_000_000)
for at in range(0, 280_000_000, 4096): kept_bomb[at] = 1""",
    ),
    Payload(
        "gap-in-a-buffer",
        "denial",
        "memory",
        """\
import io
kept_bomb = io.BytesIO()
kept_bomb.seek(280_000_000)
kept_bomb.write(b'x')
kept_bomb = kept_bomb.getvalue() + b''""",
    ),
    Payload(
        "growth-by-replacing",
        "denial",
        "memory",
        "kept_bomb = ('a' * 20_000).replace('a', 'b' * 14_000)",
    ),
    Payload(
        "native-memory",
        "denial",
        "memory",
        LIBC
        + """\
libc.malloc.restype = ctypes.c_void_p
kept_bomb = libc.malloc(ctypes.c_size_t(280_000_000))
ctypes.memset(kept_bomb, 1, 280_000_000)""",
    ),
    Payload(
        "decimal-precision",
        "denial",
        "lost",
        """\
import decimal
decimal.getcontext().prec = 9_000_000
+(decimal.Decimal(2).sqrt() * decimal.Decimal(3).sqrt()).ln()""",
    ),
    Payload(
        "fraction-power",
        "denial",
        "lost",
        "import fractions\nfractions.Fraction(10**9 + 7, 10**9 + 9) ** 3_000_000",
    ),
    Payload(
        "int-to-text",
        "denial",
        "lost",
        """\
import sys
sys.set_int_max_str_digits(0)
str(3 ** 3_000_000)""",
    ),
    Payload(
        "colliding-keys",
        "denial",
        "lost",
        "{n * ((1 << 61) - 1): n for n in range(40_000)}",
    ),
    Payload(
        "lock-held-twice",
        "denial",
        "lost",
        """\
import threading
lock = threading.Lock()
lock.acquire()
lock.acquire()""",
    ),
    Payload(
        "read-from-an-empty-pipe",
        "denial",
        "lost",
        "import os\nos.read(os.pipe()[0], 1)",
    ),
    Payload(
        "wait-for-nothing",
        "denial",
        "lost",
        "import select\nselect.select([], [], [])",
    ),
    Payload(
        "wait-for-a-signal",
        "denial",
        "lost",
        "import signal\nsignal.pause()",
    ),
    Payload(
        "deaf-loop",
        "denial",
        "lost",
        """\
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True: pass""",
    ),
    Payload(
        "timer-that-hangs",
        "denial",
        "lost",
        """\
import signal, time
def hang(*_):
    while True: pass
signal.signal(signal.SIGALRM, hang)
signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.1)""",
    ),
    Payload(
        "finaliser-that-hangs",
        "denial",
        "lost",
        """\
class Last:
    def __del__(self):
        while True: pass
Last()""",
    ),
    Payload(
        "collector-callback",
        "denial",
        "lost",
        """\
import gc
def hang(*_):
    while True: pass
gc.callbacks.append(hang)
gc.collect()""",
    ),
    Payload(
        "nested-iterators",
        "denial",
        "lost",
        """\
import itertools
long = iter(())
for _ in range(300_000): long = itertools.chain(long)
next(long, None)""",
    ),
    Payload(
        "combining-marks",
        "denial",
        "lost",
        "import unicodedata\nunicodedata.normalize('NFD', 'a' + '\\u0301\\u0316' * 40_000)",
    ),
    Payload(
        "endless-generator",
        "denial",
        "lost",
        """\
def more():
    while True:
        try: yield
        except GeneratorExit: pass
g = more()
next(g)
for _ in g: pass""",
    ),
    Payload(
        "comparison-that-hangs",
        "denial",
        "lost",
        """\
class Never:
    def __lt__(self, other):
        while True: pass
sorted([Never(), Never()])""",
    ),
    Payload(
        "descriptors",
        "denial",
        "marker",
        """\
import os
kept = [os.dup(1) for _ in range(100)]
"""
        + PRINT_MARKER,
    ),
    Payload(
        "stopped-by-itself",
        "denial",
        "lost",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ),
    Payload(
        "end-of-the-process",
        "denial",
        "lost",
        "import os\nos._exit(0)",
    ),
    Payload(
        "strict-mode",
        "denial",
        "lost",
        LIBC
        + """\
libc.prctl(22, 1, 0, 0, 0)
import os
os.getpid()
os.stat('/')""",
    ),
    Payload(
        "flood-of-an-error",
        "denial",
        "flood",
        "raise ValueError('x' * 9_000_000)",
    ),
    Payload(
        "flood-of-an-answer",
        "denial",
        "flood",
        "FINAL('x' * 9_000_000)",
    ),
    Payload(
        "flood-on-the-other-stream",
        "denial",
        "flood",
        "import sys\nfor _ in range(9): sys.stderr.write('x' * 1_000_000)",
    ),
    Payload(
        "recursion-below-python",
        "denial",
        "lost",
        LIBC
        + """\
CALLBACK = ctypes.CFUNCTYPE(None)
@CALLBACK
def again(): again()
import sys
sys.setrecursionlimit(10**6)
again()""",
    ),
)
