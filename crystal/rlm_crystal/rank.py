"""Scores of chunks and files for a question.

BM25F over path, names and body, once a chunk and once a file, each divided by its spread and
added: a file that speaks of the whole question beats one with a lucky paragraph. The dense
similarity is added with a weight that falls as the question grows, since static vectors help
short questions and hurt long ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import Int64Array
from rlm_crystal.query import Group, Question
from rlm_crystal.segment import BoolArray
from rlm_crystal.view import Float32Array, View

Float64Array = npt.NDArray[np.float64]

# 127 times this, 256 times over, stays below 2**24, up to which float32 counts exactly.
_QUERY_STEPS = 511


@dataclass(frozen=True, slots=True)
class Weights:
    """What each signal counts for; measured in benchmarks/RESULTS.md."""

    path: float = 3.0
    name: float = 3.0
    body: float = 1.0
    k1: float = 1.5
    file: float = 0.5
    history: float = 1.0
    path_alone: float = 0.15
    chunk: float = 1.0
    second: float = 0.45
    third: float = 0.3
    dense: float = 0.7
    dense_half_words: float = 8.0
    stem: float = 1.0
    exact_name: float = 3.0
    named_path: float = 4.0
    test: float = 5.0
    doc: float = 5.0
    config: float = 2.5
    generated: float = 5.0
    vendor: float = 5.0
    interface: float = 0.5
    asked_role: float = 0.2


DEFAULT = Weights()


@dataclass(frozen=True, slots=True)
class Lexical:
    """BM25F sums of chunks and of files, and what the files' paths alone say."""

    chunks: Float64Array
    files: Float64Array
    paths: Float64Array


def lexical(view: View, groups: tuple[Group, ...], weights: Weights) -> Lexical:
    chunks = np.zeros(view.chunk_count)
    files = np.zeros(view.file_count)
    paths = np.zeros(view.file_count)
    chunks_alive = int(view.chunk_alive.sum())
    files_alive = int(view.file_alive.sum())
    field_weights = (weights.path, weights.name, weights.body)
    for group in groups:
        found = view.gather(group.variants)
        if not len(found.docs):
            continue
        files_of = view.chunk_file[found.docs]
        chunk_tf = np.zeros(len(found.docs), dtype=np.float32)
        file_tf = np.zeros(len(found.docs), dtype=np.float32)
        for field in range(3):
            count = found.counts[field] * np.float32(field_weights[field])
            chunk_tf += count / view.chunk_norms[field][found.docs]
            file_tf += count / view.file_norms[field][files_of]
        chunk_sum = np.bincount(found.docs, weights=chunk_tf, minlength=view.chunk_count)
        file_sum = np.bincount(files_of, weights=file_tf, minlength=view.file_count)
        idf = _idf(int(np.count_nonzero(chunk_sum)), chunks_alive) * group.weight
        file_idf = _idf(int(np.count_nonzero(file_sum)), files_alive) * group.weight
        chunks += idf * chunk_sum / (chunk_sum + weights.k1)
        files += file_idf * file_sum / (file_sum + weights.k1)
        # Every chunk of a file repeats its path.
        of_path = found.counts[0] / view.file_norms[0][files_of]
        path_sum = np.bincount(files_of, weights=of_path, minlength=view.file_count)
        path_idf = _idf(int(np.count_nonzero(path_sum)), files_alive) * group.weight
        paths += path_idf * path_sum / (path_sum + weights.k1)
    return Lexical(chunks, files, paths)


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
    view: View, scores: Float64Array, among: BoolArray, weights: Weights
) -> Float64Array:
    """For each file its best chunk's score, and shares of the second and the third."""
    rows = np.flatnonzero(among)
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


def _idf(frequency: int, total: int) -> float:
    return float(np.log1p((total - frequency + 0.5) / (frequency + 0.5)))
