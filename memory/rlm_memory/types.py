"""The values of the memory. All are immutable; times are seconds since 1970 in UTC."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

JsonValue: TypeAlias = bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None
Level = Literal["episode", "trace", "category", "domain"]
Zone = Literal["public", "internal", "confidential", "secret"]
Trust = Literal["untrusted", "agent", "user"]
EdgeKind = Literal["part_of", "derived_from", "supersedes", "contradicts", "duplicate_of"]

LEVELS: Final[tuple[Level, ...]] = ("episode", "trace", "category", "domain")
ZONES: Final[tuple[Zone, ...]] = ("public", "internal", "confidential", "secret")
TRUSTS: Final[tuple[Trust, ...]] = ("untrusted", "agent", "user")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: it opens nowhere else."""

    zone: Zone
    level: Level | Literal["snapshot"]


PLACES: Final = tuple(Place(zone, level) for zone in ZONES for level in LEVELS)
STANDING: Final = (*PLACES, *(Place(zone, "snapshot") for zone in ZONES))


@dataclass(frozen=True, slots=True)
class Citation:
    """Lines of the corpus an answer rests on, both ends included, as they were then.

    `digest` is of what they said (`staleness`), or empty where nobody looked.
    """

    path: str
    start_line: int
    end_line: int
    verified: bool
    digest: str = ""

    def __str__(self) -> str:
        lines = f"{self.start_line}-{self.end_line}"
        return f"{self.path}:{self.start_line if self.start_line == self.end_line else lines}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed relation from the memo that holds it to the one of this id."""

    kind: EdgeKind
    target: str


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that was said or found once. An answered question is one, see `of_answer`.

    `text` is what recall searches. `source` says where it came from (a tool, a file, an address),
    `agent` who wrote it down, `session` the conversation it belongs to. `revision` is the commit
    the corpus stood at. `subject`, `attribute` and `value`, where given, make conflicts exact:
    one subject has one value of an attribute at a time. `valid_from_s` to `valid_to_s` is when it
    holds in the world; `time_s` is when it was said. `supersedes` is the id of an older memo.
    """

    text: str
    time_s: float
    speaker: str = "user"
    question: str = ""
    answer: str = ""
    citations: tuple[Citation, ...] = ()
    revision: str = ""
    agent: str = ""
    session: str = ""
    source: str = ""
    zone: Zone = "internal"
    trust: Trust = "user"
    subject: str = ""
    attribute: str = ""
    value: str = ""
    valid_from_s: float | None = None
    valid_to_s: float | None = None
    supersedes: str = ""
    importance: float = 0.5

    @classmethod
    def of_answer(
        cls,
        question: str,
        answer: str,
        *,
        time_s: float,
        citations: tuple[Citation, ...] = (),
        revision: str = "",
    ) -> "Episode":
        return cls(
            text=f"{question}\n{answer}",
            time_s=time_s,
            speaker="rlm-mcp",
            question=question,
            answer=answer,
            citations=citations,
            revision=revision,
            trust="agent",
        )


@dataclass(frozen=True, slots=True)
class Memo:
    """An episode, or what was derived from some, as it is kept.

    `uses` is how often it came again and `last_used_s` when it last did; `recorded_s` is when it
    was written down, `seq` the number of that write. One that was superseded keeps its text:
    `superseded_by` names the newer memo and `superseded_s` when that was said. `digest` is that of
    the children a derived text was made from. `sources` are all who said the same. `quarantine` is
    why it is kept out of recall.
    """

    episode: Episode
    level: Level
    uses: int
    last_used_s: float
    recorded_s: float = 0.0
    seq: int = 0
    superseded_by: str = ""
    superseded_s: float | None = None
    edges: tuple[Edge, ...] = ()
    digest: str = ""
    sources: tuple[str, ...] = ()
    quarantine: str = ""

    @property
    def all_sources(self) -> tuple[str, ...]:
        """Where it came from, once or more often."""
        return self.sources or tuple(filter(None, (self.episode.source,)))

    def to_json(self, row_id: str) -> dict[str, JsonValue]:
        """As it is shown under its id."""
        episode = self.episode
        return {
            "id": row_id,
            "level": self.level,
            "text": episode.text,
            "speaker": episode.speaker,
            "time": iso(episode.time_s),
            "question": episode.question,
            "answer": episode.answer,
            "citations": [
                {
                    "path": citation.path,
                    "start_line": citation.start_line,
                    "end_line": citation.end_line,
                    "verified": citation.verified,
                }
                for citation in episode.citations
            ],
            "revision": episode.revision,
            "zone": episode.zone,
            "trust": episode.trust,
            "agent": episode.agent,
            "sources": list(self.all_sources),
            "valid_from": iso(episode.valid_from_s),
            "valid_to": iso(episode.valid_to_s),
            "superseded_by": self.superseded_by,
        }


def least_trust(trusts: Iterable[Trust]) -> Trust:
    """The least of some trusts: that of what is made of all of them."""
    found = set(trusts)
    return next(trust for trust in TRUSTS if trust in found)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which memos may be recalled at all; times are those of saying, both ends included.

    `as_of_s` asks what was believed then: what had been said and not yet been superseded. Without
    it, what is superseded by now is left out. `valid_at_s` asks what holds in the world then.
    """

    zones: tuple[Zone, ...] = ZONES
    levels: tuple[Level, ...] = ("episode",)
    speaker: str | None = None
    since_s: float | None = None
    until_s: float | None = None
    as_of_s: float | None = None
    valid_at_s: float | None = None
    trust_min: Trust = "agent"


@dataclass(frozen=True, slots=True)
class Recalled:
    """A memo that bears on a query.

    `score` orders the results: it lies between 0 and about 1, and is 1 for what is best by every
    signal. `coverage` compares over queries: 1 where it and what was said around it hold every
    word of the query that anything holds, weighted by how rare it is. `why` says it to a person.
    """

    id: str
    memo: Memo
    score: float
    coverage: float
    why: str

    @property
    def episode(self) -> Episode:
        return self.memo.episode

    def to_json(self) -> dict[str, JsonValue]:
        """As code in the REPL and a tool's reply see it."""
        return self.memo.to_json(self.id) | {
            "score": round(self.score, 4),
            "coverage": round(self.coverage, 4),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Recall:
    """What bears on a query, best first; `reason` says why there is nothing where there is not."""

    found: tuple[Recalled, ...]
    reason: str = ""


def iso(time_s: float | None) -> str | None:
    """A time as text to the second, where it is in the calendar."""
    if time_s is None:
        return None
    try:
        return datetime.fromtimestamp(time_s, UTC).isoformat("T", "seconds")
    except (OverflowError, OSError, ValueError):
        return None


def moment_of(text: str) -> float:
    """A date or time in ISO form, in UTC unless it says otherwise; ValueError. A date alone is its
    end."""
    read = datetime.fromisoformat(text)
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    whole_day = len(text) <= len("2026-03-01")
    return aware.timestamp() + (86_399.999 if whole_day else 0.0)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many memos there are by place, superseded ones too; how many are superseded or in
    quarantine, and how many pairs contradict each other and wait for a person."""

    counts: Mapping[Place, int]
    superseded: int
    quarantined: int
    conflicts: int

    @property
    def levels(self) -> dict[str, int]:
        """Memos by level, of levels that have any."""
        found = Counter[str]()
        for place, count in self.counts.items():
            found[place.level] += count
        return {level: found[level] for level in LEVELS if found[level]}


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """How a memory stands. `damaged` rows cannot be opened; the others live.

    `altered` says that rows were removed, added or put back by something else than rlm-mcp.
    """

    damaged: tuple[str, ...]
    altered: bool
    tally: Tally

    @property
    def episodes(self) -> int:
        return self.tally.levels.get("episode", 0)
