"""Hits for `callers:`, `callees:` and `importers:`: one a reference, with its line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from rlm_crystal.filters import Asked, Relation
from rlm_crystal.graph import SymbolGraph
from rlm_crystal.scope import Scope
from rlm_crystal.snippet import snippet_of
from rlm_crystal.types import Certainty, Found, Hit, Link, Reference
from rlm_crystal.view import View

_SHARES: Final[dict[Certainty, float]] = {"certain": 1.0, "likely": 0.6, "by name": 0.2}


def related(view: View, graph: SymbolGraph, scope: Scope, asked: Asked, *, limit: int) -> Found:
    """The references within the scope, one a line, the surest first. Words beside the relation
    have to stand on that line or in the name of what it stands in."""
    numbers = {view.paths[file]: file for file in np.flatnonzero(scope.files).tolist()}
    rows = dict.fromkeys(
        row for relation in asked.filters.relations for row in _references(graph, relation)
    )
    kept = [
        row
        for row in rows
        if row.path in numbers and _inside(row.line, scope.lines_of(numbers[row.path]))
    ]
    words = asked.text.lower().split()
    if words:
        kept = [row for row in kept if _speaks(view, numbers[row.path], row, words)]
    kept = list({(row.path, row.line, row.kind): row for row in reversed(kept)}.values())
    ordered = sorted(
        kept,
        key=lambda row: (-_score(row), view.role[numbers[row.path]], row.path, row.line),
    )
    return Found(
        tuple(_hit(view, numbers[row.path], row) for row in ordered[:limit]),
        total=len(ordered),
        files=len({row.path for row in ordered}),
    )


def _references(graph: SymbolGraph, relation: Relation) -> Sequence[Reference | Link]:
    match relation.kind:
        case "callers":
            return graph.callers(relation.name)
        case "callees":
            return graph.callees(relation.name)
        case "importers":
            return graph.importers(relation.name)


def _score(row: Reference | Link) -> float:
    return _SHARES[row.certainty] if isinstance(row, Link) else 1.0


def _inside(line: int, allowed: list[range] | None) -> bool:
    return allowed is None or any(line in lines for lines in allowed)


def _speaks(view: View, file: int, row: Reference | Link, words: list[str]) -> bool:
    text = f"{_line(view, file, row.line)} {row.within}".lower()
    return all(word in text for word in words)


def _line(view: View, file: int, number: int) -> str:
    segment, row = view.locate_file(file)
    lines = segment.texts.get(row).split("\n", number)
    return lines[number - 1] if number <= len(lines) else ""


def _hit(view: View, file: int, row: Reference | Link) -> Hit:
    return Hit(
        path=row.path,
        start_line=row.line,
        end_line=row.line,
        symbol=row.within,
        kind=row.kind,
        score=_score(row),
        snippet=snippet_of([_line(view, file, row.line)]),
        snippet_line=row.line,
        certainty=row.certainty if isinstance(row, Link) else "",
    )
