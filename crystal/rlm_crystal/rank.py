"""Scores of chunks and files for a question.

A file is judged by signals that fail in different places, each divided by its spread and added:
its best three chunks by BM25F and meaning, the one nearest in meaning, how much of the question
one chunk holds word for word, the whole file, its path, its names, what commits said of it, and
whether it was changed lately. The dense similarity counts less as the question grows, since static
vectors help short questions and hurt long ones. What was changed lately tells where the next change
goes, not how things are: it counts for what is stated, such as an issue, and not for a question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import Int64Array
from rlm_crystal.postings import inverse_frequency
from rlm_crystal.query import Group, Question
from rlm_crystal.segment import BoolArray
from rlm_crystal.view import Float32Array, Occurrences, View

Float64Array = npt.NDArray[np.float64]

# 127 times this, 256 times over, stays below 2**24, up to which float32 counts exactly.
_QUERY_STEPS = 511
# Below this share of all chunks, those that hold a word are sorted rather than counted into all.
_FEW = 16


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts for; measured in benchmarks/RESULTS.md.

    `names_alone` is for a question and `names_stated` for any other text; `place` is for files that
    a pasted traceback names; `at_length` is the share of a role's loss
    that a whole report never takes away.
    """

    path: float = 3.0
    name: float = 3.0
    body: float = 1.0
    k1: float = 1.5
    chunk: float = 0.55
    second: float = 0.45
    third: float = 0.3
    dense: float = 0.7
    dense_half_words: float = 8.0
    nearest: float = 0.8
    covered: float = 0.25
    file: float = 0.28
    path_alone: float = 0.2
    names_alone: float = 0.12
    names_stated: float = 0.08
    history: float = 0.15
    votes: float = 1.4
    recent: float = 0.6
    exact_name: float = 0.4
    named_path: float = 4.0
    place: float = 3.0
    at_length: float = 0.5
    test: float = 10.0
    doc: float = 10.0
    config: float = 10.0
    generated: float = 10.0
    vendor: float = 10.0
    test_asked: float = 2.0
    doc_asked: float = 1.0
    config_asked: float = 2.0


DEFAULT = Weights()


@dataclass(frozen=True, slots=True)
class Lexical:
    """BM25F sums of files, what their paths and names alone say, and of chunks the share of the
    question that one holds word for word, each word as rare as it is.
    """

    covered: Float64Array
    files: Float64Array
    paths: Float64Array
    names: Float64Array


@dataclass(frozen=True, slots=True)
class LexicalChunks:
    """BM25F sums of all chunks; the rest is asked only of those that came out best."""

    chunks: Float64Array
    _view: View
    _weights: Weights
    _found: tuple[tuple[Group, Occurrences, Int64Array], ...]

    def of(self, rows: Int64Array, wanted: BoolArray) -> Lexical:
        """What these chunks cover and the wanted files say; 0 for all others."""
        view, weights = self._view, self._weights
        numbers = np.flatnonzero(wanted)
        place = np.cumsum(wanted) - 1
        files, paths, names = (np.zeros(len(numbers)) for _ in range(3))
        alive = int(view.file_alive.sum())
        for group, found, files_of in self._found:
            listed = np.flatnonzero(wanted[files_of])
            file = files_of[listed]
            own = place[file]
            path, name, body = (
                _summed(count[listed] / norm[file], own, len(numbers))
                for count, norm in zip(found.counts, view.file_norms, strict=True)
            )
            whole = weights.path * path + weights.name * name + weights.body * body
            for sums, amounts, fields in (
                (files, whole, found.counts),
                (paths, path, found.counts[:1]),
                (names, name, found.counts[1:2]),
            ):
                held = _files_holding(fields, files_of, view.file_count)
                sums += group.weight * _saturated(amounts, held, alive, weights.k1)
        spread = np.zeros((3, view.file_count))
        spread[:, numbers] = files, paths, names
        return Lexical(self._covered(rows), spread[0], spread[1], spread[2])

    def _covered(self, rows: Int64Array) -> Float64Array:
        view = self._view
        covered = np.zeros(view.chunk_count)
        alive = int(view.chunk_alive.sum())
        for group, _, _ in self._found:
            exact = view.holding(group.exact)
            at = np.searchsorted(exact, rows)
            held = rows[np.append(exact, -1)[at] == rows]
            covered[held] += group.weight * inverse_frequency(len(exact), alive)
        return covered


def lexical(view: View, groups: tuple[Group, ...], weights: Weights) -> LexicalChunks:
    chunks = np.zeros(view.chunk_count)
    alive = int(view.chunk_alive.sum())
    field_weights = (weights.path, weights.name, weights.body)
    kept: list[tuple[Group, Occurrences, Int64Array]] = []
    for group in groups:
        found = view.gather(group.variants)
        if not len(found.docs):
            continue
        kept.append((group, found, view.chunk_file[found.docs]))
        in_chunk = np.zeros(len(found.docs), dtype=np.float32)
        for field, field_weight in enumerate(field_weights):
            # Most terms stand in few paths and names, and in the bodies of most that hold them.
            body = field == len(field_weights) - 1
            rows = slice(None) if body else np.flatnonzero(found.counts[field] > 0.0)
            norm = view.chunk_norms[field][found.docs[rows]]
            in_chunk[rows] += np.float32(field_weight) * found.counts[field][rows] / norm
        held, by_chunk = _gathered(in_chunk, found.docs, view.chunk_count)
        chunks[held] += group.weight * _saturated(
            by_chunk, int(np.count_nonzero(by_chunk)), alive, weights.k1
        )
    return LexicalChunks(chunks, view, weights, tuple(kept))


def dense_share(question: Question, weights: Weights) -> float:
    """The weight of the dense signal: half of it at eight words, a tenth at seventy."""
    words = max(len(question.groups), 1)
    return weights.dense * weights.dense_half_words / (weights.dense_half_words + words)


def standard(scores: Float64Array, among: BoolArray) -> Float64Array:
    """Scores less their mean, over their standard deviation, both taken `among` some."""
    chosen = scores[among]
    if not len(chosen):
        return np.zeros_like(scores)
    spread = float(chosen.std())
    return (scores - float(chosen.mean())) / (spread if spread > 1e-9 else 1.0)


def best_three(
    view: View, scores: Float64Array, rows: Int64Array, weights: Weights
) -> Float64Array:
    """For each file its best chunk's score, and shares of the second and the third."""
    files = view.chunk_file[rows]
    order = np.lexsort((-scores[rows], files))
    rows, files = rows[order], files[order]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = files[1:] != files[:-1]
    starts = np.flatnonzero(first)
    position = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    summed = np.zeros(view.file_count)
    for place, share in enumerate((1.0, weights.second, weights.third)):
        chosen = position == place
        summed[files[chosen]] += share * scores[rows[chosen]]
    return summed


def best_of_files(view: View, scores: Float64Array, rows: Int64Array) -> Float64Array:
    """For each file the best of these chunks of it, 0 where it has none; `rows` ascend."""
    best = np.zeros(view.file_count)
    files = view.chunk_file[rows]
    starts = np.flatnonzero(np.diff(files, prepend=-1))
    if len(rows):
        best[files[starts]] = np.maximum.reduceat(scores[rows], starts)
    return best


def dense(view: View, query_vector: Float32Array, rows: Int64Array) -> Float32Array:
    """Cosine of these chunks with the question; `rows` ascend.

    The question is cut to ten bits a dimension, so that sums of products with int8 are exact in
    float32 and a chunk scores the same whatever lies beside it.
    """
    step = max(float(np.abs(query_vector).max(initial=0.0)), 1e-12) / _QUERY_STEPS
    steps = np.rint(query_vector / step)
    scores = np.zeros(len(rows), dtype=np.float32)
    bounds = np.searchsorted(rows, view.chunk_base)
    for number, segment in enumerate(view.segments):
        part = slice(int(bounds[number]), int(bounds[number + 1]))
        vectors = segment.vectors.get()
        own = rows[part] - view.chunk_base[number]
        products = vectors.values[own].astype(np.float32) @ steps
        scores[part] = products * (vectors.scales[own] * np.float32(step))
    return scores


def _summed(amounts: Float32Array, at: Int64Array, size: int) -> Float64Array:
    return np.asarray(np.bincount(at, weights=amounts, minlength=size), dtype=np.float64)


def _gathered(amounts: Float32Array, at: Int64Array, size: int) -> tuple[Int64Array, Float64Array]:
    """The places where something stands, ascending, and how much; of a million most are empty."""
    if (at[1:] > at[:-1]).all():
        return at, amounts.astype(np.float64)
    if len(at) < size // _FEW:
        order = np.argsort(at, kind="stable")
        ordered = at[order]
        first = np.flatnonzero(np.diff(ordered, prepend=-1))
        return ordered[first], np.add.reduceat(amounts[order].astype(np.float64), first)
    summed = _summed(amounts, at, size)
    places = np.flatnonzero(summed > 0.0)
    return places, summed[places]


def _files_holding(counts: tuple[Float32Array, ...], files_of: Int64Array, size: int) -> int:
    """How many files hold something in one of these fields."""
    holding = np.zeros(size, dtype=np.bool_)
    if len(counts) == 1:
        files_of = files_of[counts[0] > 0.0]
    holding[files_of] = True  # whatever a list names holds it in some field
    return int(np.count_nonzero(holding))


def _saturated(counts: Float64Array, held: int, total: int, k1: float) -> Float64Array:
    """BM25 of one group, which `held` of `total` documents hold; `counts` are relative to the
    length of what they are counted in."""
    return inverse_frequency(held, total) * counts / (counts + k1)
