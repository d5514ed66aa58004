"""seccomp: the few system calls that sealed Python needs; every other one fails with EPERM.

No open, socket, exec, fork, clone, kill, ptrace, ioctl, fcntl or new signal handler; memory can
never be made executable, and only anonymous memory can be mapped; reading and writing work on
the two pipes to the host and no other descriptor. A call of another machine kind (i386, x32)
kills the process, for its numbers mean something else.

Constants from include/uapi/linux/{seccomp,filter,bpf_common,mman}.h.
"""

import ctypes
import errno
import struct
from collections.abc import Callable
from typing import Final

from rlm_sandbox.jail import syscalls

SECCOMP_SET_MODE_FILTER: Final = 1
SECCOMP_GET_ACTION_AVAIL: Final = 2
SECCOMP_FILTER_FLAG_TSYNC: Final = 1 << 0
SECCOMP_RET_KILL_PROCESS: Final = 0x80000000
SECCOMP_RET_ERRNO: Final = 0x00050000
SECCOMP_RET_ALLOW: Final = 0x7FFF0000
X32_SYSCALL_BIT: Final = 0x40000000  # arch/x86/include/uapi/asm/unistd.h

# struct seccomp_data: nr at 0, arch at 4, instruction pointer at 8, six 64-bit arguments at 16.
_NR, _ARCH = 0, 4

# BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, ..JGE.., ..JSET.., BPF_RET|BPF_K
_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06

_PROT_EXEC: Final = 0x4
_MAP_ANONYMOUS: Final = 0x20  # the same on x86_64 and aarch64

PLAIN: Final = (
    "futex", "munmap", "brk", "mremap", "madvise", "clock_gettime", "gettimeofday", "time",
    "clock_getres", "clock_nanosleep", "nanosleep", "restart_syscall", "rt_sigreturn",
    "sched_yield", "getpid", "gettid", "getrandom", "getrusage", "times", "sysinfo",
    "exit", "exit_group",
)  # fmt: skip
"""Allowed with any arguments. sysinfo is what glibc's qsort asks before it sorts."""

Instruction = tuple[int, int, int, int]
"""code, jump if true, jump if false, k: one `struct sock_filter`."""


def program(machine: str, *, read_fd: int, write_fd: int) -> list[Instruction]:
    """The filter for a child that reads from one descriptor and writes to one other."""
    numbers = syscalls.NUMBERS[machine]
    code: list[Instruction] = [
        (_LD, 0, 0, _ARCH),
        (_JEQ, 1, 0, syscalls.AUDIT_ARCH[machine]),
        (_RET, 0, 0, SECCOMP_RET_KILL_PROCESS),
        (_LD, 0, 0, _NR),
    ]
    if machine == "x86_64":
        code += [(_JGE, 0, 1, X32_SYSCALL_BIT), (_RET, 0, 0, SECCOMP_RET_KILL_PROCESS)]
    code += _when(numbers["read"], _argument_is(0, read_fd))
    code += _when(numbers["write"], _argument_is(0, write_fd))
    code += _when(numbers["mmap"], [*_argument_lacks(2, _PROT_EXEC), *_argument_has(3)])
    code += _when(numbers["mprotect"], _argument_lacks(2, _PROT_EXEC))
    for name in PLAIN:
        if name in numbers:
            code += _when(numbers[name], [])
    code.append(_deny())
    return code


def install(machine: str, *, read_fd: int, write_fd: int) -> None:
    """Seal this process for good; raises OSError. Needs no_new_privs first."""
    code = program(machine, read_fd=read_fd, write_fd=write_fd)
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
    instructions = ctypes.create_string_buffer(packed, len(packed))
    # struct sock_fprog { unsigned short len; struct sock_filter *filter; }
    fprog_bytes = struct.pack("@HP", len(code), ctypes.addressof(instructions))
    fprog = ctypes.create_string_buffer(fprog_bytes, len(fprog_bytes))
    _, error = syscalls.call(
        syscalls.NUMBERS[machine]["seccomp"],
        SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_TSYNC,
        fprog,
    )
    if error:
        raise OSError(error, "seccomp(SECCOMP_SET_MODE_FILTER) failed")


def supported(machine: str) -> bool:
    """Whether this kernel has seccomp filters that can kill a process (Linux 4.14 or newer)."""
    action = struct.pack("=I", SECCOMP_RET_KILL_PROCESS)
    _, error = syscalls.call(
        syscalls.NUMBERS[machine]["seccomp"],
        SECCOMP_GET_ACTION_AVAIL,
        0,
        ctypes.create_string_buffer(action, len(action)),
    )
    return not error


def evaluate(code: list[Instruction], word: Callable[[int], int]) -> int:
    """What the filter answers, computed as the kernel would; `word(offset)` is the call's data."""
    accumulator = position = 0
    while True:
        kind, if_true, if_false, k = code[position]
        position += 1
        if kind == _LD:
            accumulator = word(k)
        elif kind == _RET:
            return k
        else:
            holds = {
                _JEQ: accumulator == k,
                _JGE: accumulator >= k,
                _JSET: bool(accumulator & k),
            }[kind]
            position += if_true if holds else if_false


def _when(number: int, conditions: list[Instruction]) -> list[Instruction]:
    body = [*conditions, (_RET, 0, 0, SECCOMP_RET_ALLOW)]
    return [(_JEQ, 0, len(body), number), *body]


def _argument_is(index: int, value: int) -> list[Instruction]:
    return [(_LD, 0, 0, _low_word(index)), (_JEQ, 1, 0, value), _deny()]


def _argument_lacks(index: int, bits: int) -> list[Instruction]:
    return [(_LD, 0, 0, _low_word(index)), (_JSET, 0, 1, bits), _deny()]


def _argument_has(index: int, bits: int = _MAP_ANONYMOUS) -> list[Instruction]:
    return [(_LD, 0, 0, _low_word(index)), (_JSET, 1, 0, bits), _deny()]


def _deny() -> Instruction:
    return (_RET, 0, 0, SECCOMP_RET_ERRNO | errno.EPERM)


def _low_word(index: int) -> int:
    # Both machines are little-endian: the low half of a 64-bit argument comes first.
    return 16 + 8 * index
