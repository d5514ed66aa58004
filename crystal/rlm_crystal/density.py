"""HDBSCAN (Campello, Moulavi, Sander 2013) over a few thousand dense rows.

A point's core distance is taken to its nearest neighbour, so the reachability of two points is
their distance and the clusters come from one Euclidean spanning tree. The tree is grown over all
pairs: in 16 dimensions space-partitioning trees no longer pay (6 s against 0.5 s of CPU for 9,000
points), and the `hdbscan` package costs 1.1 s to import. Tests hold the labels to its own.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Selection = Literal["excess of mass", "leaves"]

# Identical points lie at distance 0; their density stays finite.
_DISTANCE_MIN = 1e-9


def density_clusters(
    rows: npt.NDArray[np.float32], *, size_min: int, size_max: int, selection: Selection
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The cluster of each row, -1 for noise, and how firmly it belongs, 0 to 1.

    A cluster of more than `size_max` points gives way to its parts. Quadratic in time, linear in
    memory.
    """
    if len(rows) < 2 * size_min:
        return np.full(len(rows), -1, np.int32), np.zeros(len(rows), np.float32)
    tree = _condensed(_merged(*_spanning_tree(rows.astype(np.float64))), size_min)
    chosen = tree.leaves() if selection == "leaves" else tree.of_most_mass(size_max)
    return tree.labels(chosen)


def _spanning_tree(rows: Doubles) -> tuple[Indices, Doubles]:
    """Prim's algorithm: edges (n - 1, 2) and their lengths."""
    rest, ids = rows.copy(), np.arange(len(rows))
    squares = (rows * rows).sum(axis=1)
    nearest = np.full(len(rows), np.inf)
    source = np.zeros(len(rows), dtype=np.int64)
    edges = np.empty((len(rows) - 1, 2), dtype=np.int64)
    lengths = np.empty(len(rows) - 1)
    distances, closer = np.empty(len(rows)), np.empty(len(rows), dtype=np.bool_)
    taken = 0
    for left in range(len(rows) - 1, 0, -1):
        point, square, own = rest[taken].copy(), squares[taken], ids[taken]
        for column in (rest, squares, nearest, source, ids):
            column[taken] = column[left]
        known, distance = nearest[:left], distances[:left]
        np.dot(rest[:left], point, out=distance)
        distance *= -2.0
        distance += squares[:left]
        distance += square
        np.copyto(source[:left], own, where=np.less(distance, known, out=closer[:left]))
        np.minimum(known, distance, out=known)
        taken = int(known.argmin())
        edges[left - 1] = source[taken], ids[taken]
        lengths[left - 1] = nearest[taken]
    return edges, np.sqrt(np.maximum(lengths, _DISTANCE_MIN**2))


@dataclass(frozen=True, slots=True)
class _Merges:
    """A dendrogram: node `n + i` joins `children[i]` at `distance[i]`; nodes below n are points.

    The points of a node are `order[first[node]:][:size[node]]`.
    """

    children: list[list[int]]
    distance: list[float]
    size: list[int]
    first: list[int]
    order: Indices


def _merged(edges: Indices, lengths: Doubles) -> _Merges:
    by_length = np.argsort(lengths, kind="stable")
    count = len(edges) + 1
    top, size = list(range(2 * count - 1)), [1] * count
    children: list[list[int]] = []
    for node, (a, b) in enumerate(edges[by_length].tolist(), count):
        joined = [_find(top, a), _find(top, b)]
        top[joined[0]] = top[joined[1]] = node
        size.append(size[joined[0]] + size[joined[1]])
        children.append(joined)
    first, order = [0] * len(size), np.empty(count, dtype=np.int64)
    for node in range(len(size) - 1, -1, -1):
        if node < count:
            order[first[node]] = node
            continue
        left, right = children[node - count]
        first[left], first[right] = first[node], first[node] + size[left]
    return _Merges(children, lengths[by_length].tolist(), size, first, order)


def _find(top: list[int], node: int) -> int:
    while top[node] != node:
        top[node] = node = top[top[node]]
    return node


@dataclass(slots=True)
class _Condensed:
    """Clusters as they appear while the density rises; cluster 0 is everything.

    `left_at[p]` is the density at which point `p` leaves `cluster_of[p]`. Parents come before
    their children.
    """

    cluster_of: Indices
    left_at: Doubles
    parent: list[int] = field(default_factory=lambda: [-1])
    born_at: list[float] = field(default_factory=lambda: [0.0])
    size: list[int] = field(default_factory=list[int])

    def leaves(self) -> list[int]:
        return sorted(set(range(1, len(self.parent))).difference(self.parent))

    def of_most_mass(self, size_max: int) -> list[int]:
        """The clusters that together persist over the largest range of density."""
        mass, below = self._mass(), [0.0] * len(self.parent)
        chosen: set[int] = set()
        for cluster in range(len(self.parent) - 1, 0, -1):
            if below[cluster] <= mass[cluster] and self.size[cluster] <= size_max:
                chosen.add(cluster)
                below[cluster] = mass[cluster]
            below[self.parent[cluster]] += below[cluster]
        outermost = [False] * len(self.parent)
        for cluster in range(1, len(self.parent)):
            above = self.parent[cluster]
            outermost[cluster] = outermost[above] or above in chosen
        return sorted(cluster for cluster in chosen if not outermost[cluster])

    def labels(self, chosen: list[int]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The label of each point, and its density over the highest in its cluster."""
        label = np.full(len(self.parent), -1, dtype=np.int32)
        label[chosen] = np.arange(len(chosen))
        for cluster in range(1, len(label)):
            if label[cluster] < 0:
                label[cluster] = label[self.parent[cluster]]
        peak = np.zeros(len(self.parent))
        np.maximum.at(peak, self.cluster_of, self.left_at)
        np.maximum.at(peak, self.parent[1:], self.born_at[1:])
        labels = label[self.cluster_of]
        inside = labels >= 0
        strength = np.zeros(len(labels), dtype=np.float32)
        strength[inside] = np.minimum(1.0, self.left_at[inside] / peak[chosen][labels[inside]])
        return labels, strength

    def _mass(self) -> Doubles:
        born = np.asarray(self.born_at)
        mass = np.zeros(len(born))
        np.add.at(mass, self.cluster_of, self.left_at - born[self.cluster_of])
        parent = np.asarray(self.parent[1:], dtype=np.int64)
        sizes = np.asarray(self.size[1:], dtype=np.float64)
        np.add.at(mass, parent, (born[1:] - born[parent]) * sizes)
        return mass


def _condensed(merges: _Merges, size_min: int) -> _Condensed:
    """The dendrogram from its top, where a part below `size_min` is points that fall out."""
    count = len(merges.order)
    tree = _Condensed(np.zeros(count, dtype=np.int64), np.zeros(count), size=[count])
    pending = [(len(merges.size) - 1, 0)]
    while pending:
        node, cluster = pending.pop()
        density = 1.0 / merges.distance[node - count]
        parts = merges.children[node - count]
        large = [part for part in parts if merges.size[part] >= size_min]
        for part in parts:
            if merges.size[part] < size_min:
                start = merges.first[part]
                fallen = merges.order[start : start + merges.size[part]]
                tree.cluster_of[fallen] = cluster
                tree.left_at[fallen] = density
        if len(large) == 1:
            pending.append((large[0], cluster))
            continue
        for part in large:
            pending.append((part, len(tree.parent)))
            tree.parent.append(cluster)
            tree.born_at.append(density)
            tree.size.append(merges.size[part])
    return tree
