"""The clusters of a crystal with what they are about, made once a full build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rlm_crystal.cluster import Clustering, cluster_chunks
from rlm_crystal.map import MapCluster, map_cluster
from rlm_crystal.segment import Segment
from rlm_crystal.summary import Summary, summarise
from rlm_crystal.tables import KINDS
from rlm_crystal.types import Chunk


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """`clustering` numbers the chunks of the first segment; `shown` is what a map writes."""

    clustering: Clustering
    summaries: tuple[Summary, ...]
    shown: tuple[MapCluster, ...]


def clusters_of(segment: Segment) -> Clusters:
    """Clusters and summaries of a whole segment; about 3 s of CPU for 30,000 chunks."""
    chunks = list(chunks_of(segment))
    vectors = segment.vectors.get().dense(np.arange(len(chunks), dtype=np.int64))
    clustering = cluster_chunks(chunks, vectors)
    summaries = summarise(chunks, vectors, clustering)
    shown = tuple(
        map_cluster(summary, [chunks[at] for at in summary.central]) for summary in summaries
    )
    return Clusters(clustering, summaries, shown)


def chunks_of(segment: Segment) -> Iterator[Chunk]:
    """The chunks of a segment with their texts, file after file."""
    graph = segment.graph.get()
    table = segment.chunks
    for file in range(segment.file_count):
        lines = segment.texts.get(file).split("\n")
        language = segment.languages[int(segment.files.language[file])]
        first, last = segment.files.chunk_start[file : file + 2].tolist()
        for row in range(first, last):
            start, end = int(table.start_line[row]), int(table.end_line[row])
            yield Chunk(
                path=segment.paths[file],
                start_line=start,
                end_line=end,
                language=language,
                kind=KINDS[int(table.kind[row])],
                symbol=graph.names[int(table.symbol[row])],
                signature=graph.prose[int(table.signature[row])],
                doc=graph.prose[int(table.doc[row])],
                text="\n".join(lines[start - 1 : end]),
            )
