"""Sections of prose: headings of Markdown and reStructuredText as nested spans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from rlm_crystal.outline import Span
from rlm_crystal.types import Definition

SEPARATOR = " > "
_TITLE_CHARS = 120
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_RST_RULES = frozenset(3 * mark for mark in "=-`:.'\"~^_*+#<>")
_RST_RULE = re.compile(r"([=\-`:.'\"~^_*+#<>])\1{2,}[ \t]*$")
_BLOCK_START = re.compile(r" {0,3}(?:[-*+>|] |\d+[.)] |#|```|~~~)|\s{4}|\t")


@dataclass(frozen=True, slots=True)
class Heading:
    """A title, its depth from 1 and the line its section begins on."""

    line: int
    level: int
    title: str


def markdown_headings(lines: Sequence[str]) -> list[Heading]:
    """ATX and setext headings outside fenced code and front matter."""
    headings: list[Heading] = []
    fence = ""
    bodies = [line.rstrip("\r\n") for line in lines]
    for number in range(_front_matter_end(bodies) + 1, len(bodies) + 1):
        line = bodies[number - 1]
        mark = _FENCE.match(line)
        if fence:
            if mark and mark.group(1).startswith(fence) and not line.strip(" `~"):
                fence = ""
        elif mark:
            fence = mark.group(1)
        elif atx := _ATX.match(line):
            headings.append(Heading(number, len(atx.group(1)), _title(atx.group(2) or "")))
        elif number > 1 and (rule := _SETEXT.match(line)):
            above = bodies[number - 2]
            if above.strip() and not _BLOCK_START.match(above) and not _SETEXT.match(above):
                level = 1 if rule.group(1)[0] == "=" else 2
                headings.append(Heading(number - 1, level, _title(above)))
    return headings


def rst_headings(lines: Sequence[str]) -> list[Heading]:
    """Underlined (and overlined) titles; a mark's level is its order of first appearance."""
    headings: list[Heading] = []
    levels: dict[str, int] = {}
    for number, line in enumerate(islice(lines, 1, None), 2):
        if line[:3] not in _RST_RULES:
            continue
        rule, title = line.rstrip(), lines[number - 2].rstrip()
        if not _RST_RULE.match(rule) or not title.strip() or _RST_RULE.match(title):
            continue
        if len(rule) < len(title.strip()) or (title != title.strip() and number < 3):
            continue
        above = lines[number - 3].rstrip() if number > 2 else ""
        overlined = above == rule
        if above and not overlined:
            continue  # the last line of a paragraph or of a table, no title
        if title[0].isspace() and not overlined:
            continue
        level = levels.setdefault(rule[0] * (2 if overlined else 1), len(levels) + 1)
        headings.append(Heading(number - 2 if overlined else number - 1, level, _title(title)))
    return headings


def section_spans(path: str, headings: Sequence[Heading], line_count: int) -> list[Span]:
    """Nested spans; the symbol of a section is the path of titles that leads to it."""
    top: list[Span] = []
    stack: list[tuple[int, Span]] = []
    for index, heading in enumerate(headings):
        while stack and stack[-1][0] >= heading.level:
            stack.pop()
        end = _section_end(headings, index, line_count)
        parent = stack[-1][1] if stack else None
        names = [parent.definition.symbol] if parent else []
        symbol = SEPARATOR.join([*names, heading.title or "…"])
        definition = Definition(path, symbol, "section", heading.line, end, heading.title, "")
        span = Span(heading.line, end, definition)
        (parent.children if parent else top).append(span)
        stack.append((heading.level, span))
    return top


def _section_end(headings: Sequence[Heading], index: int, line_count: int) -> int:
    level = headings[index].level
    following = (other.line for other in headings[index + 1 :] if other.level <= level)
    return next(following, line_count + 1) - 1


def _front_matter_end(lines: Sequence[str]) -> int:
    if not lines or lines[0] not in {"---", "+++"}:
        return 0
    for number, line in enumerate(lines[1:200], 2):
        if line == lines[0]:
            return number
    return 0


def _title(text: str) -> str:
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[`*_]{1,3}(?=\S)|(?<=\S)[`*]{1,3}", r"\1", text)
    return " ".join(plain.split())[:_TITLE_CHARS]
