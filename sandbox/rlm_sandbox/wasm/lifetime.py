"""A helper ends with its host, also when the host was killed and the helper computes."""

import os
import sys
import threading
import time
from typing import Final, NoReturn

_LOOK_S: Final = 1.0


def die_with_host(host_pid: int) -> None:
    """By the kernel on Linux; elsewhere a thread watches. Raises OSError."""
    if sys.platform == "linux":
        from rlm_sandbox.jail import process, syscalls

        machine = syscalls.machine()
        if machine:
            process.die_with_parent(machine, host_pid)
            return
    threading.Thread(target=_watch, args=(host_pid,), daemon=True).start()


def gone() -> NoReturn:
    """The host is gone: so is this process, at once."""
    os._exit(0)


def _watch(host_pid: int) -> None:
    if sys.platform == "win32":
        _wait_for_process(host_pid)
    else:
        while os.getppid() == host_pid:
            time.sleep(_LOOK_S)
    gone()


def _wait_for_process(pid: int) -> None:
    # A handle is signalled when its process ends (WaitForSingleObject, synchapi.h; the right to
    # wait is SYNCHRONIZE, winnt.h).
    import ctypes

    kernel32 = ctypes.CDLL("kernel32")
    synchronize, for_ever = 0x00100000, 0xFFFFFFFF
    kernel32.OpenProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel32.OpenProcess(synchronize, False, pid))
    kernel32.WaitForSingleObject(handle, for_ever)
