"""Which words stand in which slot how often: one list serves episodes, windows and traces.

It lives in memory only: an index on disk would tell the texts. Slots are given out in order; one
that is removed is not used again.
"""

from array import array
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.int32]
Counts = npt.NDArray[np.float32]

_NOWHERE = (np.zeros(0, np.int32), np.zeros(0, np.float32))


class Postings:
    """Adding a text costs as much as it is long; removing one, as much as its words are common."""

    def __init__(self) -> None:
        self._lists: dict[str, tuple[array[int], array[int]]] = {}

    def add(self, slot: int, counts: Mapping[str, int]) -> None:
        """Add the words of a slot higher than all before."""
        for word, count in counts.items():
            found = self._lists.get(word)
            if found is None:
                found = self._lists[word] = (array("i"), array("i"))
            found[0].append(slot)
            found[1].append(count)

    def remove(self, slot: int, words: Mapping[str, int]) -> None:
        """Remove a slot that was added with these words."""
        for word in words:
            slots, counts = self._lists[word]
            at = slots.index(slot)
            del slots[at], counts[at]
            if not slots:
                del self._lists[word]

    def of(self, word: str) -> tuple[Slots, Counts]:
        """The slots that hold the word, in order, and how often each does."""
        found = self._lists.get(word)
        if found is None:
            return _NOWHERE
        return np.array(found[0], np.int32), np.array(found[1], np.float32)
