"""Work that may outlast its call: answered in time if it can be, else followed by its id.

Clients give a call up after 60 s. Work still going after `wait_s` continues here, and its caller
gets a handle at once. A caller that is cancelled before that cancels the work. A job is there for
who began it, and for nobody else.
"""

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

import anyio
from anyio.abc import TaskGroup
from rlm_crystal.types import Progress, ProgressSink
from rlm_tools.host import JobState

from rlm_server.errors import ActorStopped, MailboxFull, UnknownJob
from rlm_server.principal import Principal, acting

T = TypeVar("T")
FINISHED_KEPT = 32
# Of one caller: a job goes on after its call was answered, so calls under way do not bound them.
RUNNING_MAX = 64
# Work that is cancelled stops what it began first: a process, a cell.
_ENDING_S = 5.0
_NOT_BEGUN = Progress("", 0, 0)
Work = Callable[[ProgressSink], Awaitable[T]]


@dataclass(slots=True)
class _Job(Generic[T]):
    what: str
    job_id: str = field(default_factory=lambda: secrets.token_hex(6))
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    over: anyio.Event = field(default_factory=anyio.Event)
    progress: Progress = _NOT_BEGUN
    state: Literal["running", "done", "failed", "cancelled"] = "running"
    value: T | None = None
    error: Exception | None = None
    handed_over: bool = False
    whose: Principal = field(default_factory=acting)


class Jobs(Generic[T]):
    """The work of this process; `as_text` says a finished value in words."""

    def __init__(
        self, tasks: TaskGroup, *, as_text: Callable[[T], str], explain: Callable[[Exception], str]
    ) -> None:
        self._tasks = tasks
        self._as_text = as_text
        self._explain = explain
        self._jobs: OrderedDict[str, _Job[T]] = OrderedDict()

    async def run(
        self,
        what: str,
        work: Work[T],
        *,
        wait_s: float,
        progress: ProgressSink,
        patience: anyio.CancelScope | None = None,
    ) -> T | JobState:
        """Do the work; return its value, or its handle when it takes longer than `wait_s`.

        `patience` is used instead where its end is to be put off: its deadline decides.
        """
        job = _Job[T](what)
        self._keep(job)
        self._tasks.start_soon(self._perform, job, work, progress)
        try:
            with patience or anyio.move_on_after(wait_s):
                await job.over.wait()
        except anyio.get_cancelled_exc_class():
            job.scope.cancel()
            raise
        if not job.over.is_set():
            job.handed_over = True
            return self._state_of(job)
        self._jobs.pop(job.job_id, None)
        if job.error is not None:
            raise job.error
        if job.state == "cancelled":
            raise ActorStopped("The service is going down; this was not finished.")
        return job.value  # pyright: ignore[reportReturnType]  # over, not failed: it is set

    async def get(self, job_id: str, *, wait_s: float = 0.0) -> JobState:
        """Return a job by its id, when it is over or after `wait_s`; UnknownJob where the caller
        has none such."""
        job = self._mine(job_id)
        if wait_s:
            with anyio.move_on_after(wait_s):
                await job.over.wait()
        return self._state_of(job)

    async def cancel(self, job_id: str) -> JobState:
        """End the work of a job and return how it stands then; UnknownJob as for `get`."""
        self._mine(job_id).scope.cancel()
        return await self.get(job_id, wait_s=_ENDING_S)

    def _mine(self, job_id: str) -> _Job[T]:
        job = self._jobs.get(job_id)
        if job is None or job.whose != acting():
            running = ", ".join(state.job_id for state in self.states()) or "none"
            raise UnknownJob(
                f"There is no job {job_id!r} (there are: {running}); the results of the last"
                f" {FINISHED_KEPT} are kept while the server runs."
            )
        return job

    def states(self) -> tuple[JobState, ...]:
        """Return the caller's jobs that it got a handle of, oldest first."""
        mine = acting()
        return tuple(
            self._state_of(job)
            for job in self._jobs.values()
            if job.handed_over and job.whose == mine
        )

    async def _perform(self, job: _Job[T], work: Work[T], progress: ProgressSink) -> None:
        def report(step: Progress) -> None:
            job.progress = step
            progress(step)

        with job.scope:
            try:
                job.value = await work(report)
                job.state = "done"
            except Exception as error:  # it belongs to whoever asks for the result
                job.error = error
                job.state = "failed"
        if job.state == "running":
            job.state = "cancelled"
        job.over.set()

    def _keep(self, job: _Job[T]) -> None:
        others = [kept for kept in self._jobs.values() if kept.whose == job.whose]
        if sum(not kept.over.is_set() for kept in others) >= RUNNING_MAX:
            raise MailboxFull(
                f"{RUNNING_MAX} calls of yours run still; wait for one (rlm_status lists jobs)."
            )
        over = [kept.job_id for kept in others if kept.handed_over and kept.over.is_set()]
        for job_id in over[: max(0, len(over) - FINISHED_KEPT + 1)]:
            del self._jobs[job_id]
        self._jobs[job.job_id] = job

    def _state_of(self, job: _Job[T]) -> JobState:
        result = ""
        if job.error is not None:
            result = self._explain(job.error)
        elif job.state == "done" and job.value is not None:
            result = self._as_text(job.value)
        step = job.progress
        return JobState(
            job_id=job.job_id,
            state=job.state,
            what=job.what,
            stage=step.stage,
            done=step.done,
            total=step.total,
            result=result,
        )
