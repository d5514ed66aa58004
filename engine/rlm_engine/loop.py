"""Asking a question of a crystal: the run over the whole of it, its answer and its record."""

from types import MappingProxyType

import anyio
from anyio.to_thread import run_sync
from rlm_crystal.crystal import Crystal

from rlm_engine.answer import Answer
from rlm_engine.citations import check_citations
from rlm_engine.clip import clip
from rlm_engine.equipment import BARE, Equipment
from rlm_engine.facts import facts_of
from rlm_engine.inquiry import Inquiry, Say
from rlm_engine.json_value import JsonObject
from rlm_engine.limits import RunLimits
from rlm_engine.model import Model
from rlm_engine.precautions import USUAL, Precautions
from rlm_engine.repl import mapped, require_sandbox
from rlm_engine.run import Run
from rlm_engine.tokens import counter_for
from rlm_engine.trace import UNTRACED, Tracing
from rlm_engine.turns import run_to_end

_ANSWER_CHARS = 100_000
# A caller that gave up is not kept waiting for a disk.
_RECORD_WITHIN_S = 1.0
_DEFAULT_LIMITS = RunLimits()


async def ask(
    question: str,
    *,
    crystal: Crystal,
    root: Model,
    sub: Model,
    limits: RunLimits = _DEFAULT_LIMITS,
    equipment: Equipment = BARE,
    precautions: Precautions = USUAL,
    tracing: Tracing = UNTRACED,
    progress: Say | None = None,
) -> Answer:
    """The answer to `question`, by `root` writing code over `crystal` and `sub` reading for it.

    A limit gives a marked partial answer, never an exception. Raises ExecutionUnavailable where
    no code can be run, and a ModelError where the root gave nothing at all. A question that fails
    or is cancelled leaves its record too.
    """
    require_sandbox(precautions.backend)
    for model in (root, sub):
        await run_sync(counter_for, model.name)  # the first time takes a moment
    inquiry = Inquiry(
        question,
        crystal=crystal,
        root=root,
        sub=sub,
        limits=limits,
        equipment=equipment,
        precautions=precautions,
        tracing=tracing,
        say=progress or _say_nothing,
    )
    try:
        answer = await _answer(inquiry, await _whole_run(inquiry))
    except BaseException as error:
        with anyio.move_on_after(_RECORD_WITHIN_S, shield=True):
            await _keep(inquiry, inquiry.failure(error))
        raise
    await _keep(inquiry, answer.to_json())
    return answer


async def _keep(inquiry: Inquiry, outcome: JsonObject) -> None:
    keep = inquiry.tracing.keep
    if keep is not None:
        record = inquiry.record(outcome)
        await run_sync(keep, inquiry.trace.name, record, abandon_on_cancel=True)


async def _whole_run(inquiry: Inquiry) -> Run:
    """The run over the whole corpus, which is mapped for it unless it is already."""
    crystal, context = inquiry.crystal, inquiry.equipment.context
    facts = await run_sync(facts_of, crystal)
    if context is not None:
        return await run_to_end(inquiry, inquiry.question, facts, context, depth=0)
    documents = ((entry.path, crystal.text(entry.path)) for entry in crystal.files)
    async with mapped(documents) as own:
        return await run_to_end(inquiry, inquiry.question, facts, own, depth=0)


async def _answer(inquiry: Inquiry, run: Run) -> Answer:
    assert run.ending is not None
    inquiry.say("Checking the citations")
    text = clip(run.ending.answer, _ANSWER_CHARS)
    spent = inquiry.budget.spent
    return Answer(
        question=inquiry.question,
        answer=text,
        citations=await run_sync(check_citations, text, inquiry.crystal),
        provider=inquiry.root.name,
        iterations=run.iterations,
        subcalls=spent.subcalls,
        tokens_in=spent.tokens_in,
        tokens_out=spent.tokens_out,
        cost_usd=round(spent.cost_usd, 9),
        seconds=round(inquiry.elapsed_s, 3),
        limit_hit=run.ending.limit_hit,
        trace_id=inquiry.trace.trace_id,
        depth=inquiry.depth,
        models=MappingProxyType(dict(inquiry.scheduler.usage)),
        notes=inquiry.closing_notes(),
    )


def _say_nothing(_: str) -> None:
    """Where nobody listens."""
