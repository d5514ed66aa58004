"""Cutting a text into chunks along its definitions: pure arithmetic on lines.

Every line falls into exactly one piece. A definition that fits stays whole; small neighbours share
a piece; one that is too large is cut into its header and its members, or, having none, into parts
at the shallowest statement boundaries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rlm_crystal.outline import Span
from rlm_crystal.types import Definition

TARGET_CHARS = 1500
LIMIT_CHARS = 2200
_PART_MIN_CHARS = 500
_LINES_MAX = 80
_RECORDS_CHARS = 16_000
_WEIGHTS = {"constant": 1, "type": 2, "function": 3, "method": 3}


@dataclass(slots=True)
class Piece:
    """Lines `start` to `end`, both included, and the definition they belong to."""

    start: int
    end: int
    definition: Definition | None
    weight: int


class Cutter:
    """Cuts one text. `breaks()` gives, for each line a statement begins on, how deep it lies; it
    is asked only where something has to be split."""

    def __init__(self, lines: Sequence[str], breaks: Callable[[], Mapping[int, int]]) -> None:
        self._lines = lines
        self._ends = [0, *accumulate(map(len, lines))]
        self._ask = breaks
        self._breaks: Mapping[int, int] | None = None

    def cut(self, spans: Sequence[Span]) -> list[Piece]:
        """The pieces of the whole text, in order."""
        if not self._lines:
            return []
        return self._region(1, len(self._lines), spans, owner=None)

    def _chars(self, start: int, end: int) -> int:
        return self._ends[end] - self._ends[start - 1]

    def _fits(self, start: int, end: int) -> bool:
        return self._chars(start, end) <= TARGET_CHARS and end - start < _LINES_MAX

    def _region(
        self, start: int, end: int, spans: Sequence[Span], owner: Definition | None
    ) -> list[Piece]:
        """Lines `start` to `end`, which `owner` owns and `spans` lie in. An explicit stack, since
        definitions may nest deeper than Python recurses."""
        pieces: list[Piece] = []
        pending: list[tuple[int, int, Sequence[Span], Definition | None]] = [
            (start, end, spans, owner)
        ]
        while pending:
            start, end, spans, owner = pending.pop()
            level: list[Piece | tuple[int, int, Sequence[Span], Definition | None]] = []
            for piece, children in self._lay_out(start, end, spans, owner):
                if children and not self._fits(piece.start, piece.end):
                    level.append((piece.start, piece.end, children, piece.definition))
                else:
                    level.append(piece)
            if any(isinstance(item, tuple) for item in level):
                self._unfold(level, pieces, pending)
            else:
                pieces += self._merge([item for item in level if isinstance(item, Piece)])
        return self._split_all(sorted(pieces, key=lambda piece: piece.start))

    def _unfold(
        self,
        level: list[Piece | tuple[int, int, Sequence[Span], Definition | None]],
        pieces: list[Piece],
        pending: list[tuple[int, int, Sequence[Span], Definition | None]],
    ) -> None:
        """Merges the runs of plain pieces between the large ones; the large ones come later."""
        run: list[Piece] = []
        for item in level:
            if isinstance(item, Piece):
                run.append(item)
            else:
                pieces += self._merge(run)
                run = []
                pending.append(item)
        pieces += self._merge(run)

    def _lay_out(
        self, start: int, end: int, spans: Sequence[Span], owner: Definition | None
    ) -> list[tuple[Piece, Sequence[Span]]]:
        """Spans and the gaps between them, disjoint; gaps of blank lines join a neighbour."""
        laid: list[tuple[Piece, Sequence[Span]]] = []
        line = start
        header_weight = _weight(owner) + 1 if owner else 0
        for span in spans:
            first, last = max(span.start_line, line), min(span.end_line, end)
            if last < first:
                continue
            if first > line:
                if not self._blank(line, first - 1):
                    laid.append((Piece(line, first - 1, owner, header_weight), ()))
                    header_weight = 0
                elif laid:
                    laid[-1][0].end = first - 1
                else:
                    first = line
            laid.append(
                (Piece(first, last, span.definition, _weight(span.definition)), span.children)
            )
            line = last + 1
        if line <= end:
            if laid and self._blank(line, end):
                laid[-1][0].end = end
            else:
                laid.append((Piece(line, end, owner, header_weight), ()))
        return laid

    def _blank(self, start: int, end: int) -> bool:
        return not any(line.strip() for line in self._lines[start - 1 : end])

    def _merge(self, pieces: Sequence[Piece]) -> list[Piece]:
        merged: list[Piece] = []
        for piece in pieces:
            last = merged[-1] if merged else None
            if last and last.end + 1 == piece.start and self._fits(last.start, piece.end):
                last.end = piece.end
                if piece.weight > last.weight:
                    last.definition, last.weight = piece.definition, piece.weight
            else:
                merged.append(piece)
        return merged

    def _split_all(self, pieces: Sequence[Piece]) -> list[Piece]:
        parts: list[Piece] = []
        for piece in pieces:
            start = piece.start
            while not self._whole(start, piece.end):
                end = self._part_end(start, piece.end)
                parts.append(Piece(start, end, piece.definition, piece.weight))
                start = end + 1
            parts.append(Piece(start, piece.end, piece.definition, piece.weight))
        return parts

    def _whole(self, start: int, end: int) -> bool:
        small = self._chars(start, end) <= LIMIT_CHARS and end - start < _LINES_MAX
        return small or start == end

    def _part_end(self, start: int, end: int) -> int:
        """The last line of the part that begins at `start`: before the shallowest boundary in
        reach, the nearest to the target among equals."""
        breaks = self._breaks = self._ask() if self._breaks is None else self._breaks
        best: tuple[int, int, int] | None = None
        last = start
        before = self._ends[start - 1]
        for line in range(start + 1, min(end, start + _LINES_MAX) + 1):
            size = self._ends[line - 1] - before
            if size > LIMIT_CHARS:
                break
            last = line - 1
            if size < _PART_MIN_CHARS or line not in breaks:
                continue
            behind_blank = 0 if self._lines[line - 2].isspace() else 1
            rank = (2 * breaks[line] + behind_blank, abs(size - TARGET_CHARS), line - 1)
            if best is None or rank < best:
                best = rank
        return best[2] if best else last


def record_pieces(lines: Sequence[str]) -> list[Piece]:
    """Parts of some 16,000 characters, which end with a record where blank lines part them."""
    pieces: list[Piece] = []
    ends = [0, *accumulate(map(len, lines))]
    before = 0
    while before < len(lines):
        enough = bisect_left(ends, ends[before] + _RECORDS_CHARS)
        most = min(bisect_left(ends, ends[before] + 2 * _RECORDS_CHARS), len(lines))
        blank = (line for line in range(enough, most) if lines[line - 1].isspace())
        end = next(blank, most)
        pieces.append(Piece(before + 1, end, None, 0))
        before = end
    return pieces


def indentation_breaks(lines: Sequence[str]) -> dict[int, int]:
    """Where a text without grammar may be split: every line that is not blank, as deep as it is
    indented; a line that begins with a closing bracket never begins a part."""
    breaks: dict[int, int] = {}
    for number, line in enumerate(lines, 1):
        stripped = line.lstrip()
        if stripped and stripped[0] not in ")]}":
            breaks[number] = min(len(line) - len(stripped), 40)
    return breaks


def _weight(definition: Definition | None) -> int:
    return _WEIGHTS.get(definition.kind, 4) if definition else 0
