"""Two facts put together: a name the best line gives, looked for with what is still unanswered."""

# ruff: noqa: E501

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rlm_crystal.terms import stem

from rlm_engine.extractive.cell import Cell
from rlm_engine.extractive.evidence import Line, Printed
from rlm_engine.extractive.finding import Finding
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import code, place
from rlm_engine.extractive.words import Concept, matched, stems_of

_NESTED = re.compile(
    r"(?i)\b(?:that|which|whose|where|who|котор\w+|где|чей|чья)\b.+|\b(?:used|named|called|set|given) (?:by|in)\b"
)
_WORD = re.compile(
    r"\b(?!(?:what|which|where|when|who|whose|why|how|the|that|this|and|for|from|with|does|did|are|is|has|have)\b)"
    r"[^\W\d_]{3,}"
)
_NAME = re.compile(r"(?<=[^.!?\s]\s)[A-Z][\w-]{2,}|\b\w+_\w+\b|`[^`\n]{2,60}`|\"[^\"\n]{2,60}\"")
_NAMES_MAX = 3

_FIND = """
found = []
for document in context:
    text = document.text
    for name in names:
        if name not in text:
            continue
        for number, line in enumerate(text.split("\\n"), 1):
            if name in line and (document.path, number) not in known:
                held = sum(any(stem in line.lower() for stem in group) for group in wanted)
                if held:
                    found.append((-held, document.path, number, name, line.strip()[:200]))
for held, path, number, name, line in sorted(found)[:3]:
    if held == min(found)[0]:
        show("step", name, path, number, line)
"""


@dataclass(frozen=True, slots=True)
class Lead:
    """Names on the best line that the question does not have, and what that line leaves open."""

    line: Line
    path: str
    names: tuple[str, ...]
    open: tuple[Concept, ...]


def lead_in(question: Question, findings: Sequence[Finding]) -> Lead | None:
    """Where a nested question ("the code of the vault that X uses") goes on; None for others."""
    asked = " ".join(question.text.split()[1:])
    if not _NESTED.search(asked):
        return None
    lines = [(f.passage.path, line) for f in findings[:3] for line in f.passage.lines]
    if not lines:
        return None
    path, best = max(lines, key=lambda pair: len(matched(question.concepts, pair[1].text)))
    held = matched(question.concepts, best.text)
    low = question.text.lower()
    # Also words that tell nothing in a search ("the code of") are what is asked for here.
    asked_for = dict.fromkeys([*question.concepts, *((word,) for word in _WORD.findall(low))])
    known = stems_of(best.text)
    left = tuple(c for c in asked_for if not any(stem(word) in known for word in c))
    names = [found.strip('`"') for found in _NAME.findall(best.text)]
    new = tuple(dict.fromkeys(name for name in names if name.lower() not in low))[:_NAMES_MAX]
    return Lead(best, path, new, left) if new and left and len(held) >= 2 else None


def second_cell(lead: Lead) -> Cell:
    """Looks for the names beside the words that are still open."""
    values = {
        "names": list(lead.names),
        "known": [(lead.path, lead.line.number)],
        "wanted": [[stem(word) for word in concept] for concept in lead.open],
    }
    return Cell(f"Follow {', '.join(lead.names)} to what is still open.", _FIND, values)


def told_steps(printed: Printed) -> list[str]:
    """Each line found so, with its place."""
    return [f"{place(path, int(n))}: {code(text)}" for _, path, n, text in printed.strings("step")]
