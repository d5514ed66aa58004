"""The first words of a doc comment or docstring, without the marks around them."""

import re
from collections.abc import Iterable

DOC_CHARS = 300

_QUOTE = re.compile(r"[rRbBuUfF]*(\"\"\"|'''|\"|')")
_MARKS = re.compile(
    r"^\s*(?://+!?|/\*+!?|\*+/|\*+(?!\w)|#+!?|--+\[*|;+|\(\*+|@(?:module)?doc\s+\S*\"+)"
    r"[ \t]?",
    re.MULTILINE,
)
_ENDS = re.compile(r"\s*(?:\*+/|\]\]|\*\)|\"+)\s*$", re.MULTILINE)
_NO_PROSE = re.compile(
    r"^(?:@\w+|:\w+[^:`]*:(?!`)|<\?|</?[a-z]+>$|[-=*#~_/\s]*$|(?:eslint|pylint|noqa|type:|pragma|region|"
    r"clang-format|prettier|biome|tslint|@ts-)|@(?:spec|impl)\b)",
)
_TAGS = re.compile(r"</?(?:summary|remarks|para|p|code|c|b|i|em|see [^>]*)/?>")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")


def string_doc(literal: str) -> str:
    """The beginning of a docstring, given as it stands in the source."""
    quote = _QUOTE.match(literal)
    return summary(literal[quote.end() :].removesuffix(quote[1])) if quote else ""


def comment_doc(comments: Iterable[str]) -> str:
    """The beginning of a run of comments, given in order as they stand in the source."""
    text = "\n".join(_ENDS.sub("", _MARKS.sub("", comment.strip())) for comment in comments)
    return summary(_TAGS.sub("", text))


def summary(text: str) -> str:
    """The first paragraph of prose in `text`, whole sentences, at most DOC_CHARS long."""
    words: list[str] = []
    for line in text.split("\n"):
        line = line.strip()
        if line and not _NO_PROSE.match(line):
            words.append(line)
        elif words:
            break
    paragraph = " ".join(" ".join(words).split())
    if len(paragraph) <= DOC_CHARS:
        return paragraph
    ends = [match.end() for match in _SENTENCE_END.finditer(paragraph, 0, DOC_CHARS)]
    return paragraph[: ends[-1]] if ends else paragraph[:DOC_CHARS].rsplit(" ", 1)[0] + " …"
