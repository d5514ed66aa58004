"""What a crystal holds that satisfies filters alone: definitions, or files."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

import numpy as np

from rlm_crystal.definitions import definition_at, rows_of_file
from rlm_crystal.scope import Scope, Span
from rlm_crystal.segment import Segment
from rlm_crystal.snippet import snippet_of
from rlm_crystal.types import Found, Hit
from rlm_crystal.view import View

OUTLINE_CHARS: Final = 160
_NEAR_MAX: Final = 5


def defined(view: View, scope: Scope, *, limit: int) -> Found:
    """One hit a definition: of source files first, then in the order of path and line."""
    ordered = sorted(scope.definitions(), key=lambda span: _place_of(view, span))
    return Found(
        tuple(_definition_hit(view.segments[span.segment], span.row) for span in ordered[:limit]),
        total=len(ordered),
        files=len({_file_of(view, span) for span in ordered}),
        note="" if ordered else _near(view, scope.symbols),
    )


def files_in(view: View, scope: Scope, *, limit: int) -> Found:
    """One hit a file, with the names of what it defines at its top."""
    numbers: list[int] = np.flatnonzero(scope.files).tolist()
    ordered = sorted(numbers, key=lambda file: (view.role[file], view.paths[file]))
    hits = tuple(_file_hit(*view.locate_file(file)) for file in ordered[:limit])
    return Found(hits, total=len(ordered), files=len(ordered))


def _place_of(view: View, span: Span) -> tuple[int, str, int]:
    file = _file_of(view, span)
    line = view.segments[span.segment].graph.get().definitions.start_line[span.row]
    return int(view.role[file]), view.paths[file], int(line)


def _file_of(view: View, span: Span) -> int:
    table = view.segments[span.segment].graph.get().definitions
    return int(table.file[span.row]) + int(view.file_base[span.segment])


def _definition_hit(segment: Segment, row: int) -> Hit:
    definition = definition_at(segment, row)
    return Hit(
        path=definition.path,
        start_line=definition.start_line,
        end_line=definition.end_line,
        symbol=definition.symbol,
        kind=definition.kind,
        score=1.0,
        snippet=snippet_of([text for text in (definition.signature, definition.doc) if text]),
        snippet_line=definition.start_line,
    )


def _file_hit(segment: Segment, file: int) -> Hit:
    graph = segment.graph.get()
    numbers: list[int] = graph.definitions.symbol[rows_of_file(graph, file)].tolist()
    symbols = [graph.names[at] for at in numbers]
    names = ", ".join(dict.fromkeys(symbol for symbol in symbols if "." not in symbol))
    return Hit(
        path=segment.paths[file],
        start_line=1,
        end_line=max(1, int(segment.files.lines[file])),
        symbol="",
        kind="module",
        score=1.0,
        snippet=names if len(names) <= OUTLINE_CHARS else f"{names[:OUTLINE_CHARS]}…",
        snippet_line=1,
    )


def _near(view: View, symbols: tuple[str, ...]) -> str:
    """How definitions are spelt that are nearly so called."""
    if not symbols:
        return ""
    known: dict[str, str] = {}
    for segment in view.segments:
        graph = segment.graph.get()
        numbers: list[int] = np.unique(graph.definitions.symbol).tolist()
        for name in (graph.names[at] for at in numbers):
            known[name.rsplit(".", 1)[-1].lower()] = name
    wanted = symbols[0].replace("::", ".").rsplit(".", 1)[-1].lower()
    near = [known[name] for name in get_close_matches(wanted, known, n=_NEAR_MAX, cutoff=0.7)]
    return f"Nothing is so called here; near: {', '.join(near)}." if near else ""
