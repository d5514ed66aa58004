"""Whether the disk may have changed: known by events where they can be trusted.

`settled` is the question before every answer. On Linux it costs a fraction of a millisecond and no
look at the disk: all that was done before it has been told to `changed` when it returns True.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import anyio
from anyio.to_thread import run_sync

from rlm_server.watcher import Watcher

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_crystal.segment import Segment

SETTLE_S = 2.0
RETRY_S = 60.0


class Lookout:
    """One set of roots. Its attributes are changed by tasks of one event loop only."""

    def __init__(self, roots: Sequence[Path], changed: Callable[[Path | None], None]) -> None:
        self._roots = roots
        self._changed = changed
        self._watcher: Watcher | None = None
        self._retry_s = 0.0
        self._covered: tuple[Segment, ...] = ()
        self.wanted = False
        self.problem = ""

    @property
    def watched(self) -> bool:
        """Whether the system tells us of changes."""
        return self._watcher is not None and self._watcher.alive

    @property
    def in_words(self) -> str:
        """How changes on disk are noticed."""
        if self.watched:
            return "events"
        return f"looking before every answer{f' ({self.problem})' if self.problem else ''}"

    async def start(self) -> None:
        """Be told of changes by the system, where it can."""
        self.wanted = True
        if self._watcher is None:
            await self._start()

    async def mend(self) -> None:
        """Begin again where a watch came to its end; looks at the disk stand in until then."""
        if not self.wanted or self.watched or monotonic() < self._retry_s:
            return
        self._end()
        await self._start()

    def stop(self) -> None:
        """Look at the disk when asked only."""
        self.wanted = False
        self._end()

    async def settled(self) -> bool:
        """Whether all that happened on disk before this call has been told to `changed`."""
        watcher = self._watcher
        if watcher is None or not watcher.alive:
            return False
        if not await run_sync(watcher.still_there):
            self._end()  # another folder took the place of the one that is watched
            return False
        loop, told = asyncio.get_running_loop(), anyio.Event()
        if not watcher.settle(lambda: _soon(loop, told.set)):
            return False
        with anyio.move_on_after(SETTLE_S):
            await told.wait()
        return told.is_set() and watcher.alive

    async def cover(self, crystal: "Crystal") -> None:
        """Watch every folder with an indexed file in it, also those that ignore files rule out."""
        watcher = self._watcher
        known = {id(segment) for segment in self._covered}
        fresh = [segment for segment in crystal.segments if id(segment) not in known]
        if watcher is None or not fresh:
            return
        self._covered = crystal.segments
        folders = await run_sync(_folders_of, fresh, self._roots)
        loop = asyncio.get_running_loop()

        def done(some_are_new: bool) -> None:
            if some_are_new:  # what changed there before was not told
                _soon(loop, lambda: self._changed(None))

        watcher.cover(folders, done)

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        watcher = Watcher(self._roots, lambda path: _soon(loop, lambda: self._changed(path)))
        if await run_sync(watcher.start):
            self._watcher, self.problem = watcher, ""
            self._changed(None)  # what changed before the watch began was not told
        else:
            self._retry_s, self.problem = monotonic() + RETRY_S, watcher.problem

    def _end(self) -> None:
        self._covered = ()
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the watch may outlive the loop by an instant
        loop.call_soon_threadsafe(call)


def _folders_of(segments: "Sequence[Segment]", roots: Sequence[Path]) -> set[str]:
    """The folders of these files and all folders above them, below the roots."""
    from rlm_crystal.sight import Places

    inside: set[str] = set()
    for segment in segments:
        for path in segment.paths:
            folder = path.rpartition("/")[0]
            while folder and folder not in inside:
                inside.add(folder)
                folder = folder.rpartition("/")[0]
    places = Places(roots)
    return {str(places.absolute(f"{folder}/")) for folder in inside}
