"""What was found in a text, in the order it was found, made into nested definitions and references.

The reader of a syntax tree tells what begins and ends where; nesting, lines, signatures, docs and
what encloses a reference are settled here, alike for all languages.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rlm_crystal.documentation import comment_doc
from rlm_crystal.types import Definition, Kind, Reference, ReferenceKind

SIGNATURE_CHARS = 200
_NEWLINE = ord("\n")
_TYPE_LIKE = frozenset({"class", "interface", "struct", "enum", "trait", "impl"})
_PRIORITY: dict[str, int] = {"type": 1, "constant": 2}


@dataclass(slots=True)
class Span:
    """A definition and the lines that belong to it, its comments above included."""

    start_line: int
    end_line: int
    definition: Definition
    children: list[Span] = field(default_factory=list["Span"])


@dataclass(frozen=True, slots=True)
class Syntax:
    """What was found in one text; `spans` are nested, in order.

    `statements`, given the lines of the text, maps those a statement begins on to how deep it lies.
    """

    spans: tuple[Span, ...]
    definitions: tuple[Definition, ...]
    references: tuple[Reference, ...]
    errors: tuple[int, ...]
    statements: Callable[[Sequence[str]], Mapping[int, int]]


@dataclass(slots=True)
class Mark:
    """A definition in bytes from the start of the text; its signature ends where `head_end` says.

    `doc` is a docstring inside it, in plain words; `has_body` is false for a mere declaration.
    """

    start: int
    end: int
    kind: str
    name: str
    head_end: int
    doc: str
    has_body: bool


class Outline:
    """Takes what is found in `data`, the UTF-8 of the text of `path`."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self.errors: set[int] = set()
        self._ascii = data.decode("ascii") if data.isascii() else None
        self._marks: dict[tuple[int, int, str], Mark] = {}
        self._wrappers: dict[int, list[int]] = {}
        self._comments: dict[int, tuple[int, int, int, bool]] = {}
        self._calls: set[tuple[int, int]] = set()
        self._imports: set[tuple[int, str]] = set()
        self._named: set[int] = set()
        self._newlines: list[int] = np.flatnonzero(
            np.frombuffer(data, np.uint8) == _NEWLINE
        ).tolist()

    def row(self, byte: int) -> int:
        """The line, from 0, in which `byte` lies."""
        return bisect_right(self._newlines, byte - 1)

    def define(self, mark: Mark, *, named_at: int) -> None:
        """A definition, and the byte at which its name stands."""
        self._named.add(named_at)
        key = (mark.start, mark.end, mark.name)
        known = self._marks.get(key)
        if known is None or _preference(mark) < _preference(known):
            self._marks[key] = mark

    def said(self, start: int, end: int) -> str:
        """What stands between two bytes."""
        if self._ascii is not None:
            return self._ascii[start:end]
        return self.data[start:end].decode("utf-8", "replace")

    def call(self, start: int, end: int) -> None:
        """A call of what is named between two bytes."""
        self._calls.add((start, end))

    def bring_in(self, start: int, name: str) -> None:
        """An import of `name` at byte `start`."""
        self._imports.add((start, name))

    def wrap(self, start: int, end: int) -> None:
        """Something that begins a definition early and ends with it."""
        self._wrappers.setdefault(end, []).append(start)

    def comment(self, start: int, end: int, *, is_doc: bool) -> None:
        """A comment; a remark behind code speaks of that line and is passed by."""
        if self.data[self._line_start(start) : start].strip():
            return
        last = self.row(max(start, end - 1))
        self._comments[last] = (self.row(start), start, end, is_doc)

    def definitions(self) -> tuple[list[Span], list[Definition], list[Reference]]:
        """The outermost spans, all definitions in order, and all references in order."""
        top, ordered = self._nest()
        return top, [span.definition for _, span in ordered], self._references(ordered)

    def _nest(self) -> tuple[list[Span], list[tuple[Mark, Span]]]:
        top: list[Span] = []
        ordered: list[tuple[Mark, Span]] = []
        stack: list[tuple[Mark, Span]] = []
        seen: set[str] = set()
        for mark in sorted(self._marks.values(), key=lambda mark: (mark.start, -mark.end)):
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

    def _span(self, mark: Mark, symbol: str, parent: Span | None) -> Span:
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
            doc=mark.doc or doc,
        )
        return Span(first + 1, end_line, definition)

    def _wrapped_start(self, mark: Mark) -> int:
        starts = self._wrappers.get(mark.end)
        if not starts:
            return mark.start
        mine = [start for start in starts if start <= mark.start]
        self._wrappers[mark.end] = [start for start in starts if start > mark.start]
        return min(mine, default=mark.start)

    def _comments_above(self, start: int) -> tuple[int, str]:
        """The first row of the comments right above what begins at byte `start`, and what they
        say; what stands behind other code on its line has none."""
        first = self.row(start)
        texts: list[str] = []
        if self.data[self._line_start(start) : start].strip():
            return first, ""
        while first and (comment := self._comments.get(first - 1)):
            first, start, end, is_doc = comment
            if is_doc:
                texts.append(self.said(start, end))
        return first, comment_doc(reversed(texts)) if texts else ""

    def _signature(self, mark: Mark) -> str:
        head = self.said(mark.start, min(mark.head_end, mark.start + 8 * SIGNATURE_CHARS))
        line = " ".join(head.split())
        line = line.rstrip("{:; ").removesuffix(" do")[:SIGNATURE_CHARS]
        named = mark.kind == "impl" or mark.name.rsplit(".", 1)[-1] in line
        return line if named else f"{line} … {mark.name}"[:SIGNATURE_CHARS]

    def _references(self, ordered: Sequence[tuple[Mark, Span]]) -> list[Reference]:
        references: list[Reference] = []
        stack: list[tuple[int, str]] = []
        following = iter(ordered)
        upcoming = next(following, None)
        named, newlines, said = self._named, self._newlines, self.said
        calls = [use for use in self._calls if use[0] not in named]
        uses: list[tuple[int, str, ReferenceKind]]
        uses = [(start, said(start, end), "call") for start, end in calls]
        uses.extend((at, name, "import") for at, name in self._imports if at not in named)
        uses.sort()
        for start, name, kind in uses:
            while upcoming and upcoming[0].start <= start:
                stack.append((upcoming[0].end, upcoming[1].definition.symbol))
                upcoming = next(following, None)
            while stack and stack[-1][0] <= start:
                stack.pop()
            within = stack[-1][1] if stack else ""
            line = bisect_right(newlines, start - 1) + 1
            references.append(Reference(self.path, line, name, kind, within))
        return references

    def _line_start(self, byte: int) -> int:
        row = self.row(byte)
        return self._newlines[row - 1] + 1 if row else 0


def absolute_module(path: str, name: str) -> str:
    """A relative module name as seen from the corpus: dotted for Python, a path for the others."""
    if not name.startswith("."):
        return name
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
    if not path.endswith((".py", ".pyi")):
        return name
    package = folders[: len(folders) - level + 1]
    return ".".join([*package, rest] if rest else package)


def _kind_within(mark: Mark, parent: Span | None) -> Kind:
    inside_type = parent is not None and parent.definition.kind in _TYPE_LIKE
    if mark.kind == "function" and (inside_type or "." in mark.name):
        return "method"
    return mark.kind  # pyright: ignore[reportReturnType]


def _preference(mark: Mark) -> tuple[int, bool]:
    return _PRIORITY.get(mark.kind, 0), not mark.has_body


def _holds(outer: Mark, inner: Mark) -> bool:
    """Whether `inner` lies in `outer`; names of one declaration (`var a, b`) do not."""
    same = outer.start == inner.start and outer.end == inner.end
    return inner.start < outer.end and not same
