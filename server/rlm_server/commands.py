"""What the commands do: each returns the documented JSON form and the lines a person reads."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rlm_crystal.types import ProgressSink

from rlm_server.manner import COMMAND, Manner
from rlm_server.service import Service


@dataclass(frozen=True, slots=True)
class Told:
    """A command's result: `fields` for --json, `text` otherwise, and whether it found fault."""

    fields: dict[str, Any]
    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What every command is given."""

    roots: tuple[Path, ...]
    environ: Mapping[str, str]
    allow_wide: bool = False

    def service(self, *, model: str = "") -> Service:
        """A service that waits for as long as it takes."""
        manner: Manner = replace(COMMAND, allow_wide=self.allow_wide, model=model)
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
            "root": _joined(request.roots),
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


async def search(request: Request, query: str, limit: int, progress: ProgressSink) -> Told:
    """Rank the corpus against the query, after catching up with the disk."""
    from rlm_tools.search import SearchArguments
    from rlm_tools.search import search as search_tool

    service = request.service()
    async with service.serving():
        arguments = SearchArguments(query=query, limit=limit)
        reply = await search_tool(service, arguments, progress)
    fields = asdict(reply)
    del fields["next_cursor"]
    return Told(fields, replace(reply, next_cursor="").text())


async def ask(request: Request, question: str, model: str, progress: ProgressSink) -> Told:
    """Answer a question through the loop."""
    service = request.service(model=model)
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
    )
    blocks = [answer.answer, "Citations:\n" + "\n".join(cited) if cited else ""]
    if answer.limit_hit:
        blocks.append(f"Partial: the limit of {answer.limit_hit} was reached.")
    blocks += [*answer.notes, spent]
    return Told(dict(answer.to_json()), "\n\n".join(block for block in blocks if block))


def status(request: Request) -> Told:
    """Say what there is, building nothing."""
    from rlm_server.standing import standing_of

    fields = standing_of(request.roots, request.environ, allow_wide=request.allow_wide)
    lines = [
        f"State: {fields['state']}",
        f"Roots: {', '.join(fields['roots'])}",
        f"Crystal: generation {fields['generation']}, {fields['files']} files,"
        f" {fields['chunks']} chunks",
        f"Answers by: {fields['provider']}",
        f"Key from: {fields['key_source'] or 'none'}",
        f"Sandbox: {', '.join(fields['sandbox']) or 'none, so no code is run'}",
    ]
    return Told(fields, "\n".join(lines))


def _joined(roots: Sequence[Path]) -> str:
    return os.pathsep.join(str(root) for root in roots)


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"
