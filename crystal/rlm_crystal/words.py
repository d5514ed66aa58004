"""A sorted, immutable pool of distinct strings that opens without being decoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

Int32Array = npt.NDArray[np.int32]


class Words(Sequence[str]):
    """Distinct strings in UTF-8 byte order, kept as one blob and offsets.

    Every string stands between two newlines in `blob`, so that a search for a word's beginning,
    end or middle is one scan of the blob; ids are positions in the order.
    """

    __slots__ = ("_starts", "blob", "lengths")

    def __init__(self, blob: bytes, lengths: Int32Array) -> None:
        self.blob = blob
        self.lengths = lengths
        starts = np.empty(len(lengths) + 1, dtype=np.int64)
        starts[0] = 1
        np.cumsum(lengths.astype(np.int64) + 1, out=starts[1:])
        starts[1:] += 1
        self._starts = starts

    @classmethod
    def of(cls, words: Iterable[str]) -> Words:
        encoded = sorted({word.encode("utf-8", "surrogatepass") for word in words})
        return cls.of_sorted(encoded)

    @classmethod
    def of_sorted(cls, encoded: Sequence[bytes]) -> Words:
        """The pool of strings that are already distinct and in order."""
        lengths = np.fromiter(map(len, encoded), dtype=np.int32, count=len(encoded))
        return cls(b"\n" + b"".join(word + b"\n" for word in encoded), lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        return self.encoded(index).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (word.decode("utf-8", "surrogatepass") for word in self.all_encoded())

    def encoded(self, index: int) -> bytes:
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

    def with_suffix(self, suffix: str, *, limit: int) -> list[int]:
        """The ids of at most `limit` strings that end with `suffix` and are longer than it."""
        needle = suffix.encode("utf-8", "surrogatepass") + b"\n"
        found: list[int] = []
        at = self.blob.find(needle)
        while at >= 0 and len(found) < limit:
            index = int(np.searchsorted(self._starts, at, side="right")) - 1
            if index >= 0 and int(self._starts[index]) < at:
                found.append(index)
            at = self.blob.find(needle, at + 1)
        return found

    def take(self, ids: Int32Array) -> Words:
        """The pool of the strings with these ids, which ascend."""
        encoded = self.all_encoded()
        return Words.of_sorted([encoded[at] for at in ids.tolist()])

    def _bisect(self, encoded: bytes) -> int:
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.encoded(middle) < encoded:
                low = middle + 1
            else:
                high = middle
        return low


def merge_words(pools: Sequence[Words]) -> tuple[Words, list[Int32Array]]:
    """One pool of all strings, and for each pool the new id of each of its strings."""
    decoded = [pool.all_encoded() for pool in pools]
    merged = sorted(set[bytes]().union(*decoded))
    position = {word: at for at, word in enumerate(merged)}
    maps = [
        np.fromiter(map(position.__getitem__, words), dtype=np.int32, count=len(words))
        for words in decoded
    ]
    return Words.of_sorted(merged), maps
