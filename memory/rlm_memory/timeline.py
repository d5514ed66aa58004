"""The order in which things were said: sessions, neighbours, and the traces they fall into.

A trace is one session, or where none is named what was said without a break of 45 minutes, cut
after 50 turns. An answered question stands alone: it was asked of a corpus, not of who spoke last.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_memory.growing import Growing
from rlm_memory.types import Memo

GAP_S = 45 * 60.0
TURNS_MAX = 50

Slots = npt.NDArray[np.int32]
Times = npt.NDArray[np.float64]

_ALONE = -2


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """By slot, all int32 (n,): the slots up to two before and after in the trace; the trace.

    What is not there is -1, as is the trace of a slot that was given up.
    """

    near: tuple[Slots, Slots, Slots, Slots]
    trace: Slots
    traces: int

    @property
    def before(self) -> Slots:
        return self.near[1]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a timeline is made of, by slot; `names` are those of the sessions by number."""

    times: Times
    seqs: npt.NDArray[np.int64]
    sessions: Slots
    names: tuple[str, ...]


class Timeline:
    """Slots in the order of their sessions. What comes last in its session is put there at once;
    after anything else all is arranged anew at the next question."""

    def __init__(self, said: Said | None = None) -> None:
        self._times = Growing(np.float64, said and said.times)
        self._seqs = Growing(np.int64, said and said.seqs)
        self._sessions = Growing(np.int32, said and said.sessions)
        self._numbers = {name: at for at, name in enumerate(said.names if said else ())}
        self._order: _Order | None = None

    def add(self, memo: Memo) -> None:
        """Give the next slot to the memo."""
        episode = memo.episode
        stands_alone = memo.level != "episode" or (episode.question and not episode.session)
        session = _ALONE
        if not stands_alone:
            session = self._numbers.setdefault(episode.session, len(self._numbers))
        self._times.append(episode.time_s)
        self._seqs.append(memo.seq)
        self._sessions.append(session)
        if self._order is not None and not self._follows(self._order, session):
            self._order = None

    def disarrange(self) -> None:
        """Arrange all anew at the next question: a slot was given up."""
        self._order = None

    def times(self) -> Times:
        return self._times.values

    def seqs(self) -> npt.NDArray[np.int64]:
        return self._seqs.values

    def arranged(self, alive: npt.NDArray[np.bool_]) -> Arranged:
        """The order of the slots that were not given up; bool (n,)."""
        if self._order is None:
            self._order = self._arrange(alive)
        return self._order.arranged()

    def said(self, slots: npt.NDArray[np.int64]) -> Said:
        """What these slots hold."""
        sessions, names = self._sessions.values[slots], tuple(self._numbers)
        held, numbers = np.unique(sessions[sessions != _ALONE], return_inverse=True)
        sessions[sessions != _ALONE] = numbers
        kept: list[int] = held.tolist()
        return Said(
            self._times.values[slots],
            self._seqs.values[slots],
            sessions,
            tuple(names[number] for number in kept),
        )

    def _follows(self, order: "_Order", session: int) -> bool:
        """Put the newest slot behind the last of its session, where it belongs there."""
        before = order.last.get(session, -1)
        if before < 0:
            order.append(session, before, joins=False)
            return True
        times, seqs = self._times.values, self._seqs.values
        if (times[-1], seqs[-1]) < (times[before], seqs[before]):
            return False
        breaks = session == self._numbers.get("", -1) and times[-1] - times[before] > GAP_S
        order.append(session, before, joins=not breaks)
        return True

    def _arrange(self, alive: npt.NDArray[np.bool_]) -> "_Order":
        times, sessions = self._times.values, self._sessions.values.copy()
        alone = np.flatnonzero(sessions == _ALONE)
        sessions[alone] = _ALONE - np.arange(len(alone))
        order = np.lexsort((self._seqs.values, times, sessions))
        order = order[alive[order]]
        first = np.ones(len(order), bool)
        same = sessions[order[1:]] == sessions[order[:-1]]
        unnamed = self._numbers.get("", -1)
        breaks = (np.diff(times[order]) > GAP_S) & (sessions[order[1:]] == unnamed)
        first[1:] = ~same | breaks
        starts = np.flatnonzero(first)
        run = np.cumsum(first) - 1
        within = np.arange(len(order)) - (starts[run] if len(starts) else 0)
        first |= within % TURNS_MAX == 0
        trace, place = (np.full(len(times), -1, np.int32) for _ in range(2))
        numbers = np.cumsum(first) - 1
        trace[order], place[order] = numbers, within
        # One more than there are slots: -1 leads there, and it leads nowhere.
        before, after = (np.full(len(times) + 1, -1, np.int32) for _ in range(2))
        joined = ~first[1:]
        before[order[1:][joined]] = order[:-1][joined]
        after[order[:-1][joined]] = order[1:][joined]
        near = (before[before][:-1], before[:-1], after[:-1], after[after][:-1])
        ends = order[np.append(~same, True)] if len(order) else order
        named = ends[sessions[ends] >= 0]
        last = dict(zip(sessions[named].tolist(), named.tolist(), strict=True))
        return _Order(near, trace, place, last)


class _Order:
    """An arrangement that grows; `last` is the last slot of each session by its number."""

    def __init__(
        self, near: tuple[Slots, ...], trace: Slots, place: Slots, last: dict[int, int]
    ) -> None:
        self._near = [Growing(np.int32, each.copy()) for each in near]
        self._trace = Growing(np.int32, trace)
        self._place = Growing(np.int32, place)
        self._traces = int(trace.max(initial=-1)) + 1
        self.last = last

    def append(self, session: int, before: int, *, joins: bool) -> None:
        """Put the next slot behind `before`, the last of its session or -1; `joins` its run."""
        slot = len(self._trace)
        place = int(self._place.values[before]) + 1 if joins else 0
        self._place.append(place)
        if session != _ALONE:
            self.last[session] = slot
        if place % TURNS_MAX == 0:
            self._trace.append(self._traces)
            self._traces += 1
            for near in self._near:
                near.append(-1)
            return
        _, one_before, one_after, two_after = self._near
        further = int(one_before.values[before])
        self._trace.append(int(self._trace.values[before]))
        for near, at in zip(self._near, (further, before, -1, -1), strict=True):
            near.append(at)
        one_after.put(before, slot)
        if further >= 0:
            two_after.put(further, slot)

    def arranged(self) -> Arranged:
        two_before, one_before, one_after, two_after = (each.values for each in self._near)
        near = (two_before, one_before, one_after, two_after)
        return Arranged(near, self._trace.values, self._traces)
