"""Words met so far, each cut into its index terms once, however many texts hold it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from rlm_crystal.ranges import Int64Array, ranges
from rlm_crystal.terms import TERM_CHARS_MAX, ascii_parts, is_one_part, parts
from rlm_crystal.words import Int32Array

# Some 250 bytes each.
WORDS_MAX: Final = 150_000


class Lexicon:
    """Numbers raw words and their terms in the order they are first met; it only grows.

    Whoever goes through many batches keeps one for all of them: each holds mostly the words of
    those before. Not for several threads at once. Longer words than `chars_max` have no terms.
    """

    def __init__(self, *, chars_max: int = TERM_CHARS_MAX) -> None:
        self.terms: list[str] = []
        self._chars_max = chars_max
        self._words = _Numbers()
        self._term_numbers = _Numbers()
        # Of each word: where the numbers of its parts begin, how many they are, and of the whole.
        self._parts = array("i")
        self._starts = array("i")
        self._sizes = array("i")
        self._wholes = array("i")

    def __len__(self) -> int:
        """How many raw words there are."""
        return len(self._words)

    def unless_full(self) -> Lexicon:
        """This one, or an empty one where it has grown so large that it costs too much memory."""
        return self if len(self) < WORDS_MAX else Lexicon(chars_max=self._chars_max)

    def numbers(self, words: Iterable[str]) -> list[int]:
        """The number of each raw word."""
        found = list(map(self._words.__getitem__, words))
        fresh = self._words.taken()
        if fresh:
            self._cut(fresh)
            self.terms += self._term_numbers.taken()
        return found

    def parts(self, words: Int64Array) -> tuple[Int64Array, Int32Array]:
        """How many parts each of these words has, and the terms they are, in a row."""
        size = _array(self._sizes).take(words).astype(np.int64)
        starts = _array(self._starts).take(words).astype(np.int64)
        return size, _array(self._parts).take(ranges(starts, size))

    def wholes(self, words: Int64Array) -> Int32Array:
        """The term that each word is as a whole, -1 where it has not several parts."""
        return _array(self._wholes).take(words)

    def _cut(self, fresh: Sequence[str]) -> None:
        usable = [word if len(word) <= self._chars_max else "" for word in fresh]
        found, sizes = ascii_parts([word if word.isascii() else "" for word in usable])
        starts = [*accumulate(sizes, initial=len(self._parts))]
        for at, word in enumerate(usable):
            if not word.isascii():
                cut = (word.lower(),) if is_one_part(word) else parts(word)
                starts[at], sizes[at] = len(self._parts) + len(found), len(cut)
                found += cut
        number = self._term_numbers.__getitem__
        self._parts.extend(map(number, found))
        self._starts.extend(starts[: len(fresh)])
        self._sizes.extend(sizes)
        self._wholes.extend(
            number(word.lower().strip("_")) if size > 1 else -1
            for word, size in zip(usable, sizes, strict=True)
        )


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
