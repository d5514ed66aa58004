"""The REPLs of this process as the tools see them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from rlm_crystal.types import ProgressSink
from rlm_tools.host import Cell, CellRan, ReplState

if TYPE_CHECKING:
    from rlm_server.cells import RunningCells
    from rlm_server.service import Service
    from rlm_server.settings import Settings


class Workbench:
    """Runs cells with the settings of the moment; `rlm_tools.host.Workbench` says the rest."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    async def run(self, cell: Cell, progress: ProgressSink) -> CellRan:
        """Run code in a REPL over the crystal of this moment, or of when it was opened."""
        service = self._service
        opened, view = await service.ready(progress)
        running = await run_sync(_running_cells)
        book = service.state.book
        try:
            async with service.metered() as meter:
                return await running(cell, view, opened, book, service.environ, progress, meter)
        finally:
            opened.repls.tended_in(service.tasks)

    async def state(self, handle: str) -> ReplState:
        """A REPL by its handle."""
        return (await self._service.use()).repls.state(handle)

    async def states(self) -> tuple[ReplState, ...]:
        """The REPLs that are open."""
        return (await self._service.use()).repls.states()

    async def guide(self) -> str:
        """What there is in a REPL."""
        await self._service.use()
        return await run_sync(_guide, self._service.state.book.settings, self._service.environ)


def _running_cells() -> "RunningCells":
    """Import the engine, which takes a moment, in the thread that calls this."""
    from rlm_server.cells import run_cell

    return run_cell


def _guide(settings: "Settings", environ: Mapping[str, str]) -> str:
    from rlm_server.cells import guide

    return guide(settings, environ)
