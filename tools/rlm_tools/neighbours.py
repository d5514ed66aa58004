"""What stands around a file or a definition: callers, needs, imports, tests, documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rlm_crystal.language import role
from rlm_crystal.types import CERTAINTIES, Definition, Link, Reference

from rlm_tools.subject import Subject

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_TOP_KINDS = frozenset({"constant", "section"})


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the corpus, and what is there in a few words."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Everything in the crystal that speaks of the subject or that it speaks of."""

    role: str
    doc: str
    outline: tuple[Place, ...]
    callers: tuple[Place, ...]
    callers_total: int
    needs: tuple[Place, ...]
    imports: tuple[Place, ...]
    importers: tuple[Place, ...]
    tests: tuple[Place, ...]
    documents: tuple[Place, ...]


def neighbourhood(crystal: Crystal, subject: Subject, *, places_max: int) -> Neighbourhood:
    """Gather what surrounds the subject, at most `places_max` places of each sort."""
    definition = subject.definition
    outline = crystal.outline(subject.path)
    importers = [ref for ref in crystal.importers(subject.path) if ref.path != subject.path]
    callers = _callers(crystal, subject)
    tests: Sequence[Reference | Link] = [ref for ref in callers if role(ref.path) == "test"]
    if not definition:
        tests = [ref for ref in importers if role(ref.path) == "test"]
    others = [ref for ref in callers if role(ref.path) != "test"]
    return Neighbourhood(
        role=role(subject.path),
        doc="" if definition else _file_doc(crystal, subject.path),
        outline=_places_of(_around(outline, definition), places_max),
        callers=_places(others, places_max),
        callers_total=len(callers),
        needs=_needs(crystal, subject, places_max) if definition else (),
        imports=() if definition else _imports(crystal, subject.path, places_max),
        importers=()
        if definition
        else _places([ref for ref in importers if role(ref.path) != "test"], places_max),
        tests=_places(tests, places_max),
        documents=_documents(crystal, subject, places_max=3),
    )


def first_of(around: Neighbourhood, places: int) -> Neighbourhood:
    """The same with at most so many places of each sort."""
    return replace(
        around,
        outline=around.outline[:places],
        callers=around.callers[:places],
        needs=around.needs[:places],
        imports=around.imports[:places],
        importers=around.importers[:places],
        tests=around.tests[:places],
        documents=around.documents[:places],
    )


def _callers(crystal: Crystal, subject: Subject) -> list[Link]:
    """The calls that mean the definition, the surest first, those of its own file before others."""
    definition = subject.definition
    if definition is None or definition.kind in _TOP_KINDS:
        return []
    own = range(definition.start_line, definition.end_line + 1)
    calls = [
        ref
        for ref in crystal.callers(definition.symbol, path=subject.path)
        if not (ref.path == subject.path and ref.line in own and ref.within == definition.symbol)
    ]
    return sorted(
        calls,
        key=lambda ref: (
            CERTAINTIES.index(ref.certainty),
            ref.path != subject.path,
            ref.path,
            ref.line,
        ),
    )


def _around(outline: Sequence[Definition], definition: Definition | None) -> list[Definition]:
    """The members of a type, else the siblings of the definition, else the file's outline."""
    if definition is None:
        top = [item for item in outline if "." not in item.symbol or item.kind == "section"]
        return top or list(outline)
    members = [item for item in outline if item.symbol.startswith(f"{definition.symbol}.")]
    if members:
        return members
    front = definition.symbol.rpartition(".")[0]
    return [
        item
        for item in outline
        if item.symbol.rpartition(".")[0] == front and item.symbol != definition.symbol
    ]


def _needs(crystal: Crystal, subject: Subject, places_max: int) -> tuple[Place, ...]:
    """What the definition calls, where the corpus says which definition that is; what it calls
    most often first."""
    definition = subject.definition
    if definition is None:
        return ()
    own = range(definition.start_line, definition.end_line + 1)
    targets = Counter(
        ref.target
        for ref in crystal.callees(definition.symbol, path=subject.path)
        if ref.line in own and ref.target and ref.certainty != "by name"
    )
    places: list[Place] = []
    for target, _ in targets.most_common():
        path, _, line = target.rpartition(":")
        found = [item for item in crystal.outline(path) if item.start_line == int(line)]
        if found and found[0] != definition:
            places.append(_place_of(found[0]))
    return tuple(places[:places_max])


def _imports_of(crystal: Crystal, path: str) -> list[Reference]:
    from rlm_crystal.chunk import parse
    from rlm_crystal.language import language_of
    from rlm_crystal.types import Document

    text = crystal.text(path)
    document = Document(path, text, language_of(path, text[:4096]), "", len(text), 0)
    return [ref for ref in parse(document).references if ref.kind == "import"]


def _imports(crystal: Crystal, path: str, places_max: int) -> tuple[Place, ...]:
    rows: dict[int, list[str]] = {}
    for ref in _imports_of(crystal, path):
        rows.setdefault(ref.line, []).append(ref.name)
    places = [Place(path, line, ", ".join(names)) for line, names in rows.items()]
    return tuple(places[:places_max])


def _documents(crystal: Crystal, subject: Subject, *, places_max: int) -> tuple[Place, ...]:
    """Sections of prose that hold the name itself, as the search ranks them."""
    definition = subject.definition
    name = definition.symbol if definition else subject.path.rsplit("/", 1)[-1]
    last = name.rsplit(".", 1)[-1] if definition else name
    places: list[Place] = []
    for language in ("markdown", "rst", "text"):
        if language not in crystal.languages:
            continue
        for hit in crystal.find(name, limit=6, language=language).hits:
            text = crystal.read(hit.path, hit.start_line, hit.end_line)
            for offset, line in enumerate(text.split("\n")):
                if last in line and hit.path != subject.path:
                    places.append(Place(hit.path, hit.start_line + offset, line.strip()[:160]))
                    break
    unique = {(place.path, place.line): place for place in places}
    return tuple(unique.values())[:places_max]


def _file_doc(crystal: Crystal, path: str) -> str:
    """What the file says of itself first: its module docstring or the comment at its top."""
    from rlm_crystal.documentation import comment_doc, string_doc

    head = crystal.read(path, 1, 60).lstrip()
    for quote in ('"""', "'''"):
        if head.startswith(quote) and (end := head.find(quote, 3)) > 0:
            return string_doc(head[: end + 3])
    rows: list[str] = []
    for row in head.split("\n"):
        if not row.startswith(("#", "//", "/*", " *", "*", "--", "%", ";")):
            break
        rows.append(row)
    return comment_doc(row for row in rows if not row.startswith("#!"))


def _places(references: Sequence[Reference | Link], places_max: int) -> tuple[Place, ...]:
    """One place for each enclosing definition, in the given order."""
    grouped: dict[tuple[str, str], Reference | Link] = {}
    for ref in references:
        grouped.setdefault((ref.path, ref.within), ref)
    return tuple(
        Place(ref.path, ref.line, _told(ref)) for ref in list(grouped.values())[:places_max]
    )


def _told(ref: Reference | Link) -> str:
    within = f"in {ref.within}" if ref.within else ""
    if isinstance(ref, Reference) or ref.certainty == "certain":
        return within
    return f"{within} ({ref.certainty})".strip()


def _places_of(definitions: Sequence[Definition], places_max: int) -> tuple[Place, ...]:
    return tuple(_place_of(item) for item in definitions[:places_max])


def _place_of(definition: Definition) -> Place:
    doc = f" — {definition.doc[:100]}" if definition.doc else ""
    return Place(definition.path, definition.start_line, f"{definition.signature[:110]}{doc}")
