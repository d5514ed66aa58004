"""JSON with comments, as editors keep their settings: read, and changed in one place.

All else stays as it was, letter for letter: comments, order, spaces, commas before a bracket.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

_PIECE: Final = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*")'
    r"|(?P<aside>//[^\r\n]*|/\*.*?\*/|\s+)"
    r"|(?P<mark>[{}\[\],:])"
    r"|(?P<plain>[^\s{}\[\],:\"/]+)",
    re.DOTALL,
)
_INDENT: Final = re.compile(r"\n([ \t]+)\S")
_DEPTH_MAX: Final = 100


class NotJson(ValueError):
    """The text is none, or has another form than the change needs."""


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class _Object:
    """An object in a text: its members by name, of which the last counts, and where it ends."""

    end: int = 0
    members: "dict[str, _Member]" = field(default_factory=dict[str, "_Member"])
    comma_at: int = -1  # of one that stands behind the last member
    empty: bool = True


@dataclass(slots=True)
class _Member:
    start: int
    value_start: int
    end: int
    inside: _Object | None
    comma_before: int
    comma_after: int = -1


def read(text: str) -> Any:
    """The value; nothing but white space and comments is an empty object."""
    with suppress(ValueError, RecursionError):  # most have no comments, and this is fast
        return json.loads(text)
    kept: list[str] = []
    for piece in _pieces(text):
        if piece.text in ("}", "]") and kept and kept[-1] == ",":
            kept.pop()
        kept.append(piece.text)
    try:
        return json.loads(" ".join(kept)) if kept else {}
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None


def put(text: str, path: Sequence[str], value: object) -> str:
    """The text with this value under these names, whatever was there; NotJson where it cannot."""
    root, newline = _root(text), "\r\n" if "\r\n" in text else "\n"
    found = _INDENT.search(text)
    unit = found[1] if found else "  "
    if root is None:
        return text + _dumped(_nested(path, value), 0, unit, newline) + newline
    parent, depth = root, 1
    for name in path[:-1]:
        member = parent.members.get(name)
        if member is None:
            value, path = _nested(path[depth:], value), path[:depth]
            break
        if member.inside is None:
            raise NotJson(f"{name!r} is no object")
        parent, depth = member.inside, depth + 1
    told = _dumped(value, depth, unit, newline)
    member = parent.members.get(path[-1])
    if member is not None:
        return text[: member.value_start] + told + text[member.end :]
    line = f"{newline}{unit * depth}{json.dumps(path[-1], ensure_ascii=False)}: {told}"
    return _added(text, parent, line, f"{newline}{unit * (depth - 1)}")


def taken_out(text: str, path: Sequence[str]) -> str:
    """The text without the member under these names; as it was where there is none."""
    parent = _root(text)
    for name in path[:-1]:
        member = parent.members.get(name) if parent else None
        parent = member.inside if member else None
    member = parent.members.get(path[-1]) if parent else None
    if member is None:
        return text
    start = len(text[: member.start].rstrip())
    if member.comma_after >= 0:
        return text[:start] + text[member.comma_after + 1 :]
    before = member.comma_before
    if before < 0:
        return text[:start] + text[member.end :]
    return text[:before] + text[before + 1 : max(start, before + 1)] + text[member.end :]


def _added(text: str, parent: _Object, line: str, close: str) -> str:
    """The text with one member more, behind all that the object holds, comments too."""
    inside_end = len(text[: parent.end - 1].rstrip())
    tail = text[inside_end : parent.end - 1]
    after = (tail if "\n" in tail else close) + text[parent.end - 1 :]
    if parent.empty or parent.comma_at >= 0:
        return text[:inside_end] + line + after
    last = max(member.end for member in parent.members.values())
    return text[:last] + "," + text[last:inside_end] + line + after


def _nested(path: Sequence[str], value: object) -> object:
    for name in reversed(path):
        value = {name: value}
    return value


def _dumped(value: object, depth: int, unit: str, newline: str) -> str:
    lines = json.dumps(value, indent=unit, ensure_ascii=False).split("\n")
    return f"{newline}{unit * depth}".join(lines)


def _pieces(text: str) -> "Iterator[_Piece]":
    at = 0
    while at < len(text):
        found = _PIECE.match(text, at)
        if found is None:
            raise NotJson(f"line {text.count(chr(10), 0, at) + 1} cannot be read")
        at = found.end()
        if found.lastgroup != "aside":
            yield _Piece(str(found.lastgroup), found[0], found.start(), at)


def _root(text: str) -> _Object | None:
    """The object that the text is; None where there is only white space and comments."""
    read(text)  # from here on it is known to be well formed
    pieces = _pieces(text)
    first = next(pieces, None)
    if first is None:
        return None
    if first.text != "{":
        raise NotJson("it is no object")
    return _object(pieces, 0)


def _object(pieces: "Iterator[_Piece]", depth: int) -> _Object:
    if depth > _DEPTH_MAX:
        raise NotJson("it is nested too deep")
    found = _Object()
    comma = -1
    last: _Member | None = None
    for piece in pieces:
        if piece.text == "}":
            found.end, found.comma_at = piece.end, comma if last is not None else -1
            return found
        if piece.text == ",":
            comma = piece.start
            if last is not None:
                last.comma_after = comma
            continue
        next(pieces)  # the colon
        value = next(pieces)
        inside, end = _value(value, pieces, depth)
        last = _Member(piece.start, value.start, end, inside, comma)
        found.members[json.loads(piece.text)] = last
        found.empty, comma = False, -1
    raise NotJson("an object is not closed")


def _value(first: _Piece, pieces: "Iterator[_Piece]", depth: int) -> tuple[_Object | None, int]:
    """What begins with this piece: the object it is, if so, and where it ends."""
    if first.text == "{":
        inside = _object(pieces, depth + 1)
        return inside, inside.end
    if first.text != "[":
        return None, first.end
    open_ = 1
    for piece in pieces:
        open_ += (piece.text in ("[", "{")) - (piece.text in ("]", "}"))
        if open_ == 0:
            return None, piece.end
    raise NotJson("an array is not closed")
