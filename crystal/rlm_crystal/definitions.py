"""Definitions read out of the tables of a segment, one row each."""

from __future__ import annotations

import numpy as np

from rlm_crystal.segment import Graph, Segment
from rlm_crystal.tables import KINDS
from rlm_crystal.types import Definition


def rows_of_file(graph: Graph, file: int) -> range:
    """The rows of the definitions of one file, in the order of its lines."""
    low, high = np.searchsorted(graph.definitions.file, [file, file + 1]).tolist()
    return range(low, high)


def definition_at(segment: Segment, row: int) -> Definition:
    """The definition in that row of the segment's table."""
    graph = segment.graph.get()
    table = graph.definitions
    return Definition(
        path=segment.paths[int(table.file[row])],
        symbol=graph.names[int(table.symbol[row])],
        kind=KINDS[int(table.kind[row])],
        start_line=int(table.start_line[row]),
        end_line=int(table.end_line[row]),
        signature=graph.prose[int(table.signature[row])],
        doc=graph.prose[int(table.doc[row])],
    )
