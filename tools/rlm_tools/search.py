"""`rlm_search`: the spans of the corpus that answer a query best."""

from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.confirming import confirmed
from rlm_tools.errors import BadArgument
from rlm_tools.host import Host, Revision, View
from rlm_tools.tool import Arguments, ResponseFormat, Tool

if TYPE_CHECKING:
    from rlm_crystal.types import Hit

CONCISE_LINES = 6
DETAILED_LINES = 40
PAGES_MAX = 10


class SearchArguments(Arguments):
    """The query, filters, and which page of the results."""

    query: Annotated[str, Field(min_length=1, max_length=2_000, description="Words or a symbol")]
    limit: Annotated[int, Field(ge=1, le=50)] = 8
    cursor: Annotated[str, Field(max_length=12, description="next_cursor of the last reply")] = ""
    path_glob: Annotated[str, Field(max_length=500, description="e.g. src/**/*.py")] = ""
    language: Annotated[str, Field(max_length=40)] = ""
    response_format: ResponseFormat = "concise"


@dataclass(frozen=True, slots=True)
class Result:
    """One span, best first."""

    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    score: float
    snippet: str


@dataclass(frozen=True, slots=True)
class Read:
    """How much a partial answer rests on; `work` says how far the index is that will have all."""

    files_read: int
    files_total: int
    work: str

    def text(self) -> str:
        """Return what is to be known of a partial answer."""
        return (
            f"PARTIAL: from a first look at {self.files_read} of {self.files_total} files, without"
            f" an index ({self.work}); with it a search answers from all of them."
        )


@dataclass(frozen=True, slots=True)
class SearchReply:
    """What was found, in which state of the disk, and how to get more ("" when that is all).

    `partial` where there is no index yet and only the files of `coverage` were read; else that
    is None.
    """

    query: str
    results: tuple[Result, ...]
    revision: Revision
    milliseconds: float
    partial: bool
    coverage: Read | None
    next_cursor: str

    def text(self) -> str:
        """Return the results as `path:line` blocks."""
        found = "\n\n".join(_block(result) for result in self.results)
        more = f"\n\nMore: call again with cursor={self.next_cursor!r}." if self.next_cursor else ""
        body = found or f"Nothing matches {self.query!r}. Try fewer or other words."
        about = self.coverage.text() if self.coverage else revision_line(self.revision)
        seen = f"{about} {self.milliseconds} ms."
        return f"Query: {self.query}\n\n{body}{more}\n\n{seen}"


async def search(host: Host, arguments: SearchArguments, progress: ProgressSink) -> SearchReply:
    """Rank the corpus against the query."""
    first = _offset(arguments.cursor)
    last = first + arguments.limit
    started = perf_counter()
    look = await host.glance(
        arguments.query,
        progress,
        limit=last + 1,
        path_glob=arguments.path_glob,
        language=arguments.language,
    )
    if look is not None:
        found = _Found(list(look.glance.hits), _milliseconds_since(started))
        coverage = look.glance.coverage
        unread = coverage.files_total - coverage.files_read
        read = Read(coverage.files_read, coverage.files_total, look.progress.in_words())
        return _reply(arguments, found, first, Revision("", unread, caught_up=False), read)
    found, view = await confirmed(
        host,
        progress,
        partial(_found, arguments=arguments, limit=last + 1),
        lambda found: {hit.path for hit in found.hits[first:last]},
    )
    return _reply(arguments, found, first, view.revision, None)


TOOL = Tool(
    name="rlm_search",
    title="Search the corpus",
    description=(
        "Use to find where something is in the indexed code or text, by plain words or symbol."
        " Returns ranked path:line spans with snippets."
    ),
    arguments=SearchArguments,
    run=search,
)


@dataclass(frozen=True, slots=True)
class _Found:
    hits: "list[Hit]"
    milliseconds: float


def _found(view: View, *, arguments: SearchArguments, limit: int) -> _Found:
    started = perf_counter()
    hits = view.crystal.search(
        arguments.query,
        limit=limit,
        path_glob=arguments.path_glob,
        language=arguments.language,
    )
    return _Found(hits, _milliseconds_since(started))


def _reply(
    arguments: SearchArguments, found: _Found, first: int, revision: Revision, read: Read | None
) -> SearchReply:
    last = first + arguments.limit
    lines_max = CONCISE_LINES if arguments.response_format == "concise" else DETAILED_LINES
    return SearchReply(
        query=arguments.query,
        results=tuple(_result(hit, lines_max) for hit in found.hits[first:last]),
        revision=revision,
        milliseconds=found.milliseconds,
        partial=read is not None,
        coverage=read,
        next_cursor=str(last) if len(found.hits) > last else "",
    )


def _milliseconds_since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 1)


def revision_line(revision: Revision) -> str:
    """Say which state of the disk was seen."""
    head = f"Indexed at {revision.head}" if revision.head else "Indexed"
    if revision.caught_up:
        return f"{head}, caught up with the disk."
    if revision.pending:
        if revision.pending == 1:
            return f"{head}; STALE: 1 file on disk is not in it as it is now."
        return f"{head}; STALE: {revision.pending} files on disk are not in it as they are now."
    return f"{head}; what changed on disk since is being looked at."


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    if not cursor.isdecimal() or not 0 < int(cursor) <= 50 * PAGES_MAX:
        raise BadArgument(
            f"cursor={cursor!r} is none that was handed out; pass next_cursor of the last reply,"
            " or leave it out for the first page."
        )
    return int(cursor)


def _result(hit: "Hit", lines_max: int) -> Result:
    lines = hit.snippet.splitlines()
    snippet = "\n".join(lines[:lines_max])
    return Result(
        hit.path, hit.start_line, hit.end_line, hit.symbol, hit.kind, round(hit.score, 4), snippet
    )


def _block(result: Result) -> str:
    name = f" {result.symbol} ({result.kind})" if result.symbol else f" ({result.kind})"
    place = f"{result.path}:{result.start_line}"
    if result.end_line > result.start_line:
        place += f"-{result.end_line}"
    head = f"{place}{name} score {result.score}"
    return f"{head}\n{result.snippet}"
