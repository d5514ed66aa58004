"""One question being answered: what all the runs it takes share."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property

import anyio
from rlm_crystal.crystal import Crystal

from rlm_engine.budget import Budget
from rlm_engine.equipment import Equipment
from rlm_engine.errors import EngineError
from rlm_engine.facts import Facts, facts_of
from rlm_engine.host import HostFunction, crystal_functions, memory_functions
from rlm_engine.json_value import JsonObject
from rlm_engine.limits import RunLimits
from rlm_engine.model import Model
from rlm_engine.precautions import Precautions
from rlm_engine.route import Choice
from rlm_engine.say import Say, say_nothing
from rlm_engine.scheduler import CallRecord, Scheduler
from rlm_engine.trace import UNTRACED, Trace, Tracing
from rlm_engine.usage import in_json
from rlm_engine.windows import fitted


class Inquiry:
    """The models, the crystal, and one budget, cache, limiter, clock and trace."""

    def __init__(
        self,
        question: str,
        *,
        crystal: Crystal,
        root: Model,
        sub: Model,
        limits: RunLimits,
        equipment: Equipment,
        precautions: Precautions,
        tracing: Tracing = UNTRACED,
        say: Say = say_nothing,
    ) -> None:
        self.question = question
        self.crystal = crystal
        self.root = root
        self.sub = sub
        self.root_card = equipment.table.card(root.name)
        self.sub_card = equipment.table.card(sub.name)
        self.limits = limits = fitted(limits, self.root_card, self.sub_card)
        self.say = say
        self.notes: list[str] = []
        self.choice: Choice | None = None
        # Of the whole corpus, once its run has begun: no prompt of the tree may be as long.
        self.corpus_chars = 0
        self.equipment = equipment
        self.precautions = precautions
        self.tracing = tracing
        self.trace = Trace(question, precautions.redaction, tracing)
        self.budget = Budget(limits)
        self.scheduler = Scheduler(
            budget=self.budget,
            limits=limits,
            retry=equipment.retry,
            on_call=self._on_call,
            cache=equipment.cache,
            meter=tracing.meter,
        )
        self.functions: Mapping[str, HostFunction] = {
            **crystal_functions(crystal),
            **memory_functions(equipment.recall),
        }
        self.depth = 0
        self._calls_done = 0
        self._began = anyio.current_time()

    @cached_property
    def facts(self) -> Facts:
        """The facts of the whole corpus; the first time looks at every file, so in a thread."""
        return facts_of(self.crystal)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the question was asked."""
        return anyio.current_time() - self._began

    @property
    def deadline(self) -> float:
        """When the wall-time limit ends it, on the event loop's clock."""
        return self._began + self.limits.max_seconds

    def begin_again(self, say: Say, trace: Trace) -> None:
        """Let the clock of what is asked next begin now; `say` and `trace` are told of it."""
        self._began = anyio.current_time()
        self.say = say
        self.trace = trace

    def reached(self, depth: int) -> None:
        """Write down at what level a model was asked."""
        self.depth = max(self.depth, depth)

    def closing_notes(self) -> tuple[str, ...]:
        """Remarks for the reader of the answer."""
        notes = list(self.notes)
        if self.scheduler.price_unknown:
            notes.append("price unknown: calls without a known price are counted as $0")
        if cached := sum(one.cached for one in self.scheduler.usage.values()):
            notes.append(f"{cached} sub-calls were answered from the cache")
        return tuple(notes)

    def record(self, outcome: JsonObject) -> bytes:
        """The record of the whole question, ending in `outcome`."""
        limits: JsonObject = asdict(self.limits)
        return self.trace.record(
            outcome,
            root_model=self.root.name,
            sub_model=self.sub.name,
            limits=limits,
            route=None if self.choice is None else self.choice.route,
            route_reason=None if self.choice is None else self.choice.reason,
            notes=list(self.closing_notes()),
        )

    def failure(self, error: BaseException) -> JsonObject:
        """The outcome where there is no answer, and what it took until there."""
        spent = self.budget.spent
        stopped = isinstance(error, anyio.get_cancelled_exc_class() | KeyboardInterrupt)
        # The words of a stranger's error may hold text of the corpus, and say little.
        ours = isinstance(error, EngineError)
        return {
            "error": {
                "kind": error.kind if ours else "cancelled" if stopped else type(error).__name__,
                "message": str(error) if ours else "",
            },
            "provider": self.root.name,
            "subcalls": spent.subcalls,
            "tokens_in": spent.tokens_in,
            "tokens_out": spent.tokens_out,
            "cost_usd": round(spent.cost_usd, 9),
            "seconds": round(self.elapsed_s, 3),
            "depth": self.depth,
            "models": in_json(self.scheduler.usage),
        }

    def _on_call(self, record: CallRecord) -> None:
        self.reached(record.depth)
        self.trace.call(record, at_s=self.elapsed_s)
        self._calls_done += 1
        self.say(f"Sub-call {self._calls_done}: {record.error or 'answered'}")
