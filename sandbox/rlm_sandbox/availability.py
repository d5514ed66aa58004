"""Whether code can be run here, without running any."""

import os
import sys
from typing import Final

from rlm_sandbox.backend import BackendName, default_backend
from rlm_sandbox.types import Availability

_ELSEWHERE: Final = (
    "the kernel backend needs Linux; the wasm backend runs code on every system: "
    "pip install 'rlm-mcp[wasm]' and RLM_SANDBOX=wasm"
)
_NO_WASM: Final = (
    "running code without the kernel's jail needs the WebAssembly backend: "
    "pip install 'rlm-mcp[wasm]'; only answering questions runs code, the rest works here"
)
_NARROW: Final = "the WebAssembly backend needs a 64-bit Python"
_TOO_OLD: Final = (
    "running code needs Linux 5.13 or newer on x86_64 or aarch64 with Landlock and seccomp "
    "switched on (in containers: allow the landlock_* system calls), or the WebAssembly backend: "
    "pip install 'rlm-mcp[wasm]' and RLM_SANDBOX=wasm; "
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
            return _wasm()


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


def _wasm() -> Availability:
    from rlm_sandbox.wasm.layers import layers
    from rlm_sandbox.wasm.packages import missing

    if sys.maxsize < 1 << 32:
        return Availability(False, "wasm", (), ("64-bit Python",), _NARROW)
    absent = missing()
    if absent:
        return Availability(False, "wasm", (), absent, _NO_WASM)
    return Availability(True, "wasm", layers(sealed=_kernel().ok), (), "")
