"""Which words stand in which slot how often: one list serves episodes, windows and traces.

It lives in memory, and sealed in a page: an index in clear would tell the texts. Slots are given
out in order; one that is given up is not used again.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.int32]
Counts = npt.NDArray[np.float32]

TIMES_MAX = 65_535

_NOWHERE = (np.zeros(0, np.int32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """All lists one after the other: that of word w is from `starts[w]` up to `starts[w + 1]`."""

    words: tuple[str, ...]
    starts: npt.NDArray[np.int64]
    slots: Slots
    times: npt.NDArray[np.uint16]


NO_LISTS = Lists((), np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.uint16))


class Postings:
    """Lists that were read, and what was added since. Adding a text costs as much as it is long."""

    def __init__(self, read: Lists = NO_LISTS) -> None:
        self._read = read
        self._times = read.times.astype(np.float32)
        self._numbers = dict(zip(read.words, range(len(read.words)), strict=True))
        self._added: dict[str, tuple[array[int], array[int]]] = {}

    def add(self, slot: int, counts: Mapping[str, int]) -> None:
        """Add the words of a slot higher than all before."""
        for word, count in counts.items():
            found = self._added.get(word)
            if found is None:
                found = self._added[word] = (array("i"), array("i"))
            found[0].append(slot)
            found[1].append(min(count, TIMES_MAX))

    def of(self, word: str) -> tuple[Slots, Counts]:
        """The slots that held the word, in order, and how often each did; given up ones too."""
        number, added = self._numbers.get(word), self._added.get(word)
        if added is None:
            if number is None:
                return _NOWHERE
            low, high = self._read.starts[number : number + 2]
            return self._read.slots[low:high], self._times[low:high]
        slots, times = np.array(added[0], np.int32), np.array(added[1], np.float32)
        if number is not None:
            low, high = self._read.starts[number : number + 2]
            slots = np.concatenate((self._read.slots[low:high], slots))
            times = np.concatenate((self._times[low:high], times))
        return slots, times

    def lists(self, places: Slots) -> Lists:
        """All lists, with the slot at `places[slot]`; without those whose place is -1."""
        read, new = self._read, list(self._added)
        words = (*read.words, *(word for word in new if word not in self._numbers))
        numbers = self._numbers | {word: at for at, word in enumerate(words)}
        held = (self._added[word] for word in new)
        parts = [
            (numbers[word], slots, times) for word, (slots, times) in zip(new, held, strict=True)
        ]
        sizes = [len(slots) for _, slots, _ in parts]
        owner = np.concatenate(
            (
                np.repeat(np.arange(len(read.words)), np.diff(read.starts)),
                np.repeat(np.array([number for number, _, _ in parts], np.int64), sizes),
            )
        )
        slots = np.concatenate((read.slots, _flat([slots for _, slots, _ in parts])))
        times = np.concatenate((read.times, _flat([times for _, _, times in parts])))
        at = places[slots]
        order = np.lexsort((at, owner))
        order = order[at[order] >= 0]
        sizes = np.bincount(owner[order], minlength=len(words))
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
        kept = np.flatnonzero(sizes)
        return Lists(
            tuple(words[number] for number in kept.tolist()),
            starts[np.append(kept, len(words))],
            at[order].astype(np.int32),
            times[order].astype(np.uint16),
        )


def _flat(parts: Iterable[Iterable[int]]) -> npt.NDArray[np.int64]:
    return np.fromiter(chain.from_iterable(parts), np.int64)
