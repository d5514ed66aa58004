"""`rlm_explain`: what a file or a symbol is, in the words of its own code and docs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.confirming import confirmed
from rlm_tools.fitting import ASK_FOR_MORE, longest, tokens_allowed
from rlm_tools.host import Host, Revision, View
from rlm_tools.neighbours import Neighbourhood, Place, first_of, neighbourhood
from rlm_tools.search import revision_line
from rlm_tools.subject import Subject, subject_of
from rlm_tools.tool import Arguments, MaxTokens, ResponseFormat, Tool

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

CONCISE_LINES = 12
DETAILED_LINES = 80
CONCISE_PLACES = 8
DETAILED_PLACES = 40
_WHOLE = 10


class ExplainArguments(Arguments):
    """A file, and a definition in it where not the whole file is meant."""

    path: Annotated[str, Field(min_length=1, max_length=1_000)]
    symbol: Annotated[str, Field(max_length=300, description="e.g. Flask.run; empty: the file")] = (
        ""
    )
    response_format: ResponseFormat = "concise"
    max_tokens: MaxTokens = 0


@dataclass(frozen=True, slots=True)
class ExplainReply:
    """What the thing is and what surrounds it; every place is a checked path:line.

    The surest callers come first, each told as likely or by name where the text does not say it;
    `callers_total` counts all of them.
    """

    path: str
    symbol: str
    kind: str
    language: str
    role: str
    start_line: int
    end_line: int
    signature: str
    doc: str
    source: str
    outline: tuple[Place, ...]
    callers: tuple[Place, ...]
    callers_total: int
    needs: tuple[Place, ...]
    imports: tuple[Place, ...]
    importers: tuple[Place, ...]
    tests: tuple[Place, ...]
    documents: tuple[Place, ...]
    revision: Revision
    cut: str = ""
    """How to see what was left out for the length of the reply; empty where nothing was."""

    def text(self) -> str:
        """Return the explanation, each fact with its place."""
        head = f"{self.path}:{self.start_line}-{self.end_line}"
        name = f"{self.kind} {self.symbol}" if self.symbol else "file"
        parts = [f"{head} {name} ({self.language}, {self.role})"]
        parts += [text for text in (self.signature, self.doc) if text]
        parts += _section("Defines" if not self.symbol else "Members and siblings", self.outline)
        parts += _section(f"Called from ({self.callers_total} calls)", self.callers)
        parts += _section("Needs", self.needs)
        parts += _section("Imports", self.imports)
        parts += _section("Imported by", self.importers)
        parts += _section("Tests that mention it", self.tests)
        parts += _section("Documented in", self.documents)
        if self.source:
            parts.append(f"Source:\n{self.source}")
        parts += [self.cut] if self.cut else []
        return "\n\n".join([*parts, revision_line(self.revision)])


async def explain(host: Host, arguments: ExplainArguments, progress: ProgressSink) -> ExplainReply:
    """Gather the thing's own words and its neighbours from the crystal."""
    make = partial(_explained, roots=host.roots, arguments=arguments)
    reply, view = await confirmed(host, progress, make, _paths_in)
    return replace(reply, revision=view.revision)


TOOL = Tool(
    name="rlm_explain",
    title="Explain a file or symbol",
    description=(
        "Use to understand a known file or symbol: what it is, who calls it, what it needs, its"
        " tests and docs, each as path:line."
    ),
    arguments=ExplainArguments,
    run=explain,
)


def _paths_in(reply: ExplainReply) -> set[str]:
    """Every file the reply speaks of."""
    around = (reply.outline, reply.callers, reply.needs, reply.imports, reply.importers)
    places = (place for group in (*around, reply.tests, reply.documents) for place in group)
    return {reply.path, *(place.path for place in places)}


def _explained(view: View, *, roots: Sequence[Path], arguments: ExplainArguments) -> ExplainReply:
    subject = subject_of(view.crystal, roots, arguments.path, arguments.symbol)
    detailed = arguments.response_format == "detailed"
    places_max = DETAILED_PLACES if detailed else CONCISE_PLACES
    around = neighbourhood(view.crystal, subject, places_max=places_max)
    lines_max = DETAILED_LINES if detailed else CONCISE_LINES

    def make(tenths: int) -> ExplainReply:
        some = around if tenths == _WHOLE else first_of(around, places_max * tenths // _WHOLE)
        lines = max(1, lines_max * tenths // _WHOLE)
        reply = _reply(view.crystal, subject, some, lines, view.revision)
        return reply if tenths == _WHOLE else replace(reply, cut=f"This was cut; {ASK_FOR_MORE}.")

    allowed = tokens_allowed(arguments.response_format, arguments.max_tokens)
    return longest(make, _WHOLE, allowed)


def _reply(
    crystal: Crystal,
    subject: Subject,
    around: Neighbourhood,
    lines_max: int,
    revision: Revision,
) -> ExplainReply:
    definition = subject.definition
    start, end = (
        (definition.start_line, definition.end_line)
        if definition
        else (min(1, subject.entry.lines), subject.entry.lines)
    )
    return ExplainReply(
        path=subject.path,
        symbol=definition.symbol if definition else "",
        kind=definition.kind if definition else "file",
        language=subject.entry.language,
        role=around.role,
        start_line=start,
        end_line=end,
        signature=definition.signature if definition else "",
        doc=definition.doc if definition else around.doc,
        source=_source(crystal, subject.path, start, end, lines_max) if definition else "",
        outline=around.outline,
        callers=around.callers,
        callers_total=around.callers_total,
        needs=around.needs,
        imports=around.imports,
        importers=around.importers,
        tests=around.tests,
        documents=around.documents,
        revision=revision,
    )


def _source(crystal: Crystal, path: str, start: int, end: int, lines_max: int) -> str:
    text = crystal.read(path, start, min(end, start + lines_max - 1))
    left = end - start + 1 - lines_max
    return f"{text.rstrip()}\n… {left} more lines" if left > 0 else text.rstrip()


def _section(title: str, places: tuple[Place, ...]) -> list[str]:
    if not places:
        return []
    rows = "\n".join(f"  {place.path}:{place.line} {place.text}".rstrip() for place in places)
    return [f"{title}:\n{rows}"]
