"""Code as a grammar can take it: scripts inside pages, cells of notebooks, C without bare macros.

Every line stays on its line; what is not code becomes blank.
"""

from __future__ import annotations

import json
import re
from typing import Final

_SCRIPT = re.compile(
    r"(<script\b(?P<attributes>[^>]*)>)(?P<code>.*?)(?=</script\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_LANG = re.compile(r"""\blang\s*=\s*["']?(\w+)""")
_SCRIPTS: Final = {"ts": "typescript", "typescript": "typescript", "tsx": "tsx"}
_NOT_NEWLINE = re.compile(r"[^\n]")
# A macro alone on its line, such as FMT_BEGIN_NAMESPACE or Q_OBJECT, with nothing it could end.
_MACRO_ALONE = re.compile(
    r"^[ \t]*[A-Z][A-Z0-9]*_[A-Z0-9_]*(?:\([^()\n]*\))?[ \t]*\r?$", re.MULTILINE
)
# What a line ends with that goes on with the next.
_GOES_ON: Final = frozenset("(,=|&+-*?\\")
_LOOK_BACK: Final = 200
# class EXPORT_API Name, struct ALIGNED_16 Name
_MACRO_IN_HEAD = re.compile(
    r"\b((?:class|struct|union|enum)[ \t]+)([A-Z][A-Z0-9]*_[A-Z0-9_]*(?:\([^()\n]*\))?)"
    r"(?=[ \t]+[A-Za-z_]\w*[ \t\w]*(?:[:{\r\n]|$))",
    re.MULTILINE,
)
# EXPORT_API int name(
_MACRO_BEFORE = re.compile(
    r"^([ \t]*)([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?=[ \t]+[A-Za-z_][\w:<>,]*(?:[ \t]+[*&]*|[*&]+[ \t]*)"
    r"[A-Za-z_~][\w:]*[ \t]*\()",
    re.MULTILINE,
)


def readable(path: str, text: str, language: str) -> tuple[str, str]:
    """The text and the language a grammar is to read it as; as given where both are right."""
    if language in {"vue", "svelte"}:
        return _scripts(text)
    if language in {"c", "cpp"}:
        return _without_macros(text), language
    if path.endswith(".ipynb"):
        return _cells(text), "python"
    return text, language


def _scripts(text: str) -> tuple[str, str]:
    """The scripts of a page; they are taken for one, in the richest language of any."""
    pieces: list[str] = []
    languages: list[str] = []
    at = 0
    for match in _SCRIPT.finditer(text):
        start, end = match.span("code")
        pieces += [_NOT_NEWLINE.sub(" ", text[at:start]), text[start:end]]
        found = _LANG.search(match["attributes"])
        languages.append(_SCRIPTS.get(found[1].lower() if found else "", "javascript"))
        at = end
    pieces.append(_NOT_NEWLINE.sub(" ", text[at:]))
    best = next((name for name in ("tsx", "typescript") if name in languages), "javascript")
    return "".join(pieces), best


def _without_macros(text: str) -> str:
    text = _MACRO_ALONE.sub(_blank, text)
    text = _MACRO_IN_HEAD.sub(lambda found: found[1] + " " * len(found[2]), text)
    return _MACRO_BEFORE.sub(lambda found: found[1] + " " * len(found[2]), text)


def _blank(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - _LOOK_BACK) : found.start()].rstrip()
    if before[-1:] in _GOES_ON:
        return found.group()  # an argument or an enumerator
    return re.sub(r"[^\r\n]", " ", found.group())


def _cells(text: str) -> str:
    """The code of a notebook, each of its lines where the file has it; commands of the notebook
    itself are left out."""
    lines: list[str] = []
    is_code = inside = False
    for row in text.split("\n"):
        stripped = row.strip()
        if stripped.startswith('"cell_type"'):
            is_code = '"code"' in stripped
        line = ""
        if inside and stripped.startswith("]"):
            inside = False
        elif inside and is_code:
            line = _line_of(stripped)
        elif stripped == '"source": [':
            inside = True
        lines.append(line)
    return "\n".join(lines)


def _line_of(literal: str) -> str:
    try:
        line: object = json.loads(literal.removesuffix(","))
    except ValueError:
        return ""
    if not isinstance(line, str) or line.lstrip().startswith(("%", "!")):
        return ""
    return line.replace("\n", "").replace("\r", "")
