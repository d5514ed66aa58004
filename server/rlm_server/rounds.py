"""A client's model in the 2026 era: what is to be asked is the result of the call, which comes back
with the answers.

A call that needs the client's model goes on in a task of its own. It is answered by all requests
that wait at that moment, so a batch of sub-calls is one round; clients stop at ten. One whose
client stays away, or calls anew without answers (its user refused), answers without the model.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio.abc import TaskGroup
from rlm_crystal.types import Progress, ProgressSink

from rlm_server.lending import PATIENCE_S, few_turns, lent_by
from rlm_server.tool_call import ANSWER_WITHIN_S, Outcome

if TYPE_CHECKING:
    from mcp.types import CreateMessageRequestParams, CreateMessageResult, InputRequiredResult
    from rlm_engine.limits import RunLimits

ROUNDS_MAX: Final = 10
# Five turns of the root and a batch of sub-calls in each.
_TURNS: Final = 5
_AT_ONCE: Final = 64
# Requests of one batch come at once; those that follow on them within this time join their round.
_GATHER_S: Final = 0.02
# Ended ones whose clients may still come back.
_KEPT: Final = 8

Call = Callable[[ProgressSink, anyio.CancelScope], Awaitable[Outcome]]
"""Performs the tool's call; the scope is cancelled when it is to go on as a job."""


@dataclass(slots=True)
class _Waiting:
    params: "CreateMessageRequestParams"
    answered: anyio.Event = field(default_factory=anyio.Event)
    result: "CreateMessageResult | None" = None


class Rounds:
    """A Lender that gathers requests; `left` counts the rounds that the client still answers."""

    def __init__(self) -> None:
        self.left = ROUNDS_MAX
        self.news = anyio.Event()
        self._refusal = ""
        self._waiting: dict[str, _Waiting] = {}
        self._shown: frozenset[str] = frozenset()
        self._asked = 0

    @property
    def waiting(self) -> bool:
        """Whether something is to be asked."""
        return bool(self._waiting)

    async def ask(
        self, params: "CreateMessageRequestParams", *, of_root: bool
    ) -> "CreateMessageResult":
        """Wait for the client to come back with the answer; ModelRefused where it does not."""
        from rlm_engine.errors import ModelRefused

        # The last round is the root's, to say what was found.
        if self._refusal or self.left <= (0 if of_root else 1):
            raise ModelRefused(self._refusal or f"a client answers {ROUNDS_MAX} rounds a call")
        self._asked += 1
        key, waiting = f"ask-{self._asked}", _Waiting(params)
        self._waiting[key] = waiting
        self.news.set()
        try:
            with anyio.move_on_after(PATIENCE_S):
                await waiting.answered.wait()
        finally:
            self._waiting.pop(key, None)
        if waiting.result is None:
            raise ModelRefused(self._refusal or f"no answer came within {PATIENCE_S:.0f} s")
        return waiting.result

    def limits(self, limits: "RunLimits") -> "RunLimits":
        """Few turns, and all of a batch in one round."""
        return few_turns(limits, turns=_TURNS, at_once=_AT_ONCE)

    def round(self, state: str) -> "InputRequiredResult":
        """All that is to be asked now, as the result of the call."""
        from mcp.types import CreateMessageRequest, InputRequiredResult

        self.left -= 1
        self._shown = frozenset(self._waiting)
        return InputRequiredResult(
            input_requests={
                key: CreateMessageRequest(params=waiting.params)
                for key, waiting in self._waiting.items()
            },
            request_state=state,
        )

    def answer(self, responses: "dict[str, Any]") -> None:
        """Hand the client's answers to who waits for them; what it leaves out is refused."""
        from mcp.types import CreateMessageResult

        for key in self._shown & self._waiting.keys():
            waiting, response = self._waiting.pop(key), responses.get(key)
            waiting.result = response if isinstance(response, CreateMessageResult) else None
            waiting.answered.set()
        self._shown = frozenset()
        if not self._waiting:
            self.news = anyio.Event()

    def refuse(self, why: str) -> None:
        """Nothing more can be asked."""
        self._refusal = why
        self._shown = frozenset(self._waiting)
        self.answer({})


@dataclass(slots=True)
class _Exchange:
    """One call that may take several rounds."""

    about: object
    rounds: Rounds = field(default_factory=Rounds)
    patience: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    over: anyio.Event = field(default_factory=anyio.Event)
    outcome: Outcome | None = None
    progress: ProgressSink | None = None

    def tell(self, progress: Progress) -> None:
        """Progress goes to the request that waits at the moment."""
        if self.progress is not None:
            self.progress(progress)


class Exchanges:
    """The calls of a server that wait for their client, by the state it sends back."""

    def __init__(self) -> None:
        self._open: dict[str, _Exchange] = {}

    async def leg(
        self,
        tasks: TaskGroup,
        about: object,
        call: Call,
        progress: ProgressSink,
        *,
        state: str | None,
        responses: "dict[str, Any]",
    ) -> "Outcome | InputRequiredResult":
        """One request of a call: what it came to, or what the client is to answer first.

        `about` tells calls apart: one that waits and is made anew was refused by its client.
        """
        state, exchange = self._exchange(tasks, about, call, state, responses)
        exchange.progress = progress
        exchange.patience.deadline = anyio.current_time() + ANSWER_WITHIN_S
        try:
            await self._until_something(exchange)
        except anyio.get_cancelled_exc_class():
            exchange.scope.cancel()
            raise
        exchange.progress = None
        if exchange.outcome is None and not exchange.over.is_set():
            exchange.patience.deadline = float("inf")
            return exchange.rounds.round(state)
        self._open.pop(state, None)
        exchange.rounds.refuse("the call it was asked in is over")
        return exchange.outcome or Outcome("This call was cancelled.", None, failed=True)

    def _exchange(
        self,
        tasks: TaskGroup,
        about: object,
        call: Call,
        state: str | None,
        responses: "dict[str, Any]",
    ) -> "tuple[str, _Exchange]":
        if state in self._open and self._open[state].about == about:
            exchange = self._open[state]
            exchange.rounds.answer(responses)
            return state, exchange
        for known, exchange in self._open.items():
            if exchange.about == about and exchange.rounds.waiting:
                exchange.rounds.refuse("its user refused, or it gave the call up")
                return known, exchange
        for known in [each for each, one in self._open.items() if one.over.is_set()][:-_KEPT]:
            del self._open[known]
        state, exchange = secrets.token_hex(8), _Exchange(about)
        self._open[state] = exchange
        tasks.start_soon(self._perform, exchange, call)
        return state, exchange

    async def _perform(self, exchange: _Exchange, call: Call) -> None:
        try:
            with exchange.scope, lent_by(exchange.rounds):
                exchange.outcome = await call(exchange.tell, exchange.patience)
        finally:
            exchange.over.set()

    async def _until_something(self, exchange: _Exchange) -> None:
        """Until the call is over, or has something to ask and nothing more for a moment."""
        async with anyio.create_task_group() as either:

            async def over() -> None:
                await exchange.over.wait()
                either.cancel_scope.cancel()

            either.start_soon(over)
            await exchange.rounds.news.wait()
            await anyio.sleep(_GATHER_S)
            either.cancel_scope.cancel()
