"""Quoting so that the words can be checked: `path:start-end` beside the words that stand there."""

import re

from rlm_crystal.types import Definition

_QUOTE_CHARS = 160
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZА-ЯЁ`\"'(])")  # noqa: RUF001
_MARKS = re.compile(r"^(?:\"\"\"|'''|/\*\*?|//[/!]?|#+|--|\*)\s*|\s*(?:\"\"\"|'''|\*/)$")


def place(path: str, start: int, end: int = 0) -> str:
    """A citation; in backticks where the path holds what would end it."""
    cited = f"{path}:{start}-{end}" if end > start else f"{path}:{start}"
    return f"`{cited}`" if re.search(r"[\s\"'<>|*,;#]", path) else cited


def code(text: str, *, chars: int = _QUOTE_CHARS) -> str:
    """A line of code in backticks (curly quotes where it has backticks), cut at a word."""
    plain = cut(" ".join(text.split()), chars)
    if "`" not in plain:
        return f"`{plain}`"
    return "“" + re.sub(r"[“”]", "…", plain) + "”"


def said(text: str, *, chars: int = 240) -> str:
    """Prose in curly quotes."""
    return "“" + cut(" ".join(text.split()), chars).replace("“", "…").replace("”", "…") + "”"


def cut(text: str, chars: int) -> str:
    """The text, or its beginning up to a word and an ellipsis."""
    if len(text) <= chars:
        return text
    head = text[:chars]
    at = head.rfind(" ")
    return head[: at if at > chars // 2 else chars].rstrip(" ,;(") + " …"


def first_sentence(definition: Definition) -> str:
    """The first sentence of the documentation of a definition, or an empty string."""
    paragraph = re.split(r"\n\s*\n", definition.doc.strip())[0]
    text = _MARKS.sub("", " ".join(paragraph.split()))
    return _SENTENCE.split(text)[0].strip() if text else ""


def introduction(definition: Definition, kind: str) -> str:
    """`Name` (kind) with its place and, where it has one, its own first sentence."""
    where = place(definition.path, definition.start_line, definition.end_line)
    if definition.kind == "section":
        # The heading as the crystal names it has lost its markup, so it is not quoted.
        return f"{definition.symbol.rsplit(' > ', 1)[-1]} ({kind}) {where}"
    text = f"`{definition.symbol}` ({kind}) {where}"
    sentence = first_sentence(definition)
    if sentence:
        return f"{text}: {said(sentence)}"
    return f"{text}: {code(header)}" if (header := signature(definition)) else text


def ended(text: str) -> str:
    """The sentence with one full stop, also where its quotation has one already."""
    return text if re.search(r"[.!?…][”`\"]?$", text) else f"{text}."


def lead(definition: Definition, verb: str) -> str:
    """The beginning of an answer: name, what it is, signature, place, its own words."""
    where = place(definition.path, definition.start_line, definition.end_line)
    shown = code(signature(definition)) if definition.signature else f"`{definition.symbol}`"
    doc = sentences(definition, limit=2)
    text = f"`{definition.symbol}` {verb}, {shown}, {where}"
    return f"{text}: {said(doc, chars=320)}" if doc else f"{text}."


def signature(definition: Definition) -> str:
    """The header of a definition without the comment that may follow it."""
    return re.split(r":\s+(?:#|//)", definition.signature)[0].strip()


def sentences(definition: Definition, *, limit: int) -> str:
    """The first sentences of the first paragraphs of a definition's documentation."""
    text = _MARKS.sub("", " ".join(definition.doc.split()))
    return " ".join(_SENTENCE.split(text)[:limit]).strip()
