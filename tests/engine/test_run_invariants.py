"""Random events through a run and its account together: what must hold after each of them."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_engine.budget import Account, Worst
from rlm_engine.errors import LimitWord
from rlm_engine.facts import Facts
from rlm_engine.limits import RunLimits, Spent
from rlm_engine.run import AskRoot, CodeRan, Event, Finish, LimitReached, Replied, Run

ROUNDING_USD = 1e-6
CORPUS_CHARS = 6_000
CORPUS = "".join(chr(0x4E00 + n) for n in range(CORPUS_CHARS))
CALLS_A_CELL = 4

limits = st.builds(
    RunLimits,
    max_iterations=st.integers(1, 6),
    max_depth=st.integers(0, 3),
    max_cost_usd=st.floats(0, 1),
    max_subcalls=st.integers(0, 8),
    max_seconds=st.sampled_from([1.0, 10.0, 60.0]),
    max_tokens=st.integers(0, 30_000),
    output_chars=st.sampled_from([200, 1_000, 8_000]),
    history_chars=st.sampled_from([32_000, 60_000]),
)
worst_cases = st.builds(Worst, st.floats(0, 0.6), st.integers(0, 9_000))
quotations = st.sampled_from([CORPUS, CORPUS[:10], CORPUS[:3_000], CORPUS[3_000:], CORPUS[1:]])
said = st.lists(
    quotations
    | st.sampled_from(
        [
            "FINAL(1) is what I would call.",
            "<think>FINAL(2)</think>",
            "```repl\nprint(context)\n```",
            "```repl\nx = 1\n```\n```repl\nFINAL(x)\n```",
            "```repl\nprint 'x'\n```",
            "```\nFINAL('no')\n```",
            '{"name": "python", "arguments": {"code": "FINAL(3)"}}',
            "```repl\n(",
        ]
    )
    | st.text(max_size=30),
    max_size=4,
).map("\n".join)
outputs = quotations | st.text(max_size=30)
shares = st.floats(0, 1)
seconds = st.sampled_from([0.0, 1.0, 5.0])
limit_words: st.SearchStrategy[LimitWord] = st.sampled_from(["seconds", "provider"])


class Driven:
    """A run whose calls are paid by an account, as the loop and the scheduler do it."""

    def __init__(self, bounds: RunLimits, depth: int, data: st.DataObject) -> None:
        facts = Facts(1, CORPUS_CHARS, (("python", 1),), ("a.py",))
        self.run = Run(question="Why?", facts=facts, limits=bounds, fence="f0", depth=depth)
        self.account = Account(bounds)
        self.elapsed_s = 0.0
        self._data = data

    def event(self, step: object) -> Event:
        """What performing the step brings about."""
        self.elapsed_s += self._data.draw(seconds)
        if self._data.draw(st.integers(0, 30)) == 0:
            return LimitReached(self._data.draw(limit_words), self.account.spent, self.elapsed_s)
        return self._turn() if isinstance(step, AskRoot) else self._cell()

    def _turn(self) -> Event:
        limit = self._paid(Spent())
        if limit is not None:
            return LimitReached(limit, self.account.spent, self.elapsed_s)
        return Replied(self._data.draw(said), self.account.spent, self.elapsed_s)

    def _cell(self) -> Event:
        refused: LimitWord | None = None
        for _ in range(self._data.draw(st.integers(0, CALLS_A_CELL))):
            if self.account.spent.subcalls >= self.account.limits.max_subcalls:
                refused = refused or "subcalls"
            else:
                refused = refused or self._paid(Spent(subcalls=1))
        fault = self._data.draw(st.sampled_from(["", "", "exception in line 1: boom", CORPUS]))
        return CodeRan(
            self._data.draw(outputs),
            self.account.spent,
            self.elapsed_s,
            fault=fault,
            hint=CORPUS if fault else "",
            final=None if fault else self._data.draw(st.sampled_from([None, None, "", "done"])),
            refused=refused,
            endless=bool(fault) and self._data.draw(st.booleans()),
            variables=(("found", "[1, 2]"),),
        )

    def _paid(self, counted: Spent) -> LimitWord | None:
        worst = self._data.draw(worst_cases)
        limit = self.account.refusal(worst)
        if limit is None:
            share = self._data.draw(shares)
            used = Spent(worst.cost_usd * share, int(worst.tokens * share))
            reserved = self.account.reserve(worst)
            self.account = reserved.settle(worst, used.plus(counted))
        return limit


@settings(max_examples=120, deadline=None)
@given(limits, st.data())
def test_whatever_happens_a_run_ends_within_its_bounds_and_says_what_it_found(
    bounds: RunLimits, data: st.DataObject
):
    driven = Driven(bounds, data.draw(st.integers(0, bounds.max_depth)), data)
    turns = 0
    while not isinstance(step := driven.run.next_step(), Finish):
        turns += isinstance(step, AskRoot)
        if isinstance(step, AskRoot):
            whole = "\n".join(message.content for message in step.messages)
            assert CORPUS not in whole
            assert len(whole) <= bounds.history_chars + 10_000
        assert driven.run.next_step() == step
        driven.run = driven.run.after(driven.event(step))
        spent = driven.account.spent
        assert spent.cost_usd <= bounds.max_cost_usd + ROUNDING_USD
        assert spent.tokens <= bounds.max_tokens
        assert spent.subcalls <= bounds.max_subcalls
        assert turns <= bounds.max_iterations
        assert driven.run.depth <= bounds.max_depth
    assert driven.elapsed_s <= bounds.max_seconds + 5
    run = driven.run
    assert replace(run, ending=step).after(driven.event(step)).next_step() == step
    assert step.answer.strip()
    if step.answer != "done":
        assert step.limit_hit is not None
        assert step.answer.startswith("Partial answer: ")
        assert not run.found or run.found[-1] in step.answer
        assert not run.variables or "- found = [1, 2]" in step.answer
