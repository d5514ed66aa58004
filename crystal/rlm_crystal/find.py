"""A query of any sort answered: ranked words, matching lines, definitions, files, relations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from rlm_crystal.definitions import rows_of_file
from rlm_crystal.errors import BadFilter
from rlm_crystal.filters import Asked
from rlm_crystal.graph import SymbolGraph
from rlm_crystal.inventory import defined, files_in
from rlm_crystal.pattern import pattern_of
from rlm_crystal.relations import related
from rlm_crystal.scan import Scan, scan
from rlm_crystal.scope import Scope
from rlm_crystal.segment import BoolArray, Segment
from rlm_crystal.snippet import snippet_of
from rlm_crystal.types import Found, Hit, Mode
from rlm_crystal.view import View

Ranking = Callable[[str, BoolArray, int], list[Hit]]


def find(
    view: View, graph: SymbolGraph, rank: Ranking, asked: Asked, *, limit: int, mode: Mode
) -> Found:
    """The first `limit` hits; BadFilter and BadPattern tell what cannot be meant."""
    scope = Scope(view, asked.filters)
    if asked.filters.relations:
        if mode != "words":
            raise BadFilter(f"callers:, callees: and importers: do not go with mode {mode}")
        return related(view, graph, scope, asked, limit=limit)
    if not asked.text:
        listed = defined if scope.by_definition else files_in
        return listed(view, scope, limit=limit)
    if mode == "words":
        return Found(tuple(rank(asked.text, scope.chunks, limit)))
    result = scan(view, scope, pattern_of(asked.text, is_regex=mode == "regex"))
    hits = tuple(islice(_line_hits(view, result), limit))
    return Found(hits, result.total, result.files, not result.unseen, result.unseen)


def _line_hits(view: View, result: Scan) -> Iterator[Hit]:
    """One hit a line, named by the definition it stands in."""
    for file, numbers in result.matches:
        segment, row = view.locate_file(file)
        lines = segment.texts.get(row).split("\n")
        symbol_at = _enclosing(segment, row)
        for number in numbers:
            yield Hit(
                path=view.paths[file],
                start_line=number,
                end_line=number,
                symbol=symbol_at(number),
                kind="match",
                score=1.0,
                snippet=snippet_of([lines[number - 1]]),
                snippet_line=number,
            )


def _enclosing(segment: Segment, file: int) -> Callable[[int], str]:
    """Gives the innermost definition a line of the file stands in, or an empty name."""
    graph = segment.graph.get()
    table = graph.definitions
    rows = rows_of_file(graph, file)
    starts: list[int] = table.start_line[rows].tolist()
    ends: list[int] = table.end_line[rows].tolist()
    names: list[int] = table.symbol[rows].tolist()

    def symbol_at(line: int) -> str:
        around = [at for at, start in enumerate(starts) if start <= line <= ends[at]]
        return graph.names[names[around[-1]]] if around else ""

    return symbol_at
