"""The pages of one segment and back; what a worker hands on to be merged.

A page and its columns are described in `codec`, which makes the pages of a whole crystal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rlm_crystal.columns import AnyArray, Columns, pack, unpack
from rlm_crystal.lazy import Lazy
from rlm_crystal.postings import FIELDS, Postings
from rlm_crystal.segment import Graph, Segment
from rlm_crystal.tables import (
    ChunkTable,
    DefinitionTable,
    FileTable,
    ReferenceTable,
    Vectors,
)
from rlm_crystal.texts import Texts
from rlm_crystal.words import Words

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ReadPage = Callable[[str], bytes]
Table = TypeVar("Table", bound="DataclassInstance")


def segment_pages(segment: Segment, name: str, *, to_search: bool) -> dict[str, bytes]:
    """The pages of one segment, all beginning with `name`.

    A segment that is only handed on to be merged goes without the orders that searching uses.
    """
    parts = parts_of(segment, name, to_search=to_search)
    return {page: part.make() for page, part in parts.items()}


def segment_from(read: ReadPage, name: str) -> Segment:
    """The segment of that name; only its files page is read at once."""
    head = unpack(read(f"{name}-files"))
    languages: Any = head.meta["languages"]
    return Segment(
        paths=words_from(head, "paths"),
        languages=tuple(languages),
        files=table_from(FileTable, head, "files"),
        chunks=table_from(ChunkTable, head, "chunks"),
        graph=Lazy(lambda: _graph(unpack(read(f"{name}-graph")))),
        postings=Lazy(lambda: postings_from(unpack(read(f"{name}-postings")))),
        vectors=Lazy(lambda: _vectors(unpack(read(f"{name}-vectors")))),
        texts=Texts(
            column(head, "frame_bytes"),
            column(head, "text_pages"),
            lambda number: read(f"{name}-text-{number}"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be made, and the object that alone decides what it holds."""

    of: object
    make: Callable[[], bytes]


def parts_of(segment: Segment, name: str, *, to_search: bool) -> dict[str, Page]:
    """As `segment_pages`, before any is made."""
    pages = {
        f"{name}-files": Page(segment.files, lambda: _files_page(segment)),
        f"{name}-graph": Page(segment.graph, lambda: _graph_page(segment.graph.get(), to_search)),
        f"{name}-postings": Page(
            segment.postings, lambda: _postings_page(segment.postings.get(), to_search)
        ),
        f"{name}-vectors": Page(segment.vectors, lambda: _vectors_page(segment.vectors.get())),
    }
    for number in range(segment.texts.page_count):
        pages[f"{name}-text-{number}"] = Page(segment.texts, partial(segment.texts.page, number))
    return pages


def postings_columns(postings: Postings, to_search: bool) -> dict[str, AnyArray]:
    """Lists, their words, and the order of these by their ends where it is wanted."""
    return (
        words_columns("words", postings.words)
        | _ends("words", postings.words, to_search)
        | {"starts": postings.starts, "docs": postings.docs}
        | {f"count-{f}": count for f, count in zip(FIELDS, postings.counts, strict=True)}
        | {f"length-{f}": length for f, length in zip(FIELDS, postings.lengths, strict=True)}
    )


def words_columns(name: str, words: Words) -> dict[str, AnyArray]:
    """A pool as its bytes and the lengths of its strings."""
    return {f"{name}-blob": np.frombuffer(words.blob, np.uint8), f"{name}-lengths": words.lengths}


def table_columns(name: str, table: DataclassInstance) -> dict[str, AnyArray]:
    """The columns of a table, each named after the table and itself."""
    return {f"{name}-{field.name}": getattr(table, field.name) for field in fields(table)}


def postings_from(page: Columns) -> Postings:
    """What `postings_columns` made."""
    counts = [column(page, f"count-{field}") for field in FIELDS]
    lengths = [column(page, f"length-{field}") for field in FIELDS]
    return Postings(
        words=words_from(page, "words"),
        starts=column(page, "starts"),
        docs=column(page, "docs"),
        counts=(counts[0], counts[1], counts[2]),
        lengths=(lengths[0], lengths[1], lengths[2]),
    )


def words_from(page: Columns, name: str) -> Words:
    """What `words_columns` made."""
    blob = page.arrays[f"{name}-blob"].tobytes()
    by_end: Any = page.arrays.get(f"{name}-by-end")  # None where the page goes without it
    return Words(blob, column(page, f"{name}-lengths"), by_end)


def table_from(kind: type[Table], page: Columns, name: str) -> Table:
    """What `table_columns` made."""
    return kind(**{f.name: column(page, f"{name}-{f.name}") for f in fields(kind)})


def column(page: Columns, name: str) -> Any:
    """The column, whose type the reader of the page states."""
    return page.arrays[name]


def _files_page(segment: Segment) -> bytes:
    texts = segment.texts
    return pack(
        {"languages": list(segment.languages)},
        words_columns("paths", segment.paths)
        | table_columns("files", segment.files)
        | table_columns("chunks", segment.chunks)
        | {"frame_bytes": texts.frame_bytes, "text_pages": texts.pages},
    )


def _graph_page(graph: Graph, to_search: bool) -> bytes:
    return pack(
        {},
        words_columns("names", graph.names)
        | _ends("names", graph.names, to_search)
        | words_columns("prose", graph.prose)
        | table_columns("definitions", graph.definitions)
        | table_columns("references", graph.references),
    )


def _postings_page(postings: Postings, to_search: bool) -> bytes:
    return pack({}, postings_columns(postings, to_search))


def _vectors_page(vectors: Vectors) -> bytes:
    return pack({}, {"values": vectors.values, "scales": vectors.scales})


def _ends(name: str, words: Words, wanted: bool) -> dict[str, AnyArray]:
    return {f"{name}-by-end": words.by_end} if wanted else {}


def _graph(page: Columns) -> Graph:
    return Graph(
        names=words_from(page, "names"),
        prose=words_from(page, "prose"),
        definitions=table_from(DefinitionTable, page, "definitions"),
        references=table_from(ReferenceTable, page, "references"),
    )


def _vectors(page: Columns) -> Vectors:
    return Vectors(values=column(page, "values"), scales=column(page, "scales"))
