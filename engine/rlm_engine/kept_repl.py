"""A REPL that a root outside of us works in, cell by cell: a client's own model writes the code.

The names in it, the helpers and the bounds are those of a run; there is no turn and no answer, so
whoever sends the cells decides what to do next. Its calls to models share one budget.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from anyio.to_thread import run_sync
from rlm_crystal.crystal import Crystal
from rlm_sandbox.errors import SandboxBusy, SandboxError
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.types import Execution

from rlm_engine.budget import Worst
from rlm_engine.clip import clip
from rlm_engine.equipment import Equipment
from rlm_engine.errors import ExecutionUnavailable, ReplBusy
from rlm_engine.execution import cell_event, cell_fields
from rlm_engine.inquiry import Inquiry
from rlm_engine.json_value import JsonObject
from rlm_engine.limits import RunLimits
from rlm_engine.loop import look_up
from rlm_engine.model import Model
from rlm_engine.precautions import Precautions
from rlm_engine.queries import Queries
from rlm_engine.repl import opened_repl, require_sandbox, whole_corpus
from rlm_engine.run import CodeRan
from rlm_engine.say import Say
from rlm_engine.trace import UNTRACED, Trace, Tracing
from rlm_engine.turns import queries_of
from rlm_engine.usage import Meter, ModelUsage, in_json, together

CLIENT = "the client's own model"
_WHAT = "cells of a client"
_TOLD_CHARS = 80


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell did: `ran` as a run would be told of it, `execution` as the sandbox has it."""

    ran: CodeRan
    execution: Execution
    trace_id: str


class _Counting:
    """A meter of the cell that runs at the moment; it tells whoever runs it."""

    def __init__(self) -> None:
        self._told: Meter | None = None
        self.usage: dict[str, ModelUsage] = {}

    def begin(self, told: Meter | None) -> None:
        """Count from nothing, for another."""
        self._told, self.usage = told, {}

    def __call__(self, name: str, took: ModelUsage) -> None:
        self.usage = together(self.usage, {name: took})
        if self._told is not None:
            self._told(name, took)


class KeptRepl:
    """One cell runs at a time; what it sets stays for the next."""

    def __init__(
        self, inquiry: Inquiry, sandbox: Sandbox, queries: Queries, counting: _Counting
    ) -> None:
        self._inquiry = inquiry
        self._sandbox = sandbox
        self._queries = queries
        self._counting = counting

    async def run(
        self, code: str, *, seconds: float, say: Say, tracing: Tracing = UNTRACED
    ) -> Cell:
        """Run one cell of at most `seconds` of computing; `say` and the meter of `tracing` are told
        of its calls to models. It is a run of its own, and recorded as one: `keep` of `tracing` is
        handed that before this returns or raises, and must take it at once.

        Raises ReplBusy while another runs, and ExecutionUnavailable where the sandbox is gone. One
        that is cancelled is killed: the next cell is told what that lost.
        """
        inquiry, question = self._inquiry, told_of(code)
        trace = Trace(question, inquiry.precautions.redaction, tracing)
        inquiry.begin_again(say, trace)
        self._counting.begin(tracing.meter)
        trace.begin(
            depth=0,
            question=question,
            documents=len(inquiry.crystal.files),
            characters=inquiry.corpus_chars,
            layers=list(self._sandbox.layers),
            begin_s=0.0,
            at_s=0.0,
        )
        trace.event("root", depth=0, turn=1, model=CLIENT, text="", begin_s=0.0, at_s=0.0)
        try:
            cell = await self._run(code, seconds)
        except BaseException as error:
            self._keep(tracing, inquiry.failure(error))
            raise
        trace.event("finish", depth=0, answer=cell.ran.final or "", at_s=inquiry.elapsed_s)
        self._keep(tracing, {"answer": cell.ran.final or "", "iterations": 1})
        return cell

    async def _run(self, code: str, seconds: float) -> Cell:
        inquiry = self._inquiry
        execution: Execution | None = None
        try:
            # Computing is bounded by the sandbox; this is for calls to models that never end.
            with anyio.CancelScope(deadline=inquiry.deadline) as scope:
                self._queries.begin_cell(stop=scope.cancel)
                execution = await self._sandbox.execute(code, wall_s=seconds)
        except SandboxBusy as error:
            raise ReplBusy(f"{error} (a call that went on as a job runs here still)") from error
        except SandboxError as error:
            raise ExecutionUnavailable(
                f"the REPL was lost and could not be restarted: {error}"
            ) from error
        if execution is None:
            raise ReplBusy(
                f"the cell was stopped after {inquiry.elapsed_s:.0f} s:"
                f" {self._queries.refused or 'the limit of seconds'} was used up and it went on"
            )
        ran = cell_event(
            execution,
            code,
            spent=inquiry.budget.spent,
            elapsed_s=inquiry.elapsed_s,
            refused=self._queries.refused,
        )
        inquiry.trace.event(
            "code", depth=0, turn=1, begin_s=0.0, **cell_fields(code, ran, execution)
        )
        return Cell(ran, execution, inquiry.trace.trace_id)

    def _keep(self, tracing: Tracing, outcome: JsonObject) -> None:
        """Hand the record of this cell over, with what it took and no other cell did."""
        if tracing.keep is None:
            return
        usage, inquiry = self._counting.usage, self._inquiry
        took: JsonObject = {
            "provider": CLIENT,
            "subcalls": sum(one.calls + one.failed + one.cached for one in usage.values()),
            "tokens_in": sum(one.tokens_in for one in usage.values()),
            "tokens_out": sum(one.tokens_out for one in usage.values()),
            "cost_usd": round(sum(one.cost_usd for one in usage.values()), 9),
            "seconds": round(inquiry.elapsed_s, 3),
            "models": in_json(usage),
        }
        tracing.keep(inquiry.trace.name, inquiry.record({**outcome, **took}))

    async def rest(self) -> None:
        """End the child while nobody uses the REPL; its variables come back with the next cell."""
        await self._sandbox.rest()


@asynccontextmanager
async def kept_repl(
    crystal: Crystal,
    *,
    root: Model,
    sub: Model,
    limits: RunLimits,
    equipment: Equipment,
    precautions: Precautions,
) -> AsyncGenerator[KeptRepl]:
    """A REPL over `crystal`, for the time of a block; `root` is asked in deeper runs alone.

    Raises ExecutionUnavailable.
    """
    require_sandbox(precautions.backend)
    await run_sync(look_up, equipment.table, root, sub)
    counting = _Counting()
    inquiry = Inquiry(
        _WHAT,
        crystal=crystal,
        root=root,
        sub=sub,
        limits=limits,
        equipment=equipment,
        precautions=precautions,
        tracing=Tracing(meter=counting),
    )
    # The level above the first has no turn of its own to leave anything for.
    inquiry.budget.keep_back(Worst(), depth=0)
    async with whole_corpus(inquiry) as context:
        inquiry.corpus_chars = context.total_chars
        queries = queries_of(inquiry, depth=0)
        functions = {**inquiry.functions, **queries.functions()}
        async with opened_repl(inquiry, context, functions) as sandbox:
            yield KeptRepl(inquiry, sandbox, queries, counting)


def told_of(code: str) -> str:
    """What stands for the question of a cell: its first line that does something."""
    lines = [line.strip() for line in code.splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "no code")
    return f"rlm_exec: {clip(first, _TOLD_CHARS)}"
