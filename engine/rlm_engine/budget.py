"""The money, tokens and calls of a run: the worst case is set aside before, settled after.

`Account` is the arithmetic, a pure value. `Budget` is the one account of a whole tree of runs,
shared by calls in flight on one event loop; a call that would fit but for others still in flight
waits for them instead of being refused.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import anyio

from rlm_engine.errors import BudgetExceeded, LimitWord
from rlm_engine.limits import NOTHING_SPENT, RunLimits, Spent
from rlm_engine.model import Completion

# Sums of prices in binary floating point miss a round limit by about this much.
_ROUNDING_USD = 1e-9


@dataclass(frozen=True, slots=True)
class Worst:
    """The most one call can take."""

    cost_usd: float = 0.0
    tokens: int = 0


_NOTHING = Worst()


@dataclass(frozen=True, slots=True)
class Account:
    """Spent and set aside, under limits; the two together never pass a limit."""

    limits: RunLimits
    spent: Spent = NOTHING_SPENT
    reserved: Worst = _NOTHING

    def refusal(self, worst: Worst, *, alone: bool = False) -> LimitWord | None:
        """Which limit `worst` would pass, or None. `alone`: were nothing else in flight."""
        held = _NOTHING if alone else self.reserved
        cost_usd = self.spent.cost_usd + held.cost_usd + worst.cost_usd
        if cost_usd > self.limits.max_cost_usd + _ROUNDING_USD:
            return "cost"
        if self.spent.tokens + held.tokens + worst.tokens > self.limits.max_tokens:
            return "tokens"
        return None

    def reserve(self, worst: Worst) -> "Account":
        """The account with `worst` set aside; ask `refusal` first."""
        reserved = Worst(
            self.reserved.cost_usd + worst.cost_usd, self.reserved.tokens + worst.tokens
        )
        return replace(self, reserved=reserved)

    def settle(self, worst: Worst, used: Spent) -> "Account":
        """The account with `worst` given back and what was really used written down."""
        reserved = Worst(
            max(0.0, self.reserved.cost_usd - worst.cost_usd), self.reserved.tokens - worst.tokens
        )
        return replace(self, spent=self.spent.plus(used), reserved=reserved)


class Hold:
    """A call's worst case while it is in flight; what is not written down is given back."""

    def __init__(self) -> None:
        self.used = NOTHING_SPENT

    def add(self, completion: Completion) -> None:
        """Write down what an answered call took."""
        self.used = self.used.plus(
            Spent(
                completion.cost_usd,
                completion.tokens_in,
                completion.tokens_out,
                tokens_cached=completion.tokens_cached,
            )
        )

    def add_cost(self, cost_usd: float) -> None:
        """Write down money for a call that was sent and never answered."""
        self.used = self.used.plus(Spent(cost_usd))


class Budget:
    """The account of one tree of runs."""

    def __init__(self, limits: RunLimits) -> None:
        self.account = Account(limits)
        # What each run of the tree leaves for its own next turn, the whole corpus's run first.
        self._kept: list[Worst] = []
        self._settled = anyio.Event()

    @property
    def spent(self) -> Spent:
        """What settled calls took."""
        return self.account.spent

    def keep_back(self, worst: Worst, *, depth: int = 0) -> None:
        """Make calls deeper than `depth` leave room for the next turn of the run there.

        At most half of what is left, so that there is something to call with.
        """
        del self._kept[depth:]
        limits, spent, above = self.account.limits, self.spent, self._kept_above(depth)
        left_usd = limits.max_cost_usd - spent.cost_usd - above.cost_usd
        left_tokens = limits.max_tokens - spent.tokens - above.tokens
        self._kept.append(
            Worst(
                max(0.0, min(worst.cost_usd, left_usd / 2)),
                max(0, min(worst.tokens, left_tokens // 2)),
            )
        )

    @asynccontextmanager
    async def hold(self, worst: Worst, *, depth: int = 0) -> AsyncGenerator[Hold]:
        """Set `worst` aside for the time of a call at `depth`; BudgetExceeded if it can never fit.

        A turn of the run over the whole corpus has depth 0 and may take all that is left.
        """
        while (limit := self.account.refusal(self._asked(worst, depth))) is not None:
            if self.account.refusal(self._asked(worst, depth), alone=True) is not None:
                raise BudgetExceeded(_refusal_text(limit, self.account), limit=limit)
            await self._settled.wait()
        self.account = self.account.reserve(worst)
        hold = Hold()
        try:
            yield hold
        finally:
            self.account = self.account.settle(worst, hold.used)
            self._settled.set()
            self._settled = anyio.Event()

    def count_subcall(self) -> None:
        """Count one call asked for by the REPL; BudgetExceeded past the limit."""
        if self.spent.subcalls >= self.account.limits.max_subcalls:
            raise BudgetExceeded(_refusal_text("subcalls", self.account), limit="subcalls")
        self.account = self.account.settle(_NOTHING, Spent(subcalls=1))

    def _asked(self, worst: Worst, depth: int) -> Worst:
        kept = self._kept_above(depth)
        return Worst(worst.cost_usd + kept.cost_usd, worst.tokens + kept.tokens)

    def _kept_above(self, depth: int) -> Worst:
        kept = self._kept[:depth]
        return Worst(sum(one.cost_usd for one in kept), sum(one.tokens for one in kept))


def _refusal_text(limit: LimitWord, account: Account) -> str:
    limits, spent = account.limits, account.spent
    if limit == "subcalls":
        used = f"all {limits.max_subcalls} sub-calls are used"
    elif limit == "cost":
        used = f"${spent.cost_usd:.4f} of ${limits.max_cost_usd:.4f} is spent"
    else:
        used = f"{spent.tokens} of {limits.max_tokens} tokens are used"
    return (
        f"the budget of this run does not allow the call: {used}, and its worst case would pass "
        "the limit. Answer with what was found, or send a shorter prompt."
    )
