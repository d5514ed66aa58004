"""Clusters of chunks by HDBSCAN: how a corpus falls into parts that belong together.

Chunks that belong to no cluster keep the label -1; `nearest` still names the closest cluster, so
that a map can show them. Same chunks, same clusters, on however many threads: fixed seeds, sorted
points, and sums that are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlm_crystal.density import density_clusters
from rlm_crystal.points import Floats, Ints, on_grid, points_of, unit
from rlm_crystal.types import Chunk

CLUSTER_SIZE_MIN = 5
POINTS_CLUSTERED_MAX = 10_000
LARGEST_SHARE_MAX = 0.02
LARGEST_SIZE_FLOOR = 50

_ROWS_PER_BLOCK = 8_192
# Beyond these decimals a product depends on how it was added up.
_PLACES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """The clusters 0..k-1 of n chunks, largest first.

    `labels` int32 (n,), -1 for noise; `nearest` int32 (n,), the closest cluster also for noise (-1
    only where there are no clusters); `strength` float32 (n,), how firmly a chunk belongs, 0 for
    noise; `centroids` float32 (k, d), unit rows in the space of the chunk vectors.
    """

    labels: Ints
    nearest: Ints
    strength: Floats
    centroids: Floats

    @property
    def count(self) -> int:
        return len(self.centroids)

    @property
    def noise_share(self) -> float:
        return float((self.labels < 0).mean()) if len(self.labels) else 0.0


def cluster_chunks(
    chunks: Sequence[Chunk], vectors: Floats, *, points_max: int = POINTS_CLUSTERED_MAX
) -> Clustering:
    """Clusters the chunks, whose rows in `vectors` are float32 (n, d) of length 1 or zero.

    About 1 s of CPU for 30,000 chunks in 9,000 points; beyond `points_max` points an even sample
    is clustered and the rest assigned, so that cost stays bounded.
    """
    if len(chunks) < CLUSTER_SIZE_MIN:
        return _nothing(len(chunks), vectors.shape[1])
    points = points_of(chunks, vectors)
    labels, strength = _cluster_points(points.features, points_max)
    if labels.max(initial=-1) < 0:
        return _nothing(len(chunks), vectors.shape[1])
    nearest = np.where(
        labels < 0, _closest(points.features, _means(points.features, labels)), labels
    )
    return _largest_first(
        labels[points.of_chunk], nearest[points.of_chunk], strength[points.of_chunk], vectors
    )


def assign(centroids: Floats, vectors: Floats) -> Ints:
    """The nearest cluster of each vector by cosine, int32 (n,); -1 for zero rows or no clusters.

    For chunks that appear between two full rebuilds.
    """
    labels = np.full(len(vectors), -1, dtype=np.int32)
    if len(centroids):
        filled = vectors.any(axis=1)
        near = vectors[filled].astype(np.float64) @ centroids.T.astype(np.float64)
        labels[filled] = near.round(_PLACES).argmax(axis=1)
    return labels


def _nothing(count: int, dimensions: int) -> Clustering:
    noise = np.full(count, -1, dtype=np.int32)
    return Clustering(
        noise, noise, np.zeros(count, np.float32), np.zeros((0, dimensions), np.float32)
    )


def _cluster_points(features: Floats, points_max: int) -> tuple[Ints, Floats]:
    stride = -(-len(features) // points_max)
    labels, strength = _two_passes(features[::stride])
    if stride == 1 or labels.max(initial=-1) < 0:
        return labels, strength
    return _spread(features, stride, labels, strength)


def _two_passes(features: Floats) -> tuple[Ints, Floats]:
    """HDBSCAN with a cap on the size of a cluster, then its leaves over what stayed noise.

    The first pass calls a third of real code noise, and also any cluster above the cap that has
    no finer parts; the second halves that.
    """
    largest = max(LARGEST_SIZE_FLOOR, int(len(features) * LARGEST_SHARE_MAX))
    labels, strength = density_clusters(
        features, size_min=CLUSTER_SIZE_MIN, size_max=largest, selection="excess of mass"
    )
    rest = np.flatnonzero(labels < 0)
    again, firm = density_clusters(
        features[rest], size_min=CLUSTER_SIZE_MIN, size_max=len(rest), selection="leaves"
    )
    labels[rest] = np.where(again < 0, -1, again + labels.max(initial=-1) + 1)
    strength[rest] = firm
    return labels, strength


def _spread(features: Floats, stride: int, sampled: Ints, firm: Floats) -> tuple[Ints, Floats]:
    """Gives the points left out of the sample to a cluster within whose reach they lie."""
    means = _means(features[::stride], sampled)
    closest = _closest(features, means)
    distance = np.linalg.norm(features - means[closest], axis=1)
    inside = sampled >= 0
    reach = np.zeros(len(means), dtype=np.float32)
    np.maximum.at(
        reach,
        sampled[inside],
        np.linalg.norm(features[::stride][inside] - means[sampled[inside]], axis=1),
    )
    labels = np.where(distance <= reach[closest], closest, -1).astype(np.int32)
    strength = np.where(labels >= 0, 1 - distance / np.maximum(2 * reach[closest], 1e-9), 0)
    labels[::stride], strength[::stride] = sampled, firm
    return labels, strength.astype(np.float32)


def _means(features: Floats, labels: Ints) -> Floats:
    sums = np.zeros((int(labels.max()) + 1, features.shape[1]), dtype=np.float32)
    inside = labels >= 0
    np.add.at(sums, labels[inside], features[inside])
    return sums / np.bincount(labels[inside])[:, None].astype(np.float32)


def _closest(features: Floats, means: Floats) -> Ints:
    """The index of the nearest mean (Euclidean) of each row, which lies on the grid of points."""
    found = np.empty(len(features), dtype=np.int32)
    to = on_grid(means).astype(np.float64)
    squares = (to * to).sum(axis=1)
    for start in range(0, len(features), _ROWS_PER_BLOCK):
        block = features[start : start + _ROWS_PER_BLOCK].astype(np.float64)
        found[start : start + len(block)] = (squares - 2 * block @ to.T).argmin(axis=1)
    return found


def _largest_first(labels: Ints, nearest: Ints, strength: Floats, vectors: Floats) -> Clustering:
    count = int(labels.max()) + 1
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    first = np.full(count, len(labels))
    np.minimum.at(first, labels[labels >= 0], np.flatnonzero(labels >= 0))
    order = np.lexsort((first, -sizes))
    rank = np.empty(count + 1, dtype=np.int32)
    rank[order] = np.arange(count)
    rank[-1] = -1  # noise is label -1, which reads the last place
    ranked = rank[labels]
    return Clustering(ranked, rank[nearest], strength, unit(_means(vectors, ranked)))
