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
from rlm_crystal.query import Question
from rlm_crystal.segment import BoolArray
from rlm_crystal.view import Float32Array, View

Float64Array = npt.NDArray[np.float64]

# 127 times this, 256 times over, stays below 2**24, up to which float32 counts exactly.
_QUERY_STEPS = 511


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
