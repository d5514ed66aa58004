"""Asking a question of a crystal: the way it goes, its answer and its record."""

from types import MappingProxyType

import anyio
from anyio.to_thread import run_sync
from rlm_crystal.crystal import Crystal

from rlm_engine.answer import Answer, RouteName
from rlm_engine.citations import Citation, check_citations
from rlm_engine.clip import clip
from rlm_engine.equipment import BARE, Equipment
from rlm_engine.errors import LimitWord
from rlm_engine.first_step import FirstStep, first_step
from rlm_engine.inquiry import Inquiry
from rlm_engine.json_value import JsonObject
from rlm_engine.limits import RunLimits
from rlm_engine.model import Model
from rlm_engine.model_table import ModelTable
from rlm_engine.plan import Plan, plan_of
from rlm_engine.precautions import USUAL, Precautions
from rlm_engine.repl import require_sandbox, whole_corpus
from rlm_engine.run import Run
from rlm_engine.say import Say, say_nothing
from rlm_engine.short import short_answer
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
    progress: Say = say_nothing,
) -> Answer:
    """The answer to `question`, by `root` writing code over `crystal` and `sub` reading for it.

    Where `precautions.route` is "auto" a short way may be tried first: see `route.py`.

    A limit gives a marked partial answer, never an exception. Raises ExecutionUnavailable where
    no code can be run, and a ModelError where the root gave nothing at all. A question that fails
    or is cancelled leaves its record too.
    """
    require_sandbox(precautions.backend)
    await run_sync(look_up, equipment.table, root, sub)
    inquiry = Inquiry(
        question,
        crystal=crystal,
        root=root,
        sub=sub,
        limits=limits,
        equipment=equipment,
        precautions=precautions,
        tracing=tracing,
        say=progress,
    )
    try:
        step = await run_sync(first_step, inquiry)
        inquiry.choice = step.choice
        answer = await _answered(inquiry, step)
    except BaseException as error:
        with anyio.move_on_after(_RECORD_WITHIN_S, shield=True):
            await _keep(inquiry, inquiry.failure(error))
        raise
    await _keep(inquiry, answer.to_json())
    return answer


async def explain(
    question: str,
    *,
    crystal: Crystal,
    root: Model,
    sub: Model,
    limits: RunLimits = _DEFAULT_LIMITS,
    equipment: Equipment = BARE,
    precautions: Precautions = USUAL,
) -> Plan:
    """What `ask` would do first and could cost at most; spends nothing and starts no sandbox."""
    await run_sync(look_up, equipment.table, root, sub)
    inquiry = Inquiry(
        question,
        crystal=crystal,
        root=root,
        sub=sub,
        limits=limits,
        equipment=equipment,
        precautions=precautions,
    )
    return await run_sync(plan_of, inquiry)


def look_up(table: ModelTable, *models: Model) -> None:
    """Read what is known of the models, in a thread: the first time takes half a second."""
    for model in models:
        table.card(model.name)
        counter_for(model.name)


async def _keep(inquiry: Inquiry, outcome: JsonObject) -> None:
    keep = inquiry.tracing.keep
    if keep is not None:
        record = inquiry.record(outcome)
        await run_sync(keep, inquiry.trace.name, record, abandon_on_cancel=True)


async def _answered(inquiry: Inquiry, step: FirstStep) -> Answer:
    """By the way that was chosen, or by the loop where a short one gave no evidence."""
    if step.call is None:
        return await _by_loop(inquiry, earlier=0)
    route = step.choice.route
    short = await short_answer(inquiry, route, step.call)
    if not short.refusal:
        return _answer(inquiry, short.text, short.citations, iterations=1, route=route)
    if short.is_code:
        return await _by_loop(inquiry, earlier=0, opening=short.text)
    inquiry.notes.append(f"a {route} answer was tried first and not taken: {short.refusal}")
    return await _by_loop(inquiry, earlier=1)


async def _by_loop(inquiry: Inquiry, *, earlier: int, opening: str = "") -> Answer:
    """What the run over the whole corpus gives, `earlier` calls to the root having been made.

    `opening` is what the root has said already, to be taken for its first turn.
    """
    run = await _whole_run(inquiry, opening)
    assert run.ending is not None
    inquiry.say("Checking the citations")
    text = clip(run.ending.answer, _ANSWER_CHARS)
    citations = await run_sync(check_citations, text, inquiry.crystal)
    return _answer(
        inquiry,
        text,
        citations,
        iterations=earlier + run.iterations,
        limit_hit=run.ending.limit_hit,
    )


async def _whole_run(inquiry: Inquiry, opening: str) -> Run:
    """The run over the whole corpus."""
    question, facts = inquiry.question, inquiry.facts
    async with whole_corpus(inquiry) as context:
        return await run_to_end(inquiry, question, facts, context, depth=0, opening=opening)


def _answer(
    inquiry: Inquiry,
    text: str,
    citations: tuple[Citation, ...],
    *,
    iterations: int,
    route: RouteName = "loop",
    limit_hit: LimitWord | None = None,
) -> Answer:
    spent = inquiry.budget.spent
    return Answer(
        question=inquiry.question,
        answer=text,
        citations=citations,
        provider=inquiry.root.name,
        iterations=iterations,
        subcalls=spent.subcalls,
        tokens_in=spent.tokens_in,
        tokens_out=spent.tokens_out,
        cost_usd=round(spent.cost_usd, 9),
        seconds=round(inquiry.elapsed_s, 3),
        limit_hit=limit_hit,
        trace_id=inquiry.trace.trace_id,
        depth=inquiry.depth,
        models=MappingProxyType(dict(inquiry.scheduler.usage)),
        route=route,
        tokens_by=counter_for(inquiry.root.name).name,
        notes=inquiry.closing_notes(),
    )
