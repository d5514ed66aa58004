"""Which files of a corpus are indexed, which are not, and why.

Nothing is opened here: names, sizes and times decide. What only the content can tell (binary,
minified, generated) is decided by `read`. Symbolic links are never followed.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.errors import RootMissing, RootRefused
from rlm_crystal.exclusions import (
    is_environment_mark,
    is_system_folder,
    name_reason,
    outermost_folder_left_out,
)
from rlm_crystal.ignore import IgnoreRules
from rlm_crystal.listing import Listing, list_files
from rlm_crystal.reading import read
from rlm_crystal.types import FileEntry, Skipped, Source

__all__ = [
    "Chooser", "Drift", "Walk", "WalkOptions", "check_root", "check_roots", "drift",
    "path_prefixes", "read", "walk",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """What may be indexed besides the default."""

    size_bytes_max: int = 1 << 20
    with_secrets: bool = False
    with_vendored: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """The files chosen, in order of path, and what was left out."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """How the disk differs from what was indexed; paths in order."""

    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed)


def walk(
    roots: Sequence[Path], *, allow_wide: bool = False, options: WalkOptions | None = None
) -> Walk:
    """The files below `roots` worth indexing.

    Raises RootMissing for a root that is no folder and RootRefused for one too wide to be meant.
    """
    resolved = check_roots(roots, allow_wide=allow_wide)
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for root, prefix in zip(resolved, path_prefixes(resolved), strict=True):
        chooser = Chooser(root, prefix, options)
        sources += filter(None, map(chooser.choose, chooser.paths))
        skipped += chooser.skipped
    return Walk(tuple(sorted(sources, key=lambda source: source.path)), tuple(skipped))


def drift(entries: Iterable[FileEntry], walk: Walk, skipped: Iterable[Skipped] = ()) -> Drift:
    """What changed on disk since `entries` were indexed, told by size and time of change.

    `skipped` is what was left out: a file that was read first counts as added only when it changed
    since, one that no rule leaves out any more does so always.
    """
    known = {entry.path: (entry.size_bytes, entry.mtime_ns) for entry in entries}
    left_out = {skip.path: (skip.size_bytes, skip.mtime_ns) for skip in skipped if skip.mtime_ns}
    changed: list[str] = []
    added: list[str] = []
    for source in walk.sources:
        stamp = (source.size_bytes, source.mtime_ns)
        if source.path in known:
            if known.pop(source.path) != stamp:
                changed.append(source.path)
        elif left_out.get(source.path) != stamp:
            added.append(source.path)
    return Drift(tuple(changed), tuple(added), tuple(sorted(known)))


def check_roots(roots: Iterable[Path], *, allow_wide: bool = False) -> list[Path]:
    """`roots` resolved, each once.

    RootRefused for one inside another: its files would be found, listed and counted twice.
    """
    resolved = list(dict.fromkeys(check_root(root, allow_wide=allow_wide) for root in roots))
    for root in resolved:
        outer = next((other for other in resolved if other in root.parents), None)
        if outer:
            raise RootRefused(f"{root} lies inside {outer}, which is a root too; give one of them")
    return resolved


def check_root(root: Path, *, allow_wide: bool = False) -> Path:
    """`root` resolved; RootMissing or RootRefused where it cannot be meant."""
    try:
        resolved = root.expanduser().resolve(strict=True)
        is_folder = resolved.is_dir()
    except PermissionError as error:
        raise RootMissing(_closed(root)) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise RootMissing(f"{root} does not exist; give a folder that does") from error
    if not is_folder:
        raise RootMissing(f"{root} is a file; give the folder it lies in")
    if _printable(str(resolved)) != str(resolved):
        raise RootRefused(f"the name of {_printable(str(root))} is not valid text; rename it")
    if not os.access(resolved, os.R_OK | os.X_OK):
        raise RootMissing(_closed(root))
    reason = None if allow_wide else _too_wide(resolved)
    if reason:
        raise RootRefused(
            f"{root} is {reason}, which is too wide to index; "
            "give a project folder, or pass --allow-wide"
        )
    return resolved


def _closed(root: Path) -> str:
    return f"{root} may not be read; give this user the right to list it, or give another folder"


def _too_wide(root: Path) -> str | None:
    home = Path.home().resolve()
    if root == Path(root.anchor):
        return "the root of the file system"
    if root == home:
        return "the home folder"
    if root in home.parents:
        return "a folder above the home folder"
    if is_system_folder(root):
        return "a system folder"
    if root.is_mount() and not (root / ".git").exists():
        return "the root of a mounted file system"
    return None


def path_prefixes(roots: Sequence[Path]) -> list[str]:
    """What the paths of each root begin with: nothing for one root, else its name, made unique."""
    if len(roots) == 1:
        return [""]
    taken: set[str] = set()
    prefix_of: dict[Path, str] = {}
    for root in sorted(roots):  # the same names, in whichever order the roots are given
        name = unique = root.name or "root"
        number = 1
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        taken.add(unique)
        prefix_of[root] = f"{unique}/"
    return [prefix_of[root] for root in roots]


class Chooser:
    """Decides of each path below one root whether it is a source; tells nothing it was not asked.

    `skipped` is what was left out so far, folders once.
    """

    def __init__(
        self,
        root: Path,
        prefix: str,
        options: WalkOptions | None = None,
        *,
        listing: Listing | None = None,
    ) -> None:
        """Lists the root, which `check_root` resolved, unless the paths to choose from are given;
        `prefix` begins the paths of its corpus."""
        listing = listing or list_files(root)
        self.paths = listing.paths
        self.skipped = [
            Skipped(prefix + _printable(skip.path), skip.reason) for skip in listing.skipped
        ]
        self._root = root
        self._prefix = prefix
        self._options = options or WalkOptions()
        self._rules = IgnoreRules(root, ".rlmignore")
        self._environments = frozenset(
            path.rpartition("/")[0] for path in listing.paths if is_environment_mark(path)
        )
        self._folders_told: set[str] = set()
        self._is_link: dict[str, bool] = {"": False}

    def choose(self, path: str) -> Source | None:
        """The source of that path, or None where it is none."""
        verdict = self._rules.verdict(path)
        if verdict:
            return self._skip(path, "ignored by .rlmignore")
        folder = outermost_folder_left_out(
            path, self._environments, with_vendored=self._options.with_vendored
        )
        if folder and verdict is None:
            if folder[0] not in self._folders_told:
                self._folders_told.add(folder[0])
                self._skip(*folder)
            return None
        reason = self._name_reason(path, taken_back=verdict is False)
        return self._skip(path, reason) if reason else self._taken(path)

    def _name_reason(self, path: str, *, taken_back: bool) -> str | None:
        if _printable(path) != path:
            return "its name is not valid text"
        return name_reason(path, with_secrets=self._options.with_secrets, taken_back=taken_back)

    def _taken(self, path: str) -> Source | None:
        absolute = f"{self._root}{os.sep}{path}"
        try:
            status = os.lstat(absolute)
        except (FileNotFoundError, NotADirectoryError):
            return None  # in git's index, but deleted from the work tree
        except OSError as error:
            return self._skip(path, f"cannot be read: {error.strerror or error}")
        if stat.S_ISLNK(status.st_mode):
            return self._skip(path, "symbolic link")
        if self._behind_link(path.rpartition("/")[0]):
            return None  # the link is told in place of what git knows behind it
        if not stat.S_ISREG(status.st_mode):
            return self._skip(path, "not a regular file")
        if status.st_size > self._options.size_bytes_max:
            return self._skip(path, f"too large ({status.st_size:,} bytes)")
        full = self._prefix + path
        return Source(full, Path(absolute), status.st_size, status.st_mtime_ns)

    def _behind_link(self, folder: str) -> bool:
        """Whether a symbolic link stands between the root and the folder."""
        unknown: list[str] = []
        while folder not in self._is_link:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        behind = self._is_link[folder]
        for below in reversed(unknown):
            behind = behind or Path(self._root, below).is_symlink()
            self._is_link[below] = behind
        return behind

    def _skip(self, path: str, reason: str) -> None:
        self.skipped.append(Skipped(self._prefix + _printable(path), reason))


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
