"""Where a query may look: its filters against the files and definitions of one crystal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from rlm_crystal.counting import Int64Array
from rlm_crystal.errors import BadFilter
from rlm_crystal.filters import Filters, Terms
from rlm_crystal.language import language_of
from rlm_crystal.path_glob import glob_matcher
from rlm_crystal.segment import BoolArray, Segment
from rlm_crystal.tables import KIND_CODE, KINDS, place_key
from rlm_crystal.view import View
from rlm_crystal.words import Words

_LANGUAGE_NAMES: Final = {
    "py": "python", "python3": "python", "js": "javascript", "jsx": "javascript",
    "node": "javascript", "ts": "typescript", "golang": "go", "rs": "rust", "c++": "cpp",
    "cxx": "cpp", "cc": "cpp", "c#": "csharp", "cs": "csharp", "rb": "ruby", "kt": "kotlin",
    "sh": "bash", "shell": "bash", "zsh": "bash", "ex": "elixir", "md": "markdown",
    "yml": "yaml", "restructuredtext": "rst", "makefile": "make", "docker": "dockerfile",
    "objective-c": "objc", "f#": "fsharp", "hcl": "terraform", "protobuf": "proto",
}  # fmt: skip
_KIND_NAMES: Final = {
    "func": "function", "fn": "function", "def": "function", "functions": "function",
    "methods": "method", "classes": "class", "interfaces": "interface", "structs": "struct",
    "enums": "enum", "traits": "trait", "types": "type", "const": "constant",
    "constants": "constant", "var": "constant", "variable": "constant", "namespace": "module",
    "modules": "module", "heading": "section", "protocol": "interface",
}  # fmt: skip
_SHOWN_MAX = 12
_NAMES_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Span:
    """A definition that the filters let through: a row of the table of segment `segment`."""

    segment: int
    row: int


class Scope:
    """The files, chunks and definitions that satisfy all filters but the relations.

    BadFilter for a language no file here is in, and for a kind there is not.
    """

    def __init__(self, view: View, filters: Filters) -> None:
        self._view = view
        self._wanted = _known(view, filters.wanted)
        self._unwanted = _known(view, filters.unwanted)
        self.files = _files(view, self._wanted, self._unwanted)

    @property
    def by_definition(self) -> bool:
        """Whether single definitions are asked for, and not only files."""
        return bool(self._wanted.symbols or self._wanted.kinds)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names asked for."""
        return self._wanted.symbols

    @cached_property
    def chunks(self) -> BoolArray:
        """The chunks to be ranked: of a kind, those that hold or begin one; of a symbol, those
        its lines lie in."""
        allowed = self.files[self._view.chunk_file]
        if not (self.by_definition or self._unwanted.kinds or self._unwanted.symbols):
            return allowed
        parts: list[BoolArray] = []
        for number, segment in enumerate(self._view.segments):
            mask = np.ones(segment.chunk_count, dtype=np.bool_)
            if self.by_definition:
                mask = _chunks_of(segment, self._rows[number], whole=bool(self._wanted.symbols))
                if self._wanted.kinds and not self._wanted.symbols:
                    mask |= np.isin(segment.chunks.kind, _codes(self._wanted.kinds))
            mask &= ~np.isin(segment.chunks.kind, _codes(self._unwanted.kinds))
            if self._unwanted.symbols:
                names = _matching(segment.graph.get().names, self._unwanted.symbols)
                mask &= ~np.isin(segment.chunks.symbol, names)
            parts.append(mask)
        return allowed & np.concatenate(parts)

    def definitions(self) -> Iterator[Span]:
        """The definitions that satisfy the filters, in no order."""
        for number, rows in enumerate(self._rows):
            for row in rows.tolist():
                yield Span(number, row)

    def lines_of(self, file: int) -> list[range] | None:
        """The lines that may be looked at in a file; None for all of them."""
        if not self.by_definition:
            return None
        return self._lines.get(file, [])

    @cached_property
    def _lines(self) -> dict[int, list[range]]:
        found: dict[int, list[range]] = {}
        for number, rows in enumerate(self._rows):
            table = self._view.segments[number].graph.get().definitions
            files = table.file[rows] + int(self._view.file_base[number])
            spans = zip(files.tolist(), table.start_line[rows].tolist(),
                        table.end_line[rows].tolist(), strict=True)  # fmt: skip
            for file, start, end in spans:
                found.setdefault(file, []).append(range(start, end + 1))
        return found

    @cached_property
    def _rows(self) -> list[Int64Array]:
        """The rows of the definition table of each segment; a name that no definition has in its
        own case is taken in any."""
        found = [self._rows_in(number, fold=False) for number in range(len(self._view.segments))]
        if self.symbols and not any(len(rows) for rows in found):
            return [self._rows_in(number, fold=True) for number in range(len(found))]
        return found

    def _rows_in(self, number: int, *, fold: bool) -> Int64Array:
        graph = self._view.segments[number].graph.get()
        table = graph.definitions
        kept = self.files[table.file + int(self._view.file_base[number])]
        if self._wanted.kinds:
            kept &= np.isin(table.kind, _codes(self._wanted.kinds))
        if self._unwanted.kinds:
            kept &= ~np.isin(table.kind, _codes(self._unwanted.kinds))
        if self._wanted.symbols:
            kept &= np.isin(table.symbol, _matching(graph.names, self._wanted.symbols, fold=fold))
        if self._unwanted.symbols:
            kept &= ~np.isin(table.symbol, _matching(graph.names, self._unwanted.symbols))
        return np.flatnonzero(kept)


def by_name(filters: Filters) -> Callable[[str], bool]:
    """Whether a file of that path may be found, as far as its name tells, where nothing is
    indexed."""
    wanted, unwanted = filters.wanted, filters.unwanted
    inside, outside = _named(wanted.paths), _named(unwanted.paths)
    languages = {_language_name(name) for name in wanted.languages}
    refused = {_language_name(name) for name in unwanted.languages}

    def allowed(path: str) -> bool:
        language = language_of(path)
        return (
            (not wanted.paths or inside(path))
            and not outside(path)
            and (not languages or language in languages)
            and language not in refused
        )

    return allowed


def _named(values: Sequence[str]) -> Callable[[str], bool]:
    matches = [glob_matcher(value.replace("\\", "/").removeprefix("./")) for value in values]
    plain = [value.strip("/").lower() for value in values if not set("*?") & set(value)]
    return lambda path: (
        any(match(path) for match in matches) or any(part in path.lower() for part in plain)
    )


def _language_name(name: str) -> str:
    return _LANGUAGE_NAMES.get(name.lower(), name.lower())


def languages_of(view: View) -> Counter[str]:
    """How many files there are in each language."""
    counted: Counter[str] = Counter()
    for number, segment in enumerate(view.segments):
        low, high = int(view.file_base[number]), int(view.file_base[number + 1])
        alive = view.file_alive[low:high]
        sizes = np.bincount(segment.files.language[alive], minlength=len(segment.languages))
        for name, size in zip(segment.languages, sizes.tolist(), strict=True):
            counted[name] += size
    return +counted


def _known(view: View, terms: Terms) -> Terms:
    """The same with the names of languages and kinds that the crystal uses."""
    languages: list[str] = []
    present = languages_of(view) if terms.languages else Counter[str]()
    for name in terms.languages:
        language = _language_name(name)
        if language == "typescript" and "tsx" in present:
            languages.append("tsx")
        if language in present:
            languages.append(language)
        elif not (language == "typescript" and "tsx" in present):
            shown = ", ".join(f"{known} ({count})" for known, count in present.most_common())
            raise BadFilter(
                f"no file here is in the language {name!r}; there are {shown or 'no files'}."
                f' To look for the words, quote them: "lang:{name}".'
            )
    kinds: list[str] = []
    for name in terms.kinds:
        kind = _KIND_NAMES.get(name.lower(), name.lower())
        if kind not in KINDS:
            raise BadFilter(
                f"there is no kind {name!r}; kinds are {', '.join(KINDS)}."
                f' To look for the words, quote them: "kind:{name}".'
            )
        kinds.append(kind)
    return Terms(terms.paths, tuple(languages), tuple(kinds), terms.symbols)


def _files(view: View, wanted: Terms, unwanted: Terms) -> BoolArray:
    allowed = view.file_alive.copy()
    if not (wanted.paths or wanted.languages or unwanted.paths or unwanted.languages):
        return allowed
    numbers = np.flatnonzero(allowed)
    paths = [view.paths[number] for number in numbers.tolist()]
    kept = np.ones(len(paths), dtype=np.bool_)
    if wanted.paths:
        kept &= _on_paths(paths, wanted.paths)
    if unwanted.paths:
        kept &= ~_on_paths(paths, unwanted.paths)
    allowed[numbers] = kept
    for number, segment in enumerate(view.segments):
        own = slice(int(view.file_base[number]), int(view.file_base[number + 1]))
        if wanted.languages:
            allowed[own] &= _in_languages(segment, wanted.languages)
        if unwanted.languages:
            allowed[own] &= ~_in_languages(segment, unwanted.languages)
    return allowed


def _in_languages(segment: Segment, languages: Sequence[str]) -> BoolArray:
    codes = [at for at, name in enumerate(segment.languages) if name in languages]
    return np.isin(segment.files.language, codes)


def _on_paths(paths: Sequence[str], values: Sequence[str]) -> BoolArray:
    """Which paths a glob, a folder or a file's name matches; where a value is none of these here,
    the paths it is a part of."""
    found = np.zeros(len(paths), dtype=np.bool_)
    for value in values:
        pattern = value.replace("\\", "/").removeprefix("./")
        match = glob_matcher(pattern)
        hits = np.fromiter(map(match, paths), dtype=np.bool_, count=len(paths))
        if not hits.any() and not set("*?") & set(pattern):
            part = pattern.strip("/").lower()
            hits = np.fromiter((part in path.lower() for path in paths), np.bool_, len(paths))
        found |= hits
    return found


def _matching(names: Words, wanted: Sequence[str], *, fold: bool = False) -> Int64Array:
    """The ids of the names that one of these means: as qualified or by their last components, a
    `*` for any characters; `fold` lets the case be any."""
    found: set[int] = set()
    for value in wanted:
        name = re.sub(r"::|#|->|/|\\", ".", value).strip(".").removesuffix("()")
        if "*" in name or "?" in name or fold:
            found.update(_alike(names, name, fold=fold))
        elif name:
            at = names.find(name)
            found.update([at] if at >= 0 else [])
            found.update(names.with_suffix(f".{name}", limit=_NAMES_MAX))
    return np.asarray(sorted(found), dtype=np.int64)


def _alike(names: Words, name: str, *, fold: bool) -> Iterator[int]:
    match = glob_matcher(name.lower() if fold else name)
    parts = name.count(".") + 1
    for at, other in enumerate(names):
        tail = ".".join(other.rsplit(".", parts)[-parts:])
        if match(tail.lower() if fold else tail):
            yield at


def _codes(kinds: Sequence[str]) -> list[int]:
    return [KIND_CODE[kind] for kind in KINDS if kind in kinds]


def _chunks_of(segment: Segment, rows: Int64Array, *, whole: bool) -> BoolArray:
    """The chunks these definitions lie in, or only the ones they begin in."""
    table, chunks = segment.graph.get().definitions, segment.chunks
    first = place_key(chunks.file, chunks.start_line)
    last = place_key(chunks.file, chunks.end_line)
    begin = place_key(table.file[rows], table.start_line[rows])
    end = place_key(table.file[rows], table.end_line[rows]) if whole else begin
    low = np.searchsorted(last, begin, side="left")
    high = np.maximum(np.searchsorted(first, end, side="right"), low)
    steps = np.zeros(segment.chunk_count + 1, dtype=np.int64)
    np.add.at(steps, low, 1)
    np.add.at(steps, high, -1)
    return np.cumsum(steps[:-1]) > 0
