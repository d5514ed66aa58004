"""A crystal as pages and back.

    manifest            roots, head, what was skipped, which segments, which files are masked
    clusters            labels, centroids, summaries, ranks and telling words of the first segment
    history             what past commits said, and which files they changed
    <segment>-files     paths, sizes, times, hashes, chunk spans; all that drift needs
    <segment>-graph     names, signatures, docs, definitions, references
    <segment>-postings  the inverted lists
    <segment>-vectors   int8 vectors
    <segment>-text-N    the texts, zstd frames, about 4 MiB a page

Only the manifest and the files pages are read to open a crystal; the others at first use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from rlm_crystal.cluster import Clustering
from rlm_crystal.clusters import Clusters
from rlm_crystal.columns import AnyArray, Columns, Json, pack, unpack
from rlm_crystal.crystal import Crystal
from rlm_crystal.embed import Embedder, static_embedder
from rlm_crystal.errors import FormatUnknown
from rlm_crystal.history import History
from rlm_crystal.landmarks import Landmarks
from rlm_crystal.lazy import Lazy
from rlm_crystal.postings import FIELDS, Postings
from rlm_crystal.segment import Graph, Segment
from rlm_crystal.summary import Summary
from rlm_crystal.tables import (
    ChunkTable,
    DefinitionTable,
    FileTable,
    ReferenceTable,
    Vectors,
)
from rlm_crystal.texts import Texts
from rlm_crystal.types import Skipped
from rlm_crystal.words import Words

FORMAT = 5

ReadPage = Callable[[str], bytes]
Table = TypeVar("Table", FileTable, ChunkTable, DefinitionTable, ReferenceTable, Landmarks)


def to_pages(crystal: Crystal) -> dict[str, bytes]:
    """All pages of the crystal; equal crystals give equal pages."""
    return {name: page.make() for name, page in _pages_of(crystal).items()}


class PagesInTurn(Mapping[str, bytes]):
    """The same pages, each made when it is read and not kept: who writes them holds one of them."""

    def __init__(self, crystal: Crystal) -> None:
        self._pages = _pages_of(crystal)

    def __getitem__(self, name: str) -> bytes:
        return self._pages[name].make()

    def __iter__(self) -> Iterator[str]:
        return iter(self._pages)

    def __len__(self) -> int:
        return len(self._pages)


def pages_since(
    crystal: Crystal, sealed: Crystal, standing: Set[str]
) -> tuple[dict[str, bytes], frozenset[str]]:
    """The pages to be written, and the names of those of `sealed` that need not be.

    `standing` are the pages of `sealed` that the store still has. That a page is the same is told
    by what the two crystals share: a refreshed one stands on the large segment of the one before,
    whose pages are then not even read.
    """
    before, now = _pages_of(sealed), _pages_of(crystal)
    same = frozenset(
        name
        for name, page in now.items()
        if name in standing and name in before and before[name].of is page.of
    )
    return {name: page.make() for name, page in now.items() if name not in same}, same


def from_pages(read: ReadPage, *, embedder: Embedder | None = None) -> Crystal:
    """The crystal in these pages. `read` is kept and called again for what is needed later.

    FormatUnknown where another version wrote them, or another embedder made the vectors.
    """
    manifest = unpack(read("manifest"))
    meta: Mapping[str, Any] = manifest.meta
    if meta["format"] != FORMAT:
        raise FormatUnknown(f"the crystal has format {meta['format']}, not {FORMAT}; index again")
    embedder = embedder or static_embedder()
    if meta["embedder"] != embedder.identity:
        raise FormatUnknown(
            f"the crystal holds vectors of {meta['embedder']!r}, not {embedder.identity!r}; "
            "index again"
        )
    segments = tuple(segment_from(read, f"segment-{n}") for n in range(meta["segments"]))
    alive = tuple(
        np.unpackbits(
            manifest.arrays[f"alive-{number}"].astype(np.uint8), count=segment.file_count
        ).astype(np.bool_)
        for number, segment in enumerate(segments)
    )
    return Crystal(
        corpus_id=meta["corpus_id"],
        generation=meta["generation"],
        roots=tuple(Path(root) for root in meta["roots"]),
        head=meta["head"],
        skipped=tuple(Skipped(*skip) for skip in meta["skipped"]),
        segments=segments,
        alive=alive,
        clusters=Lazy(lambda: _clusters(unpack(read("clusters")))),
        history=Lazy(lambda: _history(unpack(read("history")))),
        embedder=embedder,
        files_assigned=meta["files_assigned"],
    )


def segment_pages(segment: Segment, name: str, *, to_search: bool) -> dict[str, bytes]:
    """The pages of one segment, all beginning with `name`.

    A segment that is only handed on to be merged goes without the orders that searching uses.
    """
    parts = _pages_of_segment(segment, name, to_search=to_search)
    return {page: part.make() for page, part in parts.items()}


def segment_from(read: ReadPage, name: str) -> Segment:
    """The segment of that name; only its files page is read at once."""
    head = unpack(read(f"{name}-files"))
    languages: Any = head.meta["languages"]
    return Segment(
        paths=_words_from(head, "paths"),
        languages=tuple(languages),
        files=_table_from(FileTable, head, "files"),
        chunks=_table_from(ChunkTable, head, "chunks"),
        graph=Lazy(lambda: _graph(unpack(read(f"{name}-graph")))),
        postings=Lazy(lambda: _postings(unpack(read(f"{name}-postings")))),
        vectors=Lazy(lambda: _vectors(unpack(read(f"{name}-vectors")))),
        texts=Texts(
            _array(head, "frame_bytes"),
            _array(head, "text_pages"),
            lambda number: read(f"{name}-text-{number}"),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """A page to be made, and the object that alone decides what it holds."""

    of: object
    make: Callable[[], bytes]


def _pages_of(crystal: Crystal) -> dict[str, _Page]:
    pages = {
        "manifest": _Page(crystal, lambda: _manifest_page(crystal)),
        "clusters": _Page(crystal.clusters, lambda: _clusters_page(crystal.clusters.get())),
        "history": _Page(crystal.history, lambda: _history_page(crystal.history.get())),
    }
    for number, segment in enumerate(crystal.segments):
        pages.update(_pages_of_segment(segment, f"segment-{number}", to_search=True))
    return pages


def _pages_of_segment(segment: Segment, name: str, *, to_search: bool) -> dict[str, _Page]:
    pages = {
        f"{name}-files": _Page(segment.files, lambda: _files_page(segment)),
        f"{name}-graph": _Page(segment.graph, lambda: _graph_page(segment.graph.get(), to_search)),
        f"{name}-postings": _Page(
            segment.postings, lambda: _postings_page(segment.postings.get(), to_search)
        ),
        f"{name}-vectors": _Page(segment.vectors, lambda: _vectors_page(segment.vectors.get())),
    }
    for number in range(segment.texts.page_count):
        pages[f"{name}-text-{number}"] = _Page(segment.texts, partial(segment.texts.page, number))
    return pages


def _manifest_page(crystal: Crystal) -> bytes:
    masks = {f"alive-{number}": np.packbits(mask) for number, mask in enumerate(crystal.alive)}
    meta: dict[str, Json] = {
        "format": FORMAT,
        "corpus_id": crystal.corpus_id,
        "generation": crystal.generation,
        "roots": [str(root) for root in crystal.roots],
        "head": crystal.head,
        "embedder": crystal.embedder.identity,
        "segments": len(crystal.segments),
        "files_assigned": crystal.files_assigned,
        "skipped": [
            [skip.path, skip.reason, skip.size_bytes, skip.mtime_ns] for skip in crystal.skipped
        ],
    }
    return pack(meta, masks)


def _files_page(segment: Segment) -> bytes:
    texts = segment.texts
    return pack(
        {"languages": list(segment.languages)},
        _words("paths", segment.paths)
        | _table("files", segment.files)
        | _table("chunks", segment.chunks)
        | {"frame_bytes": texts.frame_bytes, "text_pages": texts.pages},
    )


def _graph_page(graph: Graph, to_search: bool) -> bytes:
    return pack(
        {},
        _words("names", graph.names)
        | _ends("names", graph.names, to_search)
        | _words("prose", graph.prose)
        | _table("definitions", graph.definitions)
        | _table("references", graph.references),
    )


def _postings_page(postings: Postings, to_search: bool) -> bytes:
    return pack({}, _postings_columns(postings, to_search))


def _postings_columns(postings: Postings, to_search: bool) -> dict[str, AnyArray]:
    return (
        _words("words", postings.words)
        | _ends("words", postings.words, to_search)
        | {"starts": postings.starts, "docs": postings.docs}
        | {f"count-{f}": count for f, count in zip(FIELDS, postings.counts, strict=True)}
        | {f"length-{f}": length for f, length in zip(FIELDS, postings.lengths, strict=True)}
    )


def _vectors_page(vectors: Vectors) -> bytes:
    return pack({}, {"values": vectors.values, "scales": vectors.scales})


def _clusters_page(clusters: Clusters) -> bytes:
    clustering = clusters.clustering
    meta: dict[str, Any] = {"summaries": [astuple(summary) for summary in clusters.summaries]}
    columns = {field.name: getattr(clustering, field.name) for field in fields(Clustering)}
    return pack(meta, columns | _table("landmarks", clusters.landmarks))


def _history_page(history: History) -> bytes:
    return pack(
        {"heads": list(history.heads)},
        _words("paths", history.paths)
        | {"commits": history.starts, "changed": history.changed}
        | _postings_columns(history.messages, to_search=True),
    )


def _history(page: Columns) -> History:
    heads: Any = page.meta["heads"]
    return History(
        heads=tuple(heads),
        paths=_words_from(page, "paths"),
        starts=_array(page, "commits"),
        changed=_array(page, "changed"),
        messages=_postings(page),
    )


def _clusters(page: Columns) -> Clusters:
    meta: Mapping[str, Any] = page.meta
    summaries = (
        Summary(title, text, tuple(terms), tuple(central), *rest)
        for title, text, terms, central, *rest in meta["summaries"]
    )
    return Clusters(
        Clustering(**{field.name: _array(page, field.name) for field in fields(Clustering)}),
        tuple(summaries),
        _table_from(Landmarks, page, "landmarks"),
    )


def _graph(page: Columns) -> Graph:
    return Graph(
        names=_words_from(page, "names"),
        prose=_words_from(page, "prose"),
        definitions=_table_from(DefinitionTable, page, "definitions"),
        references=_table_from(ReferenceTable, page, "references"),
    )


def _postings(page: Columns) -> Postings:
    counts = [_array(page, f"count-{field}") for field in FIELDS]
    lengths = [_array(page, f"length-{field}") for field in FIELDS]
    return Postings(
        words=_words_from(page, "words"),
        starts=_array(page, "starts"),
        docs=_array(page, "docs"),
        counts=(counts[0], counts[1], counts[2]),
        lengths=(lengths[0], lengths[1], lengths[2]),
    )


def _vectors(page: Columns) -> Vectors:
    return Vectors(values=_array(page, "values"), scales=_array(page, "scales"))


def _words(name: str, words: Words) -> dict[str, AnyArray]:
    return {f"{name}-blob": np.frombuffer(words.blob, np.uint8), f"{name}-lengths": words.lengths}


def _ends(name: str, words: Words, wanted: bool) -> dict[str, AnyArray]:
    return {f"{name}-by-end": words.by_end} if wanted else {}


def _words_from(page: Columns, name: str) -> Words:
    blob = page.arrays[f"{name}-blob"].tobytes()
    return Words(blob, _array(page, f"{name}-lengths"), _column(page, f"{name}-by-end"))


def _table(name: str, table: Table) -> dict[str, AnyArray]:
    return {f"{name}-{field.name}": getattr(table, field.name) for field in fields(table)}


def _table_from(kind: type[Table], page: Columns, name: str) -> Table:
    return kind(**{f.name: _array(page, f"{name}-{f.name}") for f in fields(kind)})


def _column(page: Columns, name: str) -> Any:
    """As `_array`, None where the page goes without it."""
    return page.arrays.get(name)


def _array(page: Columns, name: str) -> Any:
    """The column, whose type the reader of the page states."""
    return page.arrays[name]
