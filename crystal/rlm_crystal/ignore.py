"""Ignore files: nested `.gitignore` and `.rlmignore` with git's own rules of precedence."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    _Chain = tuple[tuple[int, GitIgnoreSpec], ...]

_log = logging.getLogger(__name__)
_IGNORE_FILE_BYTES_MAX = 1 << 20


class IgnoreRules:
    """The ignore files called `name` in and below `root`, each read once, when first asked for.

    The file nearest to a path decides, as git has it; a pattern that cannot be read is passed by.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._root = str(root)
        self._name = name
        lines = _read_patterns(f"{root}/{name}")
        self._chains: dict[str, _Chain] = {"": ((0, _compile(lines)),) if lines else ()}

    def verdict(self, path: str) -> bool | None:
        """True where `path` (POSIX, relative; a folder ends with `/`) is ignored, False where a
        `!` pattern takes it back, None where no pattern speaks of it."""
        for start, spec in self._chain(path.rstrip("/").rpartition("/")[0]):
            include = spec.check_file(path[start:]).include
            if include is not None:
                return include
        return None

    def _chain(self, folder: str) -> _Chain:
        """The ignore files that speak of what lies in `folder`, the nearest first, each with how
        much of a path stands before what it sees."""
        unknown: list[str] = []
        while folder not in self._chains:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        chain = self._chains[folder]
        for below in reversed(unknown):
            lines = _read_patterns(f"{self._root}/{below}/{self._name}")
            if lines:
                chain = ((len(below) + 1, _compile(lines)), *chain)
            self._chains[below] = chain
        return chain


def _read_patterns(path: str) -> list[str]:
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return []
        with Path(path).open("rb") as file:
            data = file.read(_IGNORE_FILE_BYTES_MAX)
    except OSError:
        return []
    lines = data.decode("utf-8-sig", "replace").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _compile(lines: list[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines(filter(_is_pattern, lines))


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        _log.debug("a line of an ignore file is not a pattern and is passed by")
        return False
    return True
