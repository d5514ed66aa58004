"""Writes the crystal that is served down once it is quiet, so that nobody has to make it again.

Between builds a crystal grows by what changed on disk. It is sealed some seconds after the last
change, during a long burst now and then, and when the service ends. Another process may write
first; what it wrote is then looked at before ours is tried again.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from anyio.to_thread import run_sync
from rlm_crystal.errors import CrystalError, StoreBusy

from rlm_server.archive import Archive, Sealed

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_log = logging.getLogger(__name__)

QUIET_S = 5.0
BURST_S = 60.0
_LOCK_WAIT_S = 2.0


class Scribe:
    """One store. Its attributes are changed by tasks of one event loop only.

    `served` tells what to write; `overtaken` is called where another process wrote first.
    """

    def __init__(
        self,
        archive: Archive,
        served: "Callable[[], Crystal | None]",
        overtaken: Callable[[], None],
    ) -> None:
        self._archive = archive
        self._served = served
        self._overtaken = overtaken
        self._origin: Sealed | None = None
        self._written: Crystal | None = None
        self._news = anyio.Event()
        self.known = 0

    @property
    def behind(self) -> bool:
        """Whether the store lacks what is served."""
        served = self._served()
        return self._origin is not None and served is not None and served is not self._written

    def opened(self, sealed: Sealed) -> None:
        """What is served comes from this generation."""
        self._origin, self._written = sealed, sealed.crystal
        self.known = sealed.generation.number

    def written_by_another(self, number: int, crystal: "Crystal") -> None:
        """Another process wrote generation `number`, which holds what `crystal` does."""
        self.known, self._written = number, crystal

    def tell(self) -> None:
        """Something new is served."""
        self._news.set()

    async def run(self) -> None:
        """Write whenever it is quiet, until cancelled."""
        while True:
            await self._news.wait()
            with anyio.move_on_after(BURST_S):
                await self._quiet()
            self._news = anyio.Event()
            await self.write()

    async def write(self) -> None:
        """Write what is served, if the store lacks it; a failure is logged and tried again."""
        served, origin = self._served(), self._origin
        if not self.behind or served is None or origin is None:
            return
        try:
            sealed = await run_sync(self._seal, served, origin, abandon_on_cancel=True)
        except StoreBusy:
            self.tell()
        except CrystalError as error:
            _log.warning("the refreshed crystal is not written down: %s", error)
        else:
            if sealed is None:
                self._overtaken()
            else:
                self.opened(sealed)

    async def _quiet(self) -> None:
        while True:
            self._news = anyio.Event()
            with anyio.move_on_after(QUIET_S) as pause:
                await self._news.wait()
            if pause.cancelled_caught:
                return

    def _seal(self, crystal: "Crystal", since: Sealed) -> Sealed | None:
        return self._archive.seal(crystal, since, known=self.known, timeout_s=_LOCK_WAIT_S)
