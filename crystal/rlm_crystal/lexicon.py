"""Words met so far, each cut into its index terms once, however many texts hold it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from rlm_crystal.ranges import Int64Array, ranges
from rlm_crystal.terms import RAW_WORD, TERM_CHARS_MAX, ascii_parts, is_one_part, parts
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
        self._runs = _Runs()
        self._term_numbers = _Numbers()
        # Of each word: where the numbers of its parts begin, how many they are, and of the whole.
        self._parts = array("i")
        self._starts = array("i")
        self._sizes = array("i")
        self._wholes = array("i")

    def __len__(self) -> int:
        """How many raw words there are."""
        return self._runs.words

    def unless_full(self) -> Lexicon:
        """This one, or an empty one where it has grown so large that it costs too much memory."""
        return self if len(self) < WORDS_MAX else Lexicon(chars_max=self._chars_max)

    def words_in(self, runs: Sequence[bytes]) -> tuple[Int32Array, Int64Array | None]:
        """The numbers of all words of these runs in a row, and how many words each run has; None
        where each is one. A run is UTF-8, and in ASCII a word."""
        found = np.fromiter(map(self._runs.__getitem__, runs), np.int32, count=len(runs))
        fresh = self._runs.taken()
        if fresh:
            self._cut(fresh)
            self.terms += self._term_numbers.taken()
        odd = np.flatnonzero(found < 0)
        if not len(odd):
            return found, None
        held = np.ones(len(found), dtype=np.int64)
        codes: list[int] = found[odd].tolist()
        words = [self._runs.several[-1 - code] for code in codes]
        held[odd] = [len(each) for each in words]
        spread = np.repeat(found, held)
        spread[spread < 0] = [number for each in words for number in each]
        return spread, held

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


class _Runs(dict[bytes, int]):
    """The number of the word that a run is; of several words or none, -1 less its place in
    `several`. Words are numbered in the order they are first met."""

    def __init__(self) -> None:
        self.words = 0
        self.several: list[list[int]] = []
        self._fresh: list[str] = []

    def __missing__(self, run: bytes) -> int:
        text = run.decode("utf-8", "surrogatepass")
        # A run of letters and digits of any script is a word, too.
        words = (text,) if text.isascii() or text.isalnum() else RAW_WORD.findall(text)
        if len(words) == 1 and len(words[0]) == len(text):
            self[run] = code = self.words
            self.words += 1
            self._fresh.append(text)
        else:
            self.several.append([self[word.encode("utf-8", "surrogatepass")] for word in words])
            self[run] = code = -len(self.several)
        return code

    def taken(self) -> list[str]:
        """The words first met since this was last asked, in order."""
        fresh, self._fresh = self._fresh, []
        return fresh


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
