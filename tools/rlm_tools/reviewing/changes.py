"""Which changes a review is about: a diff that was given, or what is not committed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_crystal.reading import read
from rlm_crystal.secrets import secret_reason
from rlm_crystal.types import Document, Source

from rlm_tools.errors import BadArgument, NothingFound
from rlm_tools.reviewing.change import Change, change_between, whole_file
from rlm_tools.reviewing.committed import blobs_at_head, is_blob, text_at_head
from rlm_tools.reviewing.unified_diff import FileDiff, apply, parse_diff, rewind
from rlm_tools.subject import corpus_path

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

FILES_MAX = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """The changes, where they come from in words, and what a reader should know of them."""

    changes: tuple[Change, ...]
    basis: str
    notes: tuple[str, ...] = ()


def changes_of_diff(crystal: Crystal, roots: Sequence[Path], path: str, diff: str) -> Selection:
    """The changes of a unified diff, whether it was applied to the files already or not."""
    files = parse_diff(diff)
    wanted = corpus_path(roots, path) if path else ""
    chosen = [_named(file, wanted) for file in files if _is_wanted(file, wanted)]
    if not chosen:
        names = ", ".join(file.path for file in files[:5])
        raise BadArgument(f"the diff does not touch {path!r}; it touches {names}.")
    notes: list[str] = []
    changes = [_of_diff(crystal, roots, file, notes) for file in chosen[:FILES_MAX]]
    return Selection(tuple(changes), "the given diff", tuple(notes))


def uncommitted(crystal: Crystal, roots: Sequence[Path], path: str) -> Selection:
    """What differs between the last commit and the disk, in one file, a folder or everywhere.

    A single file without a change is reviewed as it stands.
    """
    wanted = corpus_path(roots, path)
    known = {entry.path for entry in crystal.files}
    if wanted in known or _is_file(roots, wanted):
        return _single(roots, wanted)
    front = "" if wanted in {"", "."} else f"{wanted}/"
    inside = sorted(name for name in known if name.startswith(front))
    if not inside:
        crystal.text(wanted)  # raises UnknownPath with the nearest paths
    changes = _changed_below(roots, front, inside)
    if not changes:
        raise NothingFound(
            f"nothing below {path or 'the roots'!r} differs from the last commit; name one file"
            " to review it as it stands."
        )
    more = len(changes) - FILES_MAX
    notes = (f"{more} more changed files were not looked at.",) if more > 0 else ()
    return Selection(tuple(changes[:FILES_MAX]), "changes that are not committed", notes)


def _single(roots: Sequence[Path], path: str) -> Selection:
    root, relative = locate(roots, path)
    if reason := off_limits(root, relative):
        raise BadArgument(f"{path} {reason}; such files are never read here.")
    new = text_on_disk(root, relative)
    old = text_at_head(root, relative)
    if new is None and old is None:
        raise NothingFound(f"{path} cannot be read as text.")
    if old is None and blobs_at_head(root) is None:
        return Selection((whole_file(path, new or ""),), "the whole file (no commit to compare)")
    change = change_between(path, old, new)
    if new is not None and not change.added and old == new:
        return Selection((whole_file(path, new),), "the whole file (no uncommitted change)")
    return Selection((change,), "changes that are not committed")


def _changed_below(roots: Sequence[Path], front: str, inside: Sequence[str]) -> list[Change]:
    changes: list[Change] = []
    for root, prefix in zip(roots, prefixes(roots), strict=True):
        blobs = blobs_at_head(root)
        if blobs is None:
            continue
        present = {name[len(prefix) :] for name in inside if name.startswith(prefix)}
        below = {name for name in blobs if f"{prefix}{name}".startswith(front)}
        gone = {name for name in below if not (root / name).exists()}
        for relative in sorted(present | gone):
            same = _is_same(root, relative, blobs.get(relative))
            if not same and not off_limits(root, relative):
                old = text_at_head(root, relative) if relative in blobs else None
                change = change_between(prefix + relative, old, text_on_disk(root, relative))
                if change.old != change.new:
                    changes.append(change)
    return changes


def _is_same(root: Path, relative: str, object_id: str | None) -> bool:
    if object_id is None:
        return False
    try:
        return is_blob((root / relative).read_bytes(), object_id)
    except OSError:
        return False


def _of_diff(crystal: Crystal, roots: Sequence[Path], diff: FileDiff, notes: list[str]) -> Change:
    path = diff.path
    root, relative = locate(roots, path)
    if reason := off_limits(root, relative):
        notes.append(f"{path} {reason}; only the diff's own lines were looked at.")
        return _lines_only(path, diff)
    text = text_on_disk(root, relative)
    if text is None:
        text = crystal.text(path) if any(entry.path == path for entry in crystal.files) else ""
    if diff.deletes:
        return change_between(path, text or "\n".join(diff.hunks[0].before), None)
    before = rewind(diff, text)
    if before is not None:
        return change_between(path, before or None, text)
    after = apply(diff, text)
    if after is not None:
        return change_between(path, text or None, after)
    notes.append(
        f"the diff fits {path} neither as applied nor as to be applied; only its own lines were"
        " looked at, with their numbers from the diff."
    )
    return _lines_only(path, diff)


def _lines_only(path: str, diff: FileDiff) -> Change:
    """The lines of the diff at their numbers, nothing known of the rest of the file."""
    rows: list[str] = []
    added: set[int] = set()
    for hunk in diff.hunks:
        rows += [""] * (hunk.new_start - 1 - len(rows))
        for row in hunk.rows:
            if row[0] in " +":
                rows.append(row[1:])
                if row[0] == "+":
                    added.add(len(rows))
    text = "\n".join(rows)
    return Change(path, text, text, frozenset(added))


def _is_wanted(file: FileDiff, wanted: str) -> bool:
    return (
        not wanted
        or not file.path
        or wanted in {file.path, file.old_path}
        or (file.path.startswith(f"{wanted}/") or wanted.endswith(f"/{file.path}"))
    )


def _named(file: FileDiff, wanted: str) -> FileDiff:
    if file.path and not wanted.endswith(f"/{file.path}"):
        return file
    if not wanted:
        raise BadArgument("the diff names no file; pass the path it belongs to.")
    return FileDiff(wanted, wanted, file.hunks)


def locate(roots: Sequence[Path], path: str) -> tuple[Path, str]:
    """The root a path of the corpus lies in, and the path below that root.

    Raises BadArgument for a path that leads out of every root.
    """
    for root, prefix in zip(roots, prefixes(roots), strict=True):
        if path.startswith(prefix):
            relative = path[len(prefix) :]
            if "\0" not in path and _resolved(root, relative) is not None:
                return root, relative
    raise BadArgument(
        f"{path!r} lies in none of the served folders; give a path as replies show it."
    )


def off_limits(root: Path, relative: str) -> str | None:
    """Why the file is never read, or None: git's own, or likely to hold secrets, by any name."""
    for name in (relative, _resolved(root, relative) or relative):
        if ".git" in name.lower().split("/"):
            return "belongs to git"
        if reason := secret_reason(name):
            return reason
    return None


def _resolved(root: Path, relative: str) -> str | None:
    """Where below the root the path leads, its links followed; None where it leads out."""
    target, top = (root / relative).resolve(), root.resolve()
    return target.relative_to(top).as_posix() if target.is_relative_to(top) else None


def text_on_disk(root: Path, relative: str) -> str | None:
    """The text of the file now; None where there is none worth reading."""
    absolute = root / relative
    try:
        status = absolute.lstat()
    except OSError:
        return None
    document = read(Source(relative, absolute, status.st_size, status.st_mtime_ns))
    return document.text if isinstance(document, Document) else None


def _is_file(roots: Sequence[Path], path: str) -> bool:
    root, relative = locate(roots, path)
    return bool(relative) and (root / relative).is_file()


def prefixes(roots: Sequence[Path]) -> list[str]:
    """What the paths of each root begin with in the corpus."""
    from rlm_crystal.walk import path_prefixes

    return path_prefixes(roots)
