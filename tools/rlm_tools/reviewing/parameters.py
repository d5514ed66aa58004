"""Parameters and arguments, read from source text by its brackets: no types, any language.

Good enough to compare a signature before and after and to count what a call passes. Where the
text is not clear (unbalanced, spread arguments), the answer is None and nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rlm_crystal.types import Definition

_OPENING = dict(zip("([{", ")]}", strict=True))
_RECEIVERS = frozenset({"self", "cls", "this", "&self", "&mut self", "mut self"})
_PYTHON_LIKE = re.compile(r"^(\*{0,2})\s*(\w+)\s*(?::[^=]*)?(=)?", re.DOTALL)
_NAME_FIRST = re.compile(r"^(\.\.\.|&|mut\s)*\s*(\$?\w+)(\?)?", re.DOTALL)
_NAME_LAST = re.compile(r"(\.\.\.)?\s*[&*]*(\$?\w+)\s*(?:\[\])?\s*(=.*)?$", re.DOTALL)
_NAME_LAST_LANGUAGES = frozenset({"java", "c", "cpp", "csharp", "php", "bash"})
_GENERIC_LANGUAGES = frozenset({"java", "cpp", "csharp", "rust", "typescript", "tsx", "kotlin"})
_SCAN_CHARS = 6000


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; a variadic one takes any number of arguments."""

    name: str
    required: bool
    variadic: bool = False
    keyword_only: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """What a call passes: how many by position, which by name; `spread` where `*x` hides more."""

    positional: int
    keywords: frozenset[str]
    spread: bool


def parameters_of(
    lines: list[str], definition: Definition, language: str
) -> list[Parameter] | None:
    """The parameters of a definition, its receiver left out; None where they cannot be read."""
    text = "\n".join(lines[definition.start_line - 1 : definition.end_line])[:_SCAN_CHARS]
    name = re.escape(definition.symbol.rsplit(".", 1)[-1])
    head = re.search(
        rf"(?<![\w.]){name}\s*(?:<[^()]*>)?\s*(?:=\s*(?:async\s*)?(?:function\s*)?)?\(", text
    )
    angles = language in _GENERIC_LANGUAGES
    parts = _split(text, head.end(), angles=angles) if head else None
    if parts is None:
        return None
    parameters: list[Parameter] = []
    keyword_only = False
    for part in parts:
        if language == "python" and part in {"*", "/"}:
            keyword_only = keyword_only or part == "*"
            continue
        parameter = _parameter(part, language, keyword_only=keyword_only)
        if parameter is None:
            return None
        if parameter.name not in _RECEIVERS:
            parameters.append(parameter)
        keyword_only = keyword_only or (language == "python" and parameter.variadic)
    return parameters


def calls_of(name: str, line: str, following: str, language: str) -> Iterator[Call]:
    """The calls of `name` that begin in `line`; `following` are the lines after it."""
    text = f"{line}\n{following}"[:_SCAN_CHARS]
    for match in re.finditer(rf"(?<!\w){re.escape(name)}\s*\(", text):
        if match.start() > len(line):
            return
        if re.search(r"\b(?:def|class|function|func|fn)\s+$", text[: match.start()]):
            continue
        parts = _split(text, match.end())
        if parts is not None:
            yield _call(parts, language)


def accepts(parameters: list[Parameter], call: Call) -> str | None:
    """Why the call does not fit the parameters, or None where it fits or cannot be judged."""
    if call.spread:
        return None
    positional = [item for item in parameters if not item.keyword_only and not item.variadic]
    variadic = any(item.variadic for item in parameters)
    names = {item.name for item in parameters}
    if unknown := sorted(call.keywords - names):
        return None if variadic else f"passes {unknown[0]}=, which is no parameter"
    if call.positional > len(positional) and not variadic:
        return f"passes {call.positional} arguments, {len(positional)} are taken"
    missing = [
        item.name
        for number, item in enumerate(parameters)
        if item.required
        and item.name not in call.keywords
        and (item.keyword_only or number >= call.positional)
    ]
    return f"does not pass {missing[0]}" if missing else None


def _parameter(part: str, language: str, *, keyword_only: bool) -> Parameter | None:
    if language == "python":
        match = _PYTHON_LIKE.match(part)
        if not match:
            return None
        stars, name, default = match.groups()
        return Parameter(name, not stars and not default, bool(stars), keyword_only)
    if language in _NAME_LAST_LANGUAGES:
        match = _NAME_LAST.search(part)
        if not match or part in {"void", "..."}:
            return None
        return Parameter(match.group(2), match.group(3) is None, "..." in part)
    match = _NAME_FIRST.match(part)
    if not match:
        return None
    variadic = "..." in part or part.startswith(("*", "vararg "))
    optional = bool(match.group(3)) or bool(re.search(r"(?<![=!<>])=(?![=>])", part))
    return Parameter(match.group(2), not optional and not variadic, variadic)


def _call(parts: list[str], language: str) -> Call:
    keywords: set[str] = set()
    positional = 0
    for part in parts:
        keyword = re.match(r"(\w+)\s*=(?!=)", part) if language == "python" else None
        if keyword:
            keywords.add(keyword.group(1))
        else:
            positional += 1
    spread = any(part.startswith(("*", "...", "&")) or part.endswith("...") for part in parts)
    generator = language == "python" and any(re.search(r"\bfor\b.*\bin\b", part) for part in parts)
    return Call(positional, frozenset(keywords), spread or (generator and len(parts) > 1))


def _split(text: str, start: int, *, angles: bool = False) -> list[str] | None:
    """The comma-separated parts from `start`, just behind an opening bracket, to its closing one;
    None where that bracket is not closed. Strings and comments are passed over; with `angles`
    type arguments are brackets too."""
    parts: list[str] = []
    closing = [")"]
    begin = at = start
    while at < len(text):
        char = text[at]
        if char in "\"'`":
            at = _string_end(text, at)
            continue
        if text.startswith("//", at) or (char == "#" and text[at - 1] in " \t\n"):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            text = text[:at] + " " * (end - at) + text[end:]
        elif char in _OPENING:
            closing.append(_OPENING[char])
        elif angles and char == "<":
            closing.append(">")
        elif angles and char == ">" and text[at - 1] not in "=-":
            if closing.pop() != char:
                return None
        elif char in ")]}":
            if closing.pop() != char:
                return None
            if not closing:
                parts.append(text[begin:at])
                return [part.strip() for part in parts if part.strip()]
        elif char == "," and len(closing) == 1:
            parts.append(text[begin:at])
            begin = at + 1
        at += 1
    return None


def _string_end(text: str, start: int) -> int:
    quote = text[start : start + 3] if text[start : start + 3] in {'"""', "'''"} else text[start]
    at = start + len(quote)
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        else:
            at += 1
    return len(text)
