"""Which lines of a text hold code, and which only comments or the inside of strings."""

from typing import TYPE_CHECKING

from rlm_crystal.lines import line_count
from rlm_crystal.syntax import tree_of

if TYPE_CHECKING:
    from tree_sitter import Node

_PASSIVE = frozenset(
    ["comment", "line_comment", "block_comment", "multiline_comment", "string", "string_literal",
     "raw_string_literal", "interpreted_string_literal", "template_string", "heredoc_body"]
)  # fmt: skip
_STATEMENTS = frozenset(["module", "block", "expression_statement", "program"])
_NODES_MAX = 2_000_000


def code_lines(text: str, language: str) -> set[int]:
    """The lines that hold code; every line, where no grammar is known.

    A comment or a bare string (a docstring) makes its lines passive; a string used in an
    expression only those after its first.
    """
    every = set(range(1, line_count(text) + 1))
    tree = tree_of(text, language)
    if tree is None:
        return every
    data = text.encode("utf-8", "replace")
    cursor = tree.walk()
    for _ in range(_NODES_MAX):
        node = cursor.node
        if node is None:
            break
        if node.type in _PASSIVE:
            first, last = node.start_point[0] + 1, node.end_point[0] + 1
            begins = 0 if _stands_alone(node, data) else 1
            every.difference_update(range(first + begins, last + 1))
        elif cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return every
    return every


def _stands_alone(node: "Node", data: bytes) -> bool:
    """Whether nothing stands before it on its line and it is a comment or a bare string."""
    before = data[data.rfind(b"\n", 0, node.start_byte) + 1 : node.start_byte]
    if before.strip():
        return False
    parent = node.parent
    return "comment" in node.type or parent is None or parent.type in _STATEMENTS
