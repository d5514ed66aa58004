"""Keeps the crystal of one corpus current: the first index, small refreshes, full rebuilds.

Refreshes run in a thread here and cost what changed; builds run in a process of their own. Either
posts a finished crystal and never touches one that is served. A reader that wants to be sure asks
`caught_up`, which ends when a look at the disk that began after the question is done. Other
processes may write to the same store: what they sealed is taken over at the next look.
"""

import logging
import math
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskGroup
from anyio.to_thread import run_sync
from rlm_crystal.errors import CrystalError, FormatUnknown, NoCrystal
from rlm_crystal.types import Progress, ProgressSink

from rlm_server.archive import Archive, Sealed
from rlm_server.build_child import BuildJob
from rlm_server.builder import build_in_child
from rlm_server.errors import BuildFailed
from rlm_server.looking import Hearsay, Look, look, says_more
from rlm_server.lookout import Lookout
from rlm_server.scribe import Scribe

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_log = logging.getLogger(__name__)

DEBOUNCE_S = 0.3
# Looks that nobody asked for take this share of the time at most.
IDLE_SHARE_MAX = 0.002
SAFETY_LOOK_S = 60.0
POLL_S = 2.0
# Where events arrive up to half a second late, a look this cheap is taken before every answer.
CHEAP_LOOK_S = 0.15
FILES_UNCLUSTERED_MAX = 64
# What is left to write when a server ends; clients wait two seconds before they kill.
LAST_WRITE_S = 1.0


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where the keeper posts what it made; the service answers for the state.

    `swap(new, base)` serves `new` if `base` is what is served (or always, without a base) and
    says whether it did. `may_rebuild()` takes a turn of the limiter if there is one. `describe()`
    gives a crystal the summaries that a model writes, or gives it back as it is. `renew` is a swap
    for the same crystal read anew.
    """

    crystal: Callable[[], "Crystal | None"]
    swap: Callable[["Crystal", "Crystal | None"], Awaitable[bool]]
    may_rebuild: Callable[[], Awaitable[bool]]
    describe: "Callable[[Crystal, ProgressSink], Awaitable[Crystal]]"
    renew: Callable[["Crystal", "Crystal"], Awaitable[bool]]


class _Build:
    """A build that is running; others who want one wait for it and learn how it ended."""

    def __init__(self) -> None:
        self.over = anyio.Event()
        self.error: Exception | None = None

    async def joined(self) -> None:
        await self.over.wait()
        if self.error is not None:
            raise self.error


class Keeper:
    """One corpus. Its attributes are changed by tasks of one event loop only.

    `decided` is set once it is known whether there is a crystal or a first one has to be built, and
    `ready` once one can be served or never will be.

    `persist`: for a process that ends soon; it writes once, at its end, and takes its time.
    Without `first_index` nothing is built where there is no crystal.
    """

    def __init__(
        self,
        archive: Archive,
        inbox: Inbox,
        *,
        allow_wide: bool = False,
        persist: bool = False,
        first_index: bool = True,
    ) -> None:
        self._archive = archive
        self._inbox = inbox
        self._allow_wide = allow_wide
        self._persist = persist
        self._first_index = first_index
        self._scribe = Scribe(archive, inbox.crystal, self.changed)
        self._lookout = Lookout(archive.roots, self.changed)
        self._stamp = (0, 0, 0)
        self._compared: Crystal | None = None
        self._build: _Build | None = None
        self._describing = False
        self._tasks: TaskGroup | None = None
        self._wanted = 1
        self._seen = 0
        self._wake = anyio.Event()
        self._wake.set()
        self._urgent = anyio.Event()
        self._looked = anyio.Event()
        self._look_s = 0.0
        self._hearsay = Hearsay(everything=True)
        self._followers: set[ProgressSink] = set()
        self.decided = anyio.Event()
        self.ready = anyio.Event()
        self.progress = Progress("opening the index", 0, 0)
        self.failure: Exception | None = None

    @property
    def building(self) -> bool:
        """Whether a build is running now."""
        return self._build is not None

    @property
    def current(self) -> bool:
        """Whether every change that is known of was taken over."""
        return self._is_seen(self._wanted)

    @property
    def generation(self) -> int:
        """The last sealed generation that is known of; 0 before the first."""
        return self._scribe.known

    @property
    def lookout(self) -> Lookout:
        """How changes on disk are noticed."""
        return self._lookout

    async def run(self, *, watch: bool) -> None:
        """Open or build the crystal, then follow the disk until cancelled."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                await self._open_or_build()
                await self.set_watching(watch)
                if not self._persist:
                    tasks.start_soon(self._scribe.run)
                await self._follow(tasks)
            finally:
                self._lookout.stop()
                await self._write_the_last()

    async def _write_the_last(self) -> None:
        bound_s = None if self._persist else LAST_WRITE_S
        with anyio.CancelScope(shield=True), anyio.move_on_after(bound_s):
            await self._scribe.write()

    async def set_watching(self, watch: bool) -> None:
        """Be told of changes by the system, where it can, or look at the disk when asked only."""
        if watch:
            await self._lookout.start()
        else:
            self._lookout.stop()

    def changed(self, path: Path | None = None) -> None:
        """This may have changed on disk; anything may, where no path is given."""
        self._hearsay.add(path)
        self._look_soon()

    def _look_soon(self) -> None:
        self._wanted += 1
        self._wake.set()

    async def caught_up(self, bound_s: float | None) -> bool:
        """Wait until the disk was looked at since now, if it may have changed; False when late."""
        sure = await self._lookout.settled()
        if not sure and not (self._lookout.watched and self._look_s > CHEAP_LOOK_S):
            self.changed()
        elif await run_sync(self._archive.store().stamp) != self._stamp:
            self._look_soon()  # another process wrote, or we did
        target = self._wanted
        if not self._is_seen(target):
            self._urgent.set()
        with anyio.move_on_after(bound_s):
            while not self._is_seen(target) and (self._seen < target or self.failure is None):
                await self._looked.wait()
        return self._is_seen(target)

    def _is_seen(self, target: int) -> bool:
        """Whether what is served was compared with the disk so late; a build is older than that."""
        served, compared = self._inbox.crystal(), self._compared
        if served is None or compared is None:
            return self._seen >= target and served is compared
        same_files = served.segments is compared.segments and served.alive is compared.alive
        return self._seen >= target and same_files

    @contextmanager
    def followed_by(self, sink: ProgressSink) -> Generator[None]:
        """Tell `sink` how far a build is, now and for as long as the block lasts."""
        if self.building:
            sink(self.progress)
        self._followers.add(sink)
        try:
            yield
        finally:
            self._followers.discard(sink)

    async def rebuild(self, *, unless_done: bool = False) -> None:
        """Build everything anew, or wait for the build that is running; cancelling ends our own.

        `unless_done`: what another process may have sealed by our turn will do.
        """
        if self._build is not None:
            await self._build.joined()
            return
        self._build = build = _Build()
        self.progress = Progress("starting the build", 0, 0)
        try:
            job = BuildJob(self._archive, self._allow_wide, unless_done)
            await build_in_child(job, self._report)
            await self._serve_sealed(await self._on_disk())
            self.failure = None
            self.changed()  # while it was built the disk went on
            await self._have_described()
        except (CrystalError, BuildFailed) as error:
            build.error = error
            raise
        except anyio.get_cancelled_exc_class():
            self.changed()  # it may be served already
            build.error = BuildFailed("The build was cancelled by the one who asked for it.")
            raise
        finally:
            self._build = None
            build.over.set()

    async def rest(self) -> bool:
        """Let go of what was unpacked and computed for answers, if all that is served is sealed."""
        base = self._inbox.crystal()
        busy = self.building or self._describing or self._scribe.behind
        if base is None or busy or not self.current:
            return False
        try:
            sealed = await self._on_disk()
            more = await run_sync(says_more, sealed.crystal, base)
        except (CrystalError, OSError):
            return False  # the next look will say why
        if more or sealed.generation.number != self._scribe.known:
            return False
        if not await self._inbox.renew(sealed.crystal, base):
            return False
        self._scribe.opened(sealed)
        # With other clusters it is the same comparison.
        seen = self._compared
        if seen is not None and seen.segments is base.segments and seen.alive is base.alive:
            self._compared = sealed.crystal
        await self._lookout.cover(sealed.crystal)
        return True

    async def _have_described(self) -> None:
        """Let a model describe what was built: beside everything else, unless we end soon."""
        if self._tasks is not None and not self._persist:
            self._tasks.start_soon(self._describe)
        else:
            await self._describe()

    async def _describe(self) -> None:
        base = self._inbox.crystal()
        if base is None:
            return
        self._describing = True
        try:
            described = await self._inbox.describe(base, self._report)
        finally:
            self._describing = False
        while described is not base and (now := self._inbox.crystal()) is not None:
            if now.clusters is not base.clusters:
                return  # built anew since; that build has its own turn
            if await self._inbox.swap(replace(now, clusters=described.clusters), now):
                self._scribe.tell()
                return

    async def _open_or_build(self) -> None:
        try:
            sealed = await self._on_disk()
        except (NoCrystal, FormatUnknown):
            await self._build_first()
        except CrystalError as error:
            self._fail(error)
        else:
            await self._serve_sealed(sealed)

    async def _on_disk(self) -> Sealed:
        return await run_sync(self._archive.sealed, abandon_on_cancel=True)

    async def _build_first(self) -> None:
        self.decided.set()
        if not self._first_index:
            self.progress = Progress("nothing is indexed here; rlm-mcp index does that", 0, 0)
            return
        try:
            await self.rebuild(unless_done=True)
        except (CrystalError, BuildFailed) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        _log.error("the crystal cannot be served: %s", error)
        self.failure = error
        self.decided.set()
        self.ready.set()

    async def _serve_sealed(self, sealed: Sealed) -> None:
        await self._inbox.swap(sealed.crystal, None)
        self._scribe.opened(sealed)
        self.decided.set()
        self.ready.set()

    async def _follow(self, tasks: TaskGroup) -> None:
        while True:
            with anyio.move_on_after(self._interval_s):
                await self._wake.wait()
            # Bursts are taken together, and looks that cost much are taken apart.
            apart_s = 5 * self._look_s if self._hearsay.everything else 0.0
            with anyio.move_on_after(max(DEBOUNCE_S, apart_s)):
                await self._urgent.wait()
            target, self._wake, self._urgent = self._wanted, anyio.Event(), anyio.Event()
            # Woken by nothing but time, we look at everything.
            heard = self._hearsay if target > self._seen else Hearsay(everything=True)
            self._hearsay = Hearsay()
            await self._look(heard)
            self._seen = target
            self._looked.set()
            self._looked = anyio.Event()
            if self._worth_rebuilding() and await self._inbox.may_rebuild():
                tasks.start_soon(self._rebuild_quietly)

    @property
    def _interval_s(self) -> float:
        idle_s = self._look_s / IDLE_SHARE_MAX
        if self._lookout.watched:
            return max(SAFETY_LOOK_S, idle_s)
        return max(POLL_S, idle_s) if self._lookout.wanted else math.inf

    async def _look(self, heard: Hearsay) -> None:
        """Compare disk and crystal, where something was heard of, and take over what changed."""
        base = self._inbox.crystal()
        started_s = monotonic()
        try:
            seen = await run_sync(
                look, self._archive, base, self._scribe.known, heard, abandon_on_cancel=True
            )
        except (NoCrystal, FormatUnknown):
            return  # why there is none was told when it happened
        except (CrystalError, OSError) as error:
            _log.warning("changes cannot be followed: %s", error)
            self.failure = error
            self._hearsay.look_again(heard)
            return
        if heard.everything:
            self._look_s = monotonic() - started_s
        self.failure = None
        unchanged = seen.crystal is base and self._inbox.crystal() is base
        if unchanged or await self._inbox.swap(seen.crystal, base):
            self._taken_over(seen, base)
            await self._lookout.mend()
            await self._lookout.cover(seen.crystal)
        else:
            self._hearsay.look_again(heard)
            self.changed()

    def _taken_over(self, seen: Look, base: "Crystal | None") -> None:
        self._stamp, self._compared = seen.stamp, seen.crystal
        if seen.newer is not None and seen.taken_over:
            self._scribe.opened(seen.newer)
        elif seen.newer is not None and base is not None:
            self._scribe.written_by_another(seen.newer.generation.number, base)
        if self._scribe.behind:
            self._scribe.tell()

    def _worth_rebuilding(self) -> bool:
        crystal = self._inbox.crystal()
        if crystal is None or self.building or self._persist:
            return False
        return crystal.files_unclustered >= FILES_UNCLUSTERED_MAX

    async def _rebuild_quietly(self) -> None:
        try:
            await self.rebuild()
        except (CrystalError, BuildFailed) as error:
            _log.warning("the rebuild failed, the crystal before still serves: %s", error)

    def _report(self, progress: Progress) -> None:
        self.progress = progress
        for sink in tuple(self._followers):
            sink(progress)
