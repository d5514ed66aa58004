"""Paths and symbols that begin as somebody types, a bounded number of them, in milliseconds."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rlm_crystal.words import Words

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

# More names than this that begin alike are cut before they are put in order.
_NAMES_MAX = 5_000


def paths_begun(crystal: "Crystal", begun: str, *, limit: int) -> list[str]:
    """Paths that begin with it, then those with a part that does, then those that contain it."""
    lower = begun.lower()
    ranked = [
        (rank, path)
        for entry in crystal.files
        if (rank := _rank((path := entry.path).lower(), lower)) is not None
    ]
    return [path for _, path in sorted(ranked)[:limit]]


def symbols_begun(crystal: "Crystal", begun: str, *, limit: int) -> list[str]:
    """Symbols defined in the corpus that begin with it, as a whole or in their last part; the
    shortest first."""
    chosen = {name for name in _defined(crystal, begun) if _begins(name, begun)}
    return sorted(chosen, key=lambda name: (name.count("."), len(name), name))[:limit]


def _rank(path: str, begun: str) -> int | None:
    if path.startswith(begun):
        return 0
    if f"/{begun}" in path:
        return 1
    return 2 if begun in path else None


def _begins(name: str, begun: str) -> bool:
    return name.startswith(begun) or name.rpartition(".")[2].startswith(begun)


def _defined(crystal: "Crystal", begun: str) -> Iterator[str]:
    for segment, mask in zip(crystal.segments, crystal.alive, strict=True):
        graph = segment.graph.get()
        ids = _candidates(graph.names, begun)
        table = graph.definitions
        rows = np.flatnonzero(np.isin(table.symbol, ids))
        rows = rows[mask[table.file[rows]]]
        for name in np.unique(table.symbol[rows])[:_NAMES_MAX].tolist():
            yield graph.names[name]


def _candidates(names: Words, begun: str) -> Sequence[int]:
    """Ids of names that begin with it, and of some in which it follows on a dot."""
    whole = names.with_prefix(begun)
    wanted = f".{begun}".encode("utf-8", "surrogatepass")
    starts = np.cumsum(names.lengths, dtype=np.int64) - names.lengths
    inside: list[int] = []
    at = names.blob.find(wanted)
    while begun and at >= 0 and len(inside) < _NAMES_MAX:
        inside.append(int(np.searchsorted(starts, at, side="right")) - 1)
        at = names.blob.find(wanted, at + 1)
    return [*whole, *inside]
