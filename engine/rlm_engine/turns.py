"""One run, turn by turn: performs the steps that `run.py` decides.

A run owns its sandbox for as long as it takes and always closes it, also when it is cancelled. The
wall clock ends a run in the middle of a step.
"""

from dataclasses import replace

import anyio
from anyio.to_thread import run_sync
from rlm_sandbox.context import SharedContext
from rlm_sandbox.errors import SandboxError
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.types import Execution

from rlm_engine.errors import BudgetExceeded, ContextTooLong, ExecutionUnavailable, ModelError
from rlm_engine.execution import cell_event, cell_fields
from rlm_engine.facts import Facts, facts_of_slice
from rlm_engine.history import Room
from rlm_engine.inquiry import Inquiry
from rlm_engine.model import Message
from rlm_engine.prelude import documentation
from rlm_engine.prompt import new_fence, told_rules
from rlm_engine.queries import DeeperRun, Documents, Queries
from rlm_engine.repl import mapped, opened_repl
from rlm_engine.root_call import ask_root
from rlm_engine.run import (
    AskRoot,
    Event,
    Finish,
    LimitReached,
    PromptTooLarge,
    Replied,
    Run,
    RunCode,
)
from rlm_engine.scheduler import worst_of
from rlm_engine.tokens import counter_for


async def run_to_end(
    inquiry: Inquiry,
    question: str,
    facts: Facts,
    context: SharedContext,
    *,
    depth: int,
    opening: str = "",
) -> Run:
    """One run from its first turn to its end, over the documents of `context`.

    `opening` is what the root has said already, and no more is asked of it for its first turn.
    """
    # What a crystal knows of its size is an estimate; the bounds of prompts need the real one.
    facts = replace(facts, characters=context.total_chars)
    inquiry.corpus_chars = inquiry.corpus_chars or facts.characters
    # The id that fences data is new for each run and never enters its REPL.
    fence = new_fence()
    queries = queries_of(inquiry, depth)
    counter = await run_sync(counter_for, inquiry.root.name)
    run = Run(
        question=question,
        facts=facts,
        limits=inquiry.limits,
        fence=fence,
        depth=depth,
        helpers=documentation() + told_rules(inquiry.precautions.rules),
        room=Room(inquiry.limits.history_chars, inquiry.root_card.window, counter),
    )
    functions = {**inquiry.functions, **queries.functions()}
    begin_s = inquiry.elapsed_s
    inquiry.reached(depth)
    async with opened_repl(inquiry, context, functions) as sandbox:
        inquiry.trace.begin(
            depth=depth,
            question=question,
            documents=facts.documents,
            characters=facts.characters,
            layers=list(sandbox.layers),
            begin_s=begin_s,
            at_s=inquiry.elapsed_s,
        )
        if opening:
            run = run.after(_opened(inquiry, run, opening))
        while not isinstance(step := run.next_step(), Finish):
            run = run.after(await _perform(inquiry, run, step, sandbox, queries))
    inquiry.trace.event(
        "finish",
        depth=depth,
        limit_hit=step.limit_hit,
        answer=step.answer,
        at_s=inquiry.elapsed_s,
    )
    return replace(run, ending=step)


def queries_of(inquiry: Inquiry, depth: int) -> Queries:
    """The calls to models that code in the REPL of the run at `depth` can make."""
    return Queries(
        scheduler=inquiry.scheduler,
        sub=inquiry.sub,
        crystal=inquiry.crystal,
        limits=inquiry.limits,
        depth=depth,
        corpus_chars=inquiry.corpus_chars,
        deeper=_deeper(inquiry, depth) if depth + 1 < inquiry.limits.max_depth else None,
        redaction=inquiry.precautions.redaction,
    )


async def _perform(
    inquiry: Inquiry, run: Run, step: AskRoot | RunCode, sandbox: Sandbox, queries: Queries
) -> Event:
    event: Event | None = None
    begin_s = inquiry.elapsed_s
    with anyio.CancelScope(deadline=inquiry.deadline):
        if isinstance(step, AskRoot):
            event = await _ask_root(inquiry, run, step)
        else:
            event = await _run_code(inquiry, run, step, sandbox, queries)
    event = event or LimitReached("seconds", inquiry.budget.spent, inquiry.elapsed_s)
    if isinstance(event, LimitReached):
        inquiry.trace.event(
            "limit",
            depth=run.depth,
            turn=run.iterations + isinstance(step, AskRoot),
            limit=event.limit,
            code=step.code if isinstance(step, RunCode) else None,
            begin_s=begin_s,
            at_s=inquiry.elapsed_s,
        )
    return event


def _opened(inquiry: Inquiry, run: Run, opening: str) -> Replied:
    inquiry.trace.event(
        "root",
        depth=run.depth,
        turn=1,
        model=inquiry.root.name,
        text=opening,
        begin_s=inquiry.elapsed_s,
        at_s=inquiry.elapsed_s,
    )
    return Replied(opening, inquiry.budget.spent, inquiry.elapsed_s)


async def _ask_root(inquiry: Inquiry, run: Run, step: AskRoot) -> Event:
    turn = run.iterations + 1
    inquiry.say(f"{_indent(run)}Turn {turn}: {inquiry.root.name} decides what to look at")
    try:
        completion = await ask_root(
            inquiry, step.messages, max_tokens=step.max_tokens, depth=run.depth, turn=turn
        )
    except BudgetExceeded as error:
        return LimitReached(error.limit, inquiry.budget.spent, inquiry.elapsed_s)
    except ContextTooLong as error:
        if run.squeezed or not run.history:
            return _given_up(inquiry, run, error)
        inquiry.say(f"{_indent(run)}The prompt did not fit; older turns are cut")
        return PromptTooLarge(inquiry.budget.spent, inquiry.elapsed_s, error.tokens_max)
    except ModelError as error:
        return _given_up(inquiry, run, error)
    return Replied(
        completion.text,
        inquiry.budget.spent,
        inquiry.elapsed_s,
        completion.tokens_in,
        cut=completion.cut,
    )


def _given_up(inquiry: Inquiry, run: Run, error: ModelError) -> LimitReached:
    """The end of a run whose model is gone; raises `error` where nothing was found before."""
    if not run.found and not run.variables:
        raise error
    inquiry.notes.append(str(error))
    return LimitReached("provider", inquiry.budget.spent, inquiry.elapsed_s)


async def _run_code(
    inquiry: Inquiry, run: Run, step: RunCode, sandbox: Sandbox, queries: Queries
) -> Event:
    inquiry.say(f"{_indent(run)}Turn {run.iterations}: running code")
    upcoming = (*run.messages(), Message("user", "x" * inquiry.limits.output_chars))
    worst = worst_of(inquiry.root, upcoming, inquiry.limits.reply_tokens)
    inquiry.budget.keep_back(worst, depth=run.depth)
    execution: Execution | None = None
    begin_s = inquiry.elapsed_s
    try:
        with anyio.CancelScope() as cell:
            queries.begin_cell(stop=cell.cancel)
            execution = await sandbox.execute(step.code)
    except SandboxError as error:
        raise ExecutionUnavailable(
            f"the REPL was lost and could not be restarted: {error}"
        ) from error
    if execution is None:
        limit = queries.refused or "subcalls"
        return LimitReached(limit, inquiry.budget.spent, inquiry.elapsed_s)
    event = cell_event(
        execution,
        step.code,
        spent=inquiry.budget.spent,
        elapsed_s=inquiry.elapsed_s,
        refused=queries.refused,
    )
    inquiry.trace.event(
        "code",
        depth=run.depth,
        turn=run.iterations,
        begin_s=begin_s,
        **cell_fields(step.code, event, execution),
    )
    return event


def _deeper(inquiry: Inquiry, depth: int) -> DeeperRun:
    async def deeper(question: str, documents: Documents) -> Finish:
        inquiry.say(f"Going deeper into {len(documents)} documents")
        async with mapped(documents) as context:
            facts = facts_of_slice(documents)
            run = await run_to_end(inquiry, question, facts, context, depth=depth + 1)
        assert run.ending is not None
        return run.ending

    return deeper


def _indent(run: Run) -> str:
    return "  " * run.depth
