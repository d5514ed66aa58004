"""Files that came since a crystal was made, judged one by one instead of by a walk over all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.crystal import Crystal
from rlm_crystal.exclusions import ENVIRONMENT_MARKS
from rlm_crystal.listing import offered
from rlm_crystal.types import Skipped, Source
from rlm_crystal.walk import Chooser, path_prefixes

_NEW_MAX = 64


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The new files worth indexing, and all that is left out since."""

    sources: Mapping[str, Source]
    skipped: tuple[Skipped, ...]


def new_files(crystal: Crystal, paths: Sequence[str]) -> Arrivals | None:
    """What of these files, which are there and not indexed, would be; None where a walk must tell.

    That is where there are many, or they lie in an environment or in another repository.
    """
    if not paths:
        return Arrivals({}, crystal.skipped)
    if len(paths) > _NEW_MAX:
        return None
    sources: dict[str, Source] = {}
    skipped: list[Skipped] = []
    resolved = [root.resolve() for root in crystal.roots]
    for root, prefix in zip(resolved, path_prefixes(resolved), strict=True):
        own = [path.removeprefix(prefix) for path in paths if path.startswith(prefix)]
        chooser = _chooser(crystal, root, prefix, own) if own else None
        if chooser is not None:
            chosen = filter(None, map(chooser.choose, chooser.paths))
            sources |= {source.path: source for source in chosen}
            skipped += chooser.skipped
        elif own:
            return None
    return _told_apart(crystal, paths, sources, skipped)


def _told_apart(
    crystal: Crystal, paths: Sequence[str], sources: dict[str, Source], skipped: list[Skipped]
) -> Arrivals:
    """Leaving those alone that were read before, found to be no text, and are the same still."""
    before = {skip.path: skip for skip in crystal.skipped if skip.mtime_ns}
    for path, source in list(sources.items()):
        skip = before.get(path)
        if skip and (skip.size_bytes, skip.mtime_ns) == (source.size_bytes, source.mtime_ns):
            del sources[path]
            skipped.append(skip)
    others = [skip for skip in crystal.skipped if skip.path not in paths]
    known = {(skip.path, skip.reason) for skip in others}
    fresh = [skip for skip in skipped if (skip.path, skip.reason) not in known]
    return Arrivals(sources, (*others, *fresh))


def _chooser(crystal: Crystal, root: Path, prefix: str, paths: list[str]) -> Chooser | None:
    folders = {folder for path in paths for folder in _folders(path) if folder}
    if any((root / folder / mark).exists() for folder in folders for mark in ENVIRONMENT_MARKS):
        return None
    witness = _neighbour(crystal, prefix, paths[0])
    listing = offered(root, paths, witness) if witness else None
    return Chooser(root, prefix, listing=listing) if listing else None


def _neighbour(crystal: Crystal, prefix: str, path: str) -> str:
    """An indexed file as near to `path` as there is one, or ""."""
    for folder in _folders(path):
        front = f"{prefix}{folder}/" if folder else prefix
        for segment, alive in zip(crystal.segments, crystal.alive, strict=True):
            for row in segment.paths.with_prefix(front):
                if alive[row]:
                    return segment.paths[row].removeprefix(prefix)
    return ""


def _folders(path: str) -> list[str]:
    """The folders above a path, the nearest first, the root ("") last."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(len(parts) - 1, -1, -1)]
