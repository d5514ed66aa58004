"""One cell of a client's code: its REPL, the models it may call, and what it came to."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from anyio.to_thread import run_sync
from rlm_crystal.types import Progress, ProgressSink
from rlm_engine.kept_repl import Cell as RanCell
from rlm_engine.kept_repl import KeptRepl, kept_repl
from rlm_engine.prelude import documentation
from rlm_engine.prompt import repl_guide, told_rules
from rlm_engine.trace import Tracing
from rlm_engine.usage import Meter
from rlm_tools.host import Cell, CellRan, Revision, View

from rlm_server.answering import equipment_of
from rlm_server.cell_record import CellRecord
from rlm_server.lending import WhoeverLends, lent_models, nothing_chosen
from rlm_server.opening import Opened
from rlm_server.providers import limits_for, models_for, precautions_for
from rlm_server.settings import Settings, SettingsBook

_LOST_NAMED = 30
_STALE = (
    "Files changed since this REPL was opened, and it works on what they were; reset=true empties"
    " it and takes them over."
)
RunningCells: TypeAlias = Callable[
    [Cell, View, Opened, SettingsBook, Mapping[str, str], ProgressSink, Meter], Awaitable[CellRan]
]


async def run_cell(
    cell: Cell,
    view: View,
    opened: Opened,
    book: SettingsBook,
    environ: Mapping[str, str],
    progress: ProgressSink,
    meter: Meter,
) -> CellRan:
    """Run the cell in the REPL of its handle, opening one over the crystal of `view` if need be.

    Each cell is recorded as a run of its own, the last ones of a handle that is open.
    """
    settings, recording = book.settings, book.operator.recording
    record = CellRecord(opened.archive, recording)
    steps = 0

    def say(what: str) -> None:
        nonlocal steps
        steps += 1
        progress(Progress(what, steps, 0))

    @asynccontextmanager
    async def opening() -> AsyncGenerator[tuple[KeptRepl, View]]:
        say("Opening a REPL")
        async with _repl(view, opened, settings, environ) as repl:
            yield repl, view

    tracing = Tracing(prompts=recording.prompts, keep=record.take, meter=meter)
    in_repl = opened.repls.used(cell.handle, opening, reset=cell.reset)
    async with record.sealed_after(), in_repl as used:
        record.of(used)
        say("Running code")
        ran = await used.repl.run(cell.code, seconds=cell.seconds, say=say, tracing=tracing)
        used.variables, used.output = dict(ran.ran.variables), ran.ran.output
        lost, used.lost = used.lost, ()
    if settings.remember and not opened.manner.read_only:
        await opened.replies.keep()
    revision = await run_sync(_revision, used.view, view)
    return _told(used.handle, ran, lost, revision, record.problems)


def guide(settings: Settings, environ: Mapping[str, str]) -> str:
    """What there is in a REPL."""
    helpers = documentation() + told_rules(precautions_for(settings, environ).rules)
    return repl_guide(limits=limits_for(settings), helpers=helpers)


@asynccontextmanager
async def _repl(
    view: View, opened: Opened, settings: Settings, environ: Mapping[str, str]
) -> AsyncGenerator[KeptRepl]:
    """A REPL over the crystal of `view`; without a model, its calls go to the client that lends
    one."""
    limits = limits_for(settings)
    if nothing_chosen(settings, environ):
        root, sub = lent_models(WhoeverLends(), settings)
        limits = WhoeverLends().limits(limits)
    else:
        root, sub = await run_sync(models_for, settings, environ)
    async with kept_repl(
        view.crystal,
        root=root,
        sub=sub,
        limits=limits,
        equipment=await equipment_of(opened, view, settings, environ),
        precautions=precautions_for(settings, environ),
    ) as repl:
        yield repl


def _revision(of: View, now: View) -> Revision:
    """How what a REPL works on compares with the disk."""
    if of.crystal is now.crystal:
        return now.revision
    before = {(entry.path, entry.content_hash) for entry in of.crystal.files}
    after = {(entry.path, entry.content_hash) for entry in now.crystal.files}
    differing = len({path for path, _ in before ^ after}) + now.revision.pending
    return Revision(of.revision.head, differing, differing == 0)


def _told(
    handle: str,
    cell: RanCell,
    lost: tuple[str, ...],
    revision: Revision,
    problems: Sequence[str],
) -> CellRan:
    ran, execution = cell.ran, cell.execution
    remarks = (*ran.remarks, *problems)
    if lost:
        named = ", ".join(lost[:_LOST_NAMED])
        remarks = (*remarks, f"The REPL had been closed. These variables are gone: {named}.")
    if not revision.caught_up:
        remarks = (*remarks, _STALE)
    return CellRan(
        handle=handle,
        output=ran.output,
        fault=ran.fault,
        hint=ran.hint,
        final=ran.final,
        remarks=remarks,
        state_lost=(*lost, *execution.state_lost),
        variables=dict(ran.variables),
        seconds=round(execution.seconds, 3),
        subcalls=ran.spent.subcalls,
        cost_usd=round(ran.spent.cost_usd, 6),
        revision=revision,
        trace_id=cell.trace_id,
    )
