"""Long texts in parts of a bounded number of tokens, the next one at a cursor."""

from bisect import bisect_right
from dataclasses import dataclass

from rlm_tools.errors import BadArgument


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a text; `next_cursor` is where the next begins, empty at the end."""

    text: str
    next_cursor: str


def part_of(text: str, *, tokens_max: int, cursor: str = "") -> Part:
    """The part of `text` at `cursor` that is at most `tokens_max` tokens by the engine's estimate.

    It ends with a line where one ends in its last half. BadArgument for a cursor of no such text.
    """
    start = _start(text, cursor)
    rest = text[start:]
    end = chars_within(rest, tokens_max)
    if end < len(rest):
        line_end = rest.rfind("\n", end // 2, end)
        end = line_end + 1 if line_end >= 0 else end
        return Part(rest[:end], str(start + end))
    return Part(rest, "")


def chars_within(text: str, tokens_max: int) -> int:
    """How many characters from the beginning are at most so many tokens."""
    from rlm_engine.tokens import estimated_tokens

    if estimated_tokens(text) <= tokens_max:
        return len(text)
    lengths = range(1, len(text))
    return bisect_right(lengths, tokens_max, key=lambda chars: estimated_tokens(text[:chars]))


def _start(text: str, cursor: str) -> int:
    if not cursor:
        return 0
    if not cursor.isdecimal() or len(cursor) > 9 or not 0 < int(cursor) < len(text):
        raise BadArgument(
            f"cursor={cursor!r} is none of this text; pass next_cursor of the reply before, or"
            " leave it out for the beginning."
        )
    return int(cursor)
