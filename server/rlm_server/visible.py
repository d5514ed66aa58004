"""Text that only shows: what would steer a terminal or reorder a line is written out instead.

A record holds text of the corpus and of models. Escape sequences, control characters, marks that
change the direction of writing and characters without a shape become `\\x1b` or `\\u202e`.
"""

import unicodedata

_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Joiners belong to the writing of many languages and to emoji.
_KEPT = frozenset("\n\t\u200c\u200d")
_TAB_COLUMNS = 4


def visible(text: str) -> str:
    """The text with everything that steers written out; lines and tabs stay."""
    # Of ASCII letters and spaces, which most text is, nothing has to be looked at one by one.
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _written_out(one) if one not in _KEPT and unicodedata.category(one) in _STEERING else one
        for one in text.replace("\r\n", "\n")
    )


def one_line(text: str, columns: int) -> str:
    """The text on one line of at most so many columns."""
    return cut(" ".join(visible(text).split()), columns)


def cut(line: str, columns: int) -> str:
    """The line in at most so many columns; an ellipsis shows that it was longer."""
    line = line.expandtabs(_TAB_COLUMNS)
    if width(line) <= columns:
        return line
    taken, end = 0, 0
    for end, one in enumerate(line):  # noqa: B007
        taken += _columns(one)
        if taken > columns - 1:
            break
    return line[:end] + "…"


def width(line: str) -> int:
    """How many columns a terminal gives it."""
    return len(line) if line.isascii() else sum(_columns(one) for one in line)


def wrapped(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns, broken at spaces where there are any."""
    lines: list[str] = []
    for line in visible(text).split("\n"):
        lines += _broken(line.expandtabs(_TAB_COLUMNS), columns)
    return lines


def _broken(line: str, columns: int) -> list[str]:
    pieces: list[str] = []
    while width(line) > columns:
        room, at = 0, 0
        while room + _columns(line[at]) <= columns:
            room += _columns(line[at])
            at += 1
        space = line.rfind(" ", 1, at + 1)
        end = space if space > at // 2 else at
        pieces.append(line[:end].rstrip())
        line = line[end:].lstrip(" ")
    return [*pieces, line]


def _columns(one: str) -> int:
    if unicodedata.combining(one) or one in "\u200c\u200d":
        return 0
    return 2 if unicodedata.east_asian_width(one) in "WF" else 1


def _written_out(one: str) -> str:
    code = ord(one)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )
