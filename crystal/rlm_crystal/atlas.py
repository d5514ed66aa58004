"""A crystal as a picture shows it: files in parts by cluster, and which clusters are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlm_crystal.cluster import Clustering
from rlm_crystal.clusters import Clusters
from rlm_crystal.language import Role
from rlm_crystal.survey import (
    Layer,
    files_and_clusters,
    place_of_chunks,
    title_of,
    weights_of,
)
from rlm_crystal.tables import ROLES

NEAR_MAX = 3
_NEAR_LEAST = 0.2
_ROWS_PER_BLOCK = 1_024


@dataclass(frozen=True, slots=True)
class Part:
    """How many lines of a file lie in a cluster; cluster -1 where there are no clusters."""

    cluster: int
    lines: int


@dataclass(frozen=True, slots=True)
class AtlasFile:
    """A file that has text; `weight`, above 0 and at most 1, says how much it stands for."""

    path: str
    language: str
    role: Role
    lines: int
    mtime_ns: int
    weight: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AtlasCluster:
    """What a cluster is about; `near` are the clusters most like it, the nearest first."""

    title: str
    terms: tuple[str, ...]
    text: str
    near: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Atlas:
    """Files in the order of their paths within each layer; clusters by their number."""

    files: tuple[AtlasFile, ...]
    clusters: tuple[AtlasCluster, ...]


def atlas_of(layers: Sequence[Layer], clusters: Clusters) -> Atlas:
    """The atlas of a crystal; a tenth of a second of CPU for 30,000 chunks."""
    files: list[AtlasFile] = []
    for layer, weights in zip(layers, weights_of(layers, clusters.landmarks), strict=True):
        files.extend(_files(layer, weights.tolist()))
    near = _near(clusters.clustering)
    return Atlas(
        tuple(files),
        tuple(
            AtlasCluster(title_of(made), made.terms, made.text, alike)
            for made, alike in zip(clusters.summaries, near, strict=True)
        ),
    )


def _files(layer: Layer, weights: Sequence[float]) -> list[AtlasFile]:
    segment, table = layer.segment, layer.segment.files
    parts = _parts(layer)
    languages: list[int] = table.language.tolist()
    roles: list[int] = table.role.tolist()
    lines: list[int] = table.lines.tolist()
    times: list[int] = table.mtime_ns.tolist()
    alive: list[bool] = layer.alive.tolist()
    return [
        AtlasFile(
            path=path,
            language=segment.languages[languages[row]],
            role=ROLES[roles[row]],
            lines=lines[row],
            mtime_ns=times[row],
            weight=weights[row],
            parts=tuple(parts[row]),
        )
        for row, path in enumerate(segment.paths)
        if alive[row] and parts[row]
    ]


def _parts(layer: Layer) -> list[list[Part]]:
    """The parts of each file of the segment, the largest first."""
    table = layer.segment.chunks
    places, of_chunk = np.unique(place_of_chunks(layer), return_inverse=True)
    sizes = np.bincount(of_chunk, weights=table.end_line - table.start_line + 1)
    found: list[list[Part]] = [[] for _ in range(layer.segment.file_count)]
    for file, cluster, lines in zip(*files_and_clusters(places), sizes.tolist(), strict=True):
        found[file].append(Part(cluster, int(lines)))
    for parts in found:
        parts.sort(key=lambda part: (-part.lines, part.cluster))
    return found


def _near(clustering: Clustering) -> list[tuple[int, ...]]:
    """The clusters most like each by the angle of their middles, where they are alike at all."""
    middles, count = clustering.centroids, clustering.count
    found: list[tuple[int, ...]] = []
    for first in range(0, count, _ROWS_PER_BLOCK):
        alike = middles[first : first + _ROWS_PER_BLOCK] @ middles.T
        own = np.arange(len(alike))
        alike[own, own + first] = -1.0
        best = np.argsort(-alike, axis=1, kind="stable")[:, :NEAR_MAX]
        rows: list[list[int]] = best.tolist()
        for at, row in enumerate(rows):
            found.append(tuple(other for other in row if alike[at, other] >= _NEAR_LEAST))
    return found
