"""The code in a model's reply: what stands in ```python or ```repl fences, in order.

Prose, other fences and a reasoning model's <think> part are never code, so text that only
mentions FINAL(…) cannot end a run.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

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
    return tuple(fence.text for fence in _fences(_lines(reply)) if fence.label in _LABELS)


def other_fences(reply: str) -> tuple[str, ...]:
    """What stands in fences that are not run: those of another label, or of none."""
    return tuple(fence.text for fence in _fences(_lines(reply)) if fence.label not in _LABELS)


def prose_of(reply: str) -> str:
    """What stands around the code blocks of `reply`."""
    lines, at = _lines(reply), 0
    prose: list[str] = []
    for fence in _fences(lines):
        if fence.label in _LABELS:
            prose += lines[at : fence.start]
            at = fence.end
    return "\n".join((*prose, *lines[at:])).strip()


def without_thinking(reply: str) -> str:
    """`reply` without what a reasoning model thought aloud; an unclosed part runs to the end."""
    return _THINKING.sub("", _THINKING_TAIL.sub("", reply, count=1))


def reads_any(code: str, names: Set[str]) -> bool:
    """Whether `code` reads one of `names` as a bare name; never where it does not parse."""
    tree = parsed(code)
    return tree is not None and any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names
        for node in ast.walk(tree)
    )


# A block is looked at when it is found, before it runs and after.
@lru_cache(maxsize=4)
def parsed(code: str) -> ast.Module | None:
    """The syntax tree of `code`, None where it is no Python; it is shared: for reading only."""
    try:
        with warnings.catch_warnings():
            # Of "\d" in a text that is no raw one: a warning would show the code on stderr.
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@dataclass(frozen=True, slots=True)
class _Fence:
    """A fence that holds something: its label in lower case, its dedented text, its lines."""

    label: str
    text: str
    start: int
    end: int


def _lines(reply: str) -> list[str]:
    return without_thinking(reply).splitlines()


def _fences(lines: list[str]) -> Iterator[_Fence]:
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        if opening is None:
            at += 1
            continue
        label = opening["label"].lower()
        end = _end_of_block(lines, at + 1, opening["ticks"], label)
        block = textwrap.dedent("\n".join(lines[at + 1 : end])).strip("\n")
        if block.strip():
            yield _Fence(label, block, at, end + 1)
        at = end + 1


def _end_of_block(lines: list[str], start: int, ticks: str, label: str) -> int:
    closings = (at for at in range(start, len(lines)) if _closes(lines[at], ticks))
    first = next(closings, None)
    if first is None:
        return len(lines)
    if label in _LABELS:
        for end in (first, *islice(closings, _CLOSINGS_TRIED - 1)):
            if parsed(textwrap.dedent("\n".join(lines[start:end]))) is not None:
                return end
    return first


def _closes(line: str, ticks: str) -> bool:
    bare = line.strip()
    return len(bare) >= len(ticks) and bare == ticks[0] * len(bare)
