"""The order in which things were said: sessions, neighbours, and the traces they fall into.

A trace is one session, or where none is named what was said without a break of 45 minutes, cut
after 50 turns. An answered question stands alone: it was asked of a corpus, not of who spoke last.
"""

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_memory.types import Memo

GAP_S = 45 * 60.0
TURNS_MAX = 50

Slots = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """By slot, all int32 (n,): the slots up to two before and after in the trace; the trace.

    A slot that is not there is n, one past the last; the trace of a removed one is -1.
    """

    near: tuple[Slots, Slots, Slots, Slots]
    trace: Slots
    traces: int

    @property
    def before(self) -> Slots:
        return self.near[1]


class Timeline:
    """Slots in the order of their sessions. Appending in order is cheap; else all is arranged anew
    at the next question."""

    def __init__(self) -> None:
        self._times = array("d")
        self._seqs = array("q")
        self._sessions = array("i")
        self._numbers: dict[str, int] = {}
        self._gone: set[int] = set()
        self._arranged: Arranged | None = None

    def add(self, memo: Memo) -> None:
        """Give the next slot to the memo."""
        slot, episode = len(self._times), memo.episode
        self._times.append(episode.time_s)
        self._seqs.append(memo.seq)
        stands_alone = memo.level != "episode" or (episode.question and not episode.session)
        alone = f"\0{slot}" if stands_alone else episode.session
        self._sessions.append(self._numbers.setdefault(alone, len(self._numbers)))
        self._arranged = None

    def remove(self, slot: int) -> None:
        self._gone.add(slot)
        self._arranged = None

    def times(self) -> npt.NDArray[np.float64]:
        return np.array(self._times, np.float64)

    def arranged(self) -> Arranged:
        if self._arranged is None:
            self._arranged = self._arrange()
        return self._arranged

    def _arrange(self) -> Arranged:
        times, sessions = self.times(), np.array(self._sessions, np.int32)
        order = np.lexsort((np.array(self._seqs), times, sessions))
        if self._gone:
            order = order[~np.isin(order, list(self._gone))]
        unnamed = self._numbers.get("", -1)
        first = np.ones(len(order), bool)
        same = sessions[order[1:]] == sessions[order[:-1]]
        breaks = (np.diff(times[order]) > GAP_S) & (sessions[order[1:]] == unnamed)
        first[1:] = ~same | breaks
        starts = np.flatnonzero(first)
        run = np.cumsum(first) - 1
        within = np.arange(len(order)) - (starts[run] if len(starts) else 0)
        first |= within % TURNS_MAX == 0
        trace = np.full(len(times), -1, np.int32)
        numbers = np.cumsum(first) - 1
        trace[order] = numbers
        before, after = (np.full(len(times) + 1, len(times), np.int32) for _ in range(2))
        joined = ~first[1:]
        before[order[1:][joined]] = order[:-1][joined]
        after[order[:-1][joined]] = order[1:][joined]
        near = (before[before][:-1], before[:-1], after[:-1], after[after][:-1])
        return Arranged(near, trace, int(numbers[-1]) + 1 if len(numbers) else 0)
