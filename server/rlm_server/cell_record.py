"""The record of a cell of `rlm_exec`: taken as it ends, sealed once its REPL is free again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

import anyio
from anyio.to_thread import run_sync
from rlm_crystal.errors import CrystalError

from rlm_server.archive import Archive
from rlm_server.repls import OpenRepl
from rlm_server.settings import Recording
from rlm_server.traces.keeping import RunRecord

RECORDS_MAX: Final = 100
"""Of a REPL that is open; those of all go with their age, as records of questions do."""
_SEALING_S: Final = 1.0


class CellRecord:
    """Of one cell; `problems` says for a person what could not be done."""

    def __init__(self, archive: Archive, recording: Recording) -> None:
        self._archive = archive
        self._run = RunRecord(archive.traces, recording)
        self._taken: list[tuple[str, bytes]] = []
        self._of: OpenRepl | None = None
        self.problems = self._run.problems

    def of(self, repl: OpenRepl) -> None:
        """The cell runs in this REPL."""
        self._of = repl

    def take(self, name: str, record: bytes) -> None:
        """Have it sealed under this name when the block of `sealed_after` ends."""
        self._taken.append((name, record))

    @asynccontextmanager
    async def sealed_after(self) -> AsyncGenerator[None]:
        """Seal what was taken after the block, however that ends."""
        try:
            yield
        finally:
            with anyio.move_on_after(_SEALING_S, shield=True):
                await run_sync(self._seal, abandon_on_cancel=True)

    def _seal(self) -> None:
        for name, record in self._taken:
            self._run.keep(name, record)
        if self._of is None:
            return
        self._of.recorded += [name for name, _ in self._taken]
        old, self._of.recorded = self._of.recorded[:-RECORDS_MAX], self._of.recorded[-RECORDS_MAX:]
        with suppress(CrystalError, OSError):  # what stays goes with its age
            for name in old:
                self._archive.traces().delete(name)
