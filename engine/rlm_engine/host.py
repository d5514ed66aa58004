"""What code in the REPL can ask of the host: the crystal and the memory, JSON in, JSON out.

Every result is bounded, and one that would be too long is an error, not a part. Arguments come
from a model's code, so each is checked and a wrong one is answered with what was expected. The
calls to models are in `queries.py`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from anyio.to_thread import run_sync
from rlm_crystal.types import Definition, FileEntry, Hit, Link, Mode, Reference

from rlm_engine.clip import clip
from rlm_engine.json_value import JsonObject, JsonValue

if TYPE_CHECKING:  # numpy comes with it
    from rlm_crystal.crystal import Crystal

HostFunction = Callable[..., Awaitable[JsonValue]]
RecallFunction = Callable[[str, int], Awaitable[Sequence[Mapping[str, JsonValue]]]]
"""Recalls from memory: a query and a limit give JSON objects, best first."""

T = TypeVar("T")

_HITS_MAX = 100
# What one reply to the child may carry (4 MiB) holds about this many rows.
_ROWS_MAX = 20_000
_READ_LINES_MAX = 2_000
_READ_CHARS_MAX = 200_000
_LEFT_OUT_MAX = 2_000
_REASONS_MAX = 6
_COMMITS_MAX = 20
_WORDS_MAX = 32
_MAP_TOKENS_MAX = 20_000
_RECALLED_MAX = 50


def crystal_functions(crystal: "Crystal") -> dict[str, HostFunction]:
    """The functions behind `crystal.…` in the REPL. Each runs in a thread and can be abandoned."""

    async def search(
        query: JsonValue,
        limit: JsonValue = 10,
        path_glob: JsonValue = "",
        language: JsonValue = "",
        kind: JsonValue = "",
        mode: JsonValue = "words",
    ) -> JsonValue:
        asked = partial(
            crystal.find,
            a_text(query, "query"),
            limit=a_count(limit, "limit", _HITS_MAX),
            path_glob=a_text(path_glob, "path_glob"),
            language=a_text(language, "language"),
            kind=a_text(kind, "kind"),
            mode=_a_mode(mode),
        )
        return _rows((await _in_thread(asked)).hits)

    async def symbol(name: JsonValue) -> JsonValue:
        return _rows(await _in_thread(partial(crystal.symbol, a_text(name, "name"))))

    async def outline(path: JsonValue) -> JsonValue:
        return _rows(await _in_thread(partial(crystal.outline, a_text(path, "path"))))

    async def outlines(paths: JsonValue) -> JsonValue:
        """As `outline`, of many files at once; what would be too long stops before its end."""
        if not isinstance(paths, list):
            raise TypeError(f"paths must be a list, not {type(paths).__name__}")
        wanted = [a_text(path, "path") for path in paths]
        return await _in_thread(partial(_outlines, crystal, wanted))

    async def left_out() -> JsonValue:
        """Files of the corpus that are not indexed though they hold text, each with the reason."""
        text = (one for one in crystal.skipped if "binary" not in one.reason)
        named: list[JsonValue] = [[one.path, one.reason] for one in text]
        return named[:_LEFT_OUT_MAX]

    async def skipped() -> JsonValue:
        """What the index leaves out by its reasons: each with how many files, and one of them."""
        groups: dict[str, list[str]] = {}
        for one in crystal.skipped:
            groups.setdefault(one.reason.partition(" (")[0], []).append(one.path)
        rows = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
        return [[reason, len(paths), paths[0]] for reason, paths in rows[:_REASONS_MAX]]

    async def commits(words: JsonValue, limit: JsonValue = 5) -> JsonValue:
        """Commits whose messages speak of the words; none where there is no git."""
        from rlm_crystal.commit_search import commits_about

        if not isinstance(words, list):
            raise TypeError(f"words must be a list, not {type(words).__name__}")
        asked = [a_text(word, "word") for word in words[:_WORDS_MAX]]
        most = a_count(limit, "limit", _COMMITS_MAX)
        found = await _in_thread(partial(commits_about, crystal.roots, asked, limit=most))
        return [
            {
                "id": one.id,
                "date": one.date,
                "subject": one.subject,
                "paths": list(one.paths[:_READ_LINES_MAX]),
                "share": one.share,
            }
            for one in found
        ]

    async def asides(path: JsonValue) -> JsonValue:
        found = await _in_thread(partial(crystal.asides, a_text(path, "path")))
        return None if found is None else [[one.kind, one.start, one.end] for one in found]

    async def callers(name: JsonValue) -> JsonValue:
        return _rows(await _in_thread(partial(crystal.callers, a_text(name, "name"))))

    async def callees(symbol: JsonValue) -> JsonValue:
        return _rows(await _in_thread(partial(crystal.callees, a_text(symbol, "symbol"))))

    async def importers(name: JsonValue) -> JsonValue:
        return _rows(await _in_thread(partial(crystal.importers, a_text(name, "name"))))

    async def render_map(budget_tokens: JsonValue = 2000, query: JsonValue = None) -> JsonValue:
        wanted = None if query is None else a_text(query, "query")
        budget = a_count(budget_tokens, "budget_tokens", _MAP_TOKENS_MAX)
        return await _in_thread(partial(crystal.map, budget, wanted))

    async def read(
        path: JsonValue, start_line: JsonValue = 1, end_line: JsonValue = None
    ) -> JsonValue:
        start = a_count(start_line, "start_line", 10**9)
        last = start + _READ_LINES_MAX - 1
        end = last if end_line is None else min(last, a_count(end_line, "end_line", 10**9))
        text = await _in_thread(partial(crystal.read, a_text(path, "path"), start, end))
        return clip(text, _READ_CHARS_MAX)

    async def files(glob: JsonValue = "", language: JsonValue = "") -> JsonValue:
        chosen = partial(
            _chosen_files, crystal.files, a_text(glob, "glob"), a_text(language, "language")
        )
        return await _in_thread(chosen)

    return {
        "crystal.search": search,
        "crystal.symbol": symbol,
        "crystal.outline": outline,
        "crystal.outlines": outlines,
        "crystal.left_out": left_out,
        "crystal.skipped": skipped,
        "crystal.commits": commits,
        "crystal.asides": asides,
        "crystal.callers": callers,
        "crystal.callees": callees,
        "crystal.importers": importers,
        "crystal.map": render_map,
        "crystal.read": read,
        "crystal.files": files,
    }


def memory_functions(recall: RecallFunction | None) -> dict[str, HostFunction]:
    """The functions behind `memory.…`; without a memory nothing is recalled."""

    async def recall_json(query: JsonValue, limit: JsonValue = 5) -> JsonValue:
        words, most = a_text(query, "query"), a_count(limit, "limit", _RECALLED_MAX)
        if recall is None:
            return []
        return [dict(row) for row in await recall(words, most)]

    return {"memory.recall": recall_json}


def a_text(value: JsonValue, name: str) -> str:
    """`value` if it is a str; TypeError says what was expected."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    return value


def a_count(value: JsonValue, name: str, most: int) -> int:
    """`value` as an int from 1 to `most`, larger ones cut; TypeError says what was expected."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    return max(1, min(most, int(value)))


def _a_mode(value: JsonValue) -> Mode:
    match value:
        case "words" | "literal" | "regex":
            return value
        case _:
            raise TypeError(f"mode must be 'words', 'literal' or 'regex', not {value!r}")


async def _in_thread(call: Callable[[], T]) -> T:
    return await run_sync(call, abandon_on_cancel=True)


def _rows(
    values: Sequence[Hit] | Sequence[Definition] | Sequence[Reference] | Sequence[Link],
) -> JsonValue:
    _check_size(len(values), "a narrower name, or context.search")
    rows: list[JsonValue] = []
    for value in values:
        # Flat values: asdict, which copies deeply, takes ten times as long over a corpus.
        names = value._fields if isinstance(value, Reference) else value.__slots__
        row: JsonObject = {name: getattr(value, name) for name in names}
        rows.append(row)
    return rows


def _outlines(crystal: "Crystal", paths: Sequence[str]) -> JsonValue:
    found: list[JsonValue] = []
    room = _ROWS_MAX // 2
    for path in paths:
        outline = crystal.outline(path)
        room -= len(outline)
        if found and room < 0:
            break
        found.append(_rows(outline))
    return found


def _check_size(rows: int, instead: str) -> None:
    """ValueError past the bound: a list that is cut in silence would be counted as whole."""
    if rows > _ROWS_MAX:
        raise ValueError(f"{rows} rows are more than the {_ROWS_MAX} one call gives; use {instead}")


def _chosen_files(files: Sequence[FileEntry], glob: str, language: str) -> JsonValue:
    from fnmatch import fnmatchcase

    rows: list[JsonValue] = []
    for entry in files:
        if language and entry.language != language.lower():
            continue
        if glob and not fnmatchcase(entry.path, glob):
            continue
        row: JsonObject = {"path": entry.path, "language": entry.language, "lines": entry.lines}
        rows.append(row)
    _check_size(len(rows), "glob or language to narrow it, or context.paths")
    return rows
