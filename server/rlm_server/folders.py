"""Which folders below a root are worth a watch: those whose files may be indexed, and git's HEAD.

Each watch costs kernel memory and there are only so many, so what is never indexed gets none:
dependencies, caches, what ignore files rule out. A mistake here delays a change until the next
look at the disk and never hides it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from rlm_crystal.ignore import IgnoreRules
from rlm_crystal.language import VENDOR_FOLDERS

IGNORE_FILES = (".gitignore", ".rlmignore")
NEVER_INDEXED = frozenset({
    ".hg", ".svn", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".nox", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".hypothesis", ".idea", ".gradle", ".terraform", ".next",
})  # fmt: skip
_HEADS = (".git", ".git/refs", ".git/refs/heads")


class WatchedFolders:
    """The folders of one root; ignore files are read when it is made."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self._rules = [IgnoreRules(root, name) for name in IGNORE_FILES]

    def below(self, folder: str) -> Iterator[str]:
        """`folder` (absolute) and every folder in it that is worth a watch."""
        pending = [folder] if self._wanted(folder) else []
        while pending:
            found = pending.pop()
            yield found
            pending += [inside for inside in _folders_in(found) if self._wanted(inside)]

    def _wanted(self, folder: str) -> bool:
        path = os.path.relpath(folder, self.root).replace(os.sep, "/")
        if path == ".":
            return True
        parts = path.split("/")
        if ".git" in parts:
            inside = "/".join(parts[parts.index(".git") :])
            return inside in _HEADS or inside.startswith(".git/refs/heads/")
        if NEVER_INDEXED.intersection(parts) or parts[-1].lower() in VENDOR_FOLDERS:
            return False
        return not any(rules.verdict(f"{path}/") for rules in self._rules)


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:  # it went away, or may not be read: then nothing in it is indexed
        return []
