from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import anyio
import pytest
from rlm_engine.budget import Budget
from rlm_engine.errors import (
    BudgetExceeded,
    EngineError,
    ModelBusy,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    ReplyEmpty,
)
from rlm_engine.limits import RunLimits, Spent
from rlm_engine.model import Completion, Message
from rlm_engine.retry import RetryPolicy, wait_s, with_retries
from rlm_engine.scheduler import CUT, CallRecord, Scheduler
from rlm_engine.usage import ModelUsage

NO_WAIT = RetryPolicy(attempts=3, wait_base_s=0.0)


@dataclass
class Scripted:
    """A model that says what a function of the prompt says, one checkpoint later."""

    answer: Callable[[str], str]
    price_usd: float = 0.0
    worst_usd: float = 0.0
    name: str = "scripted"
    prompts: list[str] = field(default_factory=list)
    in_flight: int = 0
    most_at_once: int = 0

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        self.prompts.append(messages[-1].content)
        self.in_flight += 1
        self.most_at_once = max(self.most_at_once, self.in_flight)
        try:
            await anyio.lowlevel.checkpoint()
            return Completion(
                self.answer(messages[-1].content), 10, 5, self.price_usd, tokens_cached=4
            )
        finally:
            self.in_flight -= 1

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        return self.worst_usd if tokens_out else self.worst_usd / 2


def scheduler(limits: RunLimits | None = None) -> tuple[Scheduler, list[CallRecord]]:
    limits = limits or RunLimits()
    records: list[CallRecord] = []
    made = Scheduler(budget=Budget(limits), limits=limits, retry=NO_WAIT, on_call=records.append)
    return made, records


def prompt(text: str) -> list[Message]:
    return [Message("user", text)]


async def batch(made: Scheduler, model: Scripted, *texts: str) -> list[str | EngineError]:
    with anyio.fail_after(5):
        return await made.batch(model, [prompt(text) for text in texts], max_tokens=10, depth=1)


@pytest.mark.asyncio
async def test_a_batch_keeps_its_order_and_runs_at_most_eight_at_once():
    made, records = scheduler()
    model = Scripted(lambda text: text.upper())
    answers = await batch(made, model, *[f"q{n}" for n in range(30)])
    assert answers == [f"Q{n}" for n in range(30)]
    assert model.most_at_once == 8
    assert made.budget.spent.subcalls == len(records) == 30


@pytest.mark.asyncio
async def test_one_failed_item_leaves_the_others_of_its_batch_alone():
    made, records = scheduler()

    def answer(text: str) -> str:
        if text == "b":
            raise ModelRefused("no")
        return text

    answers = await batch(made, Scripted(answer), "a", "b", "c")
    assert [answers[0], answers[2]] == ["a", "c"]
    assert isinstance(answers[1], ModelRefused)
    assert sorted(record.error or "" for record in records) == ["", "", "model_refused"]


@pytest.mark.asyncio
async def test_what_each_model_took_is_added_up_failures_too_and_told_as_it_happens():
    told: list[tuple[str, ModelUsage]] = []
    records: list[CallRecord] = []
    limits = RunLimits()
    made = Scheduler(
        budget=Budget(limits), limits=limits, retry=NO_WAIT, on_call=records.append,
        meter=lambda name, took: told.append((name, took)),
    )  # fmt: skip

    def answer(text: str) -> str:
        if text == "b":
            raise ModelRefused("no")
        return text

    model = Scripted(answer)
    await batch(made, model, "a", "b")
    await batch(made, model, "a")
    assert {name for name, _ in told} == {model.name}
    assert made.usage == {model.name: reduce(ModelUsage.plus, (took for _, took in told))}
    took = made.usage[model.name]
    assert (took.calls, took.failed, took.cached) == (1, 1, 1)
    spent = made.budget.spent
    assert (took.tokens_in, took.tokens_out, took.cost_usd) == (
        spent.tokens_in, spent.tokens_out, spent.cost_usd,
    )  # fmt: skip
    assert (took.tokens_in, took.tokens_cached) == (10, 4)


@pytest.mark.asyncio
async def test_equal_prompts_are_asked_once():
    made, records = scheduler()
    model = Scripted(lambda text: text)
    assert await batch(made, model, "a", "a", "b") == ["a", "a", "b"]
    assert await batch(made, model, "a") == ["a"]
    assert sorted(model.prompts) == ["a", "b"]
    assert sum(record.cached for record in records) == made.usage[model.name].cached == 2


@pytest.mark.asyncio
async def test_a_failure_is_not_kept_in_the_cache():
    made, _ = scheduler()
    failures = [ModelRefused("no")]

    def answer(text: str) -> str:
        if failures:
            raise failures.pop()
        return text

    model = Scripted(answer)
    assert isinstance((await batch(made, model, "a"))[0], ModelRefused)
    assert await batch(made, model, "a") == ["a"]


@pytest.mark.asyncio
async def test_a_batch_past_the_cost_limit_stops_at_the_limit():
    made, _ = scheduler(RunLimits(max_cost_usd=0.35))
    model = Scripted(lambda text: text, price_usd=0.1, worst_usd=0.1)
    answers = await batch(made, model, *"abcdefgh")
    assert sum(isinstance(answer, str) for answer in answers) == 3
    refused = [answer for answer in answers if isinstance(answer, BudgetExceeded)]
    assert {error.limit for error in refused} == {"cost"}
    assert made.budget.spent.cost_usd == pytest.approx(0.3)


@pytest.mark.asyncio
async def test_cancelling_a_batch_cancels_its_calls():
    made, _ = scheduler()
    model = Scripted(lambda text: text)

    async def stuck(messages: Sequence[Message], *, max_tokens: int) -> Completion:
        model.in_flight += 1
        try:
            scope.cancel()
            await anyio.sleep_forever()
        finally:
            model.in_flight -= 1
        raise AssertionError

    model.complete = stuck
    with anyio.CancelScope() as scope:
        await batch(made, model, "a", "b")
    assert scope.cancelled_caught
    assert model.in_flight == 0
    assert made.budget.account.reserved.cost_usd == 0


@pytest.mark.asyncio
async def test_a_call_that_timed_out_is_paid_by_its_prompt():
    made, _ = scheduler()

    def answer(text: str) -> str:
        raise ModelTimeout("late")

    assert isinstance((await batch(made, Scripted(answer, worst_usd=0.02), "a"))[0], ModelTimeout)
    assert made.budget.spent.cost_usd == pytest.approx(0.01)


@pytest.mark.asyncio
async def test_a_model_is_waited_for_twice_only_where_it_has_answered_before():
    made, _ = scheduler()

    def answer(text: str) -> str:
        if text == "hello":
            return text
        raise ModelTimeout("late")

    model = Scripted(answer)
    await batch(made, model, "a")
    await batch(made, model, "hello", "b")
    assert sorted(model.prompts) == ["a", "b", "b", "hello"]


@pytest.mark.asyncio
async def test_a_silent_model_is_left_alone_by_the_rest_of_a_batch():
    made, records = scheduler()

    def answer(text: str) -> str:
        raise ModelTimeout("late")

    model = Scripted(answer)
    answers = await batch(made, model, *(f"q{n}" for n in range(40)))
    assert len(model.prompts) <= 8
    assert all(isinstance(answer, ModelTimeout | ModelUnavailable) for answer in answers)
    assert "did not answer" in str(answers[-1])
    assert "is not asked" in str(answers[-1])
    assert len(records) == 40


@pytest.mark.asyncio
async def test_a_busy_model_is_asked_again_and_a_refusing_one_is_not():
    waited: list[float] = []
    errors: list[Exception] = [ModelBusy("b"), ModelBusy("b", retry_after_s=3.0)]

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def call() -> str:
        if errors:
            raise errors.pop(0)
        return "at last"

    policy = RetryPolicy(wait_base_s=1.0)
    assert await with_retries(call, policy=policy, sleep=sleep, jitter=lambda: 0.5) == "at last"
    assert waited == [0.5, 4.0]
    errors.append(ModelRefused("no"))
    with pytest.raises(ModelRefused):
        await with_retries(call, policy=policy, sleep=sleep)


def test_waiting_ends_with_the_attempts_and_with_a_retry_after_that_is_too_long():
    policy = RetryPolicy()
    assert wait_s(policy, 4, ModelBusy("b"), 0.5) is None
    assert wait_s(policy, 1, ModelBusy("b", retry_after_s=3_600.0), 0.5) is None
    assert wait_s(policy, 2, ModelUnavailable("gone"), 0.5) is None


@pytest.mark.asyncio
async def test_a_reply_without_a_word_is_paid_and_asked_for_once_more():
    made, _ = scheduler()

    def answer(text: str) -> str:
        raise ReplyEmpty("nothing", billed=Completion("", 10, 5, 0.25))

    model = Scripted(answer)
    with pytest.raises(ReplyEmpty):
        await made.ask_root(model, prompt("q"), max_tokens=10)
    assert len(model.prompts) == 2
    assert made.budget.spent == Spent(0.5, 20, 10)


@pytest.mark.asyncio
async def test_a_reply_that_ran_into_its_limit_says_so_at_its_end_also_from_the_cache():
    class Cut(Scripted):
        async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
            whole = await super().complete(messages, max_tokens=max_tokens)
            return replace(whole, cut=True)

    made, records = scheduler()
    model = Cut(lambda _: "one, two")
    for _ in range(2):
        said = await made.subcall(model, prompt("list"), max_tokens=10, depth=1)
        assert said == "one, two" + CUT
    assert (len(model.prompts), records[0].reply) == (1, "one, two")
