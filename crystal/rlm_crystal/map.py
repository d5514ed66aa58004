"""The map: a corpus's clusters written best first into any budget of tokens.

What goes in is decided by priority (a cluster's weight or its likeness to the question, less for
each further line about the same cluster); what is written is then ordered folder by folder. Every
line about a place carries its path:line, and the last line says what was left out.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rlm_crystal.language import Role, role
from rlm_crystal.summary import Summary, first_sentence, label
from rlm_crystal.terms import STOP_WORDS, stem, terms
from rlm_crystal.types import Chunk

CHARS_PER_TOKEN = 4

_GROUP_DEPTH = 2
_FOOTER_CHARS = 120
_ENTRY_DECAY = 0.85
_LEXICAL_WEIGHT = 0.5
_ROLE_WEIGHT: dict[Role, float] = {
    "source": 1.0, "doc": 0.75, "config": 0.75, "test": 0.65, "vendor": 0.5, "generated": 0.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MapEntry:
    """A central place of a cluster: what it is called, where it stands, what it says of itself."""

    path: str
    line: int
    label: str
    doc: str


@dataclass(frozen=True, slots=True)
class MapCluster:
    """A cluster as the map shows it; `entries` are its central places, most central first."""

    title: str
    place: str
    size: int
    files: int
    weight: float
    entries: tuple[MapEntry, ...]


@dataclass(frozen=True, slots=True)
class MapView:
    """All that a map shows. `likeness` gives each cluster's cosine with a question, in order."""

    file_count: int
    chunk_count: int
    clusters: Sequence[MapCluster]
    likeness: Callable[[str], Sequence[float]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line that may be written: an entry of a cluster, by its number, or the heading, -1."""

    priority: float
    cluster: int
    entry: int
    text: str


def map_cluster(summary: Summary, central: Sequence[Chunk]) -> MapCluster:
    """A cluster to be shown, from its summary and the chunks that `summary.central` names."""
    entries = (
        MapEntry(chunk.path, _line_of(chunk), label(chunk), first_sentence(chunk.doc))
        for chunk in central
    )
    return MapCluster(
        title=summary.title,
        place=summary.place,
        size=summary.size,
        files=summary.files,
        weight=summary.weight,
        entries=tuple(entries),
    )


def render_map(view: MapView, *, budget_tokens: int, query: str | None = None) -> str:
    """The map in at most `budget_tokens` tokens, a token taken as four characters.

    With a query the clusters most like it come first, and in them the places that share its words.
    """
    budget = budget_tokens * CHARS_PER_TOKEN
    header = _header(view, query)
    if len(header) + _FOOTER_CHARS > budget:
        return header if len(header) <= budget else ""
    weights, clusters = _asked(view, query) if query else (_given(view), view.clusters)
    chosen = _chosen(_pieces(clusters, weights), clusters, budget - len(header) - _FOOTER_CHARS)
    return header + _body(chosen, clusters, weights) + _footer(chosen, clusters)


def _line_of(chunk: Chunk) -> int:
    """The line of the chunk's signature, which may stand below a module's first lines."""
    if chunk.signature:
        for number, line in enumerate(chunk.text.split("\n"), chunk.start_line):
            code = " ".join(line.split())
            if code and (chunk.signature.startswith(code) or code.startswith(chunk.signature)):
                return number
    return chunk.start_line


def _header(view: MapView, query: str | None) -> str:
    about = f", nearest to: {' '.join(query.split())[:80]}" if query else ""
    return (
        f"# Map of {view.file_count} files, {view.chunk_count} chunks "
        f"in {len(view.clusters)} clusters{about}\n"
    )


def _given(view: MapView) -> list[float]:
    largest = max((cluster.weight for cluster in view.clusters), default=1.0)
    return [cluster.weight / largest for cluster in view.clusters]


def _asked(view: MapView, query: str) -> tuple[list[float], list[MapCluster]]:
    """Weights and clusters for a question, entries that share its rare words first.

    A cluster weighs its cosine plus the words of the question that it names, rare words more.
    """
    stems = sorted({stem(term) for term in terms(query) if term not in STOP_WORDS})
    named = [
        [_named(stems, f"{entry.path} {entry.label} {entry.doc}") for entry in cluster.entries]
        for cluster in view.clusters
    ]
    together = [frozenset[str]().union(*entries) for entries in named]
    rarity = _rarity(stems, together)
    weights = [
        (max(like, 0.0) + _LEXICAL_WEIGHT * _sum(rarity, names)) * _ROLE_WEIGHT[role(cluster.place)]
        for like, names, cluster in zip(view.likeness(query), together, view.clusters, strict=True)
    ]
    ranked = [
        _ranked(cluster, [_sum(rarity, names) for names in entries])
        for cluster, entries in zip(view.clusters, named, strict=True)
    ]
    return weights, ranked


def _named(stems: Sequence[str], text: str) -> frozenset[str]:
    """The stems that begin a word of the text."""
    words = " " + " ".join(terms(text))
    return frozenset(wanted for wanted in stems if f" {wanted}" in words)


def _rarity(stems: Sequence[str], together: Sequence[frozenset[str]]) -> dict[str, float]:
    """How rare each stem is among the clusters; all of them together weigh 1."""
    spread = Counter(name for names in together for name in names)
    raw = {name: math.log(1 + (1 + len(together)) / (1 + spread[name])) for name in stems}
    return {name: value / sum(raw.values()) for name, value in raw.items()}


def _sum(rarity: dict[str, float], names: frozenset[str]) -> float:
    return sum(rarity[name] for name in sorted(names))


def _ranked(cluster: MapCluster, shares: Sequence[float]) -> MapCluster:
    order = sorted(range(len(shares)), key=lambda at: -shares[at])
    return replace(cluster, entries=tuple(cluster.entries[at] for at in order))


def _pieces(clusters: Sequence[MapCluster], weights: Sequence[float]) -> list[_Piece]:
    """Every line that could be written, best first."""
    pieces: list[_Piece] = []
    for at, (cluster, weight) in enumerate(zip(clusters, weights, strict=True)):
        priority = weight
        for number, entry in enumerate(cluster.entries):
            if number == 0:
                pieces.append(_Piece(priority, at, -1, _heading(cluster)))
            priority *= _ENTRY_DECAY
            pieces.append(_Piece(priority, at, number, _line(entry)))
    return sorted(pieces, key=lambda piece: (-piece.priority, piece.cluster, piece.entry))


def _chosen(
    pieces: Sequence[_Piece], clusters: Sequence[MapCluster], budget: int
) -> dict[int, list[_Piece]]:
    """The pieces that fit, per cluster; a line without its heading is left out."""
    chosen: dict[int, list[_Piece]] = {}
    groups: set[str] = set()
    left = budget
    for piece in pieces:
        if piece.entry >= 0 and piece.cluster not in chosen:
            continue
        group = _group(clusters[piece.cluster].place)
        cost = len(piece.text) + (0 if group in groups else len(_group_heading(group)))
        if cost > left:
            continue
        left -= cost
        groups.add(group)
        chosen.setdefault(piece.cluster, []).append(piece)
    return chosen


def _body(
    chosen: dict[int, list[_Piece]], clusters: Sequence[MapCluster], weights: Sequence[float]
) -> str:
    by_group: defaultdict[str, list[int]] = defaultdict(list)
    for at in sorted(chosen, key=lambda at: (-weights[at], at)):
        by_group[_group(clusters[at].place)].append(at)
    return "".join(
        _group_heading(group) + "".join(piece.text for at in members for piece in chosen[at])
        for group, members in by_group.items()
    )


def _footer(chosen: dict[int, list[_Piece]], clusters: Sequence[MapCluster]) -> str:
    shown = sum(len(pieces) - 1 for pieces in chosen.values())
    places = sum(len(cluster.entries) for cluster in clusters)
    if len(chosen) == len(clusters) and shown == places:
        return ""
    return (
        f"\nLeft out: {len(clusters) - len(chosen)} of {len(clusters)} clusters, "
        f"{places - shown} of {places} places. A larger budget shows more.\n"
    )


def _group(place: str) -> str:
    return "/".join(place.split("/")[:_GROUP_DEPTH])


def _group_heading(group: str) -> str:
    return f"\n## {group or '(everywhere)'}\n"


def _heading(cluster: MapCluster) -> str:
    first = cluster.entries[0]
    files = f"{cluster.files} files" if cluster.files > 1 else "1 file"
    return f"{cluster.title} — {files}, {cluster.size} chunks, {first.path}:{first.line}\n"


def _line(entry: MapEntry) -> str:
    said = f" — {entry.doc}" if entry.doc else ""
    return f"- {entry.path}:{entry.line} {entry.label}{said}\n"
