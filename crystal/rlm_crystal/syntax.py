"""Definitions, references and errors of a source text, by tree-sitter and a declarative grammar."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, get_args

from rlm_crystal.documentation import comment_doc, string_doc
from rlm_crystal.grammar import GRAMMARS, Grammar
from rlm_crystal.types import Definition, Kind, Reference

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query, Tree

SIGNATURE_CHARS = 200
_ERRORS_MAX = 50
_PARSE_S_FREE = 0.5
_PARSE_S_PER_BYTE = 4e-6
_KINDS = frozenset(get_args(Kind))
_TYPE_LIKE = frozenset({"class", "interface", "struct", "enum", "trait", "impl"})
_PRIORITY: dict[str, int] = {"type": 1, "constant": 2}
_NAME_CHARS = 120
_BRACES = re.compile(r"([\w.]+\.)\{([^{}]*)\}$")


@dataclass(slots=True)
class Span:
    """A definition and the lines that belong to it, its comments above included."""

    start_line: int
    end_line: int
    definition: Definition
    children: list[Span] = field(default_factory=list["Span"])


@dataclass(frozen=True, slots=True)
class Syntax:
    """What the grammar found in one text; `spans` are nested, in order."""

    spans: tuple[Span, ...]
    definitions: tuple[Definition, ...]
    references: tuple[Reference, ...]
    errors: tuple[int, ...]
    tree: Tree


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
    found = _Found(path, text.encode("utf-8", "replace"), grammar)
    _collect(tree, _tools(language)[1], found)
    return found.syntax(tree)


def tree_of(text: str, language: str) -> Tree | None:
    """The syntax tree of `text`, in UTF-8 bytes; None where `syntax_of` has none either."""
    if language not in GRAMMARS:
        return None
    return _parse(_tools(language)[0], text.encode("utf-8", "replace"))


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

    def stop(_offset: int, _has_error: bool) -> bool:
        return time.thread_time() > deadline

    def feed(offset: int, _point: object) -> bytes:
        return data[offset : offset + 65_536]

    try:
        return Parser(language).parse(feed, progress_callback=stop)
    except ValueError:  # stopped
        return None


@dataclass(slots=True)
class _Mark:
    """A definition as the query told it, in bytes."""

    start: int
    end: int
    kind: str
    name: str
    node: Node
    body: Node | None


class _Found:
    """What the query found, and how it becomes definitions and references."""

    def __init__(self, path: str, data: bytes, grammar: Grammar) -> None:
        self.path = path
        self.data = data
        self.grammar = grammar
        self.marks: dict[tuple[int, int, str], _Mark] = {}
        self.wrappers: dict[int, list[int]] = {}
        self.comments: dict[int, tuple[int, int, int, bool]] = {}
        self.uses: dict[tuple[int, str, str], None] = {}
        self.errors: set[int] = set()
        self.named: set[int] = set()
        self._newlines = [match.start() for match in re.finditer(b"\n", data)]

    def row(self, byte: int) -> int:
        """The line, from 0, in which `byte` lies."""
        return bisect_right(self._newlines, byte - 1)

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def define(self, kind: str, node: Node, name: str, body: Node | None) -> None:
        mark = _Mark(node.start_byte, node.end_byte, kind, name, node, body)
        key = (mark.start, mark.end, name)
        known = self.marks.get(key)
        if known is None or _preference(mark) < _preference(known):
            self.marks[key] = mark

    def comment(self, node: Node, *, is_doc: bool) -> None:
        start, end = node.start_byte, node.end_byte
        if self.data[self._line_start(start) : start].strip():
            return  # a remark behind code speaks of that line
        last = self.row(max(start, end - 1))
        self.comments[last] = (self.row(start), start, end, is_doc)

    def syntax(self, tree: Tree) -> Syntax:
        spans, ordered = self._nest()
        return Syntax(
            tuple(spans),
            tuple(span.definition for _, span in ordered),
            tuple(self._references(ordered)),
            tuple(sorted(self.errors)[:_ERRORS_MAX]),
            tree,
        )

    def _nest(self) -> tuple[list[Span], list[tuple[_Mark, Span]]]:
        top: list[Span] = []
        ordered: list[tuple[_Mark, Span]] = []
        stack: list[tuple[_Mark, Span]] = []
        seen: set[str] = set()
        for mark in sorted(self.marks.values(), key=lambda mark: (mark.start, -mark.end)):
            while stack and not _holds(stack[-1][0], mark):
                stack.pop()
            parent = stack[-1][1] if stack else None
            symbol = f"{parent.definition.symbol}.{mark.name}" if parent else mark.name
            if mark.kind == "constant" and symbol in seen:
                continue
            seen.add(symbol)
            span = self._span(mark, symbol, parent)
            (parent.children if parent else top).append(span)
            ordered.append((mark, span))
            stack.append((mark, span))
        return top, ordered

    def _span(self, mark: _Mark, symbol: str, parent: Span | None) -> Span:
        start = self._wrapped_start(mark)
        end_line = self.row(max(mark.start, mark.end - 1)) + 1
        first, doc = self._comments_above(start)
        definition = Definition(
            path=self.path,
            symbol=symbol,
            kind=_kind_within(mark, parent),
            start_line=self.row(start) + 1,
            end_line=end_line,
            signature=self._signature(mark),
            doc=(self._docstring(mark) if self.grammar.docstrings else "") or doc,
        )
        return Span(first + 1, end_line, definition)

    def _wrapped_start(self, mark: _Mark) -> int:
        starts = self.wrappers.get(mark.end)
        if not starts:
            return mark.start
        mine = [start for start in starts if start <= mark.start]
        self.wrappers[mark.end] = [start for start in starts if start > mark.start]
        return min(mine, default=mark.start)

    def _comments_above(self, start: int) -> tuple[int, str]:
        """The first row of the comments right above what begins at byte `start`, and what they
        say; what stands behind other code on its line has none."""
        first = self.row(start)
        texts: list[str] = []
        if self.data[self._line_start(start) : start].strip():
            return first, ""
        while first and (comment := self.comments.get(first - 1)):
            first, start, end, is_doc = comment
            if is_doc:
                texts.append(self.data[start:end].decode("utf-8", "replace"))
        return first, comment_doc(reversed(texts)) if texts else ""

    def _docstring(self, mark: _Mark) -> str:
        body = mark.body
        first = body.named_child(0) if body is not None and body.named_child_count else None
        return string_doc(self.text(first)) if first is not None and first.type == "string" else ""

    def _signature(self, mark: _Mark) -> str:
        body = mark.body or _body_of(mark.node)
        end = body.start_byte if body is not None and body.start_byte > mark.start else mark.end
        head = self.data[mark.start : min(end, mark.start + 8 * SIGNATURE_CHARS)]
        line = " ".join(head.decode("utf-8", "replace").split())
        line = line.rstrip("{:; ").removesuffix(" do")[:SIGNATURE_CHARS]
        named = mark.kind == "impl" or mark.name.rsplit(".", 1)[-1] in line
        return line if named else f"{line} … {mark.name}"[:SIGNATURE_CHARS]

    def _references(self, ordered: Sequence[tuple[_Mark, Span]]) -> list[Reference]:
        references: list[Reference] = []
        stack: list[tuple[int, str]] = []
        following = iter(ordered)
        upcoming = next(following, None)
        for start, name, kind in sorted(self.uses):
            if start in self.named:
                continue
            while upcoming and upcoming[0].start <= start:
                stack.append((upcoming[0].end, upcoming[1].definition.symbol))
                upcoming = next(following, None)
            while stack and stack[-1][0] <= start:
                stack.pop()
            within = stack[-1][1] if stack else ""
            reference_kind = "call" if kind == "call" else "import"
            references.append(
                Reference(self.path, self.row(start) + 1, name, reference_kind, within)
            )
        return references

    def _line_start(self, byte: int) -> int:
        row = self.row(byte)
        return self._newlines[row - 1] + 1 if row else 0


def _collect(tree: Tree, query: Query, found: _Found) -> None:
    from tree_sitter import QueryCursor

    for _, captures in QueryCursor(query).matches(tree.root_node):
        if "call" in captures:
            for node in captures["call"]:
                found.uses[node.start_byte, found.text(node), "call"] = None
        elif "name" in captures:
            _define(captures, found)
        elif "import" in captures:
            _import(captures, found)
        else:
            _surroundings(captures, found)
    if tree.root_node.has_error:
        _errors(tree, found)


def _define(captures: dict[str, list[Node]], found: _Found) -> None:
    name_node = captures["name"][0]
    found.named.add(name_node.start_byte)
    name = _clean_name(found.text(name_node))
    owner = captures.get("owner")
    if owner:
        name = f"{found.text(owner[0])}.{name}"
    body = captures.get("body")
    for kind, nodes in captures.items():
        if kind in _KINDS and name:
            found.define(kind, nodes[0], name, body[0] if body else None)


def _import(captures: dict[str, list[Node]], found: _Found) -> None:
    source = captures.get("from")
    front = found.text(source[0]) if source else ""
    for node in captures["import"]:
        text = found.text(node).strip("<>\"'").removeprefix("import ")
        for name in _alternatives(" ".join(text.split())):
            if front:
                name = f"{front}{'' if front.endswith('.') else found.grammar.joint}{name}"
            name = absolute_module(found.path, name[:SIGNATURE_CHARS])
            if name:
                found.uses[node.start_byte, name, "import"] = None


def _surroundings(captures: dict[str, list[Node]], found: _Found) -> None:
    for node in captures.get("wrapper", ()):
        found.wrappers.setdefault(node.end_byte, []).append(node.start_byte)
    for node in captures.get("comment", ()):
        found.comment(node, is_doc=True)
    for node in captures.get("attribute", ()):
        found.comment(node, is_doc=False)


def _errors(tree: Tree, found: _Found) -> None:
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


def absolute_module(path: str, name: str) -> str:
    """A relative module name as seen from the corpus: dotted for Python, a path for the others."""
    folders = path.split("/")[:-1]
    if name.startswith(("./", "../")):
        parts = [*folders, *name.split("/")]
        resolved: list[str] = []
        for part in parts:
            if part == ".." and resolved:
                resolved.pop()
            elif part not in {".", "..", ""}:
                resolved.append(part)
        return "/".join(resolved)
    rest = name.lstrip(".")
    level = len(name) - len(rest)
    if level == 0 or not path.endswith((".py", ".pyi")):
        return name
    package = folders[: len(folders) - level + 1]
    return ".".join([*package, rest] if rest else package)


def _kind_within(mark: _Mark, parent: Span | None) -> Kind:
    inside_type = parent is not None and parent.definition.kind in _TYPE_LIKE
    if mark.kind == "function" and (inside_type or "." in mark.name):
        return "method"
    return mark.kind  # pyright: ignore[reportReturnType]


def _preference(mark: _Mark) -> tuple[int, bool]:
    return _PRIORITY.get(mark.kind, 0), mark.body is None


def _holds(outer: _Mark, inner: _Mark) -> bool:
    """Whether `inner` lies in `outer`; names of one declaration (`var a, b`) do not."""
    same = outer.start == inner.start and outer.end == inner.end
    return inner.start < outer.end and not same


def _body_of(node: Node) -> Node | None:
    body = node.child_by_field_name("body")
    if body is None and node.named_child_count:
        last = node.named_child(node.named_child_count - 1)
        body = last if last.type.endswith(("_body", "block")) else None
    return body


def _alternatives(name: str) -> list[str]:
    """`a.{b, c => d}` as `a.b` and `a.c`."""
    match = _BRACES.match(name)
    if not match:
        return [name]
    front, names = match.groups()
    return [front + part.split("=>")[0].strip() for part in names.split(",")]


def _clean_name(name: str) -> str:
    """A name as people write it: without type arguments, with dots between its parts."""
    if "operator" not in name:
        while "<" in name and (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
            name = shorter
    name = name.replace("::", ".").replace("\\", ".").replace(":", ".")
    name = re.sub(r"^(?:module\.)?exports\.|\.prototype(?=\.)|^['\"]|['\"]$", "", name)
    return " ".join(name.split())[:_NAME_CHARS]
