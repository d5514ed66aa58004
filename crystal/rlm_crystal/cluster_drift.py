"""Clusters between two full builds: taken over where chunks are numbered anew, and how far off.

A chunk that appears after a full build belongs to the nearest cluster; it has strength 0, as no
density was measured for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rlm_crystal.cluster import Clustering, assign
from rlm_crystal.clusters import Clusters
from rlm_crystal.counting import Int64Array
from rlm_crystal.landmarks import landmarks_of
from rlm_crystal.segment import BoolArray, Segment
from rlm_crystal.words import Int32Array


@dataclass(frozen=True, slots=True)
class ClusterDrift:
    """How far the clusters are from what a full build would find, each figure 0 right after one.

    `assigned` is the share of chunks that were given to the nearest cluster since, `gone` that of
    clustered chunks that are no more; `looser` is by how much the mean cosine of the assigned with
    their cluster's centroid is below that of the clustered.
    """

    assigned: float = 0.0
    gone: float = 0.0
    looser: float = 0.0


def carried(clusters: Clusters, before: Segment, after: Segment) -> Clusters:
    """The clusters of `before` over `after`, which holds some of its files and others.

    Chunks of files whose content is the same keep their labels, the others are assigned. Ranks and
    telling words are found anew.
    """
    old, new = _same_chunks(before, after)
    given = assign(clusters.clustering.centroids, after.vectors.get().dense())
    held = clusters.clustering
    labels, nearest = given.copy(), given
    strength = np.zeros(after.chunk_count, dtype=np.float32)
    labels[new], nearest[new], strength[new] = (
        held.labels[old],
        held.nearest[old],
        held.strength[old],
    )
    position = np.full(before.chunk_count, -1, dtype=np.int64)
    position[old] = new
    summaries = tuple(
        replace(summary, central=_moved(position, summary.central))
        for summary in clusters.summaries
    )
    return Clusters(
        Clustering(labels, nearest, strength, held.centroids), summaries, landmarks_of(after)
    )


def cluster_drift(
    clustering: Clustering,
    base: Segment,
    alive: BoolArray,
    newer: Sequence[tuple[Segment, Int32Array]],
) -> ClusterDrift:
    """The drift of a crystal; `newer` are the later segments with the clusters of their chunks."""
    kept = alive[base.chunks.file]
    inside = clustering.labels >= 0
    late = inside & (clustering.strength == 0)
    firm = _likeness(clustering, base, np.flatnonzero(kept & inside & ~late), clustering.labels)
    loose = [_likeness(clustering, base, np.flatnonzero(kept & late), clustering.labels)]
    for segment, labels in newer:
        loose.append(_likeness(clustering, segment, np.flatnonzero(labels >= 0), labels))
    assigned = np.concatenate(loose)
    total = int(kept.sum()) + sum(len(labels) for _, labels in newer)
    return ClusterDrift(
        assigned=len(assigned) / max(total, 1),
        gone=float((~kept).sum()) / max(len(kept), 1),
        looser=float(firm.mean() - assigned.mean()) if len(firm) and len(assigned) else 0.0,
    )


def _same_chunks(before: Segment, after: Segment) -> tuple[Int64Array, Int64Array]:
    """The chunks of unchanged files: their numbers in `before`, and in `after`."""
    old: list[Int64Array] = [np.zeros(0, dtype=np.int64)]
    new: list[Int64Array] = [np.zeros(0, dtype=np.int64)]
    position = {path: file for file, path in enumerate(before.paths.all_encoded())}
    for file, path in enumerate(after.paths.all_encoded()):
        held = position.get(path, -1)
        if held < 0 or (before.files.content_hash[held] != after.files.content_hash[file]).any():
            continue
        first, last = after.files.chunk_start[file : file + 2].tolist()
        began, ended = before.files.chunk_start[held : held + 2].tolist()
        if last - first == ended - began:
            old.append(np.arange(began, ended, dtype=np.int64))
            new.append(np.arange(first, last, dtype=np.int64))
    return np.concatenate(old), np.concatenate(new)


def _moved(position: Int64Array, rows: Sequence[int]) -> tuple[int, ...]:
    """The new numbers of these chunks, without those that are gone."""
    listed: list[int] = position[list(rows)].tolist()
    return tuple(row for row in listed if row >= 0)


def _likeness(
    clustering: Clustering, segment: Segment, rows: Int64Array, labels: Int32Array
) -> npt.NDArray[np.float32]:
    """The cosine of these chunks with the centroids of their clusters."""
    own = clustering.centroids[labels[rows]]
    return np.einsum("ij,ij->i", segment.vectors.get().dense(rows), own)
