"""Asking a question of a crystal: performs the steps that `run.py` decides.

`ask` owns a sandbox for as long as it takes and always closes it, also when it is cancelled. The
wall clock ends a run in the middle of a step.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
from anyio.to_thread import run_sync
from rlm_crystal.crystal import CHARS_PER_TOKEN, Crystal
from rlm_crystal.language import language_of
from rlm_sandbox.availability import available
from rlm_sandbox.backend import BackendName
from rlm_sandbox.context import SharedContext
from rlm_sandbox.errors import SandboxError, SandboxUnavailable
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.spare import Spares
from rlm_sandbox.types import Execution, Limits

from rlm_engine.answer import Answer
from rlm_engine.call_cache import CallCache
from rlm_engine.citations import check_citations
from rlm_engine.clip import clip
from rlm_engine.errors import BudgetExceeded, ExecutionUnavailable, ModelError
from rlm_engine.execution import cell_event
from rlm_engine.host import HostFunction, RecallFunction
from rlm_engine.inquiry import Inquiry, Say
from rlm_engine.limits import RunLimits
from rlm_engine.model import Message, Model
from rlm_engine.precautions import USUAL, Precautions
from rlm_engine.prelude import documentation, source
from rlm_engine.prompt import FIRST_PATHS, Facts, new_fence, told_rules
from rlm_engine.queries import DeeperRun, Documents, Queries
from rlm_engine.retry import RetryPolicy
from rlm_engine.run import AskRoot, Event, Finish, LimitReached, Replied, Run, RunCode
from rlm_engine.scheduler import content_key, worst_of
from rlm_engine.trace import PutRecord, Tracing

_CLOSE_WITHIN_S = 5.0
_ANSWER_CHARS = 100_000
_LANGUAGES_NAMED = 8
_LOST_NAMED = 30
# A caller that gave up is not kept waiting for a disk.
_RECORD_WITHIN_S = 1.0
_DEFAULT_LIMITS = RunLimits()
_DEFAULT_RETRY = RetryPolicy()
_DEFAULT_TRACING = Tracing()


async def ask(
    question: str,
    *,
    crystal: Crystal,
    root: Model,
    sub: Model,
    limits: RunLimits = _DEFAULT_LIMITS,
    recall: RecallFunction | None = None,
    progress: Say | None = None,
    tracer: PutRecord | None = None,
    context: SharedContext | None = None,
    retry: RetryPolicy = _DEFAULT_RETRY,
    spares: Spares | None = None,
    cache: CallCache | None = None,
    precautions: Precautions = USUAL,
    tracing: Tracing = _DEFAULT_TRACING,
) -> Answer:
    """The answer to `question`, by `root` writing code over `crystal` and `sub` reading for it.

    A limit gives a marked partial answer, never an exception. Raises ExecutionUnavailable where
    no code can be run, and a ModelError where the root gave nothing at all. `context` is the
    crystal's documents if the caller keeps them mapped; otherwise they are mapped for this call.
    `spares` makes the start of each run a short one, `cache` holds what sub-calls said before.
    `tracer` is handed the record of the run, also of one that fails or is cancelled.
    """
    _require_sandbox(precautions.backend)
    inquiry = Inquiry(
        question,
        crystal=crystal,
        root=root,
        sub=sub,
        limits=limits,
        recall=recall,
        retry=retry,
        say=progress or _say_nothing,
        spares=spares,
        cache=cache,
        precautions=precautions,
        tracing=tracing,
    )
    try:
        answer = await _answer(inquiry, await _whole_run(inquiry, context))
    except BaseException as error:
        if tracer is not None:
            record = inquiry.record(inquiry.failure(error))
            with anyio.move_on_after(_RECORD_WITHIN_S, shield=True):
                await run_sync(tracer, inquiry.trace.name, record, abandon_on_cancel=True)
        raise
    if tracer is not None:
        await run_sync(tracer, inquiry.trace.name, inquiry.record(answer.to_json()))
    return answer


def _require_sandbox(backend: BackendName | None) -> None:
    """Before a model is paid and the corpus is mapped."""
    found = available(backend)
    if not found.ok:
        raise ExecutionUnavailable(
            f"This question cannot be answered on this machine: {', '.join(found.missing)} missing."
            f" {found.advice[:1].upper()}{found.advice[1:]}."
        )


async def _whole_run(inquiry: Inquiry, context: SharedContext | None) -> Run:
    """The run over the whole corpus, which is mapped for it unless it is already."""
    crystal = inquiry.crystal
    facts = await run_sync(_facts, crystal)
    if context is not None:
        return await _run(inquiry, inquiry.question, facts, context, depth=0)
    documents = ((entry.path, crystal.text(entry.path)) for entry in crystal.files)
    async with _mapped(documents) as own:
        return await _run(inquiry, inquiry.question, facts, own, depth=0)


async def _run(
    inquiry: Inquiry, question: str, facts: Facts, context: SharedContext, *, depth: int
) -> Run:
    """One run from its first turn to its end."""
    # The id that fences data is new for each run and never enters its REPL.
    fence = new_fence()
    queries = Queries(
        scheduler=inquiry.scheduler,
        sub=inquiry.sub,
        crystal=inquiry.crystal,
        limits=inquiry.limits,
        depth=depth,
        corpus_chars=facts.characters,
        deeper=_deeper(inquiry, depth) if depth + 1 < inquiry.limits.max_depth else None,
        redaction=inquiry.precautions.redaction,
    )
    run = Run(
        question=question,
        facts=facts,
        limits=inquiry.limits,
        fence=fence,
        depth=depth,
        helpers=documentation() + told_rules(inquiry.precautions.rules),
    )
    functions = {**inquiry.functions, **queries.functions()}
    begin_s = inquiry.elapsed_s
    async with _sandbox(context, functions, inquiry) as sandbox:
        inquiry.trace.begin(
            depth=depth,
            question=question,
            documents=facts.documents,
            characters=facts.characters,
            layers=list(sandbox.layers),
            begin_s=begin_s,
            at_s=inquiry.elapsed_s,
        )
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


async def _ask_root(inquiry: Inquiry, run: Run, step: AskRoot) -> Event:
    turn = run.iterations + 1
    inquiry.say(f"{_indent(run)}Turn {turn}: {inquiry.root.name} decides what to look at")
    begin_s = inquiry.elapsed_s
    try:
        completion = await inquiry.scheduler.ask_root(
            inquiry.root, step.messages, max_tokens=step.max_tokens
        )
    except BudgetExceeded as error:
        return LimitReached(error.limit, inquiry.budget.spent, inquiry.elapsed_s)
    except ModelError as error:
        if not run.found:
            raise
        inquiry.notes.append(str(error))
        return LimitReached("provider", inquiry.budget.spent, inquiry.elapsed_s)
    inquiry.trace.event(
        "root",
        depth=run.depth,
        turn=turn,
        model=inquiry.root.name,
        text=completion.text,
        tokens_in=completion.tokens_in,
        tokens_out=completion.tokens_out,
        cost_usd=completion.cost_usd,
        prompt_hash=content_key(inquiry.root, step.messages, step.max_tokens),
        begin_s=begin_s,
        at_s=inquiry.elapsed_s,
        **inquiry.trace.prompt(step.messages, depth=run.depth),
    )
    return Replied(completion.text, inquiry.budget.spent, inquiry.elapsed_s)


async def _run_code(
    inquiry: Inquiry, run: Run, step: RunCode, sandbox: Sandbox, queries: Queries
) -> Event:
    inquiry.say(f"{_indent(run)}Turn {run.iterations}: running code")
    upcoming = (*run.messages(), Message("user", "x" * inquiry.limits.output_chars))
    inquiry.budget.keep_back(worst_of(inquiry.root, upcoming, inquiry.limits.reply_tokens))
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
        spent=inquiry.budget.spent,
        elapsed_s=inquiry.elapsed_s,
        refused=queries.refused,
    )
    inquiry.trace.event(
        "code",
        depth=run.depth,
        turn=run.iterations,
        code=step.code,
        output=event.output,
        fault=event.fault,
        fault_line=execution.error.line if execution.error is not None else None,
        hint=event.hint,
        final=event.final,
        truncated=execution.truncated,
        redactions=execution.redactions,
        state_lost=list(execution.state_lost[:_LOST_NAMED]),
        seconds=execution.seconds,
        begin_s=begin_s,
        at_s=inquiry.elapsed_s,
    )
    return event


def _deeper(inquiry: Inquiry, depth: int) -> DeeperRun:
    async def deeper(question: str, documents: Documents) -> str:
        inquiry.say(f"Going deeper into {len(documents)} documents")
        async with _mapped(documents) as context:
            run = await _run(inquiry, question, _slice_facts(documents), context, depth=depth + 1)
        assert run.ending is not None
        return run.ending.answer

    return deeper


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
        notes=inquiry.closing_notes(),
    )


@asynccontextmanager
async def _mapped(documents: Iterable[tuple[str, str]]) -> AsyncGenerator[SharedContext]:
    try:
        context = await run_sync(SharedContext.from_documents, documents)
    except SandboxUnavailable as error:
        raise ExecutionUnavailable(str(error)) from error
    try:
        yield context
    finally:
        context.close()


@asynccontextmanager
async def _sandbox(
    context: SharedContext, functions: Mapping[str, HostFunction], inquiry: Inquiry
) -> AsyncGenerator[Sandbox]:
    seconds = inquiry.limits.cell_seconds
    try:
        sandbox = await Sandbox.start(
            limits=Limits(wall_s=seconds, cpu_s=seconds),
            context=context,
            functions=functions,
            prelude=source(),
            spares=inquiry.spares,
            rules=inquiry.precautions.rules,
            redaction=inquiry.precautions.redaction,
            backend=inquiry.precautions.backend,
            cache=inquiry.precautions.cache,
        )
    except SandboxUnavailable as error:
        raise ExecutionUnavailable(str(error)) from error
    try:
        yield sandbox
    finally:
        with anyio.move_on_after(_CLOSE_WITHIN_S, shield=True):
            await sandbox.close()


def _facts(crystal: Crystal) -> Facts:
    files = crystal.files
    return Facts(
        documents=len(files),
        characters=crystal.tokens * CHARS_PER_TOKEN,
        languages=_commonest(entry.language for entry in files),
        first_paths=tuple(entry.path for entry in files[:FIRST_PATHS]),
    )


def _slice_facts(documents: Documents) -> Facts:
    return Facts(
        documents=len(documents),
        characters=sum(len(text) for _, text in documents),
        languages=_commonest(language_of(path) for path, _ in documents),
        first_paths=tuple(path for path, _ in documents[:FIRST_PATHS]),
    )


def _commonest(languages: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(languages).most_common(_LANGUAGES_NAMED))


def _indent(run: Run) -> str:
    return "  " * run.depth


def _say_nothing(_: str) -> None:
    """Where nobody listens."""
