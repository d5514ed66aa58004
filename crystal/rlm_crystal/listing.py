"""The files below a root that ignore files do not rule out: git's listing, or our own scan."""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.git import run_git
from rlm_crystal.ignore import IgnoreRules
from rlm_crystal.revision import git_dir_of
from rlm_crystal.types import Skipped

_log = logging.getLogger(__name__)
_GIT_TIMEOUT_S = 60
_NESTED_MAX = 16
_NEVER = frozenset({".git", ".hg", ".svn", ".bzr", "CVS", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Listing:
    """Paths below a root, POSIX and relative, in order; and what ignore files left out."""

    paths: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def list_files(root: Path) -> Listing:
    """What git would track or offer to track below `root`; without git, the same by our own scan.

    A root that git ignores as a whole (an unpacked archive inside another work tree) is scanned.
    """
    listing = _git_listing(root, depth=0)
    if listing is None or not listing.paths:
        return _scan(root)
    return listing


def offered(root: Path, paths: Sequence[str], witness: str) -> Listing | None:
    """Those of `paths` that `list_files` would name, without listing the rest.

    `witness` is a path that it named; None where this cannot tell (another repository lies
    between, or the witness is not named in this way), and only the whole listing can.
    """
    folders = {folder for path in (*paths, witness) for folder in _folders_above(path)}
    if any((root / folder / ".git").exists() for folder in folders):
        return None
    if git_dir_of(root) is None:
        rules = IgnoreRules(root, ".gitignore")
        return Listing(tuple(path for path in paths if not _ruled_out(rules, path)), ())
    wanted = [f":(literal){path}" for path in (*paths, witness)]
    named = _git(root, "--cached", "--others", "--", *wanted)
    if named is None or witness not in named:
        return None
    return Listing(tuple(sorted(set(paths).intersection(named))), ())


def _ruled_out(rules: IgnoreRules, path: str) -> bool:
    """Whether our own scan would not come to the path."""
    above = [f"{folder}/" for folder in _folders_above(path)]
    if not _NEVER.isdisjoint(path.split("/")):
        return True
    return any(rules.verdict(each) for each in (*above, path))


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _git_listing(root: Path, depth: int) -> Listing | None:
    if git_dir_of(root) is None or depth > _NESTED_MAX:
        return None
    offered = _git(root, "--cached", "--others")
    if offered is None:
        return None
    ignored = _git(root, "--others", "--ignored", "--directory") or []
    skipped = [Skipped(path, "ignored by .gitignore") for path in ignored]
    paths: list[str] = []
    for path in offered:
        # A string, no Path: this look is taken at every file.
        if path.endswith("/") or os.path.isdir(f"{root}{os.sep}{path}"):  # noqa: PTH112
            inner = _nested(root, path, depth)
            paths += inner.paths
            skipped += inner.skipped
        else:
            paths.append(path)
    return Listing(tuple(sorted(set(paths))), tuple(skipped))


def _nested(root: Path, folder: str, depth: int) -> Listing:
    """A repository inside the repository: a submodule, or one that lies there untracked."""
    inside = root / folder
    if inside.is_symlink() or not inside.is_dir():
        return Listing((folder.rstrip("/"),), ())
    has_own_git = (inside / ".git").exists()
    if not has_own_git and not folder.endswith("/") and not _is_gitlink(root, folder):
        return Listing((), ())  # a file git knows became a folder, whose files it lists itself
    folder = folder.rstrip("/")
    inner = (_git_listing(inside, depth + 1) if has_own_git else None) or _scan(inside)
    return Listing(
        tuple(f"{folder}/{path}" for path in inner.paths),
        tuple(Skipped(f"{folder}/{skip.path}", skip.reason) for skip in inner.skipped),
    )


def _is_gitlink(root: Path, folder: str) -> bool:
    """Whether git's index has a commit there, as it has for a submodule, and no file."""
    asked = ("ls-files", "-z", "--stage", "--", f":(literal){folder}")
    staged = run_git(root, *asked, timeout_s=_GIT_TIMEOUT_S)
    return staged is not None and staged.startswith(b"160000 ")


def _git(root: Path, *selection: str) -> list[str] | None:
    listed = run_git(
        root, "ls-files", "-z", "--exclude-standard", *selection, timeout_s=_GIT_TIMEOUT_S
    )
    if listed is None:
        _log.info("git could not list the files; scanning instead")
        return None
    return [os.fsdecode(path) for path in listed.split(b"\0") if path]


def _scan(root: Path) -> Listing:
    rules = IgnoreRules(root, ".gitignore")
    paths: list[str] = []
    skipped: list[Skipped] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = list(_entries(root, folder))
        except OSError as error:
            skipped.append(Skipped(f"{folder}/", f"cannot be listed: {error.strerror or error}"))
            continue
        for path, is_folder in entries:
            if rules.verdict(f"{path}/" if is_folder else path):
                suffix = "/" if is_folder else ""
                skipped.append(Skipped(f"{path}{suffix}", "ignored by .gitignore"))
            elif is_folder:
                pending.append(path)
            else:
                paths.append(path)
    return Listing(tuple(sorted(paths)), tuple(skipped))


def _entries(root: Path, folder: str) -> Iterator[tuple[str, bool]]:
    with os.scandir(f"{root}/{folder}" if folder else root) as entries:
        for entry in entries:
            if entry.name in _NEVER:
                continue
            path = f"{folder}/{entry.name}" if folder else entry.name
            yield path, entry.is_dir(follow_symlinks=False)
