"""Where the words of a text lie, and which of them are the same: in whole arrays, not one by one.

A run is a longest row of bytes that are letters, digits, `_` or part of a character beyond ASCII.
In ASCII a run is a raw word; a run with other characters may hold several, or none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rlm_crystal.ranges import Int64Array

UInt64Array = npt.NDArray[np.uint64]

_BLOCK: Final = 8
# Longer runs are rare (data written as text) and are compared one by one.
_COMPARED_MAX: Final = 64
_WORD = re.compile(r"\w", re.ASCII)
_IN_RUN: Final = bytes(byte > 127 or bool(_WORD.match(chr(byte))) for byte in range(256))
_MASKS: Final = np.asarray([(1 << 8 * size) - 1 for size in range(_BLOCK + 1)], dtype=np.uint64)
_FACTORS: Final = tuple(
    map(np.uint64, (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
)
_HALF: Final = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Runs:
    """Run `i` is `data[starts[i]:ends[i]]`; `same_as[i]` is one and the same for equal runs."""

    data: bytes
    starts: Int64Array
    ends: Int64Array
    same_as: Int64Array

    def distinct(self) -> tuple[list[bytes], Int64Array]:
        """The distinct runs, and for each run which of them it is."""
        first = np.flatnonzero(self.same_as == np.arange(len(self.same_as)))
        number = np.empty(len(self.same_as), dtype=np.int64)
        number[first] = np.arange(len(first))
        spans = map(slice, self.starts[first].tolist(), self.ends[first].tolist())
        return [*map(self.data.__getitem__, spans)], number.take(self.same_as)


def runs_of(data: bytes) -> Runs:
    """The runs of UTF-8 bytes, in order; places count from the beginning of `data`."""
    padded = data + bytes(_COMPARED_MAX + _BLOCK)
    inside = np.frombuffer(b"\0" + padded.translate(_IN_RUN), dtype=np.bool_)
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2].copy(), edges[1::2].copy()
    return Runs(data, starts, ends, _same(padded, starts, ends - starts))


def _same(data: bytes, starts: Int64Array, lengths: Int64Array) -> Int64Array:
    """For each run the number of a run of the same bytes, of all equal ones the same.

    Runs meet in the cells of a table, by a hash; whichever comes to lie in a cell stands for those
    that are equal to it, byte for byte, and the others meet again by another hash.
    """
    blocks = np.ndarray((len(data) - _BLOCK + 1,), dtype="<u8", buffer=data, strides=(1,))
    keys = _keys(blocks, starts, lengths)
    cells = np.zeros(1 << max(8, (2 * len(starts)).bit_length()), dtype=np.int64)
    shift = np.uint64(65 - len(cells).bit_length())
    same = np.empty(len(starts), dtype=np.int64)
    rest = np.flatnonzero(lengths <= _COMPARED_MAX)
    for factor in _FACTORS:
        own, size = keys.take(rest), lengths.take(rest)
        cell = ((own * factor) >> shift).view(np.int64)
        cells[cell] = rest
        other = cells.take(cell)
        equal = (own == keys.take(other)) & (size == lengths.take(other))
        long = np.flatnonzero(equal & (size > _BLOCK))
        equal[long] = _agree(blocks, starts[rest[long]], starts[other[long]], size[long])
        same[rest[equal]] = other[equal]
        rest = rest[~equal]
        if not len(rest):
            break
    first: dict[bytes, int] = {}
    for run in (*rest.tolist(), *np.flatnonzero(lengths > _COMPARED_MAX).tolist()):
        start = int(starts[run])
        same[run] = first.setdefault(data[start : start + int(lengths[run])], run)
    return same


def _keys(blocks: UInt64Array, starts: Int64Array, lengths: Int64Array) -> UInt64Array:
    """A number for each run: its bytes where they are at most eight, else a hash of 64 of them."""
    keys = blocks[starts] & _MASKS.take(lengths, mode="clip")
    longer = np.flatnonzero(lengths > _BLOCK)
    for at in range(_BLOCK, _COMPARED_MAX, _BLOCK):
        if not len(longer):
            break
        mixed = keys[longer] * _FACTORS[0]
        mixed ^= mixed >> _HALF
        keys[longer] = mixed ^ (
            blocks[starts[longer] + at] & _MASKS.take(lengths[longer] - at, mode="clip")
        )
        longer = longer[lengths[longer] > at + _BLOCK]
    return keys


def _agree(
    blocks: UInt64Array, one: Int64Array, other: Int64Array, lengths: Int64Array
) -> npt.NDArray[np.bool_]:
    """Whether runs that begin at `one` and `other` are equal behind their first block."""
    agree = blocks[one] == blocks[other]
    rest = np.flatnonzero(agree)
    for at in range(_BLOCK, _COMPARED_MAX, _BLOCK):
        rest = rest[lengths[rest] > at]
        if not len(rest):
            break
        mask = _MASKS.take(lengths[rest] - at, mode="clip")
        differ = (blocks[one[rest] + at] ^ blocks[other[rest] + at]) & mask
        agree[rest] &= differ == 0
    return agree
