"""How the disk differs from a crystal: by a walk over everything, or by a look at some files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.crystal import Crystal
from rlm_crystal.types import Skipped, Source
from rlm_crystal.walk import Drift, Walk, WalkOptions, drift, path_prefixes

_RULES = frozenset({".gitignore", ".rlmignore", ".git", "CACHEDIR.TAG", "pyvenv.cfg"})


@dataclass(frozen=True, slots=True)
class Sight:
    """`sources` has at least those files that changed or were added; `skipped` is all that is left
    out as far as it is known without reading."""

    change: Drift
    sources: Mapping[str, Source]
    skipped: tuple[Skipped, ...]


def by_walk(crystal: Crystal | None, found: Walk) -> Sight:
    """What a walk tells; everything is new where there is no crystal."""
    sources = {source.path: source for source in found.sources}
    if crystal is None:
        return Sight(Drift((), tuple(sources), ()), sources, found.skipped)
    read_before = tuple(s for s in crystal.skipped if s.mtime_ns and s.path in sources)
    change = drift(crystal.files, found, crystal.skipped)
    return Sight(change, sources, found.skipped + read_before)


def by_paths(crystal: Crystal, paths: Iterable[Path]) -> Sight | None:
    """What became of these files, nothing else looked at.

    None where only a walk can tell: a path that is not an indexed file (new, a folder, a link, too
    large now) or that decides over others, as ignore files do.
    """
    changed: dict[str, Source] = {}
    removed: set[str] = set()
    for absolute in set(paths):
        path = _path_in(crystal.roots, absolute)
        known = crystal.entry(path) if path is not None else None
        if known is None or not _RULES.isdisjoint(absolute.parts):
            return None
        try:
            status = absolute.lstat()
        except FileNotFoundError:
            removed.add(known.path)
            continue
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode) or status.st_size > WalkOptions().size_bytes_max:
            return None
        if (status.st_size, status.st_mtime_ns) != (known.size_bytes, known.mtime_ns):
            source = Source(known.path, absolute, status.st_size, status.st_mtime_ns)
            changed[known.path] = source
    change = Drift(tuple(sorted(changed)), (), tuple(sorted(removed)))
    return Sight(change, changed, crystal.skipped)


def _path_in(roots: tuple[Path, ...], absolute: Path) -> str | None:
    """The path a corpus knows the file by; None for what lies outside its roots."""
    prefixes = path_prefixes([root.resolve() for root in roots])
    for root, prefix in zip(roots, prefixes, strict=True):
        if absolute.is_relative_to(root):
            return prefix + os.fspath(absolute.relative_to(root)).replace(os.sep, "/")
    return None
