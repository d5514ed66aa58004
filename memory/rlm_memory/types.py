"""The values of the memory. All are immutable; times are seconds since 1970 in UTC."""

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
class Citation:
    """Lines of the corpus an answer rests on, both ends included, as they were then."""

    path: str
    start_line: int
    end_line: int
    verified: bool


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
    was written down. One that was superseded keeps its text: `superseded_by` names the newer memo
    and `superseded_s` when that was said. `digest` is that of the children a derived text was made
    from. `sources` are all who said the same. `quarantine` is why it is kept out of recall.
    """

    episode: Episode
    level: Level
    uses: int
    last_used_s: float
    recorded_s: float = 0.0
    superseded_by: str = ""
    superseded_s: float | None = None
    edges: tuple[Edge, ...] = ()
    digest: str = ""
    sources: tuple[str, ...] = ()
    quarantine: str = ""

    def believed_at(self, time_s: float) -> bool:
        """Whether it had been said by then and nothing newer had taken its place."""
        gone = self.superseded_s is not None and self.superseded_s <= time_s
        return self.episode.time_s <= time_s and not gone


@dataclass(frozen=True, slots=True)
class Recalled:
    """An episode that bears on a query.

    `score` lies between 0 and about 1 and compares over queries: near 1 every word of the query,
    weighted by how rare it is, is in the episode. `why` says it to a person.
    """

    id: str
    episode: Episode
    score: float
    why: str

    def to_json(self) -> dict[str, JsonValue]:
        """As code in the REPL and a tool's reply see it."""
        return {
            "id": self.id,
            "text": self.episode.text,
            "speaker": self.episode.speaker,
            "time": datetime.fromtimestamp(self.episode.time_s, UTC).isoformat("T", "seconds"),
            "question": self.episode.question,
            "answer": self.episode.answer,
            "citations": [
                {
                    "path": citation.path,
                    "start_line": citation.start_line,
                    "end_line": citation.end_line,
                    "verified": citation.verified,
                }
                for citation in self.episode.citations
            ],
            "revision": self.episode.revision,
            "score": round(self.score, 4),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """What is kept. `damaged` rows cannot be opened; the others live.

    `altered` says that rows were removed, added or put back by something else than rlm-mcp.
    """

    episodes: int
    damaged: tuple[str, ...]
    altered: bool
    size_bytes: int
