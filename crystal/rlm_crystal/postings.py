"""Inverted lists over three fields of a chunk: its path, its names, its body.

A list holds every chunk a term occurs in, with how often in each field. Statistics of the whole
corpus are taken at query time, so lists of several segments can be searched as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import Counts, Int64Array, WordCounter
from rlm_crystal.lexicon import Lexicon
from rlm_crystal.ranges import ranges
from rlm_crystal.words import Int32Array, Words, merge_words

UInt8Array = npt.NDArray[np.uint8]

FIELDS = ("path", "name", "body")
TF_MAX = 255
_TIMES_BITS = 8
_HELD_BITS = _TIMES_BITS + 2


@dataclass(frozen=True, slots=True)
class Postings:
    """Compressed rows: the list of term `t` is `docs[starts[t]:starts[t + 1]]`.

    `counts[f]` runs beside `docs` and holds occurrences in field `f`, cut at 255;
    `lengths[f]` holds for every chunk how many raw words field `f` has.
    """

    words: Words
    starts: Int64Array
    docs: Int32Array
    counts: tuple[UInt8Array, UInt8Array, UInt8Array]
    lengths: tuple[Int32Array, Int32Array, Int32Array]

    @property
    def doc_count(self) -> int:
        return len(self.lengths[0])

    def rows(self, term: int) -> slice:
        return slice(int(self.starts[term]), int(self.starts[term + 1]))


def inverse_frequency(held: int, total: int) -> float:
    """How much a word tells that `held` of `total` documents hold, above 0 (BM25's idf)."""
    return log1p((total - held + 0.5) / (held + 0.5))


def postings_of(counter: WordCounter) -> Postings:
    """The lists of counted chunks, whose first three fields are path, names and body."""
    fields = [counter.counts(field) for field in range(len(FIELDS))]
    doc_count = len(fields[0].lengths)
    doc_bits = max(doc_count - 1, 0).bit_length()
    found = [_terms_held(counter.lexicon, counts, field) for field, counts in enumerate(fields)]
    terms = np.concatenate([terms for terms, _ in found])
    number, words = _pool(terms, counter.lexicon.terms)
    packed = number.take(terms).astype(np.int64) << (doc_bits + _HELD_BITS)
    packed |= np.concatenate([held for _, held in found])
    packed.sort()
    key = packed >> _HELD_BITS
    first = np.flatnonzero(np.diff(key, prepend=-1))
    field, times = (packed >> _TIMES_BITS) & 3, packed & TF_MAX
    counts = [_summed(np.where(field == at, times, 0), first) for at in range(len(FIELDS))]
    key = key.take(first)
    held_by = np.bincount(key >> doc_bits, minlength=len(words))
    return Postings(
        words,
        np.append(0, np.cumsum(held_by)).astype(np.int64),
        (key & ((1 << doc_bits) - 1)).astype(np.int32),
        (counts[0], counts[1], counts[2]),
        (fields[0].lengths, fields[1].lengths, fields[2].lengths),
    )


def merge_postings(
    parts: Sequence[Postings], new_docs: Sequence[Int32Array], doc_count: int
) -> Postings:
    """One set of lists: chunk `d` of part `p` becomes `new_docs[p][d]`, or goes where that is -1.

    The result depends on the chunks only, not on how they were spread over the parts.
    """
    words, maps = merge_words([part.words for part in parts])
    chosen = [_kept(part, docs) for part, docs in zip(parts, new_docs, strict=True)]
    held = np.zeros(len(words), dtype=np.int64)
    for terms, (sizes, _) in zip(maps, chosen, strict=True):
        held[terms] += sizes
    ends = np.cumsum(held)
    total = int(ends[-1]) if len(ends) else 0
    docs = np.empty(total, dtype=np.int32)
    counts = tuple(np.empty(total, dtype=np.uint8) for _ in FIELDS)
    free = ends - held
    for part, terms, numbers, (sizes, rows) in zip(parts, maps, new_docs, chosen, strict=True):
        places = ranges(free.take(terms), sizes)
        free[terms] += sizes
        docs[places] = numbers.take(part.docs[rows])
        for merged, own in zip(counts, part.counts, strict=True):
            merged[places] = own[rows]
    order = _order(held, docs)
    if order is not None:
        docs, counts = docs[order], tuple(count[order] for count in counts)
    lengths = tuple(
        _scatter([part.lengths[f] for part in parts], new_docs, doc_count)
        for f in range(len(FIELDS))
    )
    return _drop_empty_terms(
        words,
        held,
        docs,
        (counts[0], counts[1], counts[2]),
        (lengths[0], lengths[1], lengths[2]),
    )


def _kept(part: Postings, new_docs: Int32Array) -> tuple[Int64Array, Int64Array | slice]:
    """How many chunks of each list stay, and the rows of them."""
    sizes = np.diff(part.starts)
    if not (new_docs < 0).any():
        return sizes, slice(None)
    rows = np.flatnonzero(new_docs.take(part.docs) >= 0)
    return np.diff(np.searchsorted(rows, part.starts)), rows


def _order(held: Int64Array, docs: Int32Array) -> Int64Array | None:
    """The order in which each list runs by chunk; None where it does, as it is where each part has
    later files than the one before."""
    falls = np.diff(docs, prepend=-1) <= 0
    starts = np.cumsum(held) - held
    falls[starts[held > 0]] = False
    if not falls.any():
        return None
    # Pieces of each list are in order, which timsort merges in one pass.
    term = np.repeat(np.arange(len(held), dtype=np.int64), held)
    return np.argsort((term << 32) | docs, kind="stable")


def _pool(used: Int32Array, terms: Sequence[str]) -> tuple[Int32Array, Words]:
    """The pool of those of all terms that are used, and for each term its number in it."""
    ids: list[int] = np.flatnonzero(np.bincount(used, minlength=len(terms))).tolist()
    ids.sort(key=terms.__getitem__)  # strings are in the order of their UTF-8 bytes
    number = np.zeros(len(terms), dtype=np.int32)
    number[ids] = np.arange(len(ids), dtype=np.int32)
    return number, Words.of_sorted([terms[at].encode("utf-8", "surrogatepass") for at in ids])


def _terms_held(lexicon: Lexicon, counts: Counts, field: int) -> tuple[Int32Array, Int64Array]:
    """Each term of each word of each chunk, and beside it chunk, field and count in one number."""
    times = np.minimum(counts.times, TF_MAX)
    held = (counts.chunks << _HELD_BITS) | (field << _TIMES_BITS) | times
    sizes, parts = lexicon.parts(counts.words)
    wholes = lexicon.wholes(counts.words)
    several = wholes >= 0
    return (
        np.concatenate([parts, wholes[several]]),
        np.concatenate([np.repeat(held, sizes), held[several]]),
    )


def _summed(times: Int64Array, first: Int64Array) -> UInt8Array:
    if not len(first):
        return np.zeros(0, dtype=np.uint8)
    return np.minimum(np.add.reduceat(times, first), TF_MAX).astype(np.uint8)


def _scatter(
    parts: Sequence[Int32Array], new_docs: Sequence[Int32Array], doc_count: int
) -> Int32Array:
    merged = np.zeros(doc_count, dtype=np.int32)
    for values, doc_map in zip(parts, new_docs, strict=True):
        kept = doc_map >= 0
        merged[doc_map[kept]] = values[kept]
    return merged


def _drop_empty_terms(
    words: Words,
    held: Int64Array,
    docs: Int32Array,
    counts: tuple[UInt8Array, UInt8Array, UInt8Array],
    lengths: tuple[Int32Array, Int32Array, Int32Array],
) -> Postings:
    used = np.flatnonzero(held)
    if len(used) < len(words):
        words = words.take(used.astype(np.int32))
    starts = np.concatenate(([0], np.cumsum(held[used]))).astype(np.int64)
    return Postings(words, starts, docs, counts, lengths)
