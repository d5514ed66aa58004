"""What the tools need from the server; `rlm_server.service` fills it in.

Every method answers from the state of this moment and raises the errors of the lower rooms. In
HALT_ERROR every method raises the same `rlm_crystal.errors.HaltError`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from rlm_crystal.types import Progress, ProgressSink

from rlm_tools.memory.desk import MemoryDesk

if TYPE_CHECKING:  # numpy and the engine are imported after initialize was answered
    from rlm_crystal.crystal import Crystal
    from rlm_crystal.glance import Glance
    from rlm_engine.answer import Answer
    from rlm_engine.model import Model
    from rlm_engine.plan import Plan

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Revision:
    """Which state of the disk an answer saw.

    `head` is the commit the crystal was indexed at ("" without git), `pending` counts the files
    that differ from the disk now, and `caught_up` says that there is none.
    """

    head: str
    pending: int
    caught_up: bool


@dataclass(frozen=True, slots=True)
class View:
    """A consistent snapshot: the crystal, and how it compares with the disk."""

    crystal: "Crystal"
    revision: Revision


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What the files themselves told while the first index is made, and how far that is."""

    glance: "Glance"
    progress: Progress


@dataclass(frozen=True, slots=True)
class JobState:
    """Work that goes on after its call was answered; follow it with `rlm_status(job_id)`."""

    job_id: str
    state: Literal["running", "done", "failed", "cancelled"]
    what: str
    stage: str
    done: int
    total: int
    result: str
    """The reply as text when done, the message when failed, else empty."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the service; `roots` are absolute paths."""

    state: Literal["secure", "indexing", "empty"]
    message: str
    roots: tuple[str, ...]
    generation: int
    files: int
    chunks: int
    clusters: int
    skipped: int
    revision: Revision
    stage: str
    done: int
    total: int
    provider: str
    key_source: str
    sandbox: tuple[str, ...]
    watching: str
    jobs: tuple[JobState, ...]
    skipped_why: tuple[str, ...] = ()
    """How many were left out for which reason; `rlm-mcp index --dry-run` names them."""
    files_unclustered: int = 0
    """How many files came or changed since clusters were last made."""


@dataclass(frozen=True, slots=True)
class ModelTook:
    """What one model took in a session.

    `cached` replies came from our own cache, for nothing; `tokens_cached` of `tokens_in` the
    provider read from its own cache of prompts.
    """

    calls: int
    failed: int
    cached: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class MemoryHeld:
    """What the memory of these roots holds: memories by level, and what waits for a person."""

    levels: dict[str, int]
    superseded: int
    quarantined: int
    conflicts: int
    snapshots: int
    sealed_bytes: int


@dataclass(frozen=True, slots=True)
class SessionStats:
    """What this process did since it started.

    `questions` were answered in `asked_s` seconds, `depth` being the deepest level of models that
    one of them asked. The sums and `models` hold all that models took, for whatever it was.
    """

    uptime_s: float
    calls: dict[str, int]
    errors: int
    questions: int
    asked_s: float
    depth: int
    models: dict[str, ModelTook]
    tokens_in: int
    tokens_out: int
    cost_usd: float
    refreshes: int
    rebuilds: int
    rss_mib: float
    memory: MemoryHeld | None = None
    """None where the caller is no owner, or the memory cannot be opened."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """How a call to index again ended; `seconds_left` is 0 unless it was rate-limited."""

    state: Literal["done", "rate_limited"]
    seconds_left: float
    generation: int
    files: int
    chunks: int
    skipped: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong, and what to do about it."""

    check: str
    severity: Literal["error", "warning", "note"]
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `bound` says what a call may set it to, if not anything of its type."""

    key: str
    value: Scalar
    default: Scalar
    meaning: str
    bound: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Code for a REPL: the one of `handle`, emptied first with `reset`, or a new one without."""

    code: str
    handle: str = ""
    reset: bool = False
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class CellRan:
    """What a cell did; `output` is whole, `fault` says why it failed, `final` is JSON or text.

    `state_lost` names variables that are gone without the cell having removed them; `remarks` are
    our words on that and the like. `subcalls` and `cost_usd` count all cells of the handle.
    """

    handle: str
    output: str
    fault: str
    hint: str
    final: str | None
    remarks: tuple[str, ...]
    state_lost: tuple[str, ...]
    variables: dict[str, str]
    seconds: float
    subcalls: int
    cost_usd: float
    revision: Revision
    trace_id: str


@dataclass(frozen=True, slots=True)
class ReplState:
    """A REPL that is open; `output` is what its last cell printed, whole."""

    handle: str
    idle_s: float
    variables: dict[str, str]
    output: str


class Workbench(Protocol):
    """The REPLs in which a client's own model works."""

    async def run(self, cell: Cell, progress: ProgressSink) -> CellRan:
        """Run code in a REPL over the crystal; waits for the first index."""
        ...

    async def state(self, handle: str) -> ReplState:
        """Return a REPL by its handle; raises where there is none."""
        ...

    async def states(self) -> tuple[ReplState, ...]:
        """Return the REPLs that are open."""
        ...

    async def guide(self) -> str:
        """Return what there is in a REPL, and what its calls to models may cost."""
        ...


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One memory in a list, its text cut to a line."""

    id: str
    when: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Memories:
    """What is remembered: how many of each level, and the newest rows."""

    counts: dict[str, int]
    total: int
    rows: tuple[MemoryRow, ...]


class Shelf(Protocol):
    """What was kept of earlier work, to be read; each raises for what is not the caller's."""

    async def memories(self, limit: int) -> Memories:
        """Return what is remembered, the newest first."""
        ...

    async def memory(self, memory_id: str) -> str:
        """Return one memory in words."""
        ...

    async def traces(self, limit: int) -> tuple[str, ...]:
        """Return a line for each of the newest runs."""
        ...

    async def trace(self, trace_id: str) -> str:
        """Return the record of a run as a tree; `last` is the newest."""
        ...


class Host(Protocol):
    """The service as a tool sees it."""

    @property
    def shelf(self) -> Shelf:
        """What was kept of earlier work."""
        ...

    @property
    def workbench(self) -> Workbench:
        """Where code of the client's own model runs."""
        ...

    @property
    def memory(self) -> MemoryDesk:
        """What is remembered, as whoever calls may use it."""
        ...

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders served, absolute."""
        ...

    async def view(self, progress: ProgressSink) -> View:
        """Return the crystal of this moment, after catching up with changes seen on disk.

        During the first index it waits a bounded time and then raises `Indexing`, which the
        server turns into a reply that says how far it is.
        """
        ...

    async def confirm(self, view: View, paths: Collection[str], progress: ProgressSink) -> View:
        """Return `view`, or a newer one where a file among `paths` is not on disk what it holds.

        The files are compared by content; it costs reading them.
        """
        ...

    async def glance(
        self, query: str, progress: ProgressSink, *, limit: int, path_glob: str, language: str
    ) -> FirstLook | None:
        """Return what the files themselves tell while the first index is made.

        None where there is an index, or it is done within a moment: then `view` has it.
        """
        ...

    async def ask(self, question: str, progress: ProgressSink) -> "Answer":
        """Answer a question through the RLM loop and remember it; waits for the first index."""
        ...

    async def plan(self, question: str, progress: ProgressSink) -> "Plan":
        """Return what `ask` would do first and could cost, spending nothing."""
        ...

    async def model(self) -> "Model | None":
        """Return the configured model, or None where answers are extractive.

        Calls through it count against the budget of this process.
        """
        ...

    async def status(self) -> Status:
        """Return the state of the service; never waits for a build."""
        ...

    async def job(self, job_id: str, *, wait_s: float = 0.0, cancel: bool = False) -> JobState:
        """Return a job by its id, when it is over or after `wait_s`; or raise `UnknownJob`.

        With `cancel` its work is ended first.
        """
        ...

    async def session_stats(self) -> SessionStats:
        """Return what this process did so far."""
        ...

    async def reindex(self, scope: Literal["changed", "full"], progress: ProgressSink) -> Reindexed:
        """Index again: only what changed, or everything (at most once in 60 s)."""
        ...

    async def validate(self) -> tuple[Issue, ...]:
        """Check crystal, key, settings and drift; nothing wrong is an empty tuple."""
        ...

    async def settings(self) -> tuple[Setting, ...]:
        """Return all settings."""
        ...

    async def change_setting(self, key: str, value: str) -> Setting:
        """Validate, store and apply one setting; raises for one that a call may not change."""
        ...
