"""From a document to its chunks, definitions and references.

Code is cut along its definitions, prose along its headings, lists of records (translations,
tables) into large parts, the rest at blank and shallow lines.
Joining the chunks of a file gives the file back, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence

from rlm_crystal.cut import Cutter, Piece, indentation_breaks, record_pieces
from rlm_crystal.embedded import readable
from rlm_crystal.language import holds_records
from rlm_crystal.lines import split_lines
from rlm_crystal.outline import Span, Syntax
from rlm_crystal.sections import markdown_headings, rst_headings, section_spans
from rlm_crystal.syntax import syntax_of
from rlm_crystal.types import Chunk, Definition, Document, Kind, ParsedFile

_PROSE = frozenset({"markdown", "rst", "text"})


def parse(document: Document) -> ParsedFile:
    """What `document` is made of. Never raises for any text; a text its grammar cannot take is
    cut by lines."""
    lines = split_lines(document.text)
    if holds_records(document.path):
        pieces = record_pieces(lines)
        return ParsedFile(document, _chunks(document, lines, pieces, "lines"), (), (), ())
    if document.language in _PROSE:
        return _parse_prose(document, lines)
    text, language = readable(document.path, document.text, document.language)
    syntax = syntax_of(document.path, text, language)
    if syntax is None:
        return _parse_lines(document, lines)
    return _parse_code(document, lines, syntax)


def _parse_code(document: Document, lines: Sequence[str], syntax: Syntax) -> ParsedFile:
    pieces = Cutter(lines, lambda: syntax.statements(lines)).cut(syntax.spans)
    chunks = _chunks(document, lines, pieces, "module")
    return ParsedFile(document, chunks, syntax.definitions, syntax.references, syntax.errors)


def _parse_prose(document: Document, lines: Sequence[str]) -> ParsedFile:
    is_markdown = document.language == "markdown"
    headings = markdown_headings(lines) if is_markdown else rst_headings(lines)
    spans = section_spans(document.path, headings, len(lines))
    cutter = Cutter(lines, lambda: indentation_breaks(lines))
    chunks = _chunks(document, lines, cutter.cut(spans), "section" if spans else "lines")
    return ParsedFile(document, chunks, tuple(_definitions(spans)), (), ())


def _parse_lines(document: Document, lines: Sequence[str]) -> ParsedFile:
    cutter = Cutter(lines, lambda: indentation_breaks(lines))
    return ParsedFile(document, _chunks(document, lines, cutter.cut(()), "lines"), (), (), ())


def _chunks(
    document: Document,
    lines: Sequence[str],
    pieces: Sequence[Piece],
    kind_between: Kind,
) -> tuple[Chunk, ...]:
    """The pieces as chunks; `kind_between` is the kind of what no definition owns."""
    chunks: list[Chunk] = []
    for piece in pieces:
        definition = piece.definition
        chunks.append(
            Chunk(
                path=document.path,
                start_line=piece.start,
                end_line=piece.end,
                language=document.language,
                kind=definition.kind if definition else kind_between,
                symbol=definition.symbol if definition else "",
                signature=definition.signature if definition else "",
                doc=definition.doc if definition else "",
                text="".join(lines[piece.start - 1 : piece.end]),
            )
        )
    return tuple(chunks)


def _definitions(spans: Sequence[Span]) -> list[Definition]:
    definitions: list[Definition] = []
    pending = list(reversed(spans))
    while pending:
        span = pending.pop()
        definitions.append(span.definition)
        pending += reversed(span.children)
    return definitions
