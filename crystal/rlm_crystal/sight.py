"""How the disk differs from a crystal: by a walk over everything, or by a look at some files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rlm_crystal.arrivals import new_files
from rlm_crystal.crystal import Crystal
from rlm_crystal.errors import UnknownPath
from rlm_crystal.exclusions import ENVIRONMENT_MARKS
from rlm_crystal.reading import content_hash
from rlm_crystal.types import FileEntry, Skipped, Source
from rlm_crystal.walk import Drift, Walk, WalkOptions, drift, path_prefixes

_RULES = frozenset({".gitignore", ".rlmignore", ".git", "..", *ENVIRONMENT_MARKS})


@dataclass(frozen=True, slots=True)
class Sight:
    """`sources` has at least those files that changed or were added; `skipped` is all that is left
    out as far as it is known without reading."""

    change: Drift
    sources: Mapping[str, Source]
    skipped: tuple[Skipped, ...]


def by_walk(crystal: Crystal | None, found: Walk, doubted: Iterable[Path] = ()) -> Sight:
    """What a walk tells; everything is new where there is no crystal.

    A walk compares sizes and times; the files in `doubted` are compared by content as well.
    """
    sources = {source.path: source for source in found.sources}
    if crystal is None:
        return Sight(Drift((), tuple(sources), ()), sources, found.skipped)
    read_before = tuple(s for s in crystal.skipped if s.mtime_ns and s.path in sources)
    change = drift(crystal.files, found, crystal.skipped)
    places = Places(crystal.roots)
    told = {path for path in map(places.path, doubted) if path}
    hidden = {
        path
        for path in told.intersection(sources).difference(change.changed)
        if _says_otherwise(crystal, sources[path])
    }
    change = replace(change, changed=tuple(sorted(hidden.union(change.changed))))
    return Sight(change, sources, found.skipped + read_before)


def by_paths(crystal: Crystal, paths: Iterable[Path]) -> Sight | None:
    """What became of these files, nothing else looked at; they are compared by content.

    None where only a walk can tell: a path that is no file (a folder, a link, too large now), that
    has another name too, or that decides over others, as ignore files do. What came and went, as
    the files do by which an editor saves, needs none.
    """
    places = Places(crystal.roots)
    changed: dict[str, Source] = {}
    removed: set[str] = set()
    new: list[str] = []
    for absolute in set(paths):
        path = places.path(absolute)
        if path is None or not _RULES.isdisjoint(absolute.parts):
            return None
        try:
            status = absolute.lstat()
        except FileNotFoundError:
            status = None
        except OSError:
            return None
        known = crystal.entry(path)
        if known is None:
            if status is not None and stat.S_ISREG(status.st_mode):
                new.append(path)
            elif _may_hold_others(crystal, path, status):
                return None
        elif status is None:
            removed.add(path)
        elif (source := _plain_source(path, absolute, status)) is None:
            return None
        elif _differs(known, source):
            changed[path] = source
    arrived = new_files(crystal, sorted(new))
    if arrived is None:
        return None
    change = Drift(tuple(sorted(changed)), tuple(arrived.sources), tuple(sorted(removed)))
    return Sight(change, {**changed, **arrived.sources}, arrived.skipped)


def changed_among(crystal: Crystal, paths: Iterable[str]) -> tuple[Path, ...]:
    """Those of these indexed files that are no longer on disk what the crystal holds.

    Told by content, so that a change which left size and time alone is seen. Costs reading them.
    """
    places = Places(crystal.roots)
    wrong: list[Path] = []
    for path in sorted(set(paths)):
        known = crystal.entry(path)
        if known is None:
            continue
        absolute = places.absolute(path)
        source = Source(path, absolute, known.size_bytes, known.mtime_ns)
        if content_hash(source) != known.content_hash:
            wrong.append(absolute)
    return tuple(wrong)


class Places:
    """Where the files of a corpus lie, and by which path it knows a place."""

    def __init__(self, roots: Sequence[Path]) -> None:
        prefixes = path_prefixes([root.resolve() for root in roots])
        self._roots = tuple(zip(roots, prefixes, strict=True))

    def absolute(self, path: str) -> Path:
        """Where the file that the corpus knows by `path` lies."""
        for root, prefix in self._roots:
            if path.startswith(prefix):
                return root / path.removeprefix(prefix)
        raise UnknownPath(f"{path!r} lies below none of the roots")

    def path(self, absolute: Path) -> str | None:
        """The path the corpus knows the file by; None for what lies outside its roots."""
        for root, prefix in self._roots:
            if absolute.is_relative_to(root):
                return prefix + os.fspath(absolute.relative_to(root)).replace(os.sep, "/")
        return None


def _may_hold_others(crystal: Crystal, path: str, status: os.stat_result | None) -> bool:
    """Whether files are, were or may now be indexed at or below a path that is no indexed file."""
    if status is not None and not stat.S_ISLNK(status.st_mode):
        return True
    return any(len(segment.paths.with_prefix(f"{path}/")) for segment in crystal.segments)


def _plain_source(path: str, absolute: Path, status: os.stat_result) -> Source | None:
    """The file as a source; None where it is none, or may have changed by another name."""
    plain = stat.S_ISREG(status.st_mode) and status.st_nlink <= 1
    if not plain or status.st_size > WalkOptions().size_bytes_max:
        return None
    return Source(path, absolute, status.st_size, status.st_mtime_ns)


def _differs(known: FileEntry, source: Source) -> bool:
    same_stamp = (source.size_bytes, source.mtime_ns) == (known.size_bytes, known.mtime_ns)
    return not same_stamp or content_hash(source) != known.content_hash


def _says_otherwise(crystal: Crystal, source: Source) -> bool:
    known = crystal.entry(source.path)
    return known is None or content_hash(source) != known.content_hash
