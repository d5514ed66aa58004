"""Which folders of a root are worth a watch: those whose files may be indexed, and git's HEAD.

Each watch costs kernel memory and there are only so many, so what is never indexed gets none:
dependencies, caches, what ignore files rule out. What was indexed all the same (a file that git
tracks in a folder it ignores) is watched once it is known, see `Lookout.cover`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from rlm_crystal.exclusions import ENVIRONMENT_MARKS
from rlm_crystal.ignore import IgnoreRules
from rlm_crystal.language import VENDOR_FOLDERS
from rlm_crystal.revision import git_folders

IGNORE_FILES = (".gitignore", ".rlmignore")
NEVER_INDEXED = frozenset({
    ".hg", ".svn", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".nox", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".hypothesis", ".idea", ".gradle", ".terraform", ".next",
})  # fmt: skip
_IN_GIT = ("", "info", "refs", "refs/heads")
_CHANGES = frozenset({"created", "modified", "deleted", "moved", "closed", "attributes"})


class WatchedFolders:
    """The folders of one root; ignore files are read when it is made.

    The git folder of a linked worktree or of a repository around the root lies outside of it.
    """

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self._rules = [IgnoreRules(root, name) for name in IGNORE_FILES]
        self._takes_back = _has_exceptions(root / ".rlmignore")
        found = (str(folder) for folder in git_folders(root))
        self._git = tuple(folder for folder in found if not _is_below(folder, self.root))

    def all(self) -> Iterator[str]:
        """Every folder that is worth a watch."""
        for folder in (self.root, *self._git):
            yield from self.below(folder)

    def below(self, folder: str) -> Iterator[str]:
        """`folder` (absolute) and every folder in it that is worth a watch."""
        pending = [folder] if self._wanted(folder) else []
        while pending:
            found = pending.pop()
            yield found  # watched first: what comes into it while it is listed is told
            pending += [inside for inside in _folders_in(found) if self._wanted(inside)]

    def concerns(self, kind: str, path: str, *, is_directory: bool, all_told: bool) -> bool:
        """Whether an event at the absolute `path` can change what is indexed.

        `all_told`: events come from every folder there is, those not worth a watch too.
        """
        for git in self._git:
            if _is_below(path, git):
                return kind in _CHANGES and _moves_head(_parts_below(path, git))
        if not _is_below(path, self.root):
            return False
        parts = _parts_below(path, self.root)
        folders = parts if is_directory else parts[:-1]
        if not all_told or self._takes_back:
            folders = folders[len(parts) - 1 :]
        if NEVER_INDEXED.intersection(folders):
            return False
        return matters(kind, parts, is_directory=is_directory)

    def _wanted(self, folder: str) -> bool:
        for git in self._git:
            if _is_below(folder, git):
                return _watched_in_git(os.path.relpath(folder, git).replace(os.sep, "/"))
        if not _is_below(folder, self.root):
            return False
        path = os.path.relpath(folder, self.root).replace(os.sep, "/")
        return path == "." or self._may_be_indexed(path)

    def _may_be_indexed(self, path: str) -> bool:
        parts = path.split("/")
        if ".git" in parts:
            return _watched_in_git("/".join(parts[parts.index(".git") + 1 :]) or ".")
        left_out = NEVER_INDEXED.intersection(parts) or parts[-1].lower() in VENDOR_FOLDERS
        if left_out and not self._takes_back:
            return False
        return not any(rules.verdict(f"{path}/") for rules in self._rules)


def matters(kind: str, parts: tuple[str, ...], *, is_directory: bool) -> bool:
    """Whether an event can change what is indexed; `parts` are those of its path below a root."""
    if kind not in _CHANGES or (is_directory and kind == "modified"):
        return False
    if ".git" in parts:
        return _moves_head(parts[parts.index(".git") + 1 :])
    return True


def _moves_head(inside_git: tuple[str, ...]) -> bool:
    """Whether a file of git's own says that HEAD moved (a commit, a checkout, a branch), or that
    it tracks or ignores other files now."""
    if not inside_git:
        return True  # a repository was made or taken away
    if inside_git[-1].endswith(".lock"):
        return False
    one_of_them = inside_git[0] in {"HEAD", "packed-refs", "index"}
    return one_of_them or inside_git[:2] in {("refs", "heads"), ("info", "exclude")}


def _watched_in_git(path: str) -> bool:
    return path.removeprefix(".") in _IN_GIT or path.startswith("refs/heads/")


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _parts_below(path: str, folder: str) -> tuple[str, ...]:
    below = path[len(folder) :].strip(os.sep)
    return tuple(below.split(os.sep)) if below else ()  # noqa: PTH206 - asked for every event


def _has_exceptions(ignore_file: Path) -> bool:
    """Whether the user takes something back that is left out by its name."""
    try:
        return any(line.startswith("!") for line in ignore_file.read_text("utf-8").splitlines())
    except (OSError, ValueError):
        return False


def _folders_in(folder: str) -> list[str]:
    """The folders in `folder`; none in a cache or an environment, which its mark tells."""
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except OSError:  # it went away, or may not be read: then nothing in it is indexed
        return []
    if any(entry.name in ENVIRONMENT_MARKS for entry in found):
        return []
    return [entry.path for entry in found if entry.is_dir(follow_symlinks=False)]
