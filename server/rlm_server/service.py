"""The service: an actor that owns the state and answers the tools.

Making one costs nothing, so that `initialize` is answered first; `begin` checks cipher and key and
starts the keeper. After a halt every method raises the same error. Readers take the crystal of the
moment and work on it outside of the mailbox.
"""

import threading
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Literal

import anyio
from anyio.abc import TaskGroup
from anyio.to_thread import run_sync
from rlm_crystal.errors import CrystalError, HaltError
from rlm_crystal.types import ProgressSink
from rlm_tools.host import (
    FirstLook,
    Issue,
    JobState,
    Reindexed,
    SessionStats,
    Setting,
    Status,
    View,
)

from rlm_server.actor import Actor
from rlm_server.errors import ServerError, SettingRefused, sole
from rlm_server.manner import Manner
from rlm_server.memory_desk import Desk
from rlm_server.metering import metered
from rlm_server.principal import acting
from rlm_server.settings import EXTRACTIVE, SettingsBook, save_settings
from rlm_server.shelf import Shelf
from rlm_server.state import State, Tally
from rlm_server.workbench import Workbench

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal
    from rlm_engine.answer import Answer
    from rlm_engine.model import Model
    from rlm_engine.plan import Plan
    from rlm_engine.usage import Meter, ModelUsage
    from rlm_tools.tool import Reply

    from rlm_server.answering import Answering
    from rlm_server.jobs import Jobs
    from rlm_server.opening import Opened
    from rlm_server.planning import Planning


# An index that is there is opened in some tenths of a second; status waits so long.
_OPENS_WITHIN_S = 1.0
# A signal that ends us does not cut short the closing of what is open.
_CLOSING_S = 1.0


class Service(Actor):
    """One set of roots, served. `rlm_tools.host.Host` says what the methods promise."""

    def __init__(
        self, roots: Sequence[Path], environ: Mapping[str, str], *, manner: Manner | None = None
    ) -> None:
        super().__init__()
        self.roots = tuple(roots)
        self.environ = environ
        self._manner = manner or Manner()
        self._state = State()
        self._started_s = self.asked_s = monotonic()
        self._tasks: TaskGroup | None = None
        self._begun = False
        self._checked = anyio.Event()
        self._opened: Opened | None = None
        self._failure: Exception | None = None
        self.workbench = Workbench(self)
        self.shelf = Shelf(self)
        self.memory = Desk(self)
        self.jobs: Jobs[Reply] | None = None
        self.over = threading.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Work for as long as the block lasts; leaving it ends every build and run."""
        try:
            async with self.running(), anyio.create_task_group() as tasks:
                self._tasks = tasks
                try:
                    yield
                finally:
                    tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            raise sole(group) from None
        finally:
            if self._opened is not None:
                with anyio.move_on_after(_CLOSING_S, shield=True):
                    await self._opened.close()
            self.over.set()

    def begin(self) -> None:
        """Check cipher and key and start indexing, once; called when the first request came."""
        if not self._begun:
            self._begun = True
            self.tasks.start_soon(self._open)

    @property
    def tasks(self) -> TaskGroup:
        """Where work that outlives a call is started."""
        if self._tasks is None:
            raise ServerError("The service is not running.")
        return self._tasks

    @property
    def manner(self) -> Manner:
        """How this process uses the service."""
        return self._manner

    @property
    def state(self) -> State:
        """The state of this moment; the value never changes, the service goes on to another."""
        return self._state

    @property
    def opened(self) -> "Opened | None":
        """Keeper, archive and memory, once cipher and key were found good."""
        return self._opened

    @property
    def failure(self) -> Exception | None:
        """Why nothing can be served, if so."""
        if self._failure is not None:
            return self._failure
        return self._opened.keeper.failure if self._opened else None

    async def view(self, progress: ProgressSink) -> View:
        """The crystal of this moment, after catching up with the disk."""
        return await (await self.use()).viewer.view(progress)

    async def confirm(self, view: View, paths: Collection[str], progress: ProgressSink) -> View:
        """`view`, or a newer one where a file among `paths` is not on disk what it holds."""
        return await (await self.use()).viewer.confirm(view, paths, progress)

    async def glance(
        self, query: str, progress: ProgressSink, *, limit: int, path_glob: str, language: str
    ) -> FirstLook | None:
        """What the files themselves tell while the first index is made; None where there is one."""
        viewer = (await self.use()).viewer
        return await viewer.glance(
            query, progress, limit=limit, path_glob=path_glob, language=language
        )

    async def ready(self, progress: ProgressSink) -> "tuple[Opened, View]":
        """What was opened, and the crystal of this moment however long the first index takes: a
        server makes a job of a call that takes long."""
        opened = await self.use()
        await opened.viewer.first(progress)
        return opened, await opened.viewer.view(progress)

    async def ask(self, question: str, progress: ProgressSink) -> "Answer":
        """Answer through the loop; what was answered in full is remembered."""
        opened, view = await self.ready(progress)
        answering = await run_sync(_answering)
        book = self._state.book
        confirm = partial(opened.viewer.confirm, view, progress=progress)
        async with self.metered() as meter:
            answer = await answering(
                question, view, opened, book, self.environ, progress, confirm, meter
            )
        await self._counted(lambda tally: tally.with_answer(answer))
        return answer

    async def plan(self, question: str, progress: ProgressSink) -> "Plan":
        """What `ask` would do first and could cost; asks no model and starts no sandbox."""
        _, view = await self.ready(progress)
        planning = await run_sync(_planning)
        return await planning(question, view, self._state.book.settings, self.environ)

    async def model(self) -> "Model | None":
        """The configured model, held to the budget of a question, or None."""
        from rlm_server.providers import MeteredModel, limits_for, models_for

        await self.use()
        settings = self._state.book.settings
        if settings.model == EXTRACTIVE:
            return None
        root, _ = await run_sync(models_for, settings, self.environ)
        return MeteredModel(root, limits_for(settings), self._count_usage)

    async def status(self) -> Status:
        """How it stands, without waiting for anything but an index that is being opened."""
        from rlm_server.status import status_of

        await self._not_halted()
        if self._opened is not None:
            with anyio.move_on_after(_OPENS_WITHIN_S):
                await self._opened.keeper.decided.wait()
        return await status_of(self)

    async def job(self, job_id: str, *, wait_s: float = 0.0, cancel: bool = False) -> JobState:
        """A job by its id, when it is over or after `wait_s`, or once it is cancelled."""
        if self.jobs is None:
            raise ServerError("This process keeps no jobs; rlm_status lists them in a server.")
        if cancel:
            return await self.jobs.cancel(job_id)
        return await self.jobs.get(job_id, wait_s=wait_s)

    async def session_stats(self) -> SessionStats:
        """What was done since the start."""
        from rlm_server.status import stats_of

        await self._not_halted()
        held = await self._opened.recollection.held() if self._opened else None
        return stats_of(self._state.tally, held, uptime_s=monotonic() - self._started_s)

    async def reindex(self, scope: Literal["changed", "full"], progress: ProgressSink) -> Reindexed:
        """Take over what changed, or build everything anew, at most once in 60 s."""
        opened = await self.use()
        started_s = monotonic()
        if scope == "full" and not opened.keeper.building:
            seconds_left = await self._ask(self._take_turn)
            if seconds_left > 0:
                return self._reindexed("rate_limited", started_s, seconds_left)
        with opened.keeper.followed_by(progress):
            if scope == "full":
                await opened.keeper.rebuild()
            else:
                await opened.viewer.view(progress)
        return self._reindexed("done", started_s, 0.0)

    async def validate(self) -> tuple[Issue, ...]:
        """What is wrong with crystal, memory, settings, sandbox and model."""
        from rlm_server.checks import issues_of

        opened = await self.use()
        return await issues_of(opened, self._state, self.environ)

    async def settings(self) -> tuple[Setting, ...]:
        """All settings, with what bounds them."""
        await self.use()
        return self._state.book.listing()

    async def change_setting(self, key: str, value: str) -> Setting:
        """Change one setting, for now and for later; SettingRefused but for the owner."""
        opened = await self.use()
        if not acting().is_owner:
            raise SettingRefused("Settings hold for everyone; only the owner changes them.")
        changed = await self._ask(self._change_setting, opened, key, value)
        return next(setting for setting in changed if setting.key == key)

    async def count_call(self, tool: str, *, failed: bool) -> None:
        """Write a call of a tool down."""
        await self._counted(lambda tally: tally.with_call(tool, failed=failed))

    def metered(self) -> "AbstractAsyncContextManager[Meter]":
        """A meter for what models take, counted when the block ends."""
        return metered(self._counted)

    async def _counted(self, add: Callable[[Tally], Tally]) -> None:
        self.asked_s = monotonic()
        await self._ask(self._count, add)

    async def _count_usage(self, name: str, took: "ModelUsage") -> None:
        await self._counted(lambda tally: tally.with_usage({name: took}))

    async def describe(self, crystal: "Crystal", progress: ProgressSink) -> "Crystal":
        """The crystal with summaries by the sub-model, if the operator pays for them."""
        settings = self._state.book.settings
        if settings.sub_model == EXTRACTIVE or settings.summary_usd <= 0:
            return crystal
        from rlm_server.describing import described

        async with self.metered() as meter:
            return await described(crystal, settings, self.environ, progress, meter)

    async def swap(self, crystal: "Crystal", base: "Crystal | None") -> bool:
        """Serve this crystal, if `base` is what is served still; None for whatever is."""
        return await self._ask(self._swap, crystal, base)

    async def renew(self, crystal: "Crystal", base: "Crystal") -> bool:
        """Serve the same crystal, read anew, if `base` is what is served still."""
        return await self._ask(self._serve, crystal, base)

    async def may_rebuild(self) -> bool:
        """Take a turn for a full rebuild, if there is one."""
        return await self._ask(self._take_turn) == 0

    async def use(self) -> "Opened":
        """What was opened; raises the same error for everyone where that failed."""
        await self._not_halted()
        if self._opened is None:
            assert self._failure is not None  # one of the two is set before the event
            raise self._failure.with_traceback(None)
        return self._opened

    async def _not_halted(self) -> None:
        self.asked_s = monotonic()
        self.begin()
        await self._checked.wait()
        if isinstance(self._failure, HaltError):
            raise self._failure.with_traceback(None)
        if self._opened is not None:
            _ = self._opened.archive.keyring  # raises once it halted at work

    def _reindexed(
        self, state: Literal["done", "rate_limited"], started_s: float, seconds_left: float
    ) -> Reindexed:
        crystal = self._state.crystal
        return Reindexed(
            state=state,
            seconds_left=round(seconds_left, 1),
            generation=self._opened.keeper.generation if self._opened else 0,
            files=crystal.file_count if crystal else 0,
            chunks=crystal.chunk_count if crystal else 0,
            skipped=len(crystal.skipped) if crystal else 0,
            seconds=round(monotonic() - started_s, 3),
        )

    async def _open(self) -> None:
        try:
            opened, book = await run_sync(self._open_all)
            await self._ask(self._adopt, book)
            self._opened = opened
        except (CrystalError, ServerError, OSError) as error:
            self._failure = error
            return
        finally:
            self._checked.set()
        from rlm_server.resting import rest_when_idle

        self.tasks.start_soon(rest_when_idle, self, opened)
        await opened.keeper.run(watch=self._manner.watch and book.settings.watch)

    def _open_all(self) -> "tuple[Opened, SettingsBook]":
        """Imports the cipher and reads keys and settings: in a thread, after `initialize`."""
        from rlm_server.keeper import Inbox
        from rlm_server.opening import open_all

        inbox = Inbox(
            lambda: self._state.crystal, self.swap, self.may_rebuild, self.describe, self.renew
        )
        return open_all(inbox, self.roots, self.environ, self._manner)

    # The handlers: only these replace the state.

    async def _adopt(self, book: SettingsBook) -> None:
        self._state = replace(self._state, book=book)

    async def _swap(self, crystal: "Crystal", base: "Crystal | None") -> bool:
        served = await self._serve(crystal, base)
        if served:
            await self._count(Tally.with_rebuild if base is None else Tally.with_refresh)
        return served

    async def _serve(self, crystal: "Crystal", base: "Crystal | None") -> bool:
        if base is not None and self._state.crystal is not base:
            return False
        self._state = replace(self._state, crystal=crystal)
        if self._opened is not None:
            self._opened.viewer.let_go()
        return True

    async def _take_turn(self) -> float:
        limiter = self._state.full_reindex
        seconds_left = limiter.seconds_left()
        if seconds_left == 0:
            self._state = replace(self._state, full_reindex=limiter.taken())
        return seconds_left

    async def _change_setting(self, opened: "Opened", key: str, value: str) -> tuple[Setting, ...]:
        book = self._state.book.change(key, value)
        await run_sync(lambda: save_settings(opened.archive.settings(), book))
        self._state = replace(self._state, book=book)
        if key == "watch":
            await opened.keeper.set_watching(book.settings.watch and self._manner.watch)
        return book.listing()

    async def _count(self, add: Callable[[Tally], Tally]) -> None:
        self._state = replace(self._state, tally=add(self._state.tally))


def _answering() -> "Answering":
    """Import the engine, which takes a moment, in the thread that calls this."""
    from rlm_server.answering import answer

    return answer


def _planning() -> "Planning":
    """The same for a plan."""
    from rlm_server.planning import plan

    return plan
