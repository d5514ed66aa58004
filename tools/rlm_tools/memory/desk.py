"""The memory as the tools see it; the server fills it in, for whoever the transport says calls."""

from dataclasses import dataclass
from typing import Literal, Protocol

from rlm_crystal.types import ProgressSink

Zone = Literal["public", "internal", "confidential", "secret"]
Level = Literal["episode", "trace", "category", "domain"]
Trust = Literal["agent", "untrusted"]
Verdict = Literal["merge", "supersede", "keep", "reject"]


@dataclass(frozen=True, slots=True)
class Fact:
    """What is to be remembered; times are seconds since 1970, None where they are not said."""

    text: str
    zone: Zone
    trust: Trust
    source: str
    subject: str
    attribute: str
    value: str
    supersedes: str
    valid_from_s: float | None
    valid_to_s: float | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A new memory against an older one; `settled` where it was acted on."""

    new: str
    old: str
    old_text: str
    relation: str
    likely: float
    settled: bool
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept. `cites` are lines of the corpus that it names and that are there."""

    id: str
    contradictions: tuple[Contradiction, ...]
    quarantine: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemoryShown:
    """One memory. `stale` says that lines it cites have changed since, None that nobody looked."""

    id: str
    level: str
    text: str
    speaker: str
    agent: str
    time: str
    zone: str
    trust: str
    sources: tuple[str, ...]
    cites: tuple[str, ...]
    stale: bool | None
    subject: str
    attribute: str
    value: str
    valid_from: str
    valid_to: str
    superseded_by: str
    quarantine: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Question:
    """What to recall; `zone` and `speaker` are empty for all."""

    query: str
    limit: int
    level: Level
    zone: Zone | Literal[""]
    speaker: str
    as_of_s: float | None
    untrusted: bool


@dataclass(frozen=True, slots=True)
class MemoryFound:
    """What bears on a question, best first; `reason` says why there is nothing."""

    memories: tuple[MemoryShown, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Consolidation:
    """How many traces and categories there are, and what was written and taken away for it, how
    many texts of it a model wrote."""

    traces: int
    categories: int
    written: int
    removed: int
    by_model: int


@dataclass(frozen=True, slots=True)
class MemoryStanding:
    """What the caller may do, and how much there is in the zones it may read.

    `rights` are by zone. `open` are contradictions that wait to be settled.
    """

    agent: str
    rights: dict[str, tuple[str, ...]]
    levels: dict[str, int]
    quarantined: int
    open: tuple[Contradiction, ...]


class MemoryDesk(Protocol):
    """Raises the errors of the memory; AccessDenied is the same for absent and not yours."""

    async def add(self, fact: Fact, progress: ProgressSink) -> Kept:
        """Keep a fact and settle what is sure of what it contradicts."""
        ...

    async def search(self, question: Question, progress: ProgressSink) -> MemoryFound:
        """Recall what bears on a question."""
        ...

    async def get(self, row_id: str, progress: ProgressSink) -> MemoryShown:
        """Return one memory by its id."""
        ...

    async def resolve(self, new_id: str, old_id: str, verdict: Verdict) -> None:
        """Settle what two memories say against each other."""
        ...

    async def forget(self, row_id: str) -> tuple[int, int]:
        """Delete a memory; how many went with it, and how many summaries of them."""
        ...

    async def consolidate(self) -> Consolidation:
        """Derive traces, categories and the domain anew where something changed."""
        ...

    async def standing(self) -> MemoryStanding:
        """Return what the caller may do and what there is."""
        ...
