"""Every line of a crystal's texts that matches a pattern, within a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rlm_crystal.pattern import Pattern
from rlm_crystal.scope import Scope
from rlm_crystal.segment import BoolArray
from rlm_crystal.texts import decode
from rlm_crystal.view import View

SCAN_S_MAX: Final = 20.0
KEPT_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Scan:
    """The lines of each file that match, source files first, then in the order of paths.

    `total` counts all of them, also those beyond the 100,000 kept; `unseen` says what could not be
    looked at, and is empty where everything was.
    """

    matches: tuple[tuple[int, tuple[int, ...]], ...]
    total: int
    files: int
    unseen: str


def scan(view: View, scope: Scope, pattern: Pattern, *, seconds: float = SCAN_S_MAX) -> Scan:
    """Looks through the files of the scope that hold every word a match needs."""
    deadline = time.monotonic() + seconds
    matches: list[tuple[int, tuple[int, ...]]] = []
    total = files = kept = passed_over = 0
    candidates = _ordered(view, scope.files & _holding(view, pattern))
    left = 0
    for at, file in enumerate(candidates):
        if time.monotonic() > deadline:
            left = len(candidates) - at
            break
        found = pattern.lines(_text(view, file))
        passed_over += found.passed_over
        numbers = list(_inside(found.numbers, scope.lines_of(file)))
        if numbers:
            files += 1
            total += len(numbers)
            if kept < KEPT_MAX:
                kept += len(numbers)
                matches.append((file, tuple(numbers)))
    return Scan(tuple(matches), total, files, _unseen(left, passed_over, seconds))


def _holding(view: View, pattern: Pattern) -> BoolArray:
    """The files in which every word of the pattern occurs."""
    held = np.ones(view.file_count, dtype=np.bool_)
    for word in pattern.words:
        files = np.zeros(view.file_count, dtype=np.bool_)
        files[view.chunk_file[view.gather({word: 1.0}).docs]] = True
        held &= files
    return held


def _ordered(view: View, files: BoolArray) -> list[int]:
    return sorted(
        np.flatnonzero(files).tolist(), key=lambda file: (view.role[file], view.paths[file])
    )


def _text(view: View, file: int) -> str:
    segment, row = view.locate_file(file)
    return decode(segment.texts.frame(row))  # not kept: a scan would push out what is in use


def _inside(numbers: list[int], allowed: list[range] | None) -> Iterator[int]:
    if allowed is None:
        yield from numbers
        return
    for number in numbers:
        if any(number in lines for lines in allowed):
            yield number


def _unseen(files: int, lines: int, seconds: float) -> str:
    told: list[str] = []
    if files:
        told.append(f"{files} files were not looked at within {seconds:g} s; narrow by path:")
    if lines:
        told.append(f"{lines} lines too long for a regular expression were passed over")
    return "; ".join(told)
