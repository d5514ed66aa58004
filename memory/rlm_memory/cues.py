"""What a question says beside its words: whom it is about, which time, whether it asks for one."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from rlm_memory.dates import Span, spans_of
from rlm_memory.words import spelt_stems, telling_stems

# Of a role, not of anybody: the word in a question means something else.
_ROLES: Final = frozenset(
    {"agent", "ai", "assistant", "bot", "human", "mcp", "me", "model", "rlm", "system", "tool"}
    | {"speaker", "user"}
)
_ASKS_WHEN: Final = re.compile(
    r"^\W*(?:(?:and|so|since|by|until) )?(?:when|how long|how recently"
    r"|(?:on |in )?(?:what|which) (?:date|day|month|year|time|week))\b",
    re.IGNORECASE,
)
_TELLING_TIME: Final = frozenset(
    telling_stems(
        "yesterday today tonight tomorrow last next ago week weeks weekend month year recently soon"
        " monday tuesday wednesday thursday friday saturday sunday january february march april may"
        " june july august september october november december"
    )
) | {str(year) for year in range(1950, 2051)}


@dataclass(frozen=True, slots=True)
class Cues:
    """A question taken apart. `words` are stems, each with its spelling; `names` those of speakers.

    Words that are names of `speakers` are in both.
    """

    words: Mapping[str, str]
    speakers: frozenset[str]
    names: frozenset[str]
    spans: tuple[Span, ...]
    asks_when: bool


def cues_of(question: str, *, names: Mapping[str, frozenset[str]], now_s: float) -> Cues:
    """The cues of a question; `names` are the speakers known by each word of a name."""
    words = spelt_stems(question)
    spoken = {name for name in words if name in names}
    return Cues(
        words=words,
        speakers=frozenset(speaker for name in spoken for speaker in names[name]),
        names=frozenset(spoken),
        spans=spans_of(question, now_s=now_s),
        asks_when=_ASKS_WHEN.search(question) is not None,
    )


def names_of(speaker: str) -> frozenset[str]:
    """The stems by which a speaker may be named; none of a role."""
    if speaker.lower() in _ROLES:
        return frozenset()
    return frozenset(telling_stems(speaker)) - _ROLES


def asks(text: str) -> bool:
    """Whether a text ends in a question: it seldom holds the answer to another."""
    return text.rstrip(" \t\n\"')*_.!").endswith(("?", "\uff1f"))


def tells_time(stems: Collection[str]) -> bool:
    """Whether the words of a text say when something was or will be."""
    return not _TELLING_TIME.isdisjoint(stems)
