"""What the commands do: each returns the documented JSON form and the lines a person reads."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rlm_crystal.types import ProgressSink

from rlm_server.errors import Misused
from rlm_server.manner import AT_ONCE, COMMAND, Manner
from rlm_server.service import Service

if TYPE_CHECKING:
    from rlm_engine.trace import Watch
    from rlm_tools.tool import Arguments


@dataclass(frozen=True, slots=True)
class Told:
    """A command's result: `fields` for --json, `text` otherwise, and whether it found fault.

    `aside` is what the fields have no place for; with --json it goes to standard error. `remark`
    goes there in any case, as `text` is what a file takes. `harmless`: nothing in the text steers a
    terminal but what we put there.
    """

    fields: dict[str, Any]
    text: str
    failed: bool = False
    aside: str = ""
    remark: str = ""
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What every command is given."""

    roots: tuple[Path, ...]
    environ: Mapping[str, str]
    allow_wide: bool = False

    def service(
        self, *, model: str = "", now: bool = False, follow: "Watch | None" = None
    ) -> Service:
        """A service that waits for as long as it takes; or that indexes nothing, for an answer
        `now`."""
        manner: Manner = replace(
            AT_ONCE if now else COMMAND, allow_wide=self.allow_wide, model=model, follow=follow
        )
        return Service(self.roots, self.environ, manner=manner)


async def index(request: Request, progress: ProgressSink) -> Told:
    """Build the crystal, taking over what did not change since the last one."""
    service = request.service()
    async with service.serving():
        done = await service.reindex("full", progress)
        crystal, opened = service.state.crystal, service.opened
        assert crystal is not None  # reindex raises where there is none
        assert opened is not None
        fields: dict[str, Any] = {
            "root": os.pathsep.join(str(root) for root in opened.archive.roots),
            "files": done.files,
            "chunks": done.chunks,
            "clusters": crystal.cluster_count,
            "skipped": done.skipped,
            "tokens": crystal.tokens,
            "bytes_source": crystal.bytes_source,
            "bytes_sealed": opened.archive.store().size_bytes(),
            "seconds": done.seconds,
            "generation": done.generation,
        }
    text = (
        f"Indexed {fields['files']} files ({_mib(fields['bytes_source'])}, about"
        f" {fields['tokens']:,} tokens) into {fields['chunks']} chunks and"
        f" {fields['clusters']} clusters in {fields['seconds']:.1f} s;"
        f" {fields['skipped']} skipped.\nSealed: {_mib(fields['bytes_sealed'])},"
        f" generation {fields['generation']}."
    )
    return Told(fields, text)


def dry_run(request: Request, progress: ProgressSink, *, verbose: bool) -> Told:
    """Say what an index would hold and what not, and why; write nothing."""
    from rlm_server.preview import preview

    wide = request.allow_wide
    return Told(*preview(request.roots, progress, allow_wide=wide, verbose=verbose))


async def search(
    request: Request,
    query: str,
    limit: int,
    progress: ProgressSink,
    *,
    mode: str = "words",
    now: bool = False,
) -> Told:
    """Answer the query as `rlm_search` does, after catching up with the disk.

    With `now` a corpus that was never indexed is not indexed either but looked at.
    """
    from rlm_tools.search import SearchArguments
    from rlm_tools.search import search as search_tool

    arguments = _meant(SearchArguments, query=query, limit=limit, mode=mode)
    service = request.service(now=now)
    async with service.serving():
        reply = await search_tool(service, arguments, progress)
    fields = asdict(reply)
    del fields["next_cursor"]
    if reply.total is None:  # ranked, so that nothing was counted
        for name in ("total", "files", "complete", "note"):
            del fields[name]
    return Told(fields, replace(reply, next_cursor="").text())


async def ask(
    request: Request,
    question: str,
    model: str,
    progress: ProgressSink,
    *,
    follow: "Watch | None" = None,
) -> Told:
    """Answer a question through the loop; `follow` is told what it does."""
    from rlm_tools.query import QueryArguments

    question = _meant(QueryArguments, question=question).question
    service = request.service(model=model, follow=follow)
    async with service.serving():
        answer = await service.ask(question, progress)
    cited = [
        f"  {c.path}:{c.start_line}{f'-{c.end_line}' if c.end_line > c.start_line else ''}"
        f"{'' if c.verified else '  (not verified)'}"
        for c in answer.citations
    ]
    spent = (
        f"${answer.cost_usd:.4f}, {answer.subcalls} sub-calls in {answer.iterations} turns,"
        f" {answer.seconds:.1f} s, by {answer.provider}"
        f"{'' if answer.route == 'loop' else f', {answer.route}'}"
    )
    blocks = [answer.answer, "Citations:\n" + "\n".join(cited) if cited else ""]
    if answer.limit_hit:
        blocks.append(f"Partial: the limit of {answer.limit_hit} was reached.")
    blocks += [*answer.notes, spent]
    text = "\n\n".join(block for block in blocks if block)
    return Told(dict(answer.to_json()), text, aside=" ".join(answer.notes))


async def explain_plan(request: Request, question: str, model: str, progress: ProgressSink) -> Told:
    """Say which way a question would go and what it could cost, asking no model."""
    from rlm_tools.planned import planned
    from rlm_tools.query import QueryArguments
    from rlm_tools.tool import structured

    question = _meant(QueryArguments, question=question).question
    service = request.service(model=model)
    async with service.serving():
        reply = planned(await service.plan(question, progress))
    return Told(structured(reply), reply.text())


def status(request: Request) -> Told:
    """Say what there is, building nothing."""
    from rlm_server.standing import standing_of

    standing = standing_of(request.roots, request.environ, allow_wide=request.allow_wide)
    fields = standing.fields
    lines = [
        f"State: {fields['state']}{f' ({standing.reason})' if standing.reason else ''}",
        f"Roots: {', '.join(fields['roots'])}",
        f"Crystal: generation {fields['generation']}, {fields['files']} files,"
        f" {fields['chunks']} chunks",
        f"Answers by: {fields['provider']}",
        f"Key from: {fields['key_source'] or 'none'}",
        f"Sandbox: {', '.join(fields['sandbox']) or 'none, so no code is run'}",
    ]
    return Told(fields, "\n".join(lines), aside=standing.reason)


_A = TypeVar("_A", bound="Arguments")


def _meant(kind: "type[_A]", **values: str | int) -> "_A":
    """The arguments of the tool that does the work, so that both doors have the same bounds."""
    from pydantic import ValidationError

    from rlm_server.wrong_values import told_wrong

    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise Misused(told_wrong(error)) from None


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"
