"""Which files of a corpus are indexed, which are not, and why.

Nothing is opened here: names, sizes and times decide. What only the content can tell (binary,
minified, generated) is decided by `read`. Symbolic links are never followed.
"""

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rlm_crystal.errors import RootMissing, RootRefused
from rlm_crystal.exclusions import (
    is_environment_mark,
    is_system_folder,
    name_reason,
    outermost_folder_left_out,
)
from rlm_crystal.ignore import IgnoreRules
from rlm_crystal.listing import list_files
from rlm_crystal.reading import read
from rlm_crystal.types import FileEntry, Skipped, Source

__all__ = [
    "Drift", "Walk", "WalkOptions", "check_root", "check_roots", "drift", "path_prefixes", "read",
    "walk",
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
    options = options or WalkOptions()
    resolved = check_roots(roots, allow_wide=allow_wide)
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for root, prefix in zip(resolved, path_prefixes(resolved), strict=True):
        chooser = _Chooser(root, prefix, options)
        chooser.choose()
        sources += chooser.sources
        skipped += chooser.skipped
    return Walk(tuple(sorted(sources, key=lambda source: source.path)), tuple(skipped))


def drift(entries: Iterable[FileEntry], walk: Walk, skipped: Iterable[Skipped] = ()) -> Drift:
    """What changed on disk since `entries` were indexed, told by size and time of change.

    `skipped` are the files that were read and then left out; they count as added only when they
    changed since.
    """
    known = {entry.path: (entry.size_bytes, entry.mtime_ns) for entry in entries}
    left_out = {skip.path: (skip.size_bytes, skip.mtime_ns) for skip in skipped}
    changed: list[str] = []
    added: list[str] = []
    for source in walk.sources:
        stamp = (source.size_bytes, source.mtime_ns)
        if source.path in known:
            if known.pop(source.path) != stamp:
                changed.append(source.path)
        elif left_out.get(source.path) not in (stamp, (0, 0)):
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


@dataclass(slots=True)
class _Chooser:
    """Sorts the listing of one root into sources and skipped."""

    root: Path
    prefix: str
    options: WalkOptions
    sources: list[Source] = field(default_factory=list[Source])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    folders_told: set[str] = field(default_factory=set[str])

    def choose(self) -> None:
        listing = list_files(self.root)
        for skip in listing.skipped:
            self.skipped.append(Skipped(self.prefix + _printable(skip.path), skip.reason))
        rules = IgnoreRules(self.root, ".rlmignore")
        environments = frozenset(
            path.rpartition("/")[0] for path in listing.paths if is_environment_mark(path)
        )
        for path in listing.paths:
            self._sort(path, rules, environments)

    def _sort(self, path: str, rules: IgnoreRules, environments: frozenset[str]) -> None:
        verdict = rules.verdict(path)
        if verdict:
            self._skip(path, "ignored by .rlmignore")
            return
        folder = outermost_folder_left_out(
            path, environments, with_vendored=self.options.with_vendored
        )
        if folder and verdict is None:
            if folder[0] not in self.folders_told:
                self.folders_told.add(folder[0])
                self._skip(*folder)
            return
        reason = self._name_reason(path, taken_back=verdict is False)
        if reason:
            self._skip(path, reason)
            return
        self._take(path)

    def _name_reason(self, path: str, *, taken_back: bool) -> str | None:
        if _printable(path) != path:
            return "its name is not valid text"
        return name_reason(path, with_secrets=self.options.with_secrets, taken_back=taken_back)

    def _take(self, path: str) -> None:
        absolute = f"{self.root}{os.sep}{path}"
        try:
            status = os.lstat(absolute)
        except FileNotFoundError:
            return  # in git's index, but deleted from the work tree
        except OSError as error:
            self._skip(path, f"cannot be read: {error.strerror or error}")
            return
        if stat.S_ISLNK(status.st_mode):
            self._skip(path, "symbolic link")
        elif not stat.S_ISREG(status.st_mode):
            self._skip(path, "not a regular file")
        elif status.st_size > self.options.size_bytes_max:
            self._skip(path, f"too large ({status.st_size:,} bytes)")
        else:
            full = self.prefix + path
            self.sources.append(Source(full, Path(absolute), status.st_size, status.st_mtime_ns))

    def _skip(self, path: str, reason: str) -> None:
        self.skipped.append(Skipped(self.prefix + _printable(path), reason))


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
