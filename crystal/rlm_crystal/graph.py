"""Who defines, calls and imports what, read from the columns of the segments."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence
from functools import cached_property

import numpy as np

from rlm_crystal.corpus_names import CorpusNames
from rlm_crystal.counting import Int64Array
from rlm_crystal.definitions import definition_at, rows_of_file
from rlm_crystal.language import PACKAGE_ROOTS
from rlm_crystal.resolve import Meaning, Resolver, surest
from rlm_crystal.segment import BoolArray, Graph, Segment
from rlm_crystal.tables import REFERENCE_CODE, REFERENCE_KINDS
from rlm_crystal.types import Certainty, Definition, Link, Reference, ReferenceKind
from rlm_crystal.words import Words

MATCHES_MAX = 10_000
RESOLVED_MAX = 4_000

_SEPARATOR = re.compile(r"::|#|->|/|\\")
_EXTENSION = re.compile(r"\.[a-z]{1,4}$")

Matching = Callable[[Words], list[int]]


class SymbolGraph:
    """Answers questions about symbols; files that are masked in their segment are left out."""

    def __init__(self, segments: Sequence[Segment], alive: Sequence[BoolArray]) -> None:
        self._parts = [
            (segment, segment.graph.get(), mask)
            for segment, mask in zip(segments, alive, strict=True)
        ]

    def symbol(self, name: str) -> list[Definition]:
        """Definitions of `name`: those so qualified, else by last component, else in any case."""
        wanted = _SEPARATOR.sub(".", name).strip(".")
        for matching in (_same, _ending, _same_in_any_case):
            found = [
                definition
                for segment, graph, mask in self._parts
                for definition in _definitions(segment, graph, mask, matching(graph.names, wanted))
            ]
            if found:
                return sorted(found, key=lambda item: (item.path, item.start_line))
        return []

    def outline(self, path: str) -> list[Definition]:
        """The definitions of one file from its first line to its last."""
        for segment, graph, mask in self._parts:
            row = segment.paths.find(path)
            if row >= 0 and mask[row]:
                return [definition_at(segment, at) for at in rows_of_file(graph, row)]
        return []

    def callers(self, name: str, *, path: str = "") -> list[Link]:
        """The calls of `name`, or of the definition so called in `path`, each with how sure it is.

        Calls that the text shows to be of something else are left out. Where no definition is so
        called, all calls of the name are given. Beyond 4,000 calls names alone decide.
        """
        wanted = _SEPARATOR.sub(".", name).strip(".").removesuffix("()")
        last = wanted.rsplit(".", 1)[-1]
        targets = {
            _place(item.definition)
            for item in self._names.called(last)
            if _is_called(item.definition.symbol, wanted) and path in ("", item.definition.path)
        }
        names = [last]
        owner = wanted.rpartition(".")[0].rsplit(".", 1)[-1]
        if owner and last in {
            "__init__",
            "constructor",
            "initialize",
            "init",
            "__construct",
            owner,
        }:
            names.append(owner)  # a type is built by its own name
            targets |= {
                _place(item.definition)
                for item in self._names.called(owner)
                if item.is_type and path in ("", item.definition.path)
            }
        refs = [ref for called in dict.fromkeys(names) for ref in self.calls(called)]
        if not targets:
            return [_link(ref, "by name", "") for ref in refs]
        refs += self._renamed_calls(wanted, last)
        links = [
            link
            for at, ref in enumerate(sorted(set(refs), key=_in_order))
            if (link := self._link_to(ref, targets, resolved=at < RESOLVED_MAX))
        ]
        return list(dict.fromkeys(links))

    def calls(self, name: str) -> list[Reference]:
        """All calls of a name, whatever they mean; of a qualified one the last part decides."""
        last = _SEPARATOR.sub(".", name).strip(".").rsplit(".", 1)[-1]
        return self._references("call", lambda names: _same(names, last) + _ending(names, last))

    def callees(self, symbol: str, *, path: str = "") -> list[Link]:
        """The calls made inside `symbol` and what it encloses, in the order of the text, each with
        the definition it means; without one where that is none of the corpus or not sure."""
        wanted = _SEPARATOR.sub(".", symbol).strip(".").removesuffix("()")
        found: list[Reference] = []
        for segment, graph, mask in self._parts:
            enclosing = _same(graph.names, wanted) or _ending(graph.names, wanted)
            inside = {*enclosing, *graph.names.with_prefix(f"{wanted}.")}
            rows = np.flatnonzero(np.isin(graph.references.within, sorted(inside)))
            found.extend(_references(segment, graph, mask, rows, "call"))
        chosen = [ref for ref in found if path in ("", ref.path)]
        return [
            self._link_from(ref, resolved=at < RESOLVED_MAX)
            for at, ref in enumerate(sorted(chosen, key=_in_order))
        ]

    def _renamed_calls(self, wanted: str, last: str) -> list[Reference]:
        """Calls in files that import the name under another one."""
        found: list[Reference] = []
        for path in dict.fromkeys(ref.path for ref in self.importers(wanted)):
            facts = self._names.facts(path)
            names = facts.bindings.names if facts else {}
            for local, place in names.items():
                if local != last and place[-1] == last:
                    found += [ref for ref in self.calls(local) if ref.path == path]
        return found

    def _link_to(self, ref: Reference, targets: Container[str], *, resolved: bool) -> Link | None:
        """The call as one of `targets`; None where it is of something else."""
        if not resolved:
            return _link(ref, "by name", "")
        meant: list[Meaning] = [
            (named, certainty)
            for named, certainty in self._resolver.meanings(ref)
            if _place(named.definition) in targets
        ]
        return _meant(ref, meant) if meant else None

    def _link_from(self, ref: Reference, *, resolved: bool) -> Link:
        meant = self._resolver.meanings(ref) if resolved else []
        return _meant(ref, meant) if meant else _link(ref, "by name", "")

    @cached_property
    def _names(self) -> CorpusNames:
        return CorpusNames(self._parts)

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self._names)

    def importers(self, name: str) -> list[Reference]:
        """The imports of a module or name, or of the file of that path."""
        wanted = _module_of(name)

        def matching(names: Words) -> list[int]:
            return _same(names, wanted) + _ending(names, wanted) + [
                *names.with_prefix(f"{wanted}.")
            ] + _written_otherwise(names, wanted)  # fmt: skip

        return self._references("import", matching)

    def _references(self, kind: ReferenceKind, matching: Matching) -> list[Reference]:
        found: list[Reference] = []
        for segment, graph, mask in self._parts:
            rows = [_rows_named(graph, at) for at in sorted(set(matching(graph.names)))]
            if rows:
                found.extend(_references(segment, graph, mask, np.concatenate(rows), kind))
        return sorted(found, key=lambda item: (item.path, item.line, item.name))


def _is_called(symbol: str, wanted: str) -> bool:
    return symbol == wanted or symbol.endswith(f".{wanted}")


def _place(definition: Definition) -> str:
    return f"{definition.path}:{definition.start_line}"


def _in_order(ref: Reference) -> tuple[str, int, str]:
    return ref.path, ref.line, ref.name


def _meant(ref: Reference, meanings: Sequence[Meaning]) -> Link:
    """The call with the surest of what it may mean; with its place where that is one."""
    certainty = surest(meanings)
    best = [_place(named.definition) for named, sure in meanings if sure == certainty]
    return _link(ref, certainty, best[0] if len(best) == 1 else "")


def _link(ref: Reference, certainty: Certainty, target: str) -> Link:
    return Link(ref.path, ref.line, ref.name, ref.kind, ref.within, certainty, target)


def _same(names: Words, wanted: str) -> list[int]:
    at = names.find(wanted)
    return [at] if at >= 0 and wanted else []


def _ending(names: Words, wanted: str) -> list[int]:
    return names.with_suffix(f".{wanted}", limit=MATCHES_MAX) if wanted else []


def _same_in_any_case(names: Words, wanted: str) -> list[int]:
    lower = wanted.lower()
    return [at for at, name in enumerate(names) if name.rsplit(".", 1)[-1].lower() == lower]


def _written_otherwise(names: Words, wanted: str) -> list[int]:
    """Imports by path (`./reactive`, `pkg/util`), of Rust and of PHP that end in the last part of
    `wanted`."""
    last = wanted.rsplit(".", 1)[-1]
    if not last:
        return []
    return [
        at
        for joint in ("/", "::", "\\")
        for at in names.with_suffix(f"{joint}{last}", limit=MATCHES_MAX)
    ]


def _module_of(name: str) -> str:
    """`a/b/__init__.py` and `a.b` both give `a.b`."""
    module = _SEPARATOR.sub(".", _EXTENSION.sub("", name) if "/" in name else name).strip(".")
    for root in sorted(PACKAGE_ROOTS):
        module = module.removesuffix(f".{root}")
    return module.removeprefix("src.")


def _rows_named(graph: Graph, name: int) -> Int64Array:
    low, high = np.searchsorted(graph.references.name, [name, name + 1]).tolist()
    return np.arange(low, high, dtype=np.int64)


def _definitions(
    segment: Segment, graph: Graph, mask: BoolArray, symbols: Sequence[int]
) -> Iterator[Definition]:
    for row in np.flatnonzero(np.isin(graph.definitions.symbol, symbols)).tolist():
        if mask[graph.definitions.file[row]]:
            yield definition_at(segment, row)


def _references(
    segment: Segment, graph: Graph, mask: BoolArray, rows: Int64Array, kind: ReferenceKind
) -> Iterator[Reference]:
    table = graph.references
    for row in rows[table.kind[rows] == REFERENCE_CODE[kind]].tolist():
        if mask[table.file[row]]:
            yield Reference(
                path=segment.paths[int(table.file[row])],
                line=int(table.line[row]),
                name=graph.names[int(table.name[row])],
                kind=REFERENCE_KINDS[int(table.kind[row])],
                within=graph.names[int(table.within[row])],
            )
