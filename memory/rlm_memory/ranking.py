"""In which order recalled episodes come: signals, each scaled to its largest value, added up.

The weights were fitted on three of the ten conversations of LoCoMo and judged on the other seven
(`benchmarks/memory.py`). Adding up beats fusing ranks, which measured worse than BM25 alone; the
trace is a soft prior, since to look into the best traces only loses half of what is sought.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_memory.cues import Cues
from rlm_memory.index import Bools, ZoneIndex
from rlm_memory.signals import Floats, Signals
from rlm_memory.vectors import Vector

EPISODE = 0.5
WINDOW = 0.5
BEFORE = 0.3
TRACE = 0.2
SPEAKER = 0.4
DATE = 0.8
TELLS_TIME = 0.15
ASKS = -0.2
NEAR = 0.3
NEAR_BY = 0.5
# Of what was said on a day that is named, the words of the question tell little.
NEAR_WHERE_DATED = 0.25

# A name counts as that of who speaks, and not as a word, where they say so much of all.
_SPEAKER_SHARE_MIN = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Slots of one zone that bear on the question, with their scores and shares of its words."""

    slots: npt.NDArray[np.int64]
    scores: Floats
    covered: Floats


def ranked(
    indexes: Sequence[ZoneIndex],
    cues: Cues,
    allowed: Sequence[Bools],
    meant: Vector | None = None,
) -> list[Ranked]:
    """For each index what bears on the question, in no order, where `allowed`, bool (n,).

    `meant` is the vector of the question, where there is an embedder.
    Scores are sums of signals over the sum of the weights that were in play: 0 to about 1.
    """
    words, speaking = _words(indexes, cues)
    told = [index.heard(words) for index in indexes]
    sizes = [index.sizes() for index in indexes]
    every, everywhere = sizes[0], told[0].spread
    for size, each in zip(sizes[1:], told[1:], strict=True):
        every, everywhere = every + size, everywhere + each.spread
    found = [
        index.signals(cues, each, every, everywhere, may, meant)
        for index, each, may in zip(indexes, told, allowed, strict=True)
    ]
    scale = _Scale(found)
    return [
        Ranked(each.slots, scale.summed(each, speaking=speaking), scale.share(each.covered))
        for each in found
    ]


def _words(indexes: Sequence[ZoneIndex], cues: Cues) -> tuple[list[str], bool]:
    """The words that are looked for, and whether who is named speaks."""
    total = sum(len(index) for index in indexes)
    said = sum(index.said_by(cues.speakers) for index in indexes)
    one = len(cues.speakers) == 1
    if not cues.names or said < _SPEAKER_SHARE_MIN * total:
        return list(cues.words), False
    return [word for word in cues.words if word not in cues.names] or list(cues.words), one


class _Scale:
    """The largest value of each signal over all that may be recalled."""

    def __init__(self, found: Sequence[Signals]) -> None:
        def largest(name: str) -> float:
            return max(float(getattr(each, name).max(initial=0.0)) for each in found) or 1.0

        self._episode = largest("episode")
        self._window = largest("window")
        self._trace = largest("trace")
        self._covered = largest("covered")
        self._near = largest("near")
        self._meant = any(signals.near.any() for signals in found)
        self._dated = any(signals.date.any() for signals in found)
        self._timed = any(signals.tells_time.any() for signals in found)

    def summed(self, signals: Signals, *, speaking: bool) -> Floats:
        total = (
            EPISODE / self._episode * signals.episode
            + WINDOW / self._window * signals.window
            + BEFORE / self._episode * signals.before
            + TRACE / self._trace * signals.trace
            + ASKS * signals.asks
            + DATE * signals.date
            + TELLS_TIME * signals.tells_time
        )
        share = NEAR_WHERE_DATED if self._dated else 1.0
        near, near_by = share * NEAR, share * NEAR_BY
        total += (near * signals.near + near_by * signals.near_by) / self._near
        if speaking:
            total += SPEAKER * signals.speaker
        weights = EPISODE + WINDOW + BEFORE + TRACE
        weights += SPEAKER * speaking + DATE * self._dated + TELLS_TIME * self._timed
        weights += (near + near_by) * self._meant
        return total / weights

    def share(self, covered: Floats) -> Floats:
        return covered / self._covered
