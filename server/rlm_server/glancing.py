"""Searches while the first index is made: a glance at the files themselves, in a thread."""

import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import anyio
from anyio.to_thread import run_sync
from rlm_crystal.filters import asked_in

if TYPE_CHECKING:
    from rlm_crystal.glance import Glance, Glancer


class Glances:
    """What was read for one search is kept for the next; drop it once there is a crystal."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)
        self._glancer: Glancer | None = None
        self._making = threading.Lock()

    async def look(
        self,
        query: str,
        *,
        limit: int,
        path_glob: str,
        language: str,
        within_s: float,
        indexed: anyio.Event | None,
    ) -> "Glance | None":
        """A glance after about `within_s`; None where the index is done before that.

        It is held back for as long, since an answer from all of a small corpus is worth the wait;
        not where no index is being made, and `indexed` is None.
        """
        asked_s = monotonic()
        stop = threading.Event()
        seen: list[Glance] = []

        def glance() -> "Glance":
            asked = asked_in(query)
            return self._made().look(
                asked.text,
                within_s=within_s - (monotonic() - asked_s),
                limit=limit,
                filters=asked.filters.within(path_glob=path_glob, language=language),
                over=stop.is_set,
            )

        async def run() -> None:
            seen.append(await run_sync(glance, abandon_on_cancel=True))

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(run)
                if indexed is not None and await _came(indexed, within_s):
                    tasks.cancel_scope.cancel()
        finally:
            stop.set()
        return seen[0] if seen and not (indexed and indexed.is_set()) else None

    def _made(self) -> "Glancer":
        """Imports numpy and the rest of the crystal: in the thread that calls this."""
        from rlm_crystal.glance import Glancer

        with self._making:
            if self._glancer is None:
                self._glancer = Glancer(self._roots)
            return self._glancer


async def _came(event: anyio.Event, within_s: float) -> bool:
    with anyio.move_on_after(within_s):
        await event.wait()
    return event.is_set()
