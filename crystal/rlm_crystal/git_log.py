"""Commits as git tells them: who, with what words, which files."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.git import run_git

MESSAGE_CHARS_MAX = 2_000

_FORMAT = "%x1e%H%x1f%P%x1f%an%x1f%B%x1f"
_TRAILER = re.compile(
    r"^(?:[\w-]+-by|change-id|reviewed-on|git-svn-id|cherry[ -]picked from|cc)\b.*$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit that is no merge; `paths` are POSIX, as it left them, deleted ones too.

    `added` are those of them that its parent lacks; `renamed` holds old and new names.
    """

    id: str
    author: str
    message: str
    paths: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...] = ()
    added: frozenset[str] = frozenset()
    parent: str = ""

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0].strip()


def read_log(
    folder: Path, *, revisions: str, commits_max: int, timeout_s: float
) -> list[Commit] | None:
    """The commits that touch `folder`, newest first, with paths relative to it.

    None where git cannot tell. Renames are those that left the content as it was.
    """
    out = run_git(
        folder, "log", "-z", f"--max-count={commits_max}", "--no-merges", "--name-status",
        "--find-renames=100%", "--no-ext-diff", "--no-textconv", "--no-color", "--no-notes",
        "--no-mailmap", "--encoding=UTF-8", "--relative", f"--format={_FORMAT}",
        "--end-of-options", revisions, "--", ".",
        timeout_s=timeout_s,
    )  # fmt: skip
    if out is None:
        return None
    return [_commit(record) for record in out.split(b"\x1e")[1:]]


def _commit(record: bytes) -> Commit:
    commit, parent, author, message, changes = (*record.split(b"\x1f", 4), b"", b"", b"", b"")[:5]
    paths: list[str] = []
    renamed: list[tuple[str, str]] = []
    added: set[str] = set()
    for status, old, new in _changes(changes):
        paths.append(new)
        if old != new:
            renamed.append((old, new))
        if status in "AC":
            added.add(new)
    told = _TRAILER.sub("", message.decode("utf-8", "replace")).strip()
    return Commit(
        commit.decode("ascii", "replace"),
        author.decode("utf-8", "replace"),
        told[:MESSAGE_CHARS_MAX],
        tuple(paths),
        tuple(renamed),
        frozenset(added),
        parent.decode("ascii", "replace"),
    )


def _changes(columns: bytes) -> Iterator[tuple[str, str, str]]:
    """Letter, old and new path of each change; the paths are equal where nothing was renamed."""
    fields = iter([field.strip(b"\n") for field in columns.split(b"\0")])
    for status in fields:
        if not status:
            continue
        letter = chr(status[0])
        old = os.fsdecode(next(fields, b""))
        yield letter, old, os.fsdecode(next(fields, b"")) if letter in "RC" else old
