"""One question through the loop: models, limits, memory and trace put together."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from anyio.to_thread import run_sync
from rlm_crystal.errors import CrystalError
from rlm_crystal.types import Progress, ProgressSink
from rlm_engine.answer import Answer
from rlm_engine.brought_up import brought_up
from rlm_engine.equipment import Equipment
from rlm_engine.errors import ModelError
from rlm_engine.limits import RunLimits
from rlm_engine.loop import ask
from rlm_engine.model import Model
from rlm_engine.model_table import table_from_environ
from rlm_engine.trace import Tracing
from rlm_engine.usage import Meter
from rlm_tools.host import View

from rlm_server.lending import lender_for, lent_models
from rlm_server.opening import Opened
from rlm_server.providers import limits_for, models_for, precautions_for
from rlm_server.settings import Settings, SettingsBook
from rlm_server.traces.keeping import RunRecord

Confirm: TypeAlias = Callable[[Collection[str]], Awaitable[View]]
Answering: TypeAlias = Callable[
    [str, View, Opened, SettingsBook, Mapping[str, str], ProgressSink, Confirm, Meter],
    Awaitable[Answer],
]


async def answer(
    question: str,
    view: View,
    opened: Opened,
    book: SettingsBook,
    environ: Mapping[str, str],
    progress: ProgressSink,
    confirm: Confirm,
    meter: Meter,
) -> Answer:
    """Answer, seal the record of the run, and remember what was answered in full.

    `confirm` gives a view in which these files are what is on disk; `meter` is told what each call
    took.
    """
    settings, recording = book.settings, book.operator.recording
    precautions = precautions_for(settings, environ)
    remembers = settings.remember and not opened.manner.read_only
    record = RunRecord(opened.archive.traces, recording)
    steps = 0

    def say(what: str) -> None:
        nonlocal steps
        steps += 1
        progress(Progress(what, steps, 0))

    equipment = await equipment_of(opened, view, settings, environ)

    async def asked_of(root: Model, sub: Model, limits: RunLimits) -> Answer:
        return await ask(
            question,
            crystal=view.crystal,
            root=root,
            sub=sub,
            limits=limits,
            equipment=equipment,
            precautions=precautions,
            tracing=Tracing(opened.manner.follow, recording.prompts, record.keep, meter),
            progress=say,
        )

    limits, lender, refused = limits_for(settings), lender_for(settings, environ), ""
    answered = None
    if lender is not None:
        try:
            answered = await asked_of(*lent_models(lender, settings), lender.limits(limits))
        except ModelError as error:
            refused = f"Your client's own model was not used: {error}."
    if answered is None:
        answered = await asked_of(*await run_sync(models_for, settings, environ, say), limits)
    if refused:
        answered = replace(answered, notes=(*answered.notes, refused))
    if remembers:
        await opened.replies.keep()
    answered = await _cited_as_it_is_now(answered, view, confirm)
    if remembers and not answered.partial:
        asked = precautions.redaction.text(question)
        kept = replace(answered, question=asked)
        await opened.recollection.keep(kept, view.revision.head, view.crystal.read)
    return replace(answered, notes=(*answered.notes, *record.problems))


async def equipment_of(
    opened: Opened, view: View, settings: Settings, environ: Mapping[str, str]
) -> Equipment:
    """What is kept from one question to the next."""
    return Equipment(
        context=partial(opened.mapped.documents, view.crystal),
        spares=opened.spares,
        cache=await opened.replies.cache() if settings.remember else None,
        recall=partial(opened.recollection.recall, read=view.crystal.read)
        if settings.remember
        else None,
        table=await run_sync(table_from_environ, environ),
    )


async def _cited_as_it_is_now(answered: Answer, view: View, confirm: Confirm) -> Answer:
    """The answer with the lines of files that changed while it was made put right."""
    try:
        newer = await confirm({citation.path for citation in answered.citations})
    except CrystalError as error:
        told = f"Whether the cited files are still what they were cannot be told: {error}."
        return replace(answered, notes=(*answered.notes, told))
    if newer is view:
        return answered
    return await run_sync(brought_up, answered, view.crystal, newer.crystal)
