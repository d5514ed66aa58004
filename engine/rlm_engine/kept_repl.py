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
from rlm_engine.equipment import Equipment
from rlm_engine.errors import ExecutionUnavailable, ReplBusy
from rlm_engine.execution import cell_event
from rlm_engine.inquiry import Inquiry
from rlm_engine.limits import RunLimits
from rlm_engine.loop import look_up
from rlm_engine.model import Model
from rlm_engine.precautions import Precautions
from rlm_engine.queries import Queries
from rlm_engine.repl import opened_repl, require_sandbox, whole_corpus
from rlm_engine.run import CodeRan
from rlm_engine.say import Say
from rlm_engine.trace import Tracing
from rlm_engine.turns import queries_of
from rlm_engine.usage import Meter, ModelUsage

_WHAT = "cells of a client"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell did: `ran` as a run would be told of it, `execution` as the sandbox has it."""

    ran: CodeRan
    execution: Execution


class _Counting:
    """A meter that tells whoever runs a cell at the moment."""

    def __init__(self) -> None:
        self.told: Meter | None = None

    def __call__(self, name: str, took: ModelUsage) -> None:
        if self.told is not None:
            self.told(name, took)


class KeptRepl:
    """One cell runs at a time; what it sets stays for the next."""

    def __init__(
        self, inquiry: Inquiry, sandbox: Sandbox, queries: Queries, counting: _Counting
    ) -> None:
        self._inquiry = inquiry
        self._sandbox = sandbox
        self._queries = queries
        self._counting = counting

    async def run(self, code: str, *, seconds: float, say: Say, meter: Meter | None = None) -> Cell:
        """Run one cell of at most `seconds` of computing; `say` and `meter` are told of its calls
        to models.

        Raises ReplBusy while another runs, and ExecutionUnavailable where the sandbox is gone. One
        that is cancelled is killed: the next cell is told what that lost.
        """
        inquiry = self._inquiry
        inquiry.begin_again(say)
        self._counting.told = meter
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
        return Cell(ran, execution)

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
