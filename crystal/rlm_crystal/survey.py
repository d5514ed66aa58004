"""A crystal seen as a map shows it: files by cluster, each with its weight, symbols and words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rlm_crystal.clusters import Clusters
from rlm_crystal.counting import Int64Array
from rlm_crystal.landmarks import Float32Array, Landmarks
from rlm_crystal.language import Role
from rlm_crystal.lazy import Lazy
from rlm_crystal.map import MapCluster, MapFile, MapSymbol, MapView
from rlm_crystal.segment import BoolArray, Segment
from rlm_crystal.summary import Summary, first_sentence, one_line
from rlm_crystal.tables import KIND_CODE, ROLES, place_key
from rlm_crystal.types import Hit
from rlm_crystal.words import Int32Array

SYMBOLS_MAX = 40

# Chosen by `benchmarks/map.py`: flatter weights name more files, steeper ones tell more of a few.
_FLATNESS = 0.35
_ELSEWHERE = 0.3
_ROLE_WEIGHT: dict[Role, float] = {
    "source": 1.0, "doc": 0.05, "config": 0.05, "test": 0.05, "vendor": 0.02, "generated": 0.02,
}  # fmt: skip
_UNASKED = 0.1
_NEXT_HIT = 0.93
_TYPES = [KIND_CODE[kind] for kind in ("class", "interface", "struct", "trait", "enum", "type")]
_TYPE_BONUS, _PRIVATE_MALUS, _HIT_BONUS = 1.0, 0.7, 10.0
_LABEL_BITS = 24


@dataclass(frozen=True, slots=True)
class Layer:
    """A segment of the crystal: its living files, the nearest cluster of each of its chunks."""

    segment: Segment
    alive: BoolArray
    nearest: Int32Array


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Where a hit lies in its file, and what it is worth, at most 1."""

    line: int
    worth: float


def survey(
    layers: Sequence[Layer], clusters: Clusters, *, asked: str = "", hits: Sequence[Hit] = ()
) -> MapView:
    """All that a map can show; with `hits`, the answer to `asked`, weights follow them.

    The first layer is the one that clusters and landmarks were made of.
    """
    wanted = _wanted(hits)
    files: list[MapFile] = []
    for layer, weights in zip(layers, weights_of(layers, clusters.landmarks), strict=True):
        landmarks = clusters.landmarks if layer is layers[0] else None
        files.extend(_files(layer, weights, landmarks, wanted))
    known = {file.path for file in files}
    return MapView(
        file_count=sum(int(layer.alive.sum()) for layer in layers),
        chunk_count=sum(
            int(np.diff(layer.segment.files.chunk_start)[layer.alive].sum()) for layer in layers
        ),
        clusters=[_cluster(summary, known) for summary in clusters.summaries],
        files=files,
        asked=asked,
    )


def _wanted(hits: Sequence[Hit]) -> dict[str, list[_Wanted]]:
    found: defaultdict[str, list[_Wanted]] = defaultdict(list)
    for place, hit in enumerate(hits):
        found[hit.path].append(_Wanted(hit.start_line, _NEXT_HIT**place))
    return found


def _cluster(summary: Summary, files: Collection[str]) -> MapCluster:
    place = summary.place
    folder = place.rpartition("/")[0] if place in files else place
    return MapCluster(title_of(summary), summary.text, folder)


def title_of(summary: Summary) -> str:
    """What a map and a picture call a cluster: its three most telling terms."""
    return ", ".join(summary.terms[:3]) or summary.title


def place_of_chunks(layer: Layer) -> Int64Array:
    """One number for each chunk, which runs by file and then by its nearest cluster."""
    return (layer.segment.chunks.file.astype(np.int64) << _LABEL_BITS) + layer.nearest + 1


def files_and_clusters(places: Int64Array) -> tuple[list[int], list[int]]:
    """The files and the clusters of such places, cluster -1 where there is none."""
    files: list[int] = (places >> _LABEL_BITS).tolist()
    labels: list[int] = ((places & ((1 << _LABEL_BITS) - 1)) - 1).tolist()
    return files, labels


def weights_of(layers: Sequence[Layer], landmarks: Landmarks) -> list[Float32Array]:
    """For each file of each layer how much it stands for: central, large, source before tests."""
    base = layers[0].segment
    usual = float(np.median(landmarks.file_rank)) if len(landmarks.file_rank) else 1.0
    by_role = np.asarray([_ROLE_WEIGHT[role] for role in ROLES], dtype=np.float32)
    raw: list[Float32Array] = []
    for layer in layers:
        rank = landmarks.file_rank
        if layer.segment is not base:
            rows = [base.paths.find(path) for path in layer.segment.paths]
            rank = np.asarray([landmarks.file_rank[at] if at >= 0 else usual for at in rows])
        raw.append(np.sqrt(rank * (1 + layer.segment.files.chars)).astype(np.float32))
    top = max((float(values.max()) for values in raw if len(values)), default=1.0)
    weights: list[Float32Array] = []
    for values, layer in zip(raw, layers, strict=True):
        flat = np.maximum(values / max(top, 1e-12), 1e-9) ** _FLATNESS
        weights.append((flat * by_role[layer.segment.files.role]).astype(np.float32))
    return weights


def _files(
    layer: Layer,
    weights: Float32Array,
    landmarks: Landmarks | None,
    wanted: Mapping[str, Sequence[_Wanted]],
) -> list[MapFile]:
    """The files of a layer, one for each cluster that they lie in and name something in."""
    segment = layer.segment
    keys = place_of_chunks(layer)
    pairs, sizes = np.unique(keys, return_counts=True)
    home = _homes(pairs, sizes, segment, keys, wanted)
    starts, rows = _definitions(segment, keys, pairs, landmarks, wanted)
    found: list[MapFile] = []
    paths, bounds = list(segment.paths), starts.tolist()
    for at, (file, label) in enumerate(zip(*files_and_clusters(pairs), strict=True)):
        low, high, at_home = bounds[at], min(bounds[at + 1], bounds[at] + SYMBOLS_MAX), home[at]
        if not layer.alive[file] or not (at_home or low < high):
            continue
        path, weight = paths[file], float(weights[file])
        if wanted:
            best = max((want.worth for want in wanted.get(path, ())), default=0.0)
            weight = _UNASKED * weight + (1 - _UNASKED) * best
        found.append(
            MapFile(
                path=path,
                cluster=label,
                weight=weight if at_home else _ELSEWHERE * weight,
                symbols=Lazy(partial(_symbols, segment, rows[low:high])),
                words=Lazy(partial(_words, segment, landmarks if at_home else None, file)),
            )
        )
    return found


def _homes(
    pairs: Int64Array,
    sizes: Int64Array,
    segment: Segment,
    keys: Int64Array,
    wanted: Mapping[str, Sequence[_Wanted]],
) -> list[bool]:
    """Which pair of a file stands for it: that with its best hit, else that with most chunks."""
    files = pairs >> _LABEL_BITS
    order = np.lexsort((pairs, -sizes, files))
    first = np.unique(files[order], return_index=True)[1]
    home = np.zeros(len(pairs), dtype=np.bool_)
    home[order[first]] = True
    for path, wants in wanted.items():
        file = segment.paths.find(path)
        if file >= 0:
            home[files == file] = False
            chunk = _chunk_at(segment, np.asarray([file]), np.asarray([wants[0].line]))
            home[np.searchsorted(pairs, keys[chunk])] = True
    return home.tolist()


def _definitions(
    segment: Segment,
    keys: Int64Array,
    pairs: Int64Array,
    landmarks: Landmarks | None,
    wanted: Mapping[str, Sequence[_Wanted]],
) -> tuple[Int64Array, Int64Array]:
    """The rows of the definitions of each pair, best first: `rows[starts[p]:starts[p + 1]]`."""
    table = segment.graph.get().definitions
    score = np.isin(table.kind, _TYPES) * _TYPE_BONUS
    score -= _private(segment, table.symbol) * _PRIVATE_MALUS
    if landmarks is not None:
        score += np.log1p(20 * segment.file_count * landmarks.definition_rank)
    chunk = _chunk_at(segment, table.file, table.start_line)
    for path, wants in wanted.items():
        file = segment.paths.find(path)
        low, high = np.searchsorted(table.file, [file, file + 1]).tolist() if file >= 0 else (0, 0)
        for want in wants:
            at = _chunk_at(segment, np.asarray([file]), np.asarray([want.line]))
            score[low:high] += (chunk[low:high] == at) * _HIT_BONUS * want.worth
    of_pair = np.searchsorted(pairs, keys[chunk])
    rows = np.lexsort((np.arange(len(chunk)), -score, of_pair))
    return np.searchsorted(of_pair[rows], np.arange(len(pairs) + 1)), rows


def _private(segment: Segment, symbols: Int32Array) -> BoolArray:
    """Which of the symbols are private by their name."""
    names = segment.graph.get().names
    used, inverse = np.unique(symbols, return_inverse=True)
    listed: list[int] = used.tolist()
    private = [names[at].rpartition(".")[2].startswith("_") for at in listed]
    return np.asarray(private, dtype=np.bool_)[inverse]


def _chunk_at(segment: Segment, file: Int32Array, line: Int32Array) -> Int64Array:
    """The chunk in which each line lies, or the nearest before it."""
    table = segment.chunks
    starts = place_key(table.file, table.start_line)
    found = np.searchsorted(starts, place_key(file, line), side="right") - 1
    return np.clip(found, segment.files.chunk_start[file], None)


def _symbols(segment: Segment, rows: Int64Array) -> tuple[MapSymbol, ...]:
    graph = segment.graph.get()
    table = graph.definitions
    found: dict[str, MapSymbol] = {}
    for row in rows.tolist():
        symbol = graph.names[int(table.symbol[row])]
        section = table.kind[row] == KIND_CODE["section"]
        above, _, name = symbol.rpartition(" > " if section else ".")
        signature = one_line(graph.prose[int(table.signature[row])]) or name
        inside = f"{above}: " if above and not section and above not in signature else ""
        doc = first_sentence(graph.prose[int(table.doc[row])])
        line = int(table.start_line[row])
        found.setdefault(name, MapSymbol(name, line, inside + signature, doc))
    return tuple(found.values())


def _words(segment: Segment, landmarks: Landmarks | None, file: int) -> tuple[str, ...]:
    if landmarks is None:
        return ()
    words = segment.postings.get().words
    low, high = landmarks.starts[file : file + 2].tolist()
    listed: list[int] = landmarks.words[low:high].tolist()
    return tuple(words[at] for at in listed)
