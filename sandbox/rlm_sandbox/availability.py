"""Whether code can be run here, without running any."""

import os
import sys
from typing import Final

from rlm_sandbox.backend import BackendName, default_backend
from rlm_sandbox.types import Availability

_ELSEWHERE: Final = (
    "running code needs Linux for now (the WASM backend for other systems is not built yet); "
    "only answering questions runs code, the rest works here"
)
_TOO_OLD: Final = (
    "running code needs Linux 5.13 or newer on x86_64 or aarch64 with Landlock and seccomp "
    "switched on (in containers: allow the landlock_* system calls); "
    "only answering questions runs code, the rest works here"
)


def available(backend: BackendName | None = None) -> Availability:
    """What a backend finds here, this system's own where none is named.

    `missing` names each required layer that is not there.
    """
    match backend or default_backend():
        case "kernel":
            return _kernel()
        case "wasm":
            return Availability(False, "wasm", (), ("wasm backend",), _ELSEWHERE)


def _kernel() -> Availability:
    if sys.platform != "linux":
        return Availability(False, "kernel", (), ("kernel jail",), _ELSEWHERE)
    from rlm_sandbox.jail import landlock, seccomp, syscalls
    from rlm_sandbox.jail.seal import LAYERS

    machine = syscalls.machine()
    missing: list[str] = []
    if not machine or not seccomp.supported(machine):
        missing.append("seccomp")
    if landlock.abi() < 1:
        missing.append("landlock")
    if not hasattr(os, "memfd_create"):
        missing.append("shared memory")
    if missing:
        return Availability(False, "kernel", (), tuple(missing), _TOO_OLD)
    return Availability(True, "kernel", LAYERS, (), "")
