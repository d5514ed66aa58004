"""Progress of one call as notifications: strictly increasing, in words, neither many nor rare."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
from rlm_crystal.types import Progress

SendProgress = Callable[[float, float | None, str], Awaitable[None]]

LEAST_APART_S = 0.5
MOST_APART_S = 8.0
_STEP = 0.001


class ProgressTeller:
    """Takes progress as often as it comes and sends what a client can use.

    The figures of a stage that follows another begin where that one ended, as clients may only be
    told increasing values. A call that makes no progress says every eight seconds that it lives.
    """

    def __init__(self, send: SendProgress) -> None:
        self._send = send
        self._stage = ""
        self._base = 0.0
        self._sent = 0.0
        self._latest: Progress | None = None
        self._news = anyio.Event()

    def __call__(self, progress: Progress) -> None:
        """Take a step of the work."""
        if progress.stage != self._stage:
            self._stage, self._base = progress.stage, self._sent
        self._latest = progress
        self._news.set()

    @asynccontextmanager
    async def telling(self) -> AsyncGenerator[None]:
        """Send for as long as the block lasts."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run)
            yield
            tasks.cancel_scope.cancel()

    async def _run(self) -> None:
        while True:
            with anyio.move_on_after(MOST_APART_S):
                await self._news.wait()
            self._news = anyio.Event()
            await self._tell()
            await anyio.sleep(LEAST_APART_S)

    async def _tell(self) -> None:
        latest = self._latest or Progress("working", 0, 0)
        value = max(self._sent + _STEP, self._base + latest.done)
        total = max(value, self._base + latest.total) if latest.total else None
        self._sent = value
        await self._send(value, total, latest.in_words())
