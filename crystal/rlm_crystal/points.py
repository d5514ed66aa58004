"""What is clustered: not chunks but groups of them, seen by their words and by where they lie.

HDBSCAN on the static vectors of single chunks gives one giant cluster: each has too few words, and
the density is even. Means over a file or a top-level symbol, joined with the folders and words of
the path and reduced to 16 dimensions, give some hundred clusters on a large framework with the
largest near 5 %; what else was tried is in benchmarks/clusters.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rlm_crystal.terms import parts
from rlm_crystal.types import Chunk

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

CHUNK_POINTS_MAX = 3_000
SYMBOL_POINTS_MAX = 10_000
CHUNKS_PER_WHOLE_FILE_MAX = 12
WORD_DIMENSIONS = 32
PLACE_DIMENSIONS = 32
POINT_DIMENSIONS = 16

_ROW_STEPS = float(1 << 16)
_POINT_STEPS = float(1 << 20)
_SKETCH_DIMENSIONS = 256
_SEED = 20_240


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """`of_chunk` int32 (n,) names the point of each chunk; `features` is float32 (points, d)."""

    of_chunk: Ints
    features: Floats


def points_of(chunks: Sequence[Chunk], vectors: Floats) -> Points:
    """The points of a corpus, in the order of their paths, whatever the order of the chunks."""
    names = _names(chunks)
    keys = sorted(set(names))
    place = {key: at for at, key in enumerate(keys)}
    of_chunk = np.asarray([place[name] for name in names], dtype=np.int32)
    words = reduce(unit(_sums(of_chunk, vectors, len(keys))), WORD_DIMENSIONS)
    places = reduce(_place_sketches([key[0] for key in keys]), PLACE_DIMENSIONS)
    joined = np.hstack([unit(words), unit(places)])
    return Points(of_chunk, reduce(joined, POINT_DIMENSIONS))


def reduce(rows: Floats, dimensions: int) -> Floats:
    """The rows on their first principal components, each with a fixed sign.

    Rows are cut to whole multiples of 2**-16, so that sums of up to 2**18 products of them are
    exact in float64, and components to those of 2**-20: how many threads add them up, and in which
    order, does not show.
    """
    whole = np.rint(rows.astype(np.float64) * _ROW_STEPS)
    centred = (whole - np.rint(whole.mean(axis=0))) / _ROW_STEPS
    _, axes = np.linalg.eigh(centred.T @ centred)
    leading = axes[:, ::-1][:, :dimensions]
    heaviest = np.abs(leading).argmax(axis=0)
    signs = np.sign(leading[heaviest, np.arange(leading.shape[1])])
    return on_grid(centred @ (leading * signs))


def on_grid(rows: npt.NDArray[np.floating[Any]]) -> Floats:
    """The rows in whole multiples of 2**-20: products of a few dozen add up exactly in float64."""
    return (np.rint(rows * _POINT_STEPS) / _POINT_STEPS).astype(np.float32)


def unit(rows: Floats) -> Floats:
    """The rows at length 1; a zero row stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _names(chunks: Sequence[Chunk]) -> list[tuple[str, str, int]]:
    """One name a chunk; chunks of one name are one point. The finest grain that is affordable."""
    if len(chunks) <= CHUNK_POINTS_MAX:
        return [(chunk.path, chunk.symbol, chunk.start_line) for chunk in chunks]
    per_file = Counter(chunk.path for chunk in chunks)
    by_symbol = [
        (chunk.path, chunk.symbol.split(".", 1)[0], 0)
        if per_file[chunk.path] > CHUNKS_PER_WHOLE_FILE_MAX
        else (chunk.path, "", 0)
        for chunk in chunks
    ]
    if len(set(by_symbol)) <= SYMBOL_POINTS_MAX:
        return by_symbol
    return [(chunk.path, "", 0) for chunk in chunks]


def _sums(of_chunk: Ints, vectors: Floats, count: int) -> Floats:
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, of_chunk, vectors)
    return sums


def _place_sketches(paths: Sequence[str]) -> Floats:
    """Unit rows (paths, 256) whose products are near the tf-idf likeness of the paths.

    A path counts as its ancestor folders and its words. Every one of those is a random direction
    (Johnson and Lindenstrauss), so no decomposition of a sparse matrix is needed.
    """
    sets = {path: _place_terms(path) for path in dict.fromkeys(paths)}
    spread = Counter(term for path in paths for term in sets[path])
    shared = sorted(term for term, count in spread.items() if count > 1)
    position = {term: at for at, term in enumerate(shared)}
    random = np.random.default_rng(_SEED)
    directions = random.standard_normal((len(shared), _SKETCH_DIMENSIONS)).astype(np.float32)
    rarity = np.log((1 + len(paths)) / np.asarray([spread[term] for term in shared] or [1]))
    directions *= rarity.astype(np.float32)[: len(shared), None]
    sketch_of = {
        path: directions[[position[term] for term in sorted(terms) if term in position]].sum(axis=0)
        for path, terms in sets.items()
    }
    return unit(np.asarray([sketch_of[path] for path in paths], dtype=np.float32))


def _place_terms(path: str) -> set[str]:
    steps = path.split("/")
    folders = {"/".join(steps[:depth]) + "/" for depth in range(1, len(steps))}
    return folders | set(parts(path))
