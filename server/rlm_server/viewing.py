"""Views: the crystal of the moment for one call, after catching up with the disk."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio.to_thread import run_sync
from rlm_crystal.errors import NoCrystal
from rlm_crystal.types import ProgressSink
from rlm_tools.host import FirstLook, Revision, View

from rlm_server.errors import Indexing
from rlm_server.glancing import Glances
from rlm_server.manner import Manner

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

    from rlm_server.keeper import Keeper

_RETRY_AFTER_S = 10


class Viewer:
    """What a reader of one corpus is given; `served` is the crystal of the moment."""

    def __init__(
        self,
        keeper: "Keeper",
        served: "Callable[[], Crystal | None]",
        roots: Sequence[Path],
        manner: Manner,
    ) -> None:
        self._keeper = keeper
        self._served = served
        self._roots = roots
        self._manner = manner
        self._glances: Glances | None = None

    async def view(self, progress: ProgressSink) -> View:
        """The crystal of this moment; Indexing where the first takes longer than a call may."""
        await self.first(progress, bound_s=self._manner.ready_wait_s)
        fresh = await self._keeper.caught_up(self._manner.fresh_wait_s)
        if self._keeper.failure is not None:
            raise self._keeper.failure
        crystal = self._served()
        if crystal is None:
            raise NoCrystal("Nothing has been indexed yet; call rlm_reindex or run rlm-mcp index.")
        pending = 0 if fresh else await run_sync(_pending, crystal, abandon_on_cancel=True)
        return View(crystal, Revision(crystal.head or "", pending, pending == 0))

    async def confirm(self, view: View, paths: Collection[str], progress: ProgressSink) -> View:
        """`view`, or a newer one where a file among `paths` is not on disk what it holds."""
        differing = await run_sync(_differing, view.crystal, paths, abandon_on_cancel=True)
        if not differing:
            return view
        for path in differing:
            self._keeper.changed(path)
        return await self.view(progress)

    async def first(self, progress: ProgressSink, *, bound_s: float | None = None) -> None:
        """Wait until there is a crystal, for as long as it takes where nothing bounds it."""
        keeper = self._keeper
        await keeper.decided.wait()
        if not self._manner.first_index and not keeper.ready.is_set():
            raise NoCrystal(
                "Nothing is indexed here, and a look at the files does not answer this; search"
                " without --now, or run rlm-mcp index first."
            )
        with keeper.followed_by(progress), anyio.move_on_after(bound_s):
            await keeper.ready.wait()
        if not keeper.ready.is_set():
            raise Indexing(keeper.progress, _RETRY_AFTER_S)

    async def glance(
        self, query: str, progress: ProgressSink, *, limit: int, path_glob: str, language: str
    ) -> FirstLook | None:
        """What the files themselves tell while the first index is made; None where there is one."""
        keeper, after_s = self._keeper, self._manner.glance_after_s
        await keeper.decided.wait()
        if after_s is None or keeper.ready.is_set():
            return None
        if self._glances is None:
            self._glances = Glances(self._roots)
        with keeper.followed_by(progress):
            seen = await self._glances.look(
                query,
                limit=limit,
                path_glob=path_glob,
                language=language,
                within_s=after_s,
                indexed=keeper.ready if self._manner.first_index else None,
            )
        return None if seen is None else FirstLook(seen, keeper.progress)

    def let_go(self) -> None:
        """There is a crystal now: what was read for glances is of no more use."""
        self._glances = None


def _pending(crystal: "Crystal") -> int:
    """How many files differ from the disk now."""
    from rlm_crystal.build import drift_of

    drift = drift_of(crystal)
    return len(drift.changed) + len(drift.added) + len(drift.removed)


def _differing(crystal: "Crystal", paths: Collection[str]) -> tuple[Path, ...]:
    """The files that are not on disk what the crystal holds, by content."""
    from rlm_crystal.sight import changed_among

    return changed_among(crystal, paths)
