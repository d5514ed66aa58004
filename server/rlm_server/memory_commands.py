"""`rlm-mcp memory`: what is remembered of these roots, for their owner: facts, one by one."""

import argparse
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import anyio
from rlm_memory.memory import Memory
from rlm_memory.staleness import ReadLines, citations_in
from rlm_memory.types import Episode, Recalled, Wanted, iso, moment_of

from rlm_server.archive import Archive
from rlm_server.commands import Request, Told
from rlm_server.errors import Misused
from rlm_server.in_clear import place_for
from rlm_server.memory_keeping import KEEPING, Act, known, whole_id
from rlm_server.memory_telling import Teller
from rlm_server.settings import Operator, SettingsBook
from rlm_server.visible import one_line

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_COLUMNS = 100


def memory_command(options: argparse.Namespace, request: Request) -> Told:
    """What an act of `rlm-mcp memory` tells."""
    acts: dict[str, Act] = {
        **KEEPING,
        "add": partial(_add, _lines_of_corpus(request)),
        "search": _search,
        "show": _show,
        "consolidate": partial(_consolidate, request),
        "conflicts": _conflicts,
        "resolve": _resolve,
        "forget": _forget,
    }
    if options.act == "export" and options.to:
        place_for(options.to, request.environ)
    with _opened(request) as memory:
        return acts[options.act](memory, options)


def _archive(request: Request) -> Archive:
    return Archive.from_environ(request.environ, request.roots, allow_wide=request.allow_wide)


@contextmanager
def _opened(request: Request) -> Generator[Memory]:
    archive = _archive(request)
    memory = Memory.open(
        archive.estate.memory_folder(archive.corpus),
        archive.keyring,
        scope=archive.corpus.id,
        may_write=partial(archive.estate.admit, archive.corpus),
        embedder=archive.memory_embedder(),
    )
    try:
        yield memory
    finally:
        memory.close()


def _lines_of_corpus(request: Request) -> ReadLines:
    """What reads lines as they are now; CrystalError where nothing is indexed."""

    @cache
    def crystal() -> "Crystal":
        from rlm_crystal.build import refresh

        archive = _archive(request)
        return refresh(archive.crystal())

    return lambda path, start_line, end_line: crystal().read(path, start_line, end_line)


def _add(read: ReadLines, memory: Memory, options: argparse.Namespace) -> Told:
    slots = (options.subject, options.attribute, options.value)
    if any(slots) and not all(slots):
        raise Misused("give --subject, --attribute and --value together, or none of them")
    episode = Episode(
        options.text,
        time_s=time.time(),
        speaker=options.speaker,
        zone=options.zone,
        trust=options.trust,
        subject=options.subject,
        attribute=options.attribute,
        value=options.value,
        citations=citations_in(options.text, read),
    )
    try:
        added = memory.add(episode)
    except ValueError as error:
        raise Misused(str(error)) from error
    fields: dict[str, Any] = {
        "id": added.id,
        "conflicts": [each.to_json() for each in added.conflicts],
        "quarantine": added.quarantine,
        "cites": [str(cited) for cited in episode.citations],
    }
    lines = [f"Remembered as {added.id}."]
    if cites := ", ".join(fields["cites"]):
        lines.append(f"It cites {cites}: recall tells when these lines change.")
    lines += [
        f"{'Done' if each.settled else 'Left to you'}: {each.relation} {each.old} ({each.why})"
        for each in added.conflicts
    ]
    if added.quarantine:
        lines.append(f"Kept out of recall: it {added.quarantine}.")
    return Told(fields, "\n".join(lines))


def _search(memory: Memory, options: argparse.Namespace) -> Told:
    wanted = Wanted(
        speaker=options.speaker,
        as_of_s=_moment(options.as_of) if options.as_of else None,
        trust_min=options.trust,
    )
    if options.zone:
        wanted = replace(wanted, zones=tuple(dict.fromkeys(options.zone)))
    if options.level:
        wanted = replace(wanted, levels=tuple(dict.fromkeys(options.level)))
    recall = memory.recall(options.query, limit=options.limit, wanted=wanted)
    fields: dict[str, Any] = {
        "query": options.query,
        "results": [each.to_json() for each in recall.found],
        "reason": recall.reason,
    }
    lines = [line for each in recall.found for line in _lines_of(each)]
    return Told(fields, "\n".join(lines or [f"Nothing: {recall.reason}."]))


def _show(memory: Memory, options: argparse.Namespace) -> Told:
    if options.id:
        row_id = whole_id(memory, options.id)
        memo = known(memory, row_id)
        fields = dict(memo.to_json(row_id))
        fields["uses"] = memo.uses
        fields["quarantine"] = memo.quarantine
        fields["edges"] = [[edge.kind, edge.target] for edge in memo.edges]
        return Told(
            fields, "\n".join(f"{name}: {value}" for name, value in fields.items() if value)
        )
    stats, snapshots = memory.stats(), len(memory.snapshots.all())
    tally = stats.tally
    counts = {f"{place.level} {place.zone}": count for place, count in tally.counts.items()}
    waits = {
        "open_conflicts": tally.conflicts,
        "superseded": tally.superseded,
        "quarantined": tally.quarantined,
        "snapshots": snapshots,
    }
    fields = {
        "counts": counts,
        **waits,
        "damaged": list(stats.damaged),
        "altered": stats.altered,
        "size_bytes": memory.size_bytes(),
    }
    told = counts | {name.replace("_", " "): count for name, count in waits.items() if count}
    lines = [f"{name}: {count}" for name, count in told.items()] or ["Nothing yet."]
    if stats.damaged or stats.altered:
        lines.append(
            f"{len(stats.damaged)} cannot be opened; altered from outside: {stats.altered}"
        )
    return Told(fields, "\n".join(lines), failed=bool(stats.damaged) or stats.altered)


def _consolidate(request: Request, memory: Memory, _: argparse.Namespace) -> Told:
    done = memory.consolidate()
    by_model = _told_by_model(request, memory)
    fields: dict[str, Any] = {
        "traces": done.traces,
        "categories": done.categories,
        "written": done.written,
        "removed": done.removed,
        "by_model": by_model,
    }
    text = f"Traces: {done.traces}, categories: {done.categories}; written anew: {done.written}."
    return Told(fields, f"{text} Told by a model: {by_model}." if by_model else text)


def _told_by_model(request: Request, memory: Memory) -> int:
    """Have the operator's sub-model tell what is new, where money is set aside for it."""
    operator = Operator.from_environ(request.environ)
    teller = Teller(operator.memory, SettingsBook(operator, {}).settings, request.environ)
    drafts = memory.drafts(teller.reach.zones) if teller.asks else []
    if not drafts:
        return 0
    replies, model = anyio.run(teller.replies, drafts)
    return memory.tell(replies, model)


def _conflicts(memory: Memory, _: argparse.Namespace) -> Told:
    pairs = [
        (new, old, known(memory, new).episode.text, known(memory, old).episode.text)
        for new, old in memory.conflicts()
    ]
    names = ("new", "old", "new_text", "old_text")
    fields: dict[str, Any] = {"conflicts": [dict(zip(names, each, strict=True)) for each in pairs]}
    lines = [
        f"{new}  {one_line(later, _COLUMNS)}\n  against {old}  {one_line(earlier, _COLUMNS)}"
        for new, old, later, earlier in pairs
    ]
    lines.append("Settle one: rlm-mcp memory resolve NEW OLD merge|supersede|keep|reject")
    return Told(fields, "\n".join(lines) if pairs else "Nothing contradicts each other.")


def _resolve(memory: Memory, options: argparse.Namespace) -> Told:
    new, old = whole_id(memory, options.new), whole_id(memory, options.old)
    memory.resolve(new, old, options.verdict)
    fields = {"new": new, "old": old, "verdict": options.verdict}
    return Told(fields, f"Settled: {options.verdict}.")


def _forget(memory: Memory, options: argparse.Namespace) -> Told:
    named = [bool(each) for each in (options.id, options.subject, options.agent, options.zone)]
    if sum(named) != 1:
        raise Misused("say what to forget: an id, --subject, --agent, or --zone")
    if options.zone:
        erased = memory.erase(options.zone)
        fields: dict[str, Any] = {"forgotten": erased, "derived": 0, "left_in": []}
        return Told(fields, f"Zone {options.zone} erased with its key; memories in it: {erased}.")
    row_id = whole_id(memory, options.id) if options.id else ""
    gone = memory.forget(row_id, subject=options.subject, writer=options.agent)
    fields = {"forgotten": gone.memos, "derived": gone.derived, "left_in": list(gone.left_in)}
    text = f"Memories forgotten: {gone.memos}, summaries of them: {gone.derived}."
    if gone.left_in:
        text += f" A sealed copy is still in {', '.join(gone.left_in)}: another process reads it."
    return Told(fields, text, failed=bool(gone.left_in))


def _moment(text: str) -> float:
    """A date or time in ISO form; a date alone means its end."""
    try:
        return moment_of(text)
    except ValueError:
        raise Misused(f"{text!r} is no ISO date, such as 2026-03-01") from None


def _lines_of(recalled: Recalled) -> list[str]:
    episode = recalled.episode
    head = f"{recalled.id}  {recalled.score:.2f}  {iso(episode.time_s)}  {episode.speaker}"
    return [head, f"  {one_line(episode.text, _COLUMNS)}", f"  {recalled.why}"]
