"""Definitions, references and errors of a source text, by tree-sitter and a declarative grammar."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from typing import TYPE_CHECKING, get_args

from rlm_crystal.documentation import string_doc
from rlm_crystal.grammar import GRAMMARS, Grammar
from rlm_crystal.outline import SIGNATURE_CHARS, Mark, Outline, Syntax, absolute_module
from rlm_crystal.types import Kind

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query, Tree

_ERRORS_MAX = 50
_PARSE_S_FREE = 0.5
_ASKS_PER_LOOK = 16
_PARSE_S_PER_BYTE = 4e-6
_KINDS = frozenset(get_args(Kind))
_NAME_CHARS = 120
_NODES_MAX = 200_000
# Shorter statements are never split, so they are not looked into.
STATEMENT_CHARS = 2200
_BRACES = re.compile(r"([\w.]+\.)\{([^{}]*)\}$")


def syntax_of(path: str, text: str, language: str) -> Syntax | None:
    """The syntax of `text`; None where no grammar is known, or the text defeats it.

    The parser may take twenty times the CPU time of an honest file (0.2 µs a byte, measured);
    hostile nesting, on which some grammars are quadratic, is stopped there.
    """
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return None
    tree = tree_of(text, language)
    if tree is None:
        return None
    found = Outline(path, text.encode("utf-8", "replace"))
    _collect(tree, _tools(language)[1], _Reader(found, grammar))
    spans, definitions, references = found.definitions()
    errors = tuple(sorted(found.errors)[:_ERRORS_MAX])
    statements = partial(statement_lines, tree)
    return Syntax(tuple(spans), tuple(definitions), tuple(references), errors, statements)


def tree_of(text: str, language: str) -> Tree | None:
    """The syntax tree of `text`, in UTF-8 bytes; None where `syntax_of` has none either."""
    if language not in GRAMMARS:
        return None
    return _parse(_tools(language)[0], text.encode("utf-8", "replace"))


def statement_lines(tree: Tree, lines: Sequence[str]) -> dict[int, int]:
    """The lines a node begins on, with the node's depth; only nodes too large for a chunk are
    entered, which keeps the walk short."""
    cursor = tree.walk()
    found: dict[int, int] = {}
    depth = 0
    for _ in range(_NODES_MAX):
        node = cursor.node
        if node is None:
            break
        row, column = node.start_point
        if row < len(lines) and node.is_named and not lines[row].encode()[:column].strip():
            found.setdefault(row + 1, depth)
        if node.end_byte - node.start_byte > STATEMENT_CHARS and cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
            depth -= 1
    return found


@cache
def _tools(language: str) -> tuple[Language, Query]:
    from tree_sitter import Query
    from tree_sitter_language_pack import get_language

    grammar = GRAMMARS[language]
    parser_language = get_language(grammar.parser)  # pyright: ignore[reportArgumentType]
    return parser_language, Query(parser_language, grammar.query)


def _parse(language: Language, data: bytes) -> Tree | None:
    from tree_sitter import Parser

    deadline = time.thread_time() + _PARSE_S_FREE + _PARSE_S_PER_BYTE * len(data)
    asked = count(1)

    def stop(_offset: int, _has_error: bool) -> bool:
        # The parser asks every hundred steps; the clock is a call to the system.
        return not next(asked) % _ASKS_PER_LOOK and time.thread_time() > deadline

    def feed(offset: int, _point: object) -> bytes:
        return data[offset : offset + 65_536]

    try:
        return Parser(language).parse(feed, progress_callback=stop)
    except ValueError:  # stopped
        return None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Tells an outline what the captures of a query mean."""

    found: Outline
    grammar: Grammar

    def text(self, node: Node) -> str:
        return self.found.said(node.start_byte, node.end_byte)

    def define(self, captures: dict[str, list[Node]]) -> None:
        name_node = captures["name"][0]
        name = _clean_name(self.text(name_node))
        owner = captures.get("owner")
        if owner:
            name = f"{self.text(owner[0])}.{name}"
        body = captures["body"][0] if "body" in captures else None
        for kind, nodes in captures.items():
            if kind in _KINDS and name:
                mark = self._mark(kind, nodes[0], name, body)
                self.found.define(mark, named_at=name_node.start_byte)

    def bring_in(self, captures: dict[str, list[Node]]) -> None:
        source = captures.get("from")
        front = self.text(source[0]) if source else ""
        for node in captures["import"]:
            text = self.text(node).strip("<>\"'").removeprefix("import ")
            for name in _alternatives(" ".join(text.split())):
                if front:
                    name = f"{front}{'' if front.endswith('.') else self.grammar.joint}{name}"
                name = absolute_module(self.found.path, name[:SIGNATURE_CHARS])
                if name:
                    self.found.bring_in(node.start_byte, name)

    def surround(self, captures: dict[str, list[Node]]) -> None:
        for node in captures.get("wrapper", ()):
            self.found.wrap(node.start_byte, node.end_byte)
        for node in captures.get("comment", ()):
            self.found.comment(node.start_byte, node.end_byte, is_doc=True)
        for node in captures.get("attribute", ()):
            self.found.comment(node.start_byte, node.end_byte, is_doc=False)

    def _mark(self, kind: str, node: Node, name: str, body: Node | None) -> Mark:
        start, end = node.start_byte, node.end_byte
        inside = body or _body_of(node)
        begins = inside.start_byte if inside is not None else end
        doc = self._docstring(body) if body is not None and self.grammar.docstrings else ""
        return Mark(start, end, kind, name, begins if begins > start else end, doc, bool(body))

    def _docstring(self, body: Node) -> str:
        first = body.named_child(0) if body.named_child_count else None
        return string_doc(self.text(first)) if first is not None and first.type == "string" else ""


def _collect(tree: Tree, query: Query, reader: _Reader) -> None:
    from tree_sitter import QueryCursor

    call = reader.found.call
    for _, captures in QueryCursor(query).matches(tree.root_node):
        if "call" in captures:
            for node in captures["call"]:
                call(node.start_byte, node.end_byte)
        elif "name" in captures:
            reader.define(captures)
        elif "import" in captures:
            reader.bring_in(captures)
        else:
            reader.surround(captures)
    if tree.root_node.has_error:
        _errors(tree, reader.found)


def _errors(tree: Tree, found: Outline) -> None:
    """The lines of error and missing nodes, entering only branches that hold one."""
    cursor = tree.walk()
    while len(found.errors) < _ERRORS_MAX:
        node = cursor.node
        if node is not None and (node.is_error or node.is_missing):
            found.errors.add(found.row(node.start_byte) + 1)
        elif node is not None and node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _body_of(node: Node) -> Node | None:
    body = node.child_by_field_name("body")
    if body is None and node.named_child_count:
        last = node.named_child(node.named_child_count - 1)
        body = last if last.type.endswith(("_body", "block")) else None
    return body


def _alternatives(name: str) -> list[str]:
    """`a.{b, c => d}` as `a.b` and `a.c`."""
    match = _BRACES.match(name) if "{" in name else None
    if not match:
        return [name]
    front, names = match.groups()
    return [front + part.split("=>")[0].strip() for part in names.split(",")]


def _clean_name(name: str) -> str:
    """A name as people write it: without type arguments, with dots between its parts."""
    if name.isidentifier():
        return name[:_NAME_CHARS]
    if "operator" not in name:
        while "<" in name and (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
            name = shorter
    name = name.replace("::", ".").replace("\\", ".").replace(":", ".")
    name = re.sub(r"^(?:module\.)?exports\.|\.prototype(?=\.)|^['\"]|['\"]$", "", name)
    return " ".join(name.split())[:_NAME_CHARS]
