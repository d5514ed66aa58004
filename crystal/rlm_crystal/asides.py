"""Where the comments and the strings of a source text stand: what is in it and is not code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rlm_crystal.syntax import tree_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_NODES_MAX = 2_000_000
_STRINGS = frozenset({
    "string", "string_literal", "raw_string_literal", "interpreted_string_literal", "char_literal",
    "character_literal", "rune_literal", "template_string", "concatenated_string", "heredoc",
    "encapsed_string", "heredoc_body", "nowdoc", "verbatim_string_literal", "line_string_literal",
    "interpolated_string_expression", "multi_line_string_literal", "regex", "regex_literal",
    "string_array", "symbol_array", "chained_string", "character", "system_lib_string",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Aside:
    """A comment or a string, from `start` up to `end` in characters of the text."""

    kind: Literal["comment", "string"]
    start: int
    end: int


def asides_of(text: str, language: str) -> list[Aside] | None:
    """All comments and strings in order, outermost only; None where the language is not parsed."""
    tree = tree_of(text, language)
    if tree is None:
        return None
    data = text.encode("utf-8", "replace")
    found: list[Aside] = []
    at_byte = at_char = 0
    for kind, start, end in _outermost(tree):
        first = at_char + len(data[at_byte:start].decode("utf-8", "replace"))
        last = first + len(data[start:end].decode("utf-8", "replace"))
        at_byte, at_char = end, last
        found.append(Aside(kind, first, last))
    return found


def _outermost(tree: Tree) -> Iterator[tuple[Literal["comment", "string"], int, int]]:
    cursor = tree.walk()
    for _ in range(_NODES_MAX):
        node = cursor.node
        kind = _kind(node) if node is not None else None
        if node is not None and kind is not None and node.end_byte > node.start_byte:
            yield kind, node.start_byte, node.end_byte
        elif cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _kind(node: Node) -> Literal["comment", "string"] | None:
    if not node.is_named:
        return None
    if "comment" in node.type:
        return "comment"
    return "string" if node.type in _STRINGS else None
