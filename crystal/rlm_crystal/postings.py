"""Inverted lists over three fields of a chunk: its path, its names, its body.

A list holds every chunk a term occurs in, with how often in each field. Statistics of the whole
corpus are taken at query time, so lists of several segments can be searched as one.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_crystal.terms import RAW_WORD, terms_of_word
from rlm_crystal.words import Int32Array, Words, merge_words

Int64Array = npt.NDArray[np.int64]
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


class _Ids(dict[str, int]):
    """Numbers words in the order they are first met."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


class PostingsBuilder:
    """Takes chunks one after another and makes their postings.

    A raw word is split once, however often it occurs: per occurrence there is one regular
    expression step and one dictionary look-up.
    """

    def __init__(self) -> None:
        self._ids = _Ids()
        self._words: tuple[array[int], ...] = tuple(array("i") for _ in FIELDS)
        self._lengths: tuple[array[int], ...] = tuple(array("i") for _ in FIELDS)

    def add(self, *, path: str, name: str, body: str) -> None:
        number = self._ids.__getitem__
        for words, lengths, text in zip(
            self._words, self._lengths, (path, name, body), strict=True
        ):
            before = len(words)
            words.extend(map(number, RAW_WORD.findall(text)))
            lengths.append(len(words) - before)

    def finish(self) -> Postings:
        vocabulary = _Ids()
        term_ids = array("i")
        term_counts = array("i")
        for raw in self._ids:
            found = terms_of_word(raw)
            term_ids.extend(map(vocabulary.__getitem__, found))
            term_counts.append(len(found))
        order, words = _sorted_words(vocabulary)
        terms_flat = order[np.asarray(term_ids, dtype=np.int32)]
        counts_flat = np.asarray(term_counts, dtype=np.int64)
        lengths = [np.asarray(field, dtype=np.int32) for field in self._lengths]
        keys: list[Int64Array] = []
        fields: list[npt.NDArray[np.int8]] = []
        weights: list[Int64Array] = []
        for field, (raw_ids, length) in enumerate(zip(self._words, lengths, strict=True)):
            key, weight = _occurrences(
                np.asarray(raw_ids, dtype=np.int32), length, terms_flat, counts_flat
            )
            keys.append(key)
            weights.append(weight)
            fields.append(np.full(len(key), field, dtype=np.int8))
        return _assemble(
            words,
            np.concatenate(keys),
            np.concatenate(fields),
            np.concatenate(weights),
            (lengths[0], lengths[1], lengths[2]),
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


def _occurrences(
    raw_ids: Int32Array, lengths: Int32Array, terms_flat: Int32Array, term_counts: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Distinct (term, chunk) keys of one field and how often each occurs."""
    doc_count = len(lengths)
    docs = np.repeat(np.arange(doc_count, dtype=np.int64), lengths)
    raw_count = max(len(term_counts), 1)
    pair, times = np.unique(docs * raw_count + raw_ids, return_counts=True)
    doc, raw = np.divmod(pair, raw_count)
    starts = np.concatenate(([0], np.cumsum(term_counts)))
    spread = term_counts[raw]
    total = int(spread.sum())
    offsets = np.arange(total) - np.repeat(np.cumsum(spread) - spread, spread)
    term = terms_flat[np.repeat(starts[raw], spread) + offsets].astype(np.int64)
    key = term * doc_count + np.repeat(doc, spread)
    return key, np.repeat(times, spread)


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
