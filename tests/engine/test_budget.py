import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.budget import Account, Budget, Worst
from rlm_engine.errors import BudgetExceeded
from rlm_engine.limits import RunLimits, Spent
from rlm_engine.model import Completion

LIMITS = RunLimits(max_cost_usd=1.0, max_tokens=10_000, max_subcalls=3)


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, 5_000), st.floats(0, 1), st.booleans()))
)
def test_spent_and_set_aside_never_pass_a_limit(calls: list[tuple[float, int, float, bool]]):
    account = Account(LIMITS)
    in_flight: list[tuple[Worst, Spent]] = []
    for cost_usd, tokens, share, settles_first in calls:
        if settles_first and in_flight:
            account = account.settle(*in_flight.pop())
        worst = Worst(cost_usd, tokens)
        if account.refusal(worst) is None:
            account = account.reserve(worst)
            in_flight.append((worst, Spent(cost_usd * share, int(tokens * share))))
        total_usd = account.spent.cost_usd + account.reserved.cost_usd
        assert total_usd <= LIMITS.max_cost_usd + 1e-6
        assert account.spent.tokens + account.reserved.tokens <= LIMITS.max_tokens
    for worst, used in in_flight:
        account = account.settle(worst, used)
    assert account.spent.cost_usd <= LIMITS.max_cost_usd + 1e-6
    assert abs(account.reserved.cost_usd) < 1e-6


@pytest.mark.asyncio
async def test_a_call_that_cannot_fit_is_refused_with_the_limit():
    budget = Budget(LIMITS)
    with pytest.raises(BudgetExceeded, match=r"\$0.0000 of \$1.0000 is spent") as caught:
        async with budget.hold(Worst(1.5, 10), depth=1):
            raise AssertionError
    assert caught.value.limit == "cost"
    assert budget.spent == Spent()


@pytest.mark.asyncio
async def test_a_call_waits_for_those_in_flight_instead_of_being_refused():
    budget = Budget(LIMITS)
    order: list[str] = []

    async def call(name: str) -> None:
        async with budget.hold(Worst(0.7, 10), depth=1) as hold:
            order.append(f"{name} begins")
            await anyio.lowlevel.checkpoint()
            hold.add(Completion("", 1, 1, 0.1))
            order.append(f"{name} ends")

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, "first")
            tasks.start_soon(call, "second")
    assert [word.split()[1] for word in order] == ["begins", "ends", "begins", "ends"]
    assert budget.spent == Spent(0.2, 2, 2)


@pytest.mark.asyncio
async def test_a_cancelled_call_gives_back_what_was_set_aside():
    budget = Budget(LIMITS)
    with anyio.move_on_after(0):
        async with budget.hold(Worst(0.7, 10), depth=1):
            await anyio.sleep_forever()
    assert budget.account.reserved == Worst()


@pytest.mark.asyncio
async def test_sub_calls_leave_room_for_the_next_turn_of_the_root():
    budget = Budget(LIMITS)
    budget.keep_back(Worst(0.4, 0))
    with pytest.raises(BudgetExceeded):
        async with budget.hold(Worst(0.7, 0), depth=1):
            raise AssertionError
    async with budget.hold(Worst(0.7, 0)):
        pass


@pytest.mark.asyncio
async def test_a_deeper_run_leaves_room_for_the_next_turn_of_the_run_above_it():
    budget = Budget(LIMITS)
    budget.keep_back(Worst(0.4, 0))
    budget.keep_back(Worst(0.2, 0), depth=1)
    for depth, fits_usd in ((0, 1.0), (1, 0.6), (2, 0.4)):
        async with budget.hold(Worst(fits_usd, 0), depth=depth):
            pass
        with pytest.raises(BudgetExceeded):
            async with budget.hold(Worst(fits_usd + 0.01, 0), depth=depth):
                raise AssertionError
    budget.keep_back(Worst(0.1, 0))
    async with budget.hold(Worst(0.9, 0), depth=2):
        pass


def test_sub_calls_are_counted_up_to_their_limit():
    budget = Budget(LIMITS)
    for _ in range(3):
        budget.count_subcall()
    with pytest.raises(BudgetExceeded, match="all 3 sub-calls are used"):
        budget.count_subcall()
