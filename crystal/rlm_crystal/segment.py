"""An immutable part of a crystal: some files with all that was derived from them.

A crystal is one large segment and, after edits, small ones laid over it; files of a lower
segment that were changed or removed are masked, not rewritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from rlm_crystal.lazy import Lazy, ready
from rlm_crystal.postings import Postings, merge_postings
from rlm_crystal.tables import (
    ChunkTable,
    DefinitionTable,
    FileTable,
    ReferenceTable,
    Vectors,
)
from rlm_crystal.texts import Texts
from rlm_crystal.words import Int32Array, Words, merge_words

BoolArray = npt.NDArray[np.bool_]
_NAME_COLUMNS = frozenset({"symbol", "name", "within"})
_PROSE_COLUMNS = frozenset({"signature", "doc"})
Table = TypeVar("Table", ChunkTable, DefinitionTable, ReferenceTable)


@dataclass(frozen=True, slots=True)
class Graph:
    """Who defines and who refers to what: `names` holds symbols, `prose` signatures and docs."""

    names: Words
    prose: Words
    definitions: DefinitionTable
    references: ReferenceTable


@dataclass(frozen=True, slots=True)
class Segment:
    """Files in the order of their paths; `paths[i]` is the path of file `i`."""

    paths: Words
    languages: tuple[str, ...]
    files: FileTable
    chunks: ChunkTable
    graph: Lazy[Graph]
    postings: Lazy[Postings]
    vectors: Lazy[Vectors]
    texts: Texts

    @property
    def file_count(self) -> int:
        return len(self.paths)

    @property
    def chunk_count(self) -> int:
        return len(self.chunks.file)


def merge_segments(segments: Sequence[Segment], kept: Sequence[BoolArray]) -> Segment:
    """One segment of all files that `kept` marks, in the order of their paths.

    The result depends on those files only, not on how they were spread. A path may be kept in
    one segment only.
    """
    paths = Words.of(
        path
        for segment, keep in zip(segments, kept, strict=True)
        for path, wanted in zip(segment.paths, keep.tolist(), strict=True)
        if wanted
    )
    new_files = [
        _new_ids(segment.paths, keep, paths) for segment, keep in zip(segments, kept, strict=True)
    ]
    languages = tuple(sorted({name for segment in segments for name in segment.languages}))
    files, new_chunks = _merge_files(segments, new_files, languages, len(paths))
    chunk_count = int(files.chunk_start[-1])
    chunks, graph = _merge_named(segments, new_files, new_chunks)
    postings = merge_postings([part.postings.get() for part in segments], new_chunks, chunk_count)
    vectors = _merge_vectors([part.vectors.get() for part in segments], new_chunks, chunk_count)
    return Segment(
        paths=paths,
        languages=languages,
        files=files,
        chunks=chunks,
        graph=ready(graph),
        postings=ready(postings),
        vectors=ready(vectors),
        texts=_merge_texts(segments, new_files, len(paths)),
    )


def _new_ids(own: Words, keep: BoolArray, paths: Words) -> Int32Array:
    position = {path: at for at, path in enumerate(paths.all_encoded())}
    return np.fromiter(
        (
            position[path] if wanted else -1
            for path, wanted in zip(own.all_encoded(), keep.tolist(), strict=True)
        ),
        dtype=np.int32,
        count=len(own),
    )


def _merge_files(
    segments: Sequence[Segment],
    new_files: Sequence[Int32Array],
    languages: tuple[str, ...],
    file_count: int,
) -> tuple[FileTable, list[Int32Array]]:
    """The file table, and for each segment the new number of each of its chunks."""
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for field in fields(FileTable):
        sample = getattr(segments[0].files, field.name)
        if field.name == "chunk_start":
            continue
        column = np.zeros((file_count, *sample.shape[1:]), dtype=sample.dtype)
        for segment, mapping in zip(segments, new_files, strict=True):
            values = getattr(segment.files, field.name)
            if field.name == "language":
                to_merged = [languages.index(name) for name in segment.languages]
                values = np.asarray(to_merged, dtype=np.int32)[values]
            column[mapping[mapping >= 0]] = values[mapping >= 0]
        columns[field.name] = column
    sizes = np.zeros(file_count, dtype=np.int32)
    for segment, mapping in zip(segments, new_files, strict=True):
        sizes[mapping[mapping >= 0]] = np.diff(segment.files.chunk_start)[mapping >= 0]
    chunk_start = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    new_chunks: list[Int32Array] = []
    for segment, mapping in zip(segments, new_files, strict=True):
        new_file = mapping[segment.chunks.file]
        inside = np.arange(segment.chunk_count) - segment.files.chunk_start[segment.chunks.file]
        moved = np.where(new_file >= 0, chunk_start[new_file] + inside, -1)
        new_chunks.append(moved.astype(np.int32))
    table = FileTable(chunk_start=chunk_start, **columns)  # pyright: ignore[reportArgumentType]
    return table, new_chunks


def _merge_named(
    segments: Sequence[Segment],
    new_files: Sequence[Int32Array],
    new_chunks: Sequence[Int32Array],
) -> tuple[ChunkTable, Graph]:
    """The chunks and the graph of all kept files, over one pool of names and one of prose."""
    graphs = [segment.graph.get() for segment in segments]
    names, name_maps = merge_words([graph.names for graph in graphs])
    prose, prose_maps = merge_words([graph.prose for graph in graphs])
    maps = list(zip(name_maps, prose_maps, strict=True))
    chunks = _join(ChunkTable, [segment.chunks for segment in segments], new_files, maps)
    definitions = _join(DefinitionTable, [g.definitions for g in graphs], new_files, maps)
    references = _join(ReferenceTable, [g.references for g in graphs], new_files, maps)

    # What nothing kept refers to any more must not stay behind in the pools.
    used_names = [chunks.symbol, definitions.symbol, references.name, references.within]
    used_prose = [chunks.signature, chunks.doc, definitions.signature, definitions.doc]
    names, name_map = _only_used(names, used_names)
    prose, prose_map = _only_used(prose, used_prose)
    chunks = _renumber(chunks, name_map, prose_map)
    definitions = _renumber(definitions, name_map, prose_map)
    references = _renumber(references, name_map, prose_map)

    numbers = np.concatenate([numbers[numbers >= 0] for numbers in new_chunks])
    definition_order = np.lexsort((definitions.start_line, definitions.file))
    reference_order = np.lexsort((references.line, references.file, references.name))
    graph = Graph(
        names,
        prose,
        _reorder(definitions, definition_order),
        _reorder(references, reference_order),
    )
    return _reorder(chunks, np.argsort(numbers, kind="stable")), graph


def _only_used(words: Words, columns: Sequence[Int32Array]) -> tuple[Words, Int32Array]:
    used = np.unique(np.concatenate(columns))
    mapping = np.full(len(words), -1, dtype=np.int32)
    mapping[used] = np.arange(len(used), dtype=np.int32)
    return (words if len(used) == len(words) else words.take(used)), mapping


def _join(
    kind: type[Table],
    tables: Sequence[Table],
    new_files: Sequence[Int32Array],
    maps: Sequence[tuple[Int32Array, Int32Array]],
) -> Table:
    """All rows of kept files one after another, with files, names and prose renumbered."""
    moved: list[Table] = []
    for table, mapping, (names, prose) in zip(tables, new_files, maps, strict=True):
        rows = _reorder(table, np.flatnonzero(mapping[table.file] >= 0))
        moved.append(_renumber(replace(rows, file=mapping[rows.file]), names, prose))
    columns = {
        field.name: np.concatenate([getattr(table, field.name) for table in moved])
        for field in fields(kind)
    }
    return kind(**columns)


def _renumber(table: Table, names: Int32Array, prose: Int32Array) -> Table:
    mapped = {
        field.name: (names if field.name in _NAME_COLUMNS else prose)[getattr(table, field.name)]
        for field in fields(table)
        if field.name in _NAME_COLUMNS or field.name in _PROSE_COLUMNS
    }
    return replace(table, **mapped)


def _reorder(table: Table, order: npt.NDArray[np.int64]) -> Table:
    return type(table)(**{f.name: getattr(table, f.name)[order] for f in fields(table)})


def _merge_texts(
    segments: Sequence[Segment], new_files: Sequence[Int32Array], file_count: int
) -> Texts:
    frames: list[bytes] = [b""] * file_count
    for segment, mapping in zip(segments, new_files, strict=True):
        for old, new in enumerate(mapping.tolist()):
            if new >= 0:
                frames[new] = segment.texts.frame(old)
    return Texts.of_frames(frames)


def _merge_vectors(
    parts: Sequence[Vectors], new_chunks: Sequence[Int32Array], chunk_count: int
) -> Vectors:
    values = np.zeros((chunk_count, parts[0].values.shape[1]), dtype=np.int8)
    scales = np.zeros(chunk_count, dtype=np.float32)
    for part, mapping in zip(parts, new_chunks, strict=True):
        kept = mapping >= 0
        values[mapping[kept]] = part.values[kept]
        scales[mapping[kept]] = part.scales[kept]
    return Vectors(values, scales)
