"""Which lines of a text bear on a question."""

import math
import re
from collections.abc import Sequence

from rlm_engine.extractive.evidence import Line
from rlm_engine.extractive.words import Concept, matched

_COMMENT = re.compile(r"^\s*(?:#|//|/\*|\*|--|;;|\"\"\"|''')")
_DEFINITION = re.compile(
    r"^\s*(?:export\s+|default\s+|public\s+|private\s+|protected\s+|static\s+|final\s+|abstract\s+"
    r"|async\s+|pub(?:\([^)]*\))?\s+|unsafe\s+)*"
    r"(?:def|class|func|fn|function|interface|struct|enum|trait|impl|type|module|const)\b"
)
_TELLING = re.compile(
    r"^\s*(?:raise|return|throw|yield|panic!?|assert|if|elif|while|for|with|except|catch)\b"
)
_IMPORT = re.compile(r"^\s*(?:import\b|from\s+\S+\s+import\b|#include\b|use\s|require\b|package\s)")
_LONG_CHARS = 160


def rank_lines(
    lines: Sequence[Line], concepts: tuple[Concept, ...], *, limit: int = 5
) -> tuple[Line, ...]:
    """The lines that share most with the concepts, in the order of the text; none if none does.

    A concept counts by how few of these lines have it; prose, definitions and lines where something
    is decided count more, imports less.
    """
    found = [matched(concepts, line.text) for line in lines]
    frequency = {c: sum(c in has for has in found) for c in concepts}
    scores = [
        _weight(line.text) * sum(math.log(1 + len(lines) / frequency[c]) for c in has)
        for line, has in zip(lines, found, strict=True)
    ]
    best = max(scores, default=0.0)
    if best <= 0:
        return ()
    order = sorted(range(len(lines)), key=lambda index: (-scores[index], index))
    kept = sorted(index for index in order[:limit] if scores[index] >= 0.35 * best)
    return tuple(lines[index] for index in kept)


def _weight(text: str) -> float:
    weight = 1.0
    if _IMPORT.match(text):
        weight = 0.3
    elif _DEFINITION.match(text):
        weight = 1.3
    elif _COMMENT.match(text) or _is_prose(text):
        weight = 1.25
    elif _TELLING.match(text):
        weight = 1.2
    return weight * (0.6 if len(text) > _LONG_CHARS else 1.0)


def _is_prose(text: str) -> bool:
    words = text.split()
    return len(words) >= 5 and sum(word.strip(".,;:()").isalpha() for word in words) >= 0.8 * len(
        words
    )
