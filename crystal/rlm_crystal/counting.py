"""How often each raw word occurs in each chunk: counted once, for the postings and the vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_crystal.terms import raw_words
from rlm_crystal.words import Int32Array

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """One entry for each distinct word of each chunk, ordered by chunk and then by word.

    `words` counts in the vocabulary; `lengths[c]` is how many words chunk `c` has in all.
    """

    chunks: Int64Array
    words: Int64Array
    times: Int64Array
    lengths: Int32Array

    def without(self, chunks: npt.NDArray[np.bool_]) -> Counts:
        """The same with no words in the chunks marked."""
        kept = ~chunks[self.chunks]
        return Counts(
            self.chunks[kept],
            self.words[kept],
            self.times[kept],
            np.where(chunks, 0, self.lengths).astype(np.int32),
        )


class Ids(dict[str, int]):
    """Numbers words in the order they are first met."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


class WordCounter:
    """Takes chunks one after another, a text for each field.

    Per occurrence there is one step of a split and one look-up in a dictionary.
    """

    def __init__(self, *, fields: int) -> None:
        self._ids = Ids()
        self._words: list[list[int]] = [[] for _ in range(fields)]
        self._lengths: list[list[int]] = [[] for _ in range(fields)]
        self._known: dict[int, tuple[tuple[int, int], Int64Array, Int64Array]] = {}

    def add(self, *texts: str) -> None:
        number = self._ids.__getitem__
        for words, lengths, text in zip(self._words, self._lengths, texts, strict=True):
            found = raw_words(text)
            words.extend(map(number, found))
            lengths.append(len(found))

    @property
    def vocabulary(self) -> Sequence[str]:
        """Every raw word once; its position is its number."""
        return list(self._ids)

    def counts(self, *fields: int) -> Counts:
        """How often each word occurs in these fields together."""
        lengths = [np.asarray(self._lengths[field], dtype=np.int32) for field in fields]
        size = max(len(self._ids), 1)
        counted = [self._counted(field, size) for field in fields]
        pairs, times = counted[0] if len(counted) == 1 else _added(counted)
        chunks, words = np.divmod(pairs, size)
        return Counts(chunks, words, times, np.stack(lengths).sum(axis=0, dtype=np.int32))

    def _counted(self, field: int, size: int) -> tuple[Int64Array, Int64Array]:
        """The (chunk, word) pairs of a field in order, and how often each is met; kept, since
        the postings and the vectors ask for the same."""
        state = size, len(self._lengths[field])
        known = self._known.get(field)
        if known is not None and known[0] == state:
            return known[1], known[2]
        words = np.asarray(self._words[field], dtype=np.int64)
        chunks = np.arange(len(self._lengths[field]), dtype=np.int64)
        pairs, times = np.unique(
            np.repeat(chunks * size, np.asarray(self._lengths[field], dtype=np.int32)) + words,
            return_counts=True,
        )
        self._known[field] = state, pairs, times
        return pairs, times


def _added(
    counted: Sequence[tuple[Int64Array, Int64Array]],
) -> tuple[Int64Array, Int64Array]:
    """The counts of several fields as one."""
    pairs = np.concatenate([pairs for pairs, _ in counted])
    order = np.argsort(pairs, kind="stable")
    pairs = pairs[order]
    first = np.flatnonzero(np.diff(pairs, prepend=-1))
    times = np.concatenate([times for _, times in counted])[order]
    return pairs[first], np.add.reduceat(times, first) if len(first) else times
