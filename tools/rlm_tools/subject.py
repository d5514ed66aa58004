"""What a call is about: a file of the crystal, and perhaps one definition in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_crystal.types import Definition, FileEntry
from rlm_crystal.walk import path_prefixes

from rlm_tools.errors import NothingFound

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Subject:
    """A file, and the definition asked for; None where the whole file is meant."""

    entry: FileEntry
    definition: Definition | None

    @property
    def path(self) -> str:
        return self.entry.path


def subject_of(crystal: Crystal, roots: Sequence[Path], path: str, symbol: str) -> Subject:
    """The file at `path` and the definition `symbol` in it.

    Raises UnknownPath with near paths, and NothingFound with the names the file does define.
    """
    known = corpus_path(roots, path)
    entry = next((entry for entry in crystal.files if entry.path == known), None)
    if entry is None:
        raise_for_folder(crystal, known)
        crystal.text(known)  # raises UnknownPath with the nearest paths
        raise NothingFound(f"the crystal holds no file {path!r}.")
    return Subject(entry, definition_of(crystal, known, symbol) if symbol else None)


def definition_of(crystal: Crystal, path: str, symbol: str) -> Definition:
    """The definition in `path` of that qualified name, or of that last component."""
    outline = crystal.outline(path)
    wanted = symbol.replace("::", ".").replace("#", ".").strip(".() ")
    for matches in (
        [item for item in outline if item.symbol == wanted],
        [item for item in outline if item.symbol.endswith(f".{wanted}")],
        [item for item in outline if item.symbol.lower() == wanted.lower()],
    ):
        if matches:
            return min(matches, key=lambda item: (item.kind == "impl", item.start_line))
    raise NothingFound(_no_such_symbol(crystal, path, symbol, outline))


def corpus_path(roots: Sequence[Path], path: str) -> str:
    """`path` as the crystal writes it: relative and POSIX, whatever form the caller has."""
    plain = path.replace("\\", "/")
    for root, prefix in zip(roots, path_prefixes(roots), strict=True):
        front = root.as_posix().rstrip("/") + "/"
        if plain.startswith(front):
            return prefix + _tidy(plain[len(front) :])
    return _tidy(plain)


def _tidy(path: str) -> str:
    """Without empty and `.` components, which mean nothing."""
    return "/".join(part for part in path.split("/") if part not in {"", "."})


def raise_for_folder(crystal: Crystal, path: str) -> None:
    """NothingFound with the files of the folder, where `path` is one."""
    front = f"{path}/" if path not in {"", "."} else ""
    inside = [entry.path for entry in crystal.files if entry.path.startswith(front)]
    if inside and (front or path in {"", "."}):
        names = ", ".join(inside[:_NAMES_SHOWN])
        more = f" and {len(inside) - _NAMES_SHOWN} more" if len(inside) > _NAMES_SHOWN else ""
        raise NothingFound(f"{path!r} is a folder; give one of its files: {names}{more}.")


def _no_such_symbol(crystal: Crystal, path: str, symbol: str, outline: Sequence[Definition]) -> str:
    from difflib import get_close_matches

    names = list(dict.fromkeys(item.symbol for item in outline))
    near = get_close_matches(symbol, names, n=_NAMES_SHOWN, cutoff=0.5)
    shown = ", ".join(near or names[:_NAMES_SHOWN]) or "nothing"
    elsewhere = [f"{item.path}:{item.start_line}" for item in crystal.symbol(symbol)][:3]
    hint = f" It is defined in {', '.join(elsewhere)}." if elsewhere else ""
    return f"{path} does not define {symbol!r}; it defines {shown}.{hint}"
