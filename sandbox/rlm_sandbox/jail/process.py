"""Process attributes: no new privileges, no dumps, die with the parent, no capabilities.

Constants from include/uapi/linux/{prctl,capability}.h.
"""

import ctypes
import os
import struct
from typing import Final

from rlm_sandbox.jail import syscalls

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38
_LINUX_CAPABILITY_VERSION_3: Final = 0x20080522
_SIGKILL: Final = 9


def die_with_parent(machine: str, parent_pid: int) -> None:
    """Have the kernel kill this process when the thread that started it ends; OSError."""
    _prctl(machine, PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != parent_pid:
        raise OSError(3, "the host ended before the child was set up")


def forbid_dumps(machine: str) -> None:
    """No core file, no ptrace and no /proc/<pid>/mem for processes of the same user."""
    _prctl(machine, PR_SET_DUMPABLE, 0)


def forbid_new_privileges(machine: str) -> None:
    """Nothing run from here can gain rights; Landlock and seccomp ask for it."""
    _prctl(machine, PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities(machine: str) -> None:
    """Give up every capability, so that root in here is nobody (a no-op for other users)."""
    header = struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0)
    data = bytes(24)  # two structs of effective, permitted, inheritable: all zero
    _, errno = syscalls.call(
        syscalls.NUMBERS[machine]["capset"],
        ctypes.create_string_buffer(header, len(header)),
        ctypes.create_string_buffer(data, len(data)),
    )
    if errno:
        raise OSError(errno, "capset failed")


def _prctl(machine: str, option: int, value: int) -> None:
    _, errno = syscalls.call(syscalls.NUMBERS[machine]["prctl"], option, value, 0, 0, 0)
    if errno:
        raise OSError(errno, f"prctl({option}, {value}) failed")
