"""Ignore files: nested `.gitignore` and `.rlmignore` with git's own rules of precedence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_log = logging.getLogger(__name__)
_IGNORE_FILE_BYTES_MAX = 1 << 20


class IgnoreRules:
    """The ignore files called `name` in and below `root`, each read once, when first asked for.

    The file nearest to a path decides, as git has it; a pattern that cannot be read is passed by.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._name = name
        self._spec: Callable[[str], GitIgnoreSpec | None] = cache(self._load)

    def verdict(self, path: str) -> bool | None:
        """True where `path` (POSIX, relative; a folder ends with `/`) is ignored, False where a
        `!` pattern takes it back, None where no pattern speaks of it."""
        parts = path.rstrip("/").split("/")
        for depth in range(len(parts) - 1, -1, -1):
            folder = "/".join(parts[:depth])
            spec = self._spec(folder)
            if spec is not None:
                include = spec.check_file(path[len(folder) :].lstrip("/")).include
                if include is not None:
                    return include
        return None

    def _load(self, folder: str) -> GitIgnoreSpec | None:
        path = self._root / folder / self._name if folder else self._root / self._name
        lines = _read_patterns(path)
        return _compile(lines) if lines else None


def _read_patterns(path: Path) -> list[str]:
    try:
        if path.is_symlink() or not path.is_file():
            return []
        with path.open("rb") as file:
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
