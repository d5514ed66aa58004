"""A sorted, immutable pool of distinct strings that opens without being decoded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import overload

import numpy as np
import numpy.typing as npt

Int32Array = npt.NDArray[np.int32]

# Larger pools are not kept as separate strings: 60 bytes each.
CUT_MAX = 200_000


class Words(Sequence[str]):
    """Distinct strings in UTF-8 byte order, kept as one blob and offsets.

    Ids are positions in the order, so a word or a beginning is found by bisection; an ending too,
    over the order of the strings read backwards.
    """

    __slots__ = ("_by_end", "_cut", "_cut_by_end", "_starts", "blob", "lengths")

    def __init__(self, blob: bytes, lengths: Int32Array, by_end: Int32Array | None = None) -> None:
        self.blob = blob
        self._by_end = by_end
        self.lengths = lengths
        self._cut: list[bytes] | None = None
        self._cut_by_end: list[bytes] | None = None
        self._starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))

    @classmethod
    def of(cls, words: Iterable[str]) -> Words:
        encoded = sorted({word.encode("utf-8", "surrogatepass") for word in words})
        return cls.of_sorted(encoded)

    @classmethod
    def of_sorted(cls, encoded: Sequence[bytes]) -> Words:
        """The pool of strings that are already distinct and in order."""
        lengths = np.fromiter(map(len, encoded), dtype=np.int32, count=len(encoded))
        return cls(b"".join(encoded), lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            span = range(*index.indices(len(self)))
            return [self.encoded(at).decode("utf-8", "surrogatepass") for at in span]
        return self.encoded(index).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (word.decode("utf-8", "surrogatepass") for word in self.all_encoded())

    def encoded(self, index: int) -> bytes:
        if self._cut is not None:
            return self._cut[index]
        start = int(self._starts[index])
        return self.blob[start : start + int(self.lengths[index])]

    def all_encoded(self) -> list[bytes]:
        blob, starts, lengths = self.blob, self._starts.tolist(), self.lengths.tolist()
        return [
            blob[start : start + length] for start, length in zip(starts, lengths, strict=False)
        ]

    def find(self, word: str) -> int:
        """The id of `word`, or -1."""
        encoded = word.encode("utf-8", "surrogatepass")
        at = self._bisect(encoded)
        return at if at < len(self) and self.encoded(at) == encoded else -1

    def with_prefix(self, prefix: str) -> range:
        """The ids of all strings that begin with `prefix`."""
        encoded = prefix.encode("utf-8", "surrogatepass")
        low = self._bisect(encoded)
        # 0xFF never occurs in UTF-8, so this stands after every continuation of the prefix.
        return range(low, self._bisect(encoded + b"\xff"))

    def starting(self, prefix: str) -> list[str]:
        """All strings that begin with `prefix`."""
        span = self.with_prefix(prefix)
        return self[span.start : span.stop]

    def with_suffix(self, suffix: str, *, limit: int) -> list[int]:
        """The ids of at most `limit` strings that end with `suffix` and are longer than it."""
        return sorted(self.by_suffix(suffix)[:limit].tolist())

    def by_suffix(self, suffix: str) -> Int32Array:
        """The ids of all strings that end with `suffix` and are longer than it, in the order of
        the strings read backwards."""
        backwards = suffix.encode("utf-8", "surrogatepass")[::-1]
        low = self._bisect_by_end(backwards + b"\0")
        return self.by_end[low : self._bisect_by_end(backwards + b"\xff")]

    @property
    def by_end(self) -> Int32Array:
        """All ids in the order of the strings read backwards; made at first use."""
        if self._by_end is None:
            reversed_words = [word[::-1] for word in self.all_encoded()]
            order = sorted(range(len(self)), key=reversed_words.__getitem__)
            self._by_end = np.asarray(order, dtype=np.int32)
        return self._by_end

    def take(self, ids: Int32Array) -> Words:
        """The pool of the strings with these ids, which ascend."""
        chosen: list[int] = ids.tolist()
        return Words.of_sorted([self.encoded(at) for at in chosen])

    def _bisect(self, encoded: bytes) -> int:
        if len(self) > CUT_MAX:
            return bisect_left(range(len(self)), encoded, key=self.encoded)
        # A question takes hundreds of these: cut once, each is twenty times as fast.
        if self._cut is None:
            self._cut = self.all_encoded()
        return bisect_left(self._cut, encoded)

    def _bisect_by_end(self, backwards: bytes) -> int:
        order = self.by_end
        if len(self) > CUT_MAX:
            return bisect_left(
                range(len(order)), backwards, key=lambda at: self.encoded(order[at])[::-1]
            )
        if self._cut_by_end is None:
            words = self.all_encoded()
            self._cut_by_end = [words[at][::-1] for at in order.tolist()]
        return bisect_left(self._cut_by_end, backwards)


def merge_words(pools: Sequence[Words]) -> tuple[Words, list[Int32Array]]:
    """One pool of all strings, and for each pool the new id of each of its strings."""
    encoded = [pool.all_encoded() for pool in pools]
    # Each pool is in order, which timsort merges: fewer steps than sorting a set of them.
    merged = list(dict.fromkeys(sorted(chain.from_iterable(encoded))))
    position = dict(zip(merged, range(len(merged)), strict=True))
    maps = [
        np.fromiter(map(position.__getitem__, words), dtype=np.int32, count=len(words))
        for words in encoded
    ]
    return Words.of_sorted(merged), maps
