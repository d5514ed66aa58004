"""A text or a regular expression to be found line by line, in time linear in the text.

Regular expressions are those of Rust's `regex` crate, which ripgrep uses as well: automata that
never go back. We reach it through pydantic-core, which is there for the tools anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from rlm_crystal.errors import BadPattern
from rlm_crystal.terms import terms_of_word

LINE_CHARS_MAX: Final = 20_000
"""Longer lines are not looked at by a regular expression: one match must end soon."""

_ABSOLUTE = re.compile(r"\\[Az]")
_WORD = re.compile(r"\w+")
# An escape as it is, `{,3}`, a brace that counts nothing, the end of a text as Python writes it.
_DIALECT = re.compile(
    r"(?P<same>\\[pPxuUb]\{[^}]*\}|\\[^Z])|(?P<upto>\{,(?=\d+\}))|(?P<end>\\Z)"
    r"|(?P<brace>\{(?!\d+(?:,\d*)?\}))"
)
# What a regular expression is made of, as far as it matters for the words it cannot do without.
_PIECE = re.compile(
    r"(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<edge>\\[bs]|[\^$])|(?P<escaped>\\\W)"
    r"|(?P<other>\\\w|\.)|(?P<plain>[^\\\[\](){}*+?|.^$])|(?P<paren>[()])|(?P<rest>.)",
    re.DOTALL,
)
_QUANTIFIER = re.compile(r"(?:[*?]|\{0|(?P<more>\+|\{))(?:[^{}]*\})?\??")


@dataclass(frozen=True, slots=True)
class Lines:
    """Numbers of lines, from 1, and how many lines were too long to be looked at."""

    numbers: list[int]
    passed_over: int = 0


class Pattern(Protocol):
    """What is looked for; `words` are index terms that every file with a match holds."""

    @property
    def words(self) -> tuple[str, ...]: ...

    def lines(self, text: str) -> Lines:
        """The lines of `text` a match begins on."""
        ...


class Literal:
    """A text as it stands, in its case; it may reach over several lines."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self.words = _inner_words(self._text)

    def lines(self, text: str) -> Lines:
        """As the protocol says; several on one line count once."""
        if self._text not in text and "\r\n" in text:
            text = text.replace("\r\n", "\n")
        found: list[int] = []
        line, seen = 1, 0
        at = text.find(self._text)
        while at >= 0:
            line += text.count("\n", seen, at)
            found.append(line)
            seen = at
            end = text.find("\n", at)
            at = text.find(self._text, end + 1) if end >= 0 else -1
        return Lines(found)


class Regex:
    """A regular expression, matched against each line by itself."""

    def __init__(self, expression: str) -> None:
        """BadPattern tells what is wrong with `expression`, and what to write instead."""
        self._expression = _translated(expression)
        _each_line(self._expression)
        self.words = _required_words(self._expression)

    def lines(self, text: str) -> Lines:
        """As the protocol says; lines over 20,000 characters are passed over."""
        if not _ABSOLUTE.search(self._expression) and not _anywhere(self._expression)(text):
            return Lines([])
        lines = [
            line.removesuffix("\r") if len(line) <= LINE_CHARS_MAX else None
            for line in text.split("\n")
        ]
        if lines and not lines[-1]:
            lines.pop()
        told = _each_line(self._expression)(lines)
        numbers = [number for number, line in enumerate(told, 1) if line is not None]
        return Lines(numbers, lines.count(None))


def pattern_of(text: str, *, is_regex: bool) -> Pattern:
    """The pattern a query spells out."""
    return Regex(text) if is_regex else Literal(text)


@lru_cache(maxsize=32)
def _each_line(expression: str) -> Callable[[Sequence[str | None]], list[str | None]]:
    """Gives the lines back, None for those without a match."""
    from pydantic_core import core_schema

    line = core_schema.with_default_schema(_matching(expression), default=None, on_error="default")
    return _validator(core_schema.list_schema(line), expression).validate_python


@lru_cache(maxsize=32)
def _anywhere(expression: str) -> Callable[[str], bool]:
    """Whether a text has a match at all, its lines taken one by one or together."""
    return _validator(_matching(f"(?mR){expression}"), expression).isinstance_python


def _matching(expression: str) -> Any:
    from pydantic_core import core_schema

    return core_schema.str_schema(pattern=expression, regex_engine="rust-regex", strict=True)


def _validator(schema: Any, expression: str) -> Any:
    from pydantic_core import SchemaError, SchemaValidator

    try:
        return SchemaValidator(schema)
    except SchemaError as error:
        raise BadPattern(_explained(str(error), expression)) from None


def _explained(message: str, expression: str) -> str:
    reason = message.rsplit("error:", 1)[-1].strip().removeprefix("Error building").strip()
    if "size limit" in message:
        reason = "it grows too large; make its {m,n} smaller"
    elif "look-around" in message or "backreferences" in message:
        reason += "; match more and read the lines, or use several searches"
    else:
        reason += "; to look for the text as it stands, use mode literal"
    return f"the regular expression {expression[:200]!r} cannot be used: {reason}."


def _translated(expression: str) -> str:
    """What Python and Perl let stand and this dialect does not."""

    def one(found: re.Match[str]) -> str:
        if found["same"]:
            return found.group()
        return "{0," if found["upto"] else r"\z" if found["end"] else r"\{"

    return _DIALECT.sub(one, expression)


def _inner_words(text: str) -> tuple[str, ...]:
    """Index terms of the words that stand whole in `text`: not at its ends, where a longer word
    may begin or go on."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(text):
        if match.start() > 0 and match.end() < len(text):
            found.update(dict.fromkeys(terms_of_word(match.group())))
    return tuple(found)


def _required_words(expression: str) -> tuple[str, ...]:
    """Index terms of the words every match holds whole; few where that is hard to tell."""
    if "|" in expression or "(?" in expression:
        return ()
    found: dict[str, None] = {}
    run, depth, at = "", 0, 0
    while piece := _PIECE.match(expression, at):
        at = piece.end()
        kind = piece.lastgroup
        if kind == "paren":
            depth = max(0, depth + (1 if piece.group() == "(" else -1))
        quantifier = _QUANTIFIER.match(expression, at)
        at = quantifier.end() if quantifier else at
        least_once = quantifier is None or bool(quantifier["more"])
        text = {"edge": " ", "escaped": piece.group()[1:], "plain": piece.group()}.get(kind or "")
        if depth == 0 and text is not None and least_once:
            run += text
        if depth or text is None or not least_once or (quantifier and kind == "plain"):
            found.update(dict.fromkeys(_inner_words(run)))
            run = ""
    found.update(dict.fromkeys(_inner_words(run)))
    return tuple(found)
