"""The clusters of a crystal with what they are about, made once a full build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from rlm_crystal.cluster import Clustering, cluster_chunks
from rlm_crystal.landmarks import Landmarks, landmarks_of
from rlm_crystal.segment import Segment
from rlm_crystal.summary import Summary, summarise
from rlm_crystal.tables import KINDS
from rlm_crystal.types import Chunk


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """`clustering` numbers the chunks of the first segment, `landmarks` its files."""

    clustering: Clustering
    summaries: tuple[Summary, ...]
    landmarks: Landmarks


def clusters_of(segment: Segment) -> Clusters:
    """Clusters and summaries of a whole segment; about 2.5 s of CPU for 30,000 chunks."""
    landmarks = landmarks_of(segment)  # first, while the chunks are not yet in memory
    chunks = list(chunks_of(segment))
    vectors = segment.vectors.get().dense(np.arange(len(chunks), dtype=np.int64))
    clustering = cluster_chunks(chunks, vectors)
    summaries = summarise(chunks, vectors, clustering)
    return Clusters(clustering, summaries, landmarks)


def chunk_at(segment: Segment, row: int) -> Chunk:
    """One chunk of a segment with its text."""
    graph, table = segment.graph.get(), segment.chunks
    file, start, end = (
        int(column[row]) for column in (table.file, table.start_line, table.end_line)
    )
    lines = segment.texts.get(file).split("\n")
    return Chunk(
        path=segment.paths[file],
        start_line=start,
        end_line=end,
        language=segment.languages[int(segment.files.language[file])],
        kind=KINDS[int(table.kind[row])],
        symbol=graph.names[int(table.symbol[row])],
        signature=graph.prose[int(table.signature[row])],
        doc=graph.prose[int(table.doc[row])],
        text="\n".join(lines[start - 1 : end]),
    )


def chunks_of(segment: Segment) -> Iterator[Chunk]:
    """The chunks of a segment with their texts, file after file."""
    graph = segment.graph.get()
    names, prose = list(graph.names), list(graph.prose)
    table = segment.chunks
    columns = (
        table.start_line,
        table.end_line,
        table.kind,
        table.symbol,
        table.signature,
        table.doc,
    )
    listed: list[list[int]] = np.column_stack(columns).tolist()
    rows = iter(listed)
    counts: list[int] = np.diff(segment.files.chunk_start).tolist()
    languages: list[int] = segment.files.language.tolist()
    for file, path in enumerate(segment.paths):
        lines = segment.texts.get(file).split("\n")
        for start, end, kind, symbol, signature, doc in islice(rows, counts[file]):
            yield Chunk(
                path=path,
                start_line=start,
                end_line=end,
                language=segment.languages[languages[file]],
                kind=KINDS[kind],
                symbol=names[symbol],
                signature=prose[signature],
                doc=prose[doc],
                text="\n".join(lines[start - 1 : end]),
            )
