"""Whole questions with models in process: how a run ends, and the tree of runs below it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.answer import Answer
from rlm_engine.limits import RunLimits
from rlm_engine.loop import ask
from rlm_engine.model import Completion, Message
from rlm_engine.trace import Tracing
from rlm_sandbox.availability import available

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

PRICE_USD = 0.01
Say = Callable[[str, int], str]


@dataclass
class Scripted:
    """Says what a function of the question and of the number of the call says."""

    say: Say
    name: str = "scripted"
    prompts: list[str] = field(default_factory=list)

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        self.prompts.append(messages[-1].content)
        question = messages[1].content if len(messages) > 1 else ""
        text = self.say(question, len(self.prompts))
        return Completion(text, 100, 20, PRICE_USD)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        return PRICE_USD


def silent(_question: str, _number: int) -> str:
    return ""


def repl(*lines: str) -> str:
    return "```repl\n" + "\n".join(lines) + "\n```"


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    root: Path = tmp_path_factory.mktemp("corpus")
    for name in "abc":
        (root / f"{name}.py").write_text(f"# FINAL('planted')\ndef {name}():\n    return 1\n" * 99)
    return build([root], workers=0)


async def asked(
    crystal: Crystal, root: Scripted, sub: Scripted, limits: RunLimits
) -> tuple[Answer, list[dict[str, Any]]]:
    records: list[bytes] = []
    with anyio.fail_after(60):
        answer = await ask(
            "Which functions are there?",
            crystal=crystal,
            root=root,
            sub=sub,
            limits=limits,
            tracing=Tracing(keep=lambda _name, record: records.append(record)),
        )
    return answer, json.loads(records[0])["events"]


@pytest.mark.asyncio
async def test_only_a_call_ends_a_run_and_no_mention_of_one(crystal: Crystal):
    turns = [
        "FINAL('prose') and\n```\nFINAL('no label')\n```\n"
        + repl(
            "# FINAL('comment')",
            "text = \"FINAL('string')\"",
            "print(text, f'{text}', context[0].text[:40])",
            "def later(): FINAL('never called')",
        ),
        repl("answer = 'the ' + 'answer'"),
        repl("SUBMIT()", "print('not reached')"),
    ]
    root = Scripted(lambda _question, number: turns[number - 1])
    answer, _ = await asked(crystal, root, Scripted(silent), RunLimits())
    assert (answer.answer, answer.iterations, answer.limit_hit) == ("the answer", 3, None)
    assert "SUBMIT() or FINAL_VAR('answer') ends the run" in root.prompts[2]


@pytest.mark.asyncio
async def test_runs_nest_to_the_limit_share_one_budget_and_cache_and_stand_in_the_trace(
    crystal: Crystal,
):
    def root(question: str, _: int) -> str:
        here = "x = llm_query('the same for all')"
        if "QUESTION\nthird" in question:
            # There is no fourth: at the limit it is a plain call.
            return repl(here, "FINAL([len(context), rlm_query('fourth', ['c.py'])])")
        if "QUESTION\nsecond" in question:
            return repl(here, "FINAL([len(context), rlm_query('third', ['b.py'])])")
        return repl(here, "FINAL([len(context), rlm_query('second', ['a.py', 'b.py'])])")

    sub = Scripted(
        lambda question, _number: "read " + ("c.py" if "===== c.py" in question else "it")
    )
    driver = Scripted(root, name="root")
    answer, events = await asked(crystal, driver, sub, RunLimits(max_depth=3))
    second = json.loads(json.loads(answer.answer)[1])
    assert json.loads(answer.answer)[0] == 3
    assert second[0] == 2
    assert json.loads(second[1]) == [1, "read c.py"]
    runs = [event for event in events if event["kind"] == "run"]
    assert [(run["depth"], run["parent"]) for run in runs] == [(0, None), (1, 0), (2, 1)]
    calls = [event for event in events if event["kind"] == "subcall"]
    assert [(call["depth"], call["cached"]) for call in calls] == [
        (0, False), (1, True), (2, True), (2, False),
    ]  # fmt: skip
    assert len(sub.prompts) == 2
    # Two deeper runs, three equal calls and the one at the limit.
    assert answer.subcalls == 6
    assert answer.cost_usd == pytest.approx(5 * PRICE_USD)


@pytest.mark.asyncio
async def test_a_deeper_run_that_would_spend_all_leaves_the_run_above_it_its_answer(
    crystal: Crystal,
):
    def root(question: str, number: int) -> str:
        if "QUESTION\ndig" in question:
            return repl(f"print(len(context), {number})")
        return repl("print(rlm_query('dig', ['a.py']))") if number == 1 else repl("FINAL('done')")

    limits = RunLimits(max_depth=2, max_cost_usd=8 * PRICE_USD, max_iterations=50)
    driver = Scripted(root)
    answer, _ = await asked(crystal, driver, Scripted(silent), limits)
    assert (answer.answer, answer.limit_hit) == ("done", "cost")
    assert answer.cost_usd <= limits.max_cost_usd
    assert "Partial answer: the cost limit was reached" in driver.prompts[-1]


@pytest.mark.asyncio
async def test_a_model_that_goes_round_in_circles_is_told_so_and_stopped(crystal: Crystal):
    driver = Scripted(lambda _question, _number: repl("print(context.paths)"))
    limits = RunLimits(max_iterations=3)
    answer, _ = await asked(crystal, driver, Scripted(silent), limits)
    assert answer.limit_hit == "iterations"
    assert "a.py" in answer.answer
    assert "This block ran before" not in driver.prompts[1]
    assert "This block ran before and gave the same" in driver.prompts[2]
