"""Words met so far, each cut into its index terms once, however many texts hold it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Final

import numpy as np

from rlm_crystal.ranges import Int64Array, ranges
from rlm_crystal.terms import terms_of_word
from rlm_crystal.words import Int32Array

# Some 250 bytes each.
WORDS_MAX: Final = 150_000


class Lexicon:
    """Numbers raw words and their terms in the order they are first met; it only grows.

    Whoever goes through many batches keeps one for all of them: each holds mostly the words of
    those before. Not for several threads at once. `cut` gives the terms of a word.
    """

    def __init__(self, cut: Callable[[str], Sequence[str]] = terms_of_word) -> None:
        self._cut = cut
        self.terms: list[str] = []
        self._words = _Numbers()
        self._term_numbers = _Numbers()
        self._terms_of = array("i")
        self._sizes = array("i")

    def __len__(self) -> int:
        """How many raw words there are."""
        return len(self._words)

    def unless_full(self) -> Lexicon:
        """This one, or an empty one where it has grown so large that it costs too much memory."""
        return self if len(self) < WORDS_MAX else Lexicon()

    def numbers(self, words: Iterable[str]) -> list[int]:
        """The number of each raw word."""
        found = list(map(self._words.__getitem__, words))
        cut = list(map(self._cut, self._words.taken()))
        if cut:
            self._sizes.extend(map(len, cut))
            number = self._term_numbers.__getitem__
            self._terms_of.extend(map(number, chain.from_iterable(cut)))
            self.terms += self._term_numbers.taken()
        return found

    def spread(self, words: Int64Array, *, wholes: bool = True) -> tuple[Int64Array, Int32Array]:
        """How many terms each of these words has, and the numbers of all of them in a row.

        A word of several parts is a term as well, which comes last and only where wanted.
        """
        flat, sizes = _array(self._terms_of), _array(self._sizes)
        starts = np.cumsum(sizes, dtype=np.int64) - sizes
        size = (sizes if wholes else sizes - (sizes > 1)).take(words).astype(np.int64)
        return size, flat.take(ranges(starts.take(words), size))


class _Numbers(dict[str, int]):
    """Numbers words in the order they are first met."""

    def __init__(self) -> None:
        self._fresh: list[str] = []

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        self._fresh.append(word)
        return number

    def taken(self) -> list[str]:
        """The words first met since this was last asked, in order."""
        fresh, self._fresh = self._fresh, []
        return fresh


def _array(values: array[int]) -> Int32Array:
    """A copy, since an array that is looked at cannot grow."""
    return np.array(values, dtype=np.int32)
