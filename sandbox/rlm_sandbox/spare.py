"""A child started ahead, so that a session begins, and comes back after a kill, in milliseconds.

Nearly all of a start is Python itself and its imports. A spare has done both and waits, unsealed
and with nothing to work on, until it is handed a session; then it seals itself as any child does.
It is a process of its own, not a fork of another: its hash seed, its addresses and its key are its
own, and the kernel ends it with the host like every child.
"""

import contextlib
from collections.abc import Sequence

from rlm_sandbox.backend import ChildGone
from rlm_sandbox.errors import SandboxUnavailable
from rlm_sandbox.frames import Message
from rlm_sandbox.host import KernelChild


class Spares:
    """Keeps one spare: about 21 MB of RSS, half of it shared with other Pythons.

    The first session that is given this object makes the first spare, and each that takes one
    makes the next. A spare that nobody takes ends by itself after a quarter of an hour. For one
    thread, like the sandboxes it serves: a child ends with the thread that started it.
    """

    def __init__(self) -> None:
        self._waiting: KernelChild | None = None
        self._closed = False

    def make(self) -> None:
        """Start a spare unless one waits; returns at once, and it gets ready by itself."""
        if self._waiting is None and not self._closed:
            # Where a start fails, the session that needs one will say why.
            with contextlib.suppress(SandboxUnavailable):
                self._waiting = KernelChild.waiting()

    def take(self) -> KernelChild | None:
        """The spare, ready or nearly so, or None where there is none."""
        spare, self._waiting = self._waiting, None
        return spare

    async def close(self) -> None:
        """End the spare and make no more."""
        self._closed = True
        await self.rest()

    async def rest(self) -> None:
        """End the spare; the next session makes one again."""
        spare = self.take()
        if spare is not None:
            await spare.kill()


async def sealed_child(
    setup: Message, descriptors: Sequence[int], spares: Spares | None = None
) -> KernelChild:
    """A child that is set up and has proven its seal: the spare, or one that is started now.

    Raises SandboxUnavailable with the layer that is missing, PreludeFailed.
    """
    spare = spares.take() if spares is not None else None
    try:
        # A spare may have ended meanwhile, which says nothing about the next.
        child = spare and await _set_up(spare, setup, descriptors)
    except ChildGone:
        child = None
    if child is None:
        try:
            child = await _set_up(KernelChild.waiting(), setup, descriptors)
        except ChildGone as error:
            raise SandboxUnavailable("child process", str(error)) from error
    if spares is not None:
        spares.make()
    return child


async def _set_up(child: KernelChild, setup: Message, descriptors: Sequence[int]) -> KernelChild:
    await child.set_up(setup, descriptors)
    return child
