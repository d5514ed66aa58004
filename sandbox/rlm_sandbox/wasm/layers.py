"""The layers of the WebAssembly backend, by name."""

from typing import Final

from rlm_sandbox.jail.seal import LAYERS

MACHINE: Final = ("webassembly", "no-files", "no-network", "no-programs", "memory-limit")
"""What the machine itself holds, on every system."""

HELPER: Final = ("own-process", "empty-environment", "own-session", "dies-with-host")
"""What holds for the process the machine runs in, on every system."""


def layers(*, sealed: bool) -> tuple[str, ...]:
    """All that hold; a sealed helper is in the kernel's jail besides."""
    jail = LAYERS if sealed else ()
    return (*MACHINE, *HELPER, *(layer for layer in jail if layer not in HELPER))
