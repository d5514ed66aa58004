"""Calls to models: budgeted, limited, retried, cached; one scheduler for a whole tree of runs.

Items of a batch run in parallel and keep their order; one that fails becomes its error and
leaves the others alone. Cancelling the query cancels what is in flight.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Final

import anyio

from rlm_engine.breaker import Breaker
from rlm_engine.budget import Budget, Worst
from rlm_engine.call_cache import CallCache
from rlm_engine.errors import EngineError, ModelError, ModelTimeout, ModelUnavailable, NoText
from rlm_engine.limits import RunLimits
from rlm_engine.model import Completion, Message, Model, tokens_at_most
from rlm_engine.retry import RetryPolicy, with_retries
from rlm_engine.usage import NO_USAGE, ONE_CACHED, Meter, ModelUsage, one_call

CUT: Final = "\n[cut here: the reply ran into its limit of tokens; ask for less at once]"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call; `prompt_hash` stands for the prompt where that is not kept.

    `seconds` counts the waiting for a turn and for a busy model too.
    """

    model: str
    prompt_hash: str
    messages: Sequence[Message]
    reply: str
    seconds: float
    depth: int
    cached: bool
    tokens_in: int
    tokens_out: int
    cost_usd: float
    error: str | None


class Scheduler:
    """Makes the calls of one tree of runs."""

    def __init__(
        self,
        *,
        budget: Budget,
        limits: RunLimits,
        retry: RetryPolicy,
        on_call: Callable[[CallRecord], None],
        cache: CallCache | None = None,
        meter: Meter | None = None,
    ) -> None:
        self.budget = budget
        self.price_unknown = False
        self.usage: dict[str, ModelUsage] = {}
        self._retry = retry
        self._on_call = on_call
        self._limiter = anyio.CapacityLimiter(limits.parallel_calls)
        self._cache = cache or CallCache()
        self._meter = meter
        self._breakers: dict[str, Breaker] = {}
        self._known: set[str] = set()

    async def ask_root(
        self, model: Model, messages: Sequence[Message], *, max_tokens: int, depth: int = 0
    ) -> Completion:
        """One turn of the root of the run at `depth`: never cached; may use what deeper calls must
        leave."""
        return await self._call(model, messages, max_tokens=max_tokens, depth=depth)

    async def subcall(
        self, model: Model, messages: Sequence[Message], *, max_tokens: int, depth: int
    ) -> str:
        """The text of one sub-call; an EngineError says why there is none.

        A reply that ran into its limit ends in CUT: code must not take half a list for all of it.
        """
        key = content_key(model, messages, max_tokens)
        began_s = anyio.current_time()
        made = partial(_record, model, messages, key, depth)
        try:
            self.budget.count_subcall()
            known = self._cache.get(key)
            completion = known or await self._call(
                model, messages, max_tokens=max_tokens, depth=depth
            )
        except EngineError as error:
            self._on_call(made(anyio.current_time() - began_s, None, error=error.kind))
            raise
        if known is None:
            self._cache.put(key, completion)
        else:
            self._took(model, ONE_CACHED)
        seconds = anyio.current_time() - began_s
        self._on_call(made(seconds, completion, cached=known is not None))
        return completion.text + CUT * completion.cut

    async def batch(
        self,
        model: Model,
        prompts: Sequence[Sequence[Message]],
        *,
        max_tokens: int,
        depth: int,
    ) -> list[str | EngineError]:
        """One text or error for each prompt, in their order. Equal prompts are asked once."""
        results: dict[int, str | EngineError] = {}
        twins = _twins([content_key(model, messages, max_tokens) for messages in prompts])

        async def ask(indexes: Sequence[int]) -> None:
            for index in indexes:
                try:
                    results[index] = await self.subcall(
                        model, prompts[index], max_tokens=max_tokens, depth=depth
                    )
                except EngineError as error:
                    results[index] = error

        async with anyio.create_task_group() as tasks:
            for indexes in twins:
                tasks.start_soon(ask, indexes)
        return [results[index] for index in range(len(prompts))]

    async def _call(
        self, model: Model, messages: Sequence[Message], *, max_tokens: int, depth: int
    ) -> Completion:
        worst = worst_of(model, messages, max_tokens)

        async def once() -> Completion:
            async with self._limiter, self.budget.hold(worst, depth=depth) as hold:
                try:
                    completion = await self._answer(model, messages, max_tokens)
                except EngineError as error:
                    if isinstance(error, ModelTimeout):
                        hold.add_cost(model.worst_case_usd(worst.tokens - max_tokens, 0))
                    elif isinstance(error, NoText):
                        hold.add(error.billed)
                    self._took(model, one_call(hold.used, failed=True))
                    raise
                hold.add(completion)
                self._took(model, one_call(hold.used))
                return completion

        completion = await with_retries(
            once, policy=self._retry, known=lambda: model.name in self._known
        )
        self.price_unknown = self.price_unknown or not completion.price_known
        return completion

    def _took(self, model: Model, took: ModelUsage) -> None:
        self.usage[model.name] = self.usage.get(model.name, NO_USAGE).plus(took)
        if self._meter is not None:
            self._meter(model.name, took)

    async def _answer(
        self, model: Model, messages: Sequence[Message], max_tokens: int
    ) -> Completion:
        """One call; ModelUnavailable at once while the model is left alone for its silence."""
        breaker = self._breakers.get(model.name, Breaker())
        now_s = anyio.current_time()
        if rest_s := breaker.rest_s(now_s):
            raise ModelUnavailable(
                f"{model.name} did not answer {breaker.silences} calls in a row and is not asked "
                f"for another {rest_s:.0f} s"
            )
        self._breakers[model.name] = breaker.asked(now_s)
        try:
            completion = await model.complete(messages, max_tokens=max_tokens)
        except (ModelTimeout, ModelUnavailable):
            before = self._breakers[model.name]
            self._breakers[model.name] = before.silent(anyio.current_time())
            raise
        except ModelError:
            self._breakers[model.name] = breaker.answered()
            raise
        self._breakers[model.name] = breaker.answered()
        self._known.add(model.name)
        return completion


def worst_of(model: Model, messages: Sequence[Message], max_tokens: int) -> Worst:
    """The most that this call can take."""
    tokens_in = tokens_at_most(messages, model.name)
    return Worst(model.worst_case_usd(tokens_in, max_tokens), tokens_in + max_tokens)


def _twins(keys: Sequence[str]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return list(groups.values())


def content_key(model: Model, messages: Sequence[Message], max_tokens: int) -> str:
    """A hash of everything that a reply depends on."""
    digest = blake2b(digest_size=16)
    for part in (model.name, str(max_tokens), *(m.role + "\0" + m.content for m in messages)):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def _record(
    model: Model,
    messages: Sequence[Message],
    key: str,
    depth: int,
    seconds: float,
    completion: Completion | None,
    *,
    cached: bool = False,
    error: str | None = None,
) -> CallRecord:
    paid = completion if completion is not None and not cached else None
    return CallRecord(
        model=model.name,
        prompt_hash=key,
        messages=messages,
        reply=completion.text if completion is not None else "",
        seconds=seconds,
        depth=depth,
        cached=cached,
        tokens_in=paid.tokens_in if paid else 0,
        tokens_out=paid.tokens_out if paid else 0,
        cost_usd=paid.cost_usd if paid else 0.0,
        error=error,
    )
