"""The code in a model's reply: what stands in ```python or ```repl fences, in order.

Prose, other fences and a reasoning model's <think> part are never code, so text that only
mentions FINAL(…) cannot end a run.
"""

import ast
import re
import textwrap

_LABELS = frozenset({"python", "python3", "py", "repl"})
_OPENING = re.compile(r"^[ \t]*(?P<ticks>`{3,}|~{3,})[ \t]*(?P<label>[\w+-]*)[^`]*$")
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_THINKING_TAIL = re.compile(r"\A(?:(?!<think).)*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
# A block whose text holds fences of its own is tried at each later closing line, at most these.
_CLOSINGS_TRIED = 12


def code_blocks(reply: str) -> tuple[str, ...]:
    """The code blocks of `reply`, dedented; empty blocks are left out.

    A block may hold Markdown fences inside its strings: the first closing line after which the
    code parses is taken for its end, and the first closing line of all where none does.
    """
    lines = without_thinking(reply).splitlines()
    blocks: list[str] = []
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        if opening is None:
            at += 1
            continue
        end = _end_of_block(lines, at + 1, opening["ticks"], opening["label"])
        if opening["label"].lower() in _LABELS:
            blocks.append(textwrap.dedent("\n".join(lines[at + 1 : end])).strip("\n"))
        at = end + 1
    return tuple(block for block in blocks if block.strip())


def without_thinking(reply: str) -> str:
    """`reply` without what a reasoning model thought aloud; an unclosed part runs to the end."""
    return _THINKING.sub("", _THINKING_TAIL.sub("", reply, count=1))


def names_used(code: str) -> frozenset[str]:
    """Every bare name that `code` reads; none if it does not parse."""
    tree = _parsed(code)
    if tree is None:
        return frozenset()
    return frozenset(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _end_of_block(lines: list[str], start: int, ticks: str, label: str) -> int:
    closings = [at for at in range(start, len(lines)) if _closes(lines[at], ticks)]
    if not closings:
        return len(lines)
    if label.lower() in _LABELS:
        for end in closings[:_CLOSINGS_TRIED]:
            if _parsed(textwrap.dedent("\n".join(lines[start:end]))) is not None:
                return end
    return closings[0]


def _closes(line: str, ticks: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(ticks) and bare == ticks[0] * len(bare)


def _parsed(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
