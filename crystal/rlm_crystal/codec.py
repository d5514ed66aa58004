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

from collections.abc import Iterator, Mapping, Set
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import numpy as np

from rlm_crystal.cluster import Clustering
from rlm_crystal.clusters import Clusters
from rlm_crystal.columns import Columns, Json, pack, unpack
from rlm_crystal.crystal import Crystal
from rlm_crystal.embed import Embedder, static_embedder
from rlm_crystal.errors import FormatUnknown
from rlm_crystal.history import History
from rlm_crystal.landmarks import Landmarks
from rlm_crystal.lazy import Lazy
from rlm_crystal.segment_pages import (
    Page,
    ReadPage,
    column,
    parts_of,
    postings_columns,
    postings_from,
    segment_from,
    table_columns,
    table_from,
    words_columns,
    words_from,
)
from rlm_crystal.summary import Summary
from rlm_crystal.types import Skipped

FORMAT = 5


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


def _pages_of(crystal: Crystal) -> dict[str, Page]:
    pages = {
        "manifest": Page(crystal, lambda: _manifest_page(crystal)),
        "clusters": Page(crystal.clusters, lambda: _clusters_page(crystal.clusters.get())),
        "history": Page(crystal.history, lambda: _history_page(crystal.history.get())),
    }
    for number, segment in enumerate(crystal.segments):
        pages.update(parts_of(segment, f"segment-{number}", to_search=True))
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


def _clusters_page(clusters: Clusters) -> bytes:
    clustering = clusters.clustering
    meta: dict[str, Any] = {"summaries": [astuple(summary) for summary in clusters.summaries]}
    columns = {field.name: getattr(clustering, field.name) for field in fields(Clustering)}
    return pack(meta, columns | table_columns("landmarks", clusters.landmarks))


def _history_page(history: History) -> bytes:
    return pack(
        {"heads": list(history.heads)},
        words_columns("paths", history.paths)
        | {"commits": history.starts, "changed": history.changed}
        | postings_columns(history.messages, to_search=True),
    )


def _history(page: Columns) -> History:
    heads: Any = page.meta["heads"]
    return History(
        heads=tuple(heads),
        paths=words_from(page, "paths"),
        starts=column(page, "commits"),
        changed=column(page, "changed"),
        messages=postings_from(page),
    )


def _clusters(page: Columns) -> Clusters:
    meta: Mapping[str, Any] = page.meta
    summaries = (
        Summary(title, text, tuple(terms), tuple(central), *rest)
        for title, text, terms, central, *rest in meta["summaries"]
    )
    return Clusters(
        Clustering(**{field.name: column(page, field.name) for field in fields(Clustering)}),
        tuple(summaries),
        table_from(Landmarks, page, "landmarks"),
    )
