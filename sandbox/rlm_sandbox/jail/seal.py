"""Seal this process: every layer in order, each proven to hold before the next.

The child calls this once, after everything it will ever need is imported and mapped. It must
still be trusted at that moment; what it reports is checked once more by the host from outside.
"""

import errno
import os
from collections.abc import Callable
from typing import Final

from rlm_sandbox.jail import landlock, process, rlimits, seccomp, syscalls

FORBIDDEN: Final = (
    "openat", "socket", "execve", "clone", "ptrace", "kill", "memfd_create",
)  # fmt: skip
"""Tried after the seal; each must fail with EPERM."""

LAYERS: Final = (
    "landlock", "seccomp", "no-new-privileges", "no-capabilities", "resource-limits",
    "non-dumpable", "dies-with-host", "empty-environment", "own-session", "no-descriptors",
)  # fmt: skip


class LayerMissing(Exception):
    """A layer could not be put up, or does not hold."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"{layer}: {reason}")
        self.layer = layer
        self.reason = reason


def seal(*, read_fd: int, write_fd: int, parent_pid: int, memory_bytes: int) -> None:
    """Put up all of `LAYERS` in this process; raises LayerMissing for the first that fails."""
    machine = syscalls.machine()
    if not machine:
        raise LayerMissing("seccomp", "no system call table for this machine")
    # Python itself sets LC_CTYPE when it coerces the C locale (PEP 538); the loader of an
    # interpreter built shared may need the library path.
    known = {"LC_CTYPE", "LD_LIBRARY_PATH"}
    _require("empty-environment", set(os.environ) <= known, "variables were inherited")
    os.environ.clear()
    _require("own-session", os.getsid(0) == os.getpid(), "the child has no session of its own")
    _put_up("no-descriptors", lambda: _close_others({0, 1, 2, read_fd, write_fd}))
    _put_up("dies-with-host", lambda: process.die_with_parent(machine, parent_pid))
    _put_up("non-dumpable", lambda: process.forbid_dumps(machine))
    _put_up("no-new-privileges", lambda: process.forbid_new_privileges(machine))
    _put_up("no-capabilities", lambda: process.drop_capabilities(machine))
    address_space_bytes = rlimits.mapped_bytes() + memory_bytes
    _put_up("landlock", landlock.restrict)
    _prove_landlock()
    _put_up("resource-limits", lambda: rlimits.restrict(address_space_bytes))
    _put_up("seccomp", lambda: seccomp.install(machine, read_fd=read_fd, write_fd=write_fd))
    _prove_seccomp(machine)


def _put_up(layer: str, action: Callable[[], object]) -> None:
    try:
        action()
    except (OSError, ValueError) as error:
        raise LayerMissing(layer, str(error)) from error


def _require(layer: str, holds: bool, reason: str) -> None:
    if not holds:
        raise LayerMissing(layer, reason)


def _close_others(keep: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) not in keep:
            try:
                os.close(int(name))
            except OSError as error:
                if error.errno != errno.EBADF:  # the listing's own descriptor
                    raise


def _prove_landlock() -> None:
    # Anyone may read /dev/null, so only Landlock can refuse it.
    try:
        os.open("/dev/null", os.O_RDONLY)
    except OSError as error:
        _require("landlock", error.errno == errno.EACCES, f"a probe failed otherwise: {error}")
    else:
        raise LayerMissing("landlock", "a file could be opened after the seal")


def _prove_seccomp(machine: str) -> None:
    for name in FORBIDDEN:
        # Arguments that are wrong on purpose: a call that gets through fails otherwise.
        result, error = syscalls.call(syscalls.NUMBERS[machine][name], -1, 0, 0, 0, 0)
        if result != -1 or error != errno.EPERM:
            raise LayerMissing("seccomp", f"{name} was not denied (errno {error})")
