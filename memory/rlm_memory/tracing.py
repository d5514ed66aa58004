"""Traces: what was said in one go, and the turns that tell most of it.

A trace ends with its session, after a break of 45 minutes, after 50 turns, or where the subject
changes: where the six turns before and the six after share no word. Its text is that of turns, not
of words put together: a summary near the centre measured worse than a random turn.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rlm_memory.memo_codec import sameness
from rlm_memory.timeline import GAP_S, TURNS_MAX
from rlm_memory.types import Memo, Trust, iso, least_trust
from rlm_memory.words import telling_stems

_SHIFT_TURNS: Final = 6
_TOLD_TURNS: Final = 5
_TOLD_CHARS: Final = 240


@dataclass(frozen=True, slots=True)
class Turn:
    """An episode of a trace; `digest` is of what it says and when, never of its id."""

    id: str
    memo: Memo
    digest: str
    stems: Counter[str]


@dataclass(frozen=True, slots=True)
class Trace:
    """Turns in order. `key` tells it from the others of a zone and outlives turns added to it."""

    key: str
    turns: tuple[Turn, ...]

    @property
    def digest(self) -> str:
        return digest_of(turn.digest for turn in self.turns)

    @property
    def stems(self) -> Counter[str]:
        return sum((turn.stems for turn in self.turns), Counter[str]())

    @property
    def trust(self) -> Trust:
        return least_trust(turn.memo.episode.trust for turn in self.turns)

    @property
    def times_s(self) -> tuple[float, float]:
        return self.turns[0].memo.episode.time_s, self.turns[-1].memo.episode.time_s


def digest_of(parts: Iterator[str] | Sequence[str]) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def traces_of(memos: Mapping[str, Memo]) -> list[Trace]:
    """The traces of a zone's episodes: the same however and in which order they were added.

    Left out is what is superseded, untrusted or in quarantine: no summary may raise its trust.
    """
    turns = sorted(
        (
            _turn(row_id, memo)
            for row_id, memo in memos.items()
            if memo.level == "episode" and not memo.superseded_by
            if not memo.quarantine and memo.episode.trust != "untrusted"
        ),
        key=lambda turn: (turn.memo.episode.session, turn.memo.episode.time_s, turn.digest),
    )
    found: list[Trace] = []
    for session, said in groupby(turns, key=lambda turn: turn.memo.episode.session):
        for run in _runs(list(said), named=bool(session)):
            found.append(Trace(run[0].digest, tuple(run)))
    return sorted(found, key=lambda trace: (trace.times_s, trace.key))


def told(trace: Trace) -> str:
    """The turns that tell most of the trace and least of each other, in their order."""
    return "\n".join(_line(trace.turns[at].memo) for at in sorted(_telling(trace)))


def headline(trace: Trace) -> str:
    """The day of a trace and the turn that tells most of it."""
    best = trace.turns[_telling(trace)[0]].memo
    return f"{day_of(trace.times_s[0])} {_line(best)}"


def day_of(time_s: float) -> str:
    """The date of a time; nothing where it is in no calendar."""
    return (iso(time_s) or "").partition("T")[0]


def _telling(trace: Trace) -> list[int]:
    """The turns to tell, each the one that adds most to those before it."""
    everywhere, holders = trace.stems, Counter[str]()
    for turn in trace.turns:
        holders.update(turn.stems.keys())
    weight = {
        stem: times * math.log1p(len(trace.turns) / holders[stem])
        for stem, times in everywhere.items()
    }
    chosen: list[int] = []
    covered: set[str] = set()
    while len(chosen) < min(_TOLD_TURNS, len(trace.turns)):
        best = max(
            (at for at in range(len(trace.turns)) if at not in chosen),
            key=lambda at: (_news(trace.turns[at].stems, weight, covered), -at),
        )
        if chosen and not _news(trace.turns[best].stems, weight, covered):
            break
        chosen.append(best)
        covered |= trace.turns[best].stems.keys()
    return chosen


def _news(stems: Counter[str], weight: Mapping[str, float], covered: set[str]) -> float:
    """What a turn tells beside what is told already; a long one does not win by length alone."""
    mass = sum(weight[stem] for stem in sorted(stems.keys() - covered))
    return round(mass / math.sqrt(1 + stems.total()), 9)


def _line(memo: Memo) -> str:
    text = " ".join(memo.episode.text.split())
    cut = text if len(text) <= _TOLD_CHARS else text[: _TOLD_CHARS - 1].rstrip() + "…"
    return f"{memo.episode.speaker}: {cut}"


def _turn(row_id: str, memo: Memo) -> Turn:
    digest = digest_of((sameness(memo.episode), repr(memo.episode.time_s)))
    return Turn(row_id, memo, digest, Counter(telling_stems(memo.episode.text)))


def _runs(turns: Sequence[Turn], *, named: bool) -> Iterator[list[Turn]]:
    run: list[Turn] = []
    for at, turn in enumerate(turns):
        if run and (
            len(run) >= TURNS_MAX
            or (not named and turn.memo.episode.time_s - run[-1].memo.episode.time_s > GAP_S)
            or _shifts(turns, at, len(run))
        ):
            yield run
            run = []
        run.append(turn)
    if run:
        yield run


def _shifts(turns: Sequence[Turn], at: int, run_turns: int) -> bool:
    """Whether the subject changes here, with enough said on both sides to tell."""
    if run_turns < _SHIFT_TURNS or len(turns) - at < _SHIFT_TURNS:
        return False
    before = {stem for turn in turns[at - _SHIFT_TURNS : at] for stem in turn.stems}
    after = {stem for turn in turns[at : at + _SHIFT_TURNS] for stem in turn.stems}
    return before.isdisjoint(after)
