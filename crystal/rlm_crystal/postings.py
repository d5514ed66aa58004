"""Inverted lists over three fields of a chunk: its path, its names, its body.

A list holds every chunk a term occurs in, with how often in each field. Statistics of the whole
corpus are taken at query time, so lists of several segments can be searched as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import log1p

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import Counts, Ids, Int64Array, WordCounter
from rlm_crystal.terms import terms_of_word
from rlm_crystal.words import Int32Array, Words, merge_words

UInt8Array = npt.NDArray[np.uint8]

FIELDS = ("path", "name", "body")
TF_MAX = 255


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
    """The lists of counted chunks, whose first three fields are path, names and body.

    A raw word is cut into its terms once, however often it occurs.
    """
    vocabulary = Ids()
    found = [terms_of_word(raw) for raw in counter.vocabulary]
    term_ids = np.fromiter(map(vocabulary.__getitem__, chain.from_iterable(found)), np.int32)
    term_counts = np.fromiter(map(len, found), np.int64, count=len(found))
    order, words = _sorted_words(vocabulary)
    fields = [counter.counts(field) for field in range(len(FIELDS))]
    spread = [_spread(counts, order[term_ids], term_counts) for counts in fields]
    return _assemble(
        words,
        np.concatenate([keys for keys, _ in spread]),
        np.repeat(np.arange(len(FIELDS), dtype=np.int8), [len(keys) for keys, _ in spread]),
        np.concatenate([times for _, times in spread]),
        (fields[0].lengths, fields[1].lengths, fields[2].lengths),
    )


def merge_postings(
    parts: Sequence[Postings], new_docs: Sequence[Int32Array], doc_count: int
) -> Postings:
    """One set of lists: chunk `d` of part `p` becomes `new_docs[p][d]`, or goes where that is -1.

    The result depends on the chunks only, not on how they were spread over the parts.
    """
    words, maps = merge_words([part.words for part in parts])
    keys: list[Int64Array] = []
    rows: list[list[UInt8Array]] = []
    for part, term_map, doc_map in zip(parts, maps, new_docs, strict=True):
        term = np.repeat(term_map, np.diff(part.starts))
        doc = doc_map[part.docs]
        kept = np.flatnonzero(doc >= 0)
        keys.append(term[kept].astype(np.int64) * doc_count + doc[kept])
        rows.append([count[kept] for count in part.counts])
    key = np.concatenate(keys)
    # Each part is already in order, which timsort merges in one pass.
    order = np.argsort(key, kind="stable")
    key = key[order]
    counts = tuple(np.concatenate([row[f] for row in rows])[order] for f in range(len(FIELDS)))
    lengths = tuple(
        _scatter([part.lengths[f] for part in parts], new_docs, doc_count)
        for f in range(len(FIELDS))
    )
    term, docs = np.divmod(key, max(doc_count, 1))
    return _drop_empty_terms(
        words,
        term,
        docs.astype(np.int32),
        (counts[0], counts[1], counts[2]),
        (lengths[0], lengths[1], lengths[2]),
    )


def _sorted_words(vocabulary: dict[str, int]) -> tuple[Int32Array, Words]:
    """The pool of a numbered vocabulary, and for each number its id in the pool."""
    encoded = [word.encode("utf-8", "surrogatepass") for word in vocabulary]
    by_bytes = sorted(range(len(encoded)), key=encoded.__getitem__)
    order = np.empty(len(encoded), dtype=np.int32)
    order[np.asarray(by_bytes, dtype=np.int64)] = np.arange(len(encoded), dtype=np.int32)
    return order, Words.of_sorted([encoded[at] for at in by_bytes])


def _spread(
    counts: Counts, terms_flat: Int32Array, term_counts: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """A (term, chunk) key for each term of each counted word, and how often that occurs."""
    starts = np.cumsum(term_counts) - term_counts
    sizes = term_counts[counts.words]
    offsets = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    term = terms_flat[np.repeat(starts[counts.words], sizes) + offsets].astype(np.int64)
    key = term * len(counts.lengths) + np.repeat(counts.chunks, sizes)
    return key, np.repeat(counts.times, sizes)


def _assemble(
    words: Words,
    key: Int64Array,
    field: npt.NDArray[np.int8],
    weight: Int64Array,
    lengths: tuple[Int32Array, Int32Array, Int32Array],
) -> Postings:
    doc_count = len(lengths[0])
    distinct, inverse = np.unique(key, return_inverse=True)
    counts: list[UInt8Array] = []
    for number in range(len(FIELDS)):
        chosen = field == number
        total = np.bincount(inverse[chosen], weights=weight[chosen], minlength=len(distinct))
        counts.append(np.minimum(total, TF_MAX).astype(np.uint8))
    term, docs = np.divmod(distinct, max(doc_count, 1))
    starts = np.searchsorted(term, np.arange(len(words) + 1)).astype(np.int64)
    return Postings(
        words, starts, docs.astype(np.int32), (counts[0], counts[1], counts[2]), lengths
    )


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
    term: Int64Array,
    docs: Int32Array,
    counts: tuple[UInt8Array, UInt8Array, UInt8Array],
    lengths: tuple[Int32Array, Int32Array, Int32Array],
) -> Postings:
    frequency = np.bincount(term, minlength=len(words))
    used = np.flatnonzero(frequency)
    if len(used) < len(words):
        words = words.take(used.astype(np.int32))
    starts = np.concatenate(([0], np.cumsum(frequency[used]))).astype(np.int64)
    return Postings(words, starts, docs, counts, lengths)
