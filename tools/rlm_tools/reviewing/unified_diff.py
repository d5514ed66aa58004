"""Unified diffs: read, applied and taken back, without a patch program."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rlm_tools.errors import BadArgument

_HUNK = re.compile(r"@@ -(\d{1,12})(?:,(\d{1,12}))? \+(\d{1,12})(?:,(\d{1,12}))? @@")
_NO_FILE = "/dev/null"
_SHIFT_MAX = 200
_LINES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Hunk:
    """One `@@` block: where it begins before and after, and its lines with their marks."""

    old_start: int
    new_start: int
    rows: tuple[str, ...]

    @property
    def before(self) -> list[str]:
        return [row[1:] for row in self.rows if row[0] in " -"]

    @property
    def after(self) -> list[str]:
        return [row[1:] for row in self.rows if row[0] in " +"]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The hunks of one file; a path is empty where the diff names none or the file is absent."""

    old_path: str
    new_path: str
    hunks: tuple[Hunk, ...]

    @property
    def path(self) -> str:
        return self.new_path or self.old_path

    @property
    def deletes(self) -> bool:
        return bool(self.old_path) and not self.new_path


def parse_diff(text: str) -> list[FileDiff]:
    """The files of a unified diff, as git and diff -u write it.

    Raises BadArgument, naming the line, for a text that is none.
    """
    reader = _Reader(text.split("\n"))
    files = reader.files()
    if not files:
        raise BadArgument(
            "diff holds no hunk (a line that begins with `@@ -`); pass the output of `git diff`,"
            " or leave diff out to review the uncommitted changes."
        )
    return files


def rewind(diff: FileDiff, text: str) -> str | None:
    """What `text` was before the diff; None where the diff was not applied to it."""
    return _replace(text, [(hunk.new_start, hunk.after, hunk.before) for hunk in diff.hunks])


def apply(diff: FileDiff, text: str) -> str | None:
    """What `text` becomes by the diff; None where it does not fit."""
    return _replace(text, [(hunk.old_start, hunk.before, hunk.after) for hunk in diff.hunks])


def _replace(text: str, blocks: Sequence[tuple[int, list[str], list[str]]]) -> str | None:
    lines = text.split("\n")
    bare = [line.rstrip("\r") for line in lines]
    result: list[str] = []
    done = 0
    for start, old, new in blocks:
        wanted = [line.rstrip("\r") for line in old]
        at = _find(bare, wanted, max(start - 1 if wanted else start, 0), done)
        if at is None:
            return None
        result += lines[done:at]
        result += new
        done = at + len(wanted)
    return "\n".join(result + lines[done:])


def _find(lines: Sequence[str], wanted: Sequence[str], start: int, done: int) -> int | None:
    """Where `wanted` stands, at `start` or, as patch allows, some lines off."""
    if not wanted:
        return start if done <= start <= len(lines) else None
    for shift in range(_SHIFT_MAX):
        for at in (start + shift, start - shift):
            if at >= done and list(lines[at : at + len(wanted)]) == list(wanted):
                return at
    return None


class _Reader:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0

    def files(self) -> list[FileDiff]:
        files: list[FileDiff] = []
        old = new = ""
        hunks: list[Hunk] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith("--- ") and self._next().startswith("+++ "):
                if hunks:
                    files.append(FileDiff(old, new, tuple(hunks)))
                old, new, hunks = _path(line), _path(self._next()), []
                self._at += 2
            elif line.startswith("@@"):
                hunks.append(self._hunk())
            elif line.startswith("diff ") and hunks:
                files.append(FileDiff(old, new, tuple(hunks)))
                old, new, hunks = "", "", []
                self._at += 1
            else:
                self._at += 1
        if hunks:
            files.append(FileDiff(old, new, tuple(hunks)))
        return files

    def _next(self) -> str:
        return self._lines[self._at + 1] if self._at + 1 < len(self._lines) else ""

    def _hunk(self) -> Hunk:
        head = _HUNK.match(self._lines[self._at])
        if head is None:
            raise BadArgument(
                f"line {self._at + 1} of diff is no hunk header: {self._lines[self._at][:80]!r};"
                " it must read `@@ -start,count +start,count @@`."
            )
        old_start, old_count, new_start, new_count = (
            int(group) if group is not None else 1 for group in head.groups()
        )
        if max(old_start, new_start) > _LINES_MAX:
            raise BadArgument(
                f"line {self._at + 1} of diff speaks of line {max(old_start, new_start)};"
                f" a file here has {_LINES_MAX:,} at most."
            )
        self._at += 1
        rows: list[str] = []
        while (old_count or new_count) and self._at < len(self._lines):
            row = self._lines[self._at] or " "
            if row.startswith("\\"):
                self._at += 1
                continue
            if row[0] not in " +-":
                raise BadArgument(
                    f"line {self._at + 1} of diff begins with neither space, + nor -:"
                    f" {row[:80]!r}; the hunk before it announces more lines."
                )
            old_count -= row[0] in " -"
            new_count -= row[0] in " +"
            if old_count < 0 or new_count < 0:
                raise BadArgument(
                    f"line {self._at + 1} of diff is one more than its hunk header announces."
                )
            rows.append(row)
            self._at += 1
        return Hunk(old_start, new_start, tuple(rows))


def _path(line: str) -> str:
    """The path of a `---` or `+++` line, without `a/`, time stamp and quotes."""
    name = line[4:].split("\t")[0].strip().strip('"')
    if name == _NO_FILE:
        return ""
    return name[2:] if name.startswith(("a/", "b/")) else name
