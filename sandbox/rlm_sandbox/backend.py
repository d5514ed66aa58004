"""What the door needs of a backend: children that speak messages, and what outlives a child.

A backend decides what an untrusted cell is shut into: the kernel's jail (`kernel.py`) or a
WebAssembly machine. Everything above this line is the same for both.
"""

import sys
from typing import Literal, Protocol

from rlm_sandbox.frames import Message

BackendName = Literal["kernel", "wasm"]

BACKENDS: tuple[BackendName, ...] = ("kernel", "wasm")


class ChildGone(Exception):
    """The child closed its pipe: it died or was killed."""


class Child(Protocol):
    """One process in which cells run, sealed when it is handed out."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that the child and its host have proven."""
        ...

    @property
    def pid(self) -> int:
        """The process id; valid until `kill`."""
        ...

    async def send(self, message: Message) -> None:
        """Send one message whole; raises ChildGone, and what FrameWriter raises."""
        ...

    def write(self, message: Message) -> memoryview:
        """Send what can be sent without waiting; returns the rest, for `write_rest`."""
        ...

    async def write_rest(self, rest: memoryview) -> None:
        """Send what `write` left, as fast as the child reads; raises ChildGone."""
        ...

    async def receive(self) -> Message:
        """The next message; raises ChildGone and ProtocolError."""
        ...

    def at_rest(self) -> bool:
        """Whether the child lives and, as far as can be seen, only waits for what it is sent.

        One that sent more than was asked of it, or goes on after the end of its cell, is not.
        """
        ...

    def interrupt(self) -> bool:
        """Ask the cell to stop, its variables staying; False where it cannot be asked."""
        ...

    def cpu_s(self) -> float:
        """Processor seconds used by the child so far; 0 where it is gone."""
        ...

    async def kill(self) -> None:
        """End the child and wait until it is gone; safe to call twice."""
        ...


class Backend(Protocol):
    """Starts the children of one sandbox and keeps what outlives them: context and snapshot."""

    async def start(self) -> Child:
        """A sealed child; raises SandboxUnavailable with the layer, PreludeFailed."""
        ...

    def restoring(self) -> Message:
        """What asks a fresh child to bring the variables of the last snapshot back."""
        ...

    def forget_snapshot(self) -> None:
        """Let the next child begin with nothing: this snapshot cannot be restored."""
        ...

    def close(self) -> None:
        """Give all back; safe to call twice."""
        ...


def default_backend() -> BackendName:
    """The backend of this system where none is named."""
    return "kernel" if sys.platform == "linux" else "wasm"
