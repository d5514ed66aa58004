"""System call numbers for the two machines we know, and a way to make a call.

Numbers: x86_64 from arch/x86/entry/syscalls/syscall_64.tbl, aarch64 from
include/uapi/asm-generic/unistd.h, both of the Linux source.
"""

import ctypes
import os
import platform
import sys
from collections.abc import Mapping
from typing import Final

# include/uapi/linux/audit.h: EM_* | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE
AUDIT_ARCH: Final[Mapping[str, int]] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# The same on every machine, for system calls were numbered as one from 424 on.
LANDLOCK_CREATE_RULESET: Final = 444
LANDLOCK_RESTRICT_SELF: Final = 446

NUMBERS: Final[Mapping[str, Mapping[str, int]]] = {
    "x86_64": {
        "read": 0, "write": 1, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
        "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35,
        "getpid": 39, "exit": 60, "gettimeofday": 96, "getrusage": 98, "sysinfo": 99,
        "times": 100, "capset": 126, "prctl": 157, "gettid": 186, "time": 201, "futex": 202,
        "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229,
        "clock_nanosleep": 230, "exit_group": 231, "seccomp": 317, "getrandom": 318,
        "openat": 257, "socket": 41, "execve": 59, "clone": 56, "ptrace": 101, "kill": 62,
        "memfd_create": 319,
    },
    "aarch64": {
        "read": 63, "write": 64, "mmap": 222, "mprotect": 226, "munmap": 215, "brk": 214,
        "rt_sigreturn": 139, "sched_yield": 124, "mremap": 216, "madvise": 233,
        "nanosleep": 101, "getpid": 172, "exit": 93, "gettimeofday": 169, "getrusage": 165,
        "sysinfo": 179, "times": 153, "capset": 91, "prctl": 167, "gettid": 178, "futex": 98,
        "restart_syscall": 128, "clock_gettime": 113, "clock_getres": 114,
        "clock_nanosleep": 115, "exit_group": 94, "seccomp": 277, "getrandom": 278,
        "openat": 56, "socket": 198, "execve": 221, "clone": 220, "ptrace": 117, "kill": 129,
        "memfd_create": 279,
    },
}  # fmt: skip


def machine() -> str:
    """The machine as the tables above name it, or "" where we have no table."""
    name = os.uname().machine if sys.platform != "win32" else platform.machine()
    name = {"amd64": "x86_64", "arm64": "aarch64"}.get(name.lower(), name)
    # A 32-bit interpreter on a 64-bit kernel makes other calls than the table says.
    return name if name in NUMBERS and sys.maxsize > 1 << 32 else ""


def call(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> tuple[int, int]:
    """Make one system call; returns (result, errno), errno 0 where it worked."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    ctypes.set_errno(0)
    result = int(libc.syscall(ctypes.c_long(number), *words))
    return result, ctypes.get_errno() if result == -1 else 0
