"""The references and quotations in an answer's text, and which belong together. Pure text work."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A quotation may stand this far before its reference ("`run` is defined in app.py:546").
_GAP_BEFORE_CHARS = 40

_LINES = r"(?::L?|#L)(?P<start>\d{1,7})(?:[ ]?[-\u2013][ ]?L?(?P<end>\d{1,7}))?(?!\w)"
_PATH = r"[^\s`\"'<>|:*,;#]"
_BARE = re.compile(rf"(?<!{_PATH})(?<!:)(?P<path>{_PATH}{{1,300}}?){_LINES}")
_TICKED = re.compile(rf"(?<!`)`(?P<path>(?:[^`\n:#]|#(?!L?\d)){{1,300}}?){_LINES}`(?!`)")
_QUOTE = re.compile(
    r"(?<!`)`(?P<tick>[^`\n]{2,400})`(?!`)"
    r"|\"(?P<double>[^\"\n]{3,400})\""
    r"|\u201c(?P<curly>[^\u201c\u201d\n]{3,400})\u201d"
)
_SENTENCE_END = re.compile(r"[.;!?]\s|\n")
# What may stand between a reference and a quotation set right after it: a colon, a dash, a space.
# Not a new line: the next row of a list quotes for its own reference.
_LEADS_TO_QUOTE = re.compile(
    r"[)\]]?\*{0,2}(?:[ \t]*(?::|=|\u2014|\u2013|-|\u2192|=>)+[ \t]*|[ \t]+)\(?"
)
_FENCE_AFTER = re.compile(
    r"[)\]*]{0,4}[ \t]*:?[ \t]*\n+[ \t]*(?P<ticks>```+)[^\n`]*\n(?P<code>.*?)\n[ \t]*(?P=ticks)",
    re.DOTALL,
)
_LINE_NUMBER = re.compile(r"^\s*\d+\s*[:|]\s?")
_ELLIPSIS = re.compile(r"\u2026|\.\.\.")
_ESCAPED_SPACE = re.compile(r"\\[nrt]")
_NAME = re.compile(r"[\w.:#~$@]+[?!=]?(?:\(\))?")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Reference:
    """A `path:start-end` as the answer writes it, and where in the answer it stands."""

    path: str
    start_line: int
    end_line: int
    begin: int
    end: int


def references_in(answer: str) -> list[Reference]:
    """Everything written as path:line, path:start-end or path#Lstart-Lend, in order."""
    ticked = [_reference(match) for match in _TICKED.finditer(answer)]
    bare = [
        _reference(match)
        for match in _BARE.finditer(answer)
        if not any(one.begin < match.end() and match.start() < one.end for one in ticked)
    ]
    return sorted(ticked + bare, key=lambda one: one.begin)


def quotes_beside(answer: str, references: Sequence[Reference]) -> list[list[str]]:
    """For each reference what is quoted next to it: right after it, or else close before it."""
    edges = [0, *(one.end for one in references)]
    quotes: list[list[str]] = []
    free_from = 0
    for at, here in enumerate(references):
        until = references[at + 1].begin if at + 1 < len(references) else len(answer)
        before = _quote_before(answer, max(edges[at], free_from), here.begin)
        after, free_from = _quote_after(answer, here.end, until)
        quotes.append([*before, *after])
    return quotes


def stands_in(quote: str, text: str) -> bool:
    """Whether the quoted words are in `text`, white space aside.

    Parts around an ellipsis are looked for one by one; a qualified name may be there by its last
    part; four words or more may differ in punctuation (a comment wraps, a string is joined).
    """
    plain = " ".join(text.split())
    return all(_part_stands_in(part, plain) for part in _ELLIPSIS.split(quote) if part.strip())


def _reference(match: re.Match[str]) -> Reference:
    path = match["path"].strip()
    opening = max(path.rfind(mark) for mark in "([{")
    if opening >= 0 and not any(mark in path[opening:] for mark in ")]}"):
        path = path[opening + 1 :]
    start = int(match["start"])
    return Reference(path, start, int(match["end"] or start), match.start(), match.end())


def _quote_before(answer: str, start: int, end: int) -> list[str]:
    quotes = list(_QUOTE.finditer(answer, start, end))
    if not quotes or end - quotes[-1].end() > _GAP_BEFORE_CHARS:
        return []
    last = quotes[-1]
    return [] if _SENTENCE_END.search(answer, last.end(), end) else _kept(_quoted(last))


def _quote_after(answer: str, start: int, end: int) -> tuple[list[str], int]:
    """The quotation right after a reference, and from where text is free for the next one."""
    block = _FENCE_AFTER.match(answer, start)
    if block is not None and block.end() <= end:
        lines = (_LINE_NUMBER.sub("", line).strip() for line in block["code"].splitlines())
        return [line for line in lines if _WORD.search(line)], block.end()
    lead = _LEADS_TO_QUOTE.match(answer, start, end)
    quote = _QUOTE.match(answer, lead.end(), end) if lead is not None else None
    if quote is None:
        return [], start
    return _kept(_quoted(quote)), quote.end()


def _quoted(match: re.Match[str]) -> str:
    return match["tick"] or match["double"] or match["curly"]


def _kept(quote: str) -> list[str]:
    return [quote] if _WORD.search(quote) else []


def _part_stands_in(part: str, plain: str) -> bool:
    words = " ".join(part.split())
    if words in plain or words.strip(" .,;:") in plain:
        return True
    if _NAME.fullmatch(words):
        last = _WORD.findall(words)[-1:]
        return bool(last) and re.search(rf"\b{re.escape(last[0])}\b", plain) is not None
    wanted = _WORD.findall(words)
    return len(wanted) >= 4 and _in_a_row(wanted, _WORD.findall(_ESCAPED_SPACE.sub(" ", plain)))


def _in_a_row(wanted: Sequence[str], words: Sequence[str]) -> bool:
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))
