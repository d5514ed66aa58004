"""The resources a client can read: the map, indexed files, what is remembered, records of runs.

A file is served from the crystal, so nothing can be read that is not indexed: no secret that the
walk leaves out, no path outside of the roots, however it is written.
"""

from typing import TYPE_CHECKING

from rlm_crystal.types import Definition, Progress

from rlm_tools.confirming import confirmed
from rlm_tools.errors import BadArgument, NothingFound
from rlm_tools.host import Host, View
from rlm_tools.parts import chars_within
from rlm_tools.resource import Resource
from rlm_tools.search import revision_line
from rlm_tools.subject import subject_of

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

MAP_TOKENS = 4_000
FILE_TOKENS = 20_000
LISTED = 50
DEFINITIONS = 8
DEFINITION_LINES = 60


async def read_map(host: Host) -> str:
    """The corpus in 4,000 tokens, best first."""
    text, view = await confirmed(host, _silence, lambda view: view.crystal.map(MAP_TOKENS), _none)
    return f"{text.rstrip()}\n\n{revision_line(view.revision)}"


async def read_file(host: Host, path: str, lines: str = "") -> str:
    """An indexed file, or the lines of it that are asked for; what is cut is said with its URI."""
    first, last = _span(lines)

    def make(view: View) -> tuple[str, str]:
        known = subject_of(view.crystal, host.roots, path, "").path
        text = view.crystal.read(known, first, last) if lines else view.crystal.text(known)
        return known, text

    (known, text), _ = await confirmed(host, _silence, make, lambda made: {made[0]})
    end = chars_within(text, FILE_TOKENS)
    if end == len(text):
        return text
    shown = text[: text.rfind("\n", 0, end) + 1] or text[:end]
    following = first + shown.count("\n")
    return f"{shown}[cut here; the rest: crystal://file/{known}?lines={following}-]"


async def read_symbol(host: Host, name: str) -> str:
    """Where a symbol is defined, each time with its first lines; NothingFound with near names."""

    def make(view: View) -> list[tuple[str, str]]:
        found = view.crystal.symbol(name)[:DEFINITIONS]
        return [(item.path, _definition(view.crystal, item)) for item in found]

    made, view = await confirmed(host, _silence, make, lambda made: {path for path, _ in made})
    if not made:
        raise NothingFound(
            f"nothing in the corpus is called {name!r}; rlm_search finds it by other words."
        )
    return "\n\n".join([*(text for _, text in made), revision_line(view.revision)])


async def read_memories(host: Host) -> str:
    """How much is remembered, and what was added last."""
    shelf = await host.shelf.memories(LISTED)
    rows = [f"memory://{one.id}  {one.when}  {one.level}  {one.text}" for one in shelf.rows]
    counted = ", ".join(f"{count} {level}" for level, count in shelf.counts.items()) or "nothing"
    more = [f"… and {shelf.total - len(rows)} older ones."] if shelf.total > len(rows) else []
    return "\n".join([f"Remembered: {counted}.", *rows, *more])


async def read_memory(host: Host, id: str) -> str:  # noqa: A002
    """One memory."""
    return await host.shelf.memory(id)


async def read_traces(host: Host) -> str:
    """The newest runs."""
    shelf = await host.shelf.traces(LISTED)
    return "\n".join(shelf) or "No run is recorded yet; rlm_query makes the first."


async def read_trace(host: Host, id: str) -> str:  # noqa: A002
    """The record of a run as a tree."""
    return await host.shelf.trace(id)


RESOURCES: tuple[Resource, ...] = (
    Resource(
        "crystal://map",
        "map",
        "Map of the corpus",
        "The whole corpus in about 4,000 tokens: clusters, files, names; read it to get oriented.",
        read_map,
    ),
    Resource(
        "crystal://file/{+path}{?lines}",
        "file",
        "An indexed file",
        "A file of the index by its path as replies show it; ?lines=10-80 for a part of it.",
        read_file,
    ),
    Resource(
        "crystal://symbol/{name}",
        "symbol",
        "Definitions of a symbol",
        "Where a function, class or constant is defined, with its first lines.",
        read_symbol,
    ),
    Resource(
        "memory://index",
        "memories",
        "What is remembered",
        "Counts by level and the memories added last, each with its URI.",
        read_memories,
    ),
    Resource(
        "memory://{id}",
        "memory",
        "One memory",
        "What is known of one memory: text, source, time, what it supersedes, citations.",
        read_memory,
    ),
    Resource(
        "trace://index",
        "traces",
        "Recorded runs",
        "The newest questions, each with the id of its record, cost and ending.",
        read_traces,
    ),
    Resource(
        "trace://{id}",
        "trace",
        "Record of one run",
        "What a question did, as a tree: turns, code, sub-calls, time and cost; `last` for the"
        " newest.",
        read_trace,
    ),
)


def _definition(crystal: "Crystal", item: "Definition") -> str:
    end = min(item.end_line, item.start_line + DEFINITION_LINES - 1)
    text = crystal.read(item.path, item.start_line, end).rstrip()
    left = item.end_line - end
    more = f"\n… {left} more lines" if left else ""
    return f"{item.path}:{item.start_line}-{item.end_line} {item.kind} {item.symbol}\n{text}{more}"


def _span(lines: str) -> tuple[int, int]:
    """First and last line of `10-80`, `10-` or `10`."""
    if not lines:
        return 1, 0
    begin, dash, end = lines.partition("-")
    if not begin.isdecimal() or not (end.isdecimal() or not end) or len(lines) > 20:
        raise BadArgument(f"lines={lines!r} is no span; write lines=10-80, lines=10- or lines=10.")
    first = max(1, int(begin))
    return first, int(end) if end else 10**9 if dash else first


def _none(_: object) -> set[str]:
    return set()


def _silence(_: Progress) -> None:
    """Resources are read without a word in between."""
