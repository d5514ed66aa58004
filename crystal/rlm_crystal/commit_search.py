"""Which commits speak of something, asked of git at the moment: what changed, when and where.

The history a crystal keeps ranks files by what was said of them; it holds no words to quote. A
message is what its author says of a change, not the change.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.git import run_git
from rlm_crystal.terms import stem
from rlm_crystal.walk import path_prefixes

COMMITS_READ_MAX = 3_000
TIMEOUT_S = 8.0
_SUBJECT_SHARE = 0.5
_FORMAT = "%x1e%h%x1f%cs%x1f%s%x1f%b%x1f"
_BODY_CHARS_MAX = 1_000
_INSIDE_CHARS = 4


@dataclass(frozen=True, slots=True)
class CommitHit:
    """A commit that speaks of what was asked; `date` is ISO, `share` the part of it, 0 to 1."""

    id: str
    date: str
    subject: str
    paths: tuple[str, ...]
    share: float


def commits_about(roots: Sequence[Path], words: Sequence[str], *, limit: int) -> list[CommitHit]:
    """The commits whose messages have most of `words`, the most telling first, then the newest.

    Each costs a run of git over its messages, some tenths of a second in 10,000 commits; a root
    without git has none.
    """
    stems = tuple(dict.fromkeys(_beginning(word.lower()) for word in words if word))
    roots = list(dict.fromkeys(root.resolve() for root in roots))
    if not stems:
        return []
    found = [
        hit
        for root, prefix in zip(roots, path_prefixes(roots), strict=True)
        for hit in _of_root(root, prefix, stems, limit)
    ]
    return sorted(found, key=lambda hit: -hit.share)[:limit]


def _of_root(root: Path, prefix: str, stems: Sequence[str], limit: int) -> list[CommitHit]:
    asked = [f"--grep={one}" for one in stems]
    records = _log(root, "-i", "-F", *asked, f"--max-count={COMMITS_READ_MAX}", "HEAD")
    messages = [
        (_held(stems, subject), _held(stems, body[:_BODY_CHARS_MAX]))
        for _, _, subject, body, _ in records
    ]
    held = {one: sum(one in s or one in b for s, b in messages) for one in stems}
    weights = {one: math.log(1 + (1 + len(records)) / (1 + held[one])) for one in stems}
    total = sum(weights.values())
    scores: list[float] = []
    for subject, body in messages:
        told = sum(weights[one] for one in stems if one in subject or one in body)
        headed = sum(weights[one] for one in stems if one in subject)
        scores.append((told + _SUBJECT_SHARE * headed) / ((1 + _SUBJECT_SHARE) * total))
    order = sorted(range(len(records)), key=lambda at: (-scores[at], at))[:limit]
    best = [records[at] for at in order if scores[at] > 0]
    paths = _paths_of(root, prefix, [record[0] for record in best])
    return [
        CommitHit(commit, date, subject, paths.get(commit, ()), round(scores[at], 3))
        for at, (commit, date, subject, _, _) in zip(order, best, strict=False)
    ]


def _paths_of(root: Path, prefix: str, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    if not ids:
        return {}
    records = _log(root, "--no-walk", "--name-only", "--relative", *ids)
    return {
        commit: tuple(prefix + path for path in changes.split("\n") if path.strip())
        for commit, _, _, _, changes in records
    }


def _log(root: Path, *arguments: str) -> list[tuple[str, str, str, str, str]]:
    out = run_git(
        root, "-c", "core.quotePath=false", "log", "--no-merges", "--no-ext-diff", "--no-textconv",
        "--no-color", "--no-notes", "--no-mailmap", "--encoding=UTF-8", f"--format={_FORMAT}",
        *arguments, "--", ".", timeout_s=TIMEOUT_S,
    )  # fmt: skip
    if out is None:
        return []
    rows = (record.split("\x1f") for record in out.decode("utf-8", "replace").split("\x1e")[1:])
    return [(row[0], row[1], row[2], row[3], row[4].strip("\n")) for row in rows if len(row) == 5]


def _beginning(word: str) -> str:
    """What all forms of a word begin with; the word itself where its stem is spelled otherwise."""
    stemmed = stem(word)
    return stemmed if word.startswith(stemmed) else word


def _held(stems: Sequence[str], text: str) -> frozenset[str]:
    """The stems a text has; a short one must begin a word there."""
    lower = text.lower()
    return frozenset(
        one
        for one in stems
        if one in lower
        and (len(one) >= _INSIDE_CHARS or re.search(rf"(?<![a-z]){re.escape(one)}", lower))
    )
