"""The definitions and files of all segments by name, as resolving a call needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from rlm_crystal.bindings import Bindings, Place, bindings_of, family_of
from rlm_crystal.definitions import definition_at, rows_of_file
from rlm_crystal.language import PACKAGE_ROOTS
from rlm_crystal.segment import BoolArray, Graph, Segment
from rlm_crystal.types import Definition, Kind

TYPES: Final = frozenset({"class", "interface", "struct", "enum", "trait", "impl", "type"})
_MATCHES_MAX: Final = 10_000

Part = tuple[Segment, Graph, BoolArray]


@dataclass(frozen=True, slots=True)
class Named:
    """A definition with what a call needs of it: the type it is a member of, or ""."""

    definition: Definition
    owner: str
    scope: str
    family: str

    @property
    def is_type(self) -> bool:
        return self.definition.kind in TYPES

    @property
    def is_local(self) -> bool:
        """Whether it stands inside a function, where only that function sees it."""
        return bool(self.scope)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file: its lines, what its imports bind, and its definitions by symbol."""

    lines: tuple[str, ...]
    family: str
    language: str
    bindings: Bindings
    outline: dict[str, Definition]


class CorpusNames:
    """Looks things up in the segments; what was read of a file is kept for the next question."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._facts: dict[str, FileFacts | None] = {}
        self._named: dict[str, list[Named]] = {}

    def facts(self, path: str) -> FileFacts | None:
        """What is known of a file; None where there is none."""
        if path not in self._facts:
            self._facts[path] = self._read(path)
        return self._facts[path]

    def called(self, name: str) -> list[Named]:
        """Everything whose last component is `name` and that can be called or built."""
        if name not in self._named:
            self._named[name] = [
                self._described(definition)
                for definition in self._defined(name)
                if definition.kind not in {"section", "lines", "constant", "module"}
            ]
        return self._named[name]

    def files_of(self, place: Place) -> tuple[str, ...]:
        """The files a dotted place can be: a module, or a folder that is one."""
        return tuple(self._by_place.get(_key(place), ()))

    def is_known(self, place: Place) -> bool:
        """Whether some file or folder of the corpus is so placed."""
        return bool(place) and (_key(place) in self._by_place or _key(place) in self._folders)

    def is_module(self, path: str, place: Place) -> bool:
        """Whether `place` means the file, or its folder where folders are modules."""
        parts, folder = _parts_of(path), _folder_of(path)
        wanted = tuple(part.lower() for part in place)
        if not wanted:
            return False
        if _ends(parts, wanted) or (parts and _ends(wanted, parts)):
            return True
        if not path.endswith(_FOLDER_MODULES):
            return False
        return _ends(folder, wanted) or bool(folder and _ends(wanted, folder))

    def is_below(self, path: str, place: Place) -> bool:
        """Whether the file lies in the folder that `place` means."""
        wanted = tuple(part.lower() for part in place)
        folder = _folder_of(path)
        return bool(wanted) and any(
            folder[at : at + len(wanted)] == wanted for at in range(len(folder))
        )

    @cached_property
    def _by_place(self) -> dict[Place, list[str]]:
        """Files by the last two components of their modules, and by the last alone."""
        found: dict[Place, list[str]] = {}
        for segment, _, mask in self._parts:
            for row in np.flatnonzero(mask).tolist():
                parts = _parts_of(segment.paths[row])
                for size in (1, 2):
                    if len(parts) >= size:
                        found.setdefault(parts[-size:], []).append(segment.paths[row])
        return found

    @cached_property
    def _folders(self) -> frozenset[Place]:
        found: set[Place] = set()
        for paths in self._by_place.values():
            for path in paths:
                folder = _folder_of(path)
                for at in range(len(folder)):
                    found.add(folder[at : at + 1])
                    found.add(folder[at : at + 2])
        return frozenset(found)

    def _defined(self, name: str) -> list[Definition]:
        found: list[Definition] = []
        for segment, graph, mask in self._parts:
            at = graph.names.find(name)
            ids = [at] if at >= 0 else []
            ids += graph.names.with_suffix(f".{name}", limit=_MATCHES_MAX)
            rows = np.flatnonzero(np.isin(graph.definitions.symbol, ids))
            kept = rows[mask[graph.definitions.file[rows]]].tolist()
            found += [definition_at(segment, row) for row in kept]
        return found

    def _described(self, definition: Definition) -> Named:
        front, _, _ = definition.symbol.rpartition(".")
        facts = self.facts(definition.path)
        outline = facts.outline if facts else {}
        owner = scope = ""
        if front:
            kind: Kind | None = outline[front].kind if front in outline else None
            if definition.kind == "method" or kind in TYPES:
                owner = front.rsplit(".", 1)[-1]
            elif kind in {"function", "method"}:
                scope = front
        return Named(definition, owner, scope, facts.family if facts else "")

    def _read(self, path: str) -> FileFacts | None:
        for segment, graph, mask in self._parts:
            row = segment.paths.find(path)
            if row < 0 or not mask[row]:
                continue
            text = segment.texts.get(row)
            language = segment.languages[int(segment.files.language[row])]
            outline: dict[str, Definition] = {}
            for at in rows_of_file(graph, row):
                definition = definition_at(segment, at)
                known = outline.get(definition.symbol)
                # A type is told from what extends it: `impl Foo` stands beside `struct Foo`.
                if known is None or known.kind == "impl":
                    outline[definition.symbol] = definition
            return FileFacts(
                tuple(text.split("\n")),
                family_of(language),
                language,
                bindings_of(path, text, language),
                outline,
            )
        return None


# Where all files of a folder are one module, or each is named by the folder and itself.
_FOLDER_MODULES: Final = (
    ".go", ".java", ".kt", ".kts", ".scala", ".cs", ".php", ".swift", ".rb", ".h", ".hpp", ".c",
    ".cpp", ".cc",
)  # fmt: skip


def _parts_of(path: str) -> Place:
    """`src/a-b/c/__init__.py` as ("a_b", "c")."""
    parts = _spelt(path.rsplit(".", 1)[0])
    return parts[:-1] if len(parts) > 1 and parts[-1] in PACKAGE_ROOTS else parts


def _folder_of(path: str) -> Place:
    return _spelt(path.rpartition("/")[0])


def _spelt(path: str) -> Place:
    parts = path.lower().replace("-", "_").split("/")
    return tuple(part for part in parts if part not in {"", "src"})


def _ends(whole: Place, tail: Place) -> bool:
    return len(tail) <= len(whole) and whole[len(whole) - len(tail) :] == tail


def _key(place: Place) -> Place:
    return tuple(part.lower().replace("-", "_") for part in place[-2:])
