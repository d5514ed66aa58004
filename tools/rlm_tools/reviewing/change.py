"""A change of one file: the text before, the text after, and which lines are new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from rlm_crystal.chunk import parse
from rlm_crystal.language import language_of
from rlm_crystal.lines import split_lines
from rlm_crystal.types import Definition, Document, ParsedFile

_EXACT_LINES_MAX = 2_000


@dataclass(frozen=True)
class Change:
    """`old` is None for a new file or where it is not known, `new` is None for a deleted one.

    `added` are the lines of `new` that were added or changed; with `whole` the file is reviewed as
    it stands, and all lines count.
    """

    path: str
    old: str | None
    new: str | None
    added: frozenset[int]
    whole: bool = False

    @property
    def is_fragment(self) -> bool:
        """Whether only some lines of the file are known: a diff that fits no file."""
        return not self.whole and self.new is not None and self.old == self.new

    @cached_property
    def language(self) -> str:
        return language_of(self.path, (self.new or self.old or "")[:4096])

    @cached_property
    def lines(self) -> list[str]:
        """The lines after the change, without their endings."""
        return [line.rstrip("\r\n") for line in split_lines(self.new or "")]

    @cached_property
    def added_lines(self) -> list[tuple[int, str]]:
        """Number and text of the lines under review."""
        return [(number, self.lines[number - 1]) for number in sorted(self.added)]

    @cached_property
    def parsed(self) -> ParsedFile:
        return parse_text(self.path, self.new or "", self.language)

    @cached_property
    def parsed_before(self) -> ParsedFile:
        return parse_text(self.path, self.old or "", self.language)

    def touches(self, definition: Definition) -> bool:
        """Whether a line of the definition is under review."""
        lines = range(definition.start_line, definition.end_line + 1)
        return any(line in self.added for line in lines)


def change_between(path: str, old: str | None, new: str | None) -> Change:
    """The change from `old` to `new`."""
    after = split_lines(new or "")
    if old is None:
        return Change(path, old, new, frozenset(range(1, len(after) + 1)))
    before = [line.rstrip("\r\n") for line in split_lines(old)]
    bare = [line.rstrip("\r\n") for line in after]
    return Change(path, old, new, frozenset(_added(before, bare)))


def _added(before: Sequence[str], after: Sequence[str]) -> set[int]:
    """The lines of `after` that `before` does not have there. The common beginning and end are cut
    off first: the matcher is quadratic in what is left."""
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    tail = next(
        (i for i in range(shorter - head) if before[-1 - i] != after[-1 - i]), shorter - head
    )
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    matcher = SequenceMatcher(None, old, new, autojunk=len(new) > _EXACT_LINES_MAX)
    added: set[int] = set()
    for tag, _, _, start, end in matcher.get_opcodes():
        if tag in {"replace", "insert"}:
            added.update(range(head + start + 1, head + end + 1))
    return added


def whole_file(path: str, text: str) -> Change:
    """The file as it stands, every line under review."""
    return Change(path, text, text, frozenset(range(1, len(split_lines(text)) + 1)), whole=True)


def parse_text(path: str, text: str, language: str) -> ParsedFile:
    """The definitions and references of a text that is not, or not yet, in the crystal."""
    return parse(Document(path, text, language, "", len(text), 0))
