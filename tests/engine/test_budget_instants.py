"""The money and tokens of a whole tree of calls, looked at whenever anything happens."""

from collections.abc import Sequence

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_engine.budget import Budget
from rlm_engine.errors import EngineError, ModelTimeout, ReplyEmpty
from rlm_engine.limits import RunLimits
from rlm_engine.model import Completion, Message, tokens_at_most
from rlm_engine.prices import Price
from rlm_engine.retry import RetryPolicy
from rlm_engine.scheduler import Scheduler

PRICE = Price(3.0, 15.0, cached_usd=0.3, written_usd=3.75, over_tokens=3_000, over=Price(6, 22.5))
LIMITS = RunLimits(max_cost_usd=0.05, max_tokens=12_000, max_subcalls=50, parallel_calls=4)


class Billing:
    """Bills a share of what a call could cost at most, and looks at the budget all the time."""

    name = "a/biller"

    def __init__(self, price: Price | None, shares: Sequence[tuple[float, float, str]]) -> None:
        self.price = price
        self.shares = list(shares)
        self.budget: Budget | None = None
        self.asked = 0

    def look(self) -> None:
        assert self.budget is not None
        account = self.budget.account
        assert account.spent.cost_usd + account.reserved.cost_usd <= LIMITS.max_cost_usd + 1e-9
        assert account.spent.tokens + account.reserved.tokens <= LIMITS.max_tokens

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        share_in, share_out, how = self.shares[self.asked % len(self.shares)]
        self.asked += 1
        self.look()
        await anyio.lowlevel.checkpoint()
        self.look()
        tokens_in = int(tokens_at_most(messages) * share_in)
        tokens_out = int(max_tokens * share_out)
        written = tokens_in if how == "written" else 0
        cost = (
            0.0
            if self.price is None
            else self.price.cost_usd(tokens_in, tokens_out, written=written)
        )
        billed = Completion("x", tokens_in, tokens_out, cost, price_known=self.price is not None)
        if how == "empty":
            raise ReplyEmpty("nothing", billed=billed)
        if how == "silent":
            raise ModelTimeout("no answer")
        return billed

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        if self.price is None:
            return 0.0
        return self.price.worst_usd(tokens_in, tokens_out)


async def spend(model: Billing, prompts: Sequence[tuple[str, bool]]) -> Budget:
    budget = Budget(LIMITS)
    model.budget = budget
    retry = RetryPolicy(attempts=2, attempts_silent=2, wait_base_s=0.0)
    scheduler = Scheduler(budget=budget, limits=LIMITS, retry=retry, on_call=lambda _: None)

    async def call(text: str, is_root: bool) -> None:
        messages = (Message("user", text),)
        try:
            if is_root:
                await scheduler.ask_root(model, messages, max_tokens=700, depth=0)
            else:
                await scheduler.subcall(model, messages, max_tokens=300, depth=1)
        except EngineError:
            pass
        model.look()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for text, is_root in prompts:
                tasks.start_soon(call, text, is_root)
    return budget


SHARES = st.lists(
    st.tuples(
        st.floats(0, 1), st.floats(0, 1),
        st.sampled_from(["plain", "plain", "written", "empty", "silent"]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
PROMPTS = st.lists(st.tuples(st.text(max_size=4_000), st.booleans()), min_size=1, max_size=14)


@settings(max_examples=40, deadline=None)
@given(SHARES, PROMPTS, st.booleans())
def test_at_no_instant_is_more_spent_or_set_aside_than_a_question_may_take(
    shares: list[tuple[float, float, str]], prompts: list[tuple[str, bool]], known: bool
):
    budget = anyio.run(spend, Billing(PRICE if known else None, shares), prompts)
    assert budget.account.reserved.tokens == 0
    if not known:
        assert budget.spent.cost_usd == 0


@pytest.mark.asyncio
async def test_a_provider_that_bills_more_than_it_could_is_not_asked_again():
    class Greedy(Billing):
        def look(self) -> None:
            pass

    greedy = Greedy(Price(30.0, 30.0), [(3.0, 3.0, "plain")])
    prompts = [("word " * 60, True)] * 4
    budget = await spend(greedy, prompts)
    assert greedy.asked == 1
    assert budget.spent.cost_usd > LIMITS.max_cost_usd
