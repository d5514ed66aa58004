"""`rlm_search`: the spans of the corpus that answer a query: ranked, listed, or all that match."""

from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from rlm_crystal.filters import asked_in
from rlm_crystal.types import Found, Mode, ProgressSink

from rlm_tools.confirming import confirmed
from rlm_tools.errors import BadArgument
from rlm_tools.fitting import longest, tokens_allowed
from rlm_tools.host import FirstLook, Host, Revision, View
from rlm_tools.tool import Arguments, MaxTokens, ResponseFormat, Tool

if TYPE_CHECKING:
    from rlm_crystal.types import Hit

CONCISE_LINES = 6
DETAILED_LINES = 40
OFFSET_MAX = 100_000
ECHO_CHARS = 300
LINE_CHARS = 400


class SearchArguments(Arguments):
    """The query, filters, and which page of the results."""

    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=20_000,
            description="Words, a symbol, filters; with mode, filters first, then the pattern",
        ),
    ]
    mode: Mode = "words"
    limit: Annotated[int, Field(ge=1, le=50)] = 8
    cursor: Annotated[str, Field(max_length=12, description="next_cursor of the last reply")] = ""
    path_glob: Annotated[str, Field(max_length=500, description="e.g. src/**/*.py")] = ""
    language: Annotated[str, Field(max_length=40)] = ""
    response_format: ResponseFormat = "concise"
    max_tokens: MaxTokens = 0


@dataclass(frozen=True, slots=True)
class Result:
    """One span, best first; of a call, `kind` says too how sure it is (`likely call`)."""

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
    is None. `total` and `files` count all there is, None where results were ranked; `complete` is
    false where something could not be looked at, which `note` then says.
    """

    query: str
    results: tuple[Result, ...]
    revision: Revision
    milliseconds: float
    partial: bool
    coverage: Read | None
    next_cursor: str
    total: int | None
    files: int | None
    complete: bool
    note: str

    def text(self) -> str:
        """Return the results as `path:line` blocks, or a line each where each is one line."""
        single = all(result.start_line == result.end_line for result in self.results)
        found = ("\n" if single else "\n\n").join(_block(result) for result in self.results)
        more = f"\n\nMore: call again with cursor={self.next_cursor!r}." if self.next_cursor else ""
        body = found or f"Nothing matches {self.query!r}. {self.note}"
        about = self.coverage.text() if self.coverage else revision_line(self.revision)
        counted = f"{self._counted()}\n\n" if found and self.total is not None else ""
        return f"Query: {self.query}\n\n{counted}{body}{more}\n\n{about} {self.milliseconds} ms."

    def _counted(self) -> str:
        found = f"{self.total} in {self.files} file{'' if self.files == 1 else 's'}"
        shown = "" if len(self.results) == self.total else f", {len(self.results)} shown"
        return f"{found}{shown}.{' ' if self.note else ''}{self.note}"


async def search(host: Host, arguments: SearchArguments, progress: ProgressSink) -> SearchReply:
    """Rank the corpus against the query, or find all that it asks for."""
    first = _offset(arguments.cursor)
    last = first + arguments.limit
    started = perf_counter()
    look = await _glance(host, arguments, progress, limit=last + 1)
    if look is not None:
        found = _Answer(Found(look.glance.hits), _milliseconds_since(started))
        coverage = look.glance.coverage
        unread = coverage.files_total - coverage.files_read
        read = Read(coverage.files_read, coverage.files_total, look.progress.in_words())
        return _reply(arguments, found, first, Revision("", unread, caught_up=False), read)
    found, view = await confirmed(
        host,
        progress,
        partial(_found, arguments=arguments, limit=last + 1),
        lambda found: {hit.path for hit in found.of.hits[first:last]},
    )
    return _reply(arguments, found, first, view.revision, None)


TOOL = Tool(
    name="rlm_search",
    title="Search the corpus",
    description=(
        "Use to find where something is in the indexed code or text. Returns path:line spans"
        " ranked for plain words. Filters in the query: symbol:NAME path:GLOB lang:go kind:class,"
        " -path:tests excludes; filters alone list what there is. callers:NAME callees:NAME"
        " importers:NAME ask the code graph. mode literal or regex (Rust syntax) finds and counts"
        " every matching line."
    ),
    arguments=SearchArguments,
    run=search,
)


def _echo(query: str) -> str:
    """The query as a reply repeats it: of a pasted report the beginning."""
    return query if len(query) <= ECHO_CHARS else f"{query[:ECHO_CHARS].rstrip()} …"


@dataclass(frozen=True, slots=True)
class _Answer:
    of: Found
    milliseconds: float
    nothing_indexed: bool = False


async def _glance(
    host: Host, arguments: SearchArguments, progress: ProgressSink, *, limit: int
) -> FirstLook | None:
    """A first look where there is no index; it ranks words, and what has to be complete waits."""
    asked = asked_in(arguments.query)
    if arguments.mode != "words" or asked.filters.relations or not asked.text:
        return None
    return await host.glance(
        arguments.query,
        progress,
        limit=limit,
        path_glob=arguments.path_glob,
        language=arguments.language,
    )


def _found(view: View, *, arguments: SearchArguments, limit: int) -> _Answer:
    started = perf_counter()
    found = view.crystal.find(
        arguments.query,
        limit=limit,
        path_glob=arguments.path_glob,
        language=arguments.language,
        mode=arguments.mode,
    )
    return _Answer(found, _milliseconds_since(started), view.crystal.file_count == 0)


def _reply(
    arguments: SearchArguments, found: _Answer, first: int, revision: Revision, read: Read | None
) -> SearchReply:
    lines_max = CONCISE_LINES if arguments.response_format == "concise" else DETAILED_LINES
    hits = found.of.hits[first : first + arguments.limit]
    results = tuple(_result(hit, lines_max) for hit in hits)

    def make(count: int) -> SearchReply:
        last = first + count
        return SearchReply(
            query=_echo(arguments.query),
            results=results[:count],
            revision=revision,
            milliseconds=found.milliseconds,
            partial=read is not None,
            coverage=read,
            next_cursor=str(last) if len(found.of.hits) > last else "",
            total=found.of.total,
            files=found.of.files,
            complete=found.of.complete,
            note=found.of.note if results else found.of.note or _why_nothing(found, arguments),
        )

    allowed = tokens_allowed(arguments.response_format, arguments.max_tokens)
    return longest(make, len(results), allowed, least=min(1, len(results)))


def _why_nothing(found: _Answer, arguments: SearchArguments) -> str:
    if found.nothing_indexed:
        return "No file is indexed: rlm_status says what was left out and why."
    return _advice(arguments)


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
    if not cursor.isdecimal() or len(cursor) > 6 or not 0 < int(cursor) <= OFFSET_MAX:
        raise BadArgument(
            f"cursor={cursor!r} is none that was handed out; pass next_cursor of the last reply,"
            " or leave it out for the first page."
        )
    return int(cursor)


def _result(hit: "Hit", lines_max: int) -> Result:
    lines = [_short(line) for line in hit.snippet.splitlines()]
    snippet = "\n".join(lines[:lines_max])
    kind = f"{hit.certainty} {hit.kind}".strip()
    return Result(
        hit.path, hit.start_line, hit.end_line, hit.symbol, kind, round(hit.score, 4), snippet
    )


def _advice(arguments: SearchArguments) -> str:
    """What to try where nothing was found."""
    if arguments.cursor:
        return "There is no more; the pages before hold all."
    asked = asked_in(arguments.query, leading_only=arguments.mode != "words")
    if arguments.path_glob or arguments.language or (asked.filters and asked.text):
        return "Leave path_glob, language and filters out to see whether they rule all of it out."
    if asked.filters.relations:
        return (
            "symbol:NAME tells whether the name is defined; what is called through variables or"
            " texts is in no graph, so look for it with mode literal."
        )
    if arguments.mode != "words":
        return "Try less of it, or plain words with mode words."
    return "Try fewer or other words."


def _short(line: str) -> str:
    """A line of a snippet; of one that no person reads (minified) the beginning."""
    return line if len(line) <= LINE_CHARS else f"{line[:LINE_CHARS]} …"


def _block(result: Result) -> str:
    place = f"{result.path}:{result.start_line}"
    if result.start_line == result.end_line and "\n" not in result.snippet:
        about = ", ".join(part for part in (result.symbol, _unsure(result.kind)) if part)
        return f"{place}: {result.snippet.strip()}{f'  [{about}]' if about else ''}"
    place += f"-{result.end_line}" if result.end_line > result.start_line else ""
    name = f" {result.symbol} ({result.kind})" if result.symbol else f" ({result.kind})"
    return f"{place}{name} score {result.score}\n{result.snippet}"


def _unsure(kind: str) -> str:
    return kind if kind.startswith(("likely ", "by name ")) else ""
