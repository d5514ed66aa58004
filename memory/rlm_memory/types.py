"""The values of the memory. All are immutable; times are seconds since 1970 in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

JsonValue: TypeAlias = bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None
Level = Literal["episode", "trace", "category", "domain"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Lines of the corpus an answer rests on, both ends included, as they were then."""

    path: str
    start_line: int
    end_line: int
    verified: bool


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that was said or found once. An answered question is one, see `of_answer`.

    `text` is what recall searches. `revision` is the commit the corpus stood at, or empty.
    """

    text: str
    time_s: float
    speaker: str = "user"
    question: str = ""
    answer: str = ""
    citations: tuple[Citation, ...] = ()
    revision: str = ""

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
        )


@dataclass(frozen=True, slots=True)
class Memo:
    """An episode as it is kept: its level, how often it came again, and when it last did."""

    episode: Episode
    level: Level
    uses: int
    last_used_s: float


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
