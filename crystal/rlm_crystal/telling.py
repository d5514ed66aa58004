"""The words that tell the files of a corpus apart, a few for each file."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import Int64Array
from rlm_crystal.segment import BoolArray, Segment
from rlm_crystal.terms import ASKING_WORDS, STOP_WORDS
from rlm_crystal.words import Int32Array

Floats = npt.NDArray[np.float64]

WORDS_MAX = 24

_WORD = re.compile(r"[^\W\d_]{3,14}")
# In the lists of three fields: a name tells more than a word of a body, a path is told already.
_NAME, _BODY = 1, 2
_NAME_WEIGHT = 2.0
_TERM_BITS, _WEIGHT_BITS = 25, 16
_WEIGHT_MAX, _WEIGHT_SCALE = (1 << _WEIGHT_BITS) - 1, 512.0


def telling_words(segment: Segment) -> tuple[Int64Array, Int32Array]:
    """For each file its most telling words, best first: `words[starts[f]:starts[f + 1]]`.

    Words are ids in the postings of the segment. A word tells the more the more often it stands in
    the file and the fewer files have it; what only one file has is mostly an accident.
    """
    postings, count = segment.postings.get(), segment.file_count
    file = segment.chunks.file[postings.docs].astype(np.int64)
    term = np.repeat(np.arange(len(postings.words), dtype=np.int64), np.diff(postings.starts))
    key = term * count + file  # lists run by chunk and so by file: it ascends
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))[: len(key)])
    if not len(first):
        return np.zeros(count + 1, dtype=np.int64), np.zeros(0, dtype=np.int32)
    times = np.add.reduceat(
        postings.counts[_BODY].astype(np.float32) + _NAME_WEIGHT * postings.counts[_NAME], first
    )
    term, file = term[first], file[first]
    files = np.bincount(term, minlength=len(postings.words))
    kept = np.flatnonzero((files[term] > 1) & (times > 0))
    kept = kept[_usable(segment, np.unique(term[kept]))[term[kept]]]
    term, file, times = term[kept], file[kept], times[kept]
    weight = (1.0 + np.log(times)) * np.log(count / files[term])
    return _best(file, term, weight, count)


def _usable(segment: Segment, terms: Int64Array) -> BoolArray:
    words = segment.postings.get().words
    usable = np.zeros(len(words), dtype=np.bool_)
    listed: list[int] = terms.tolist()
    for at in listed:
        word = words[at]
        usable[at] = (
            _WORD.fullmatch(word) is not None
            and word not in STOP_WORDS
            and word not in ASKING_WORDS
        )
    return usable


def _best(
    file: Int64Array, term: Int64Array, weight: Floats, count: int
) -> tuple[Int64Array, Int32Array]:
    """The weightiest terms of each file, by one sort of numbers that hold file, weight and term."""
    lightness = _WEIGHT_MAX - np.minimum(weight * _WEIGHT_SCALE, _WEIGHT_MAX).astype(np.int64)
    packed = (((file << _WEIGHT_BITS) | lightness) << _TERM_BITS) | term
    packed.sort()
    sizes = np.bincount(file, minlength=count)
    place = np.arange(len(packed)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = packed[place < WORDS_MAX] & ((1 << _TERM_BITS) - 1)
    starts = np.concatenate(([0], np.cumsum(np.minimum(sizes, WORDS_MAX)))).astype(np.int64)
    return starts, chosen.astype(np.int32)
