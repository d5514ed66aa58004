"""The short ways to an answer, and back to the loop where they give no evidence."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import pytest
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.answer import Answer
from rlm_engine.equipment import Equipment, MapDocuments
from rlm_engine.errors import ContextTooLong, ModelRefused
from rlm_engine.limits import RunLimits
from rlm_engine.loop import ask, explain
from rlm_engine.model import Completion, Message
from rlm_engine.model_table import table_from_environ
from rlm_engine.models.litellm_model import close_clients, models_from_environ
from rlm_engine.precautions import Precautions
from rlm_engine.record_reading import read_record, record_object
from rlm_engine.retry import RetryPolicy
from rlm_engine.trace import Tracing
from rlm_sandbox.availability import available
from rlm_sandbox.context import SharedContext
from scripted_server import Reply, Request, Script, ScriptedServer, in_turn, scripted_server
from small_repository import CART, CHECKOUT

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

KEY = "AKIA" + "QYLPMN5HHHFPZAM2"
CART_CITED = "`def total_price(cart: Cart)` is at shop/cart.py:15"
AUTO = Precautions(route="auto")
LIMITS = RunLimits(max_seconds=60.0)
FINAL = "```repl\nprint(crystal.search('total price', limit=1))\nFINAL('found by the loop')\n```"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    files = {"shop/cart.py": CART, "shop/checkout.py": CHECKOUT, "deploy.py": f"key = '{KEY}'\n"}
    return build([plant(tmp_path_factory.mktemp("small"), files)], workers=0)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    files = {f"filler/mod_{n}.py": f"def handler_{n}():\n    return {n}\n" * 60 for n in range(60)}
    root = plant(tmp_path_factory.mktemp("large"), {"shop/cart.py": CART, **files})
    return build([root], workers=0)


async def asked(
    server: ScriptedServer,
    crystal: Crystal,
    question: str,
    *,
    limits: RunLimits = LIMITS,
    precautions: Precautions = AUTO,
    records: dict[str, bytes] | None = None,
    prices: str = '{"openai/root": [10, 10]}',
    context: "MapDocuments | None" = None,
    way: Callable[..., Any] = ask,
) -> Any:
    environ = {
        "RLM_MODEL": "root", "RLM_MODEL_URL": server.url, "RLM_MODEL_KEY": "sk-0123456789abcdef",
        "RLM_PRICES": prices,
    }  # fmt: skip
    root, sub = models_from_environ(environ)
    more: dict[str, Any] = {}
    if way is ask:
        more["tracing"] = Tracing(keep=None if records is None else records.__setitem__)
    try:
        with anyio.fail_after(60):
            return await way(
                question,
                crystal=crystal,
                root=root,
                sub=sub,
                limits=limits,
                equipment=Equipment(
                    context=context,
                    retry=RetryPolicy(attempts=1),
                    table=table_from_environ(environ),
                ),
                precautions=precautions,
                **more,
            )
    finally:
        await close_clients()


async def answered(script: Script, crystal: Crystal, question: str, **how: Any) -> Any:
    with scripted_server(script) as server:
        answer: Answer = await asked(server, crystal, question, **how)
    return answer, server.requests


@pytest.mark.asyncio
async def test_a_small_corpus_is_answered_in_one_call_with_checked_evidence(small: Crystal):
    records: dict[str, bytes] = {}
    answer, requests = await answered(
        in_turn(CART_CITED), small, "How is the total price computed?", records=records
    )
    assert (answer.route, answer.answer, answer.iterations) == ("direct", CART_CITED, 1)
    assert [one.to_json() for one in answer.citations] == [
        {"path": "shop/cart.py", "start_line": 15, "end_line": 15, "verified": True}
    ]
    (request,) = requests
    assert "15| def total_price(cart: Cart) -> float:" in request.last
    assert "===== shop/checkout.py\n1| " in request.last
    assert request.last.endswith("QUESTION\nHow is the total price computed?")
    assert KEY not in request.last
    assert "[redacted: AWS access key]" in request.last
    (data,) = records.values()
    record = json.loads(data)
    assert record["route"] == "direct"
    assert record["route_reason"] == "the corpus fits the effective window of 19110 tokens"
    run = read_record(record_object(data)).run
    assert run is not None
    assert (run.ended, run.layers, [turn.text for turn in run.turns]) == (True, (), [CART_CITED])


@pytest.mark.asyncio
async def test_a_look_up_in_a_large_corpus_is_answered_from_what_a_search_finds(large: Crystal):
    answer, requests = await answered(
        in_turn(CART_CITED), large, "Where is the total price of the cart computed?"
    )
    assert (answer.route, answer.iterations, answer.citations[0].verified) == ("search", 1, True)
    (request,) = requests
    assert "15| def total_price(cart: Cart) -> float:" in request.last
    assert "found in 61 documents" in request.messages[0]["content"]
    assert len(request.last) < 40_000


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("CANNOT TELL", "could not tell"),
        ("It sums the prices.", "no citation"),
        ("`def tax()` at shop/cart.py:15", "no citation"),
        ("`def total_price` at shop/cart.py:99", "no citation"),
    ],
)
async def test_a_short_answer_without_evidence_falls_to_the_loop(
    small: Crystal, said: str, why: str
):
    records: dict[str, bytes] = {}
    answer, requests = await answered(
        in_turn(said, FINAL), small, "How is the total price computed?", records=records
    )
    assert (answer.route, answer.answer, answer.iterations) == ("loop", "found by the loop", 2)
    assert any("direct answer was tried" in note and why in note for note in answer.notes)
    assert "def total_price" not in requests[1].last
    (data,) = records.values()
    run = read_record(record_object(data)).run
    assert run is not None
    assert [turn.text for turn in run.turns] == [said, FINAL]
    assert run.layers


@pytest.mark.asyncio
async def test_what_counts_or_lists_goes_to_the_loop_however_small_the_corpus(small: Crystal):
    answer, requests = await answered(in_turn(FINAL), small, "How many classes are there?")
    assert (answer.route, answer.iterations) == ("loop", 1)
    assert "def total_price" not in "".join(one["content"] for one in requests[0].messages)


@pytest.mark.asyncio
async def test_who_wants_the_loop_never_has_the_corpus_in_a_prompt(small: Crystal):
    answer, requests = await answered(
        in_turn(FINAL), small, "How is the total price computed?", precautions=Precautions()
    )
    assert answer.route == "loop"
    for request in requests[:1]:
        assert "def total_price" not in "".join(one["content"] for one in request.messages)


class Narrow:
    """Refuses its first prompt as too long, then writes code."""

    name = "openai/narrow"

    def __init__(self) -> None:
        self.prompts: list[Sequence[Message]] = []

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        self.prompts.append(messages)
        if len(self.prompts) == 1:
            raise ContextTooLong("too long", tokens_max=100)
        return Completion(FINAL, 10, 10, 0.0)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        return 0.0


@pytest.mark.asyncio
async def test_a_prompt_that_is_too_long_for_the_provider_falls_to_the_loop(small: Crystal):
    root = Narrow()
    with anyio.fail_after(60):
        answer = await ask("How does paying work?", crystal=small, root=root, sub=root,
                           limits=LIMITS, precautions=AUTO)  # fmt: skip
    assert (answer.route, answer.answer, len(root.prompts)) == ("loop", "found by the loop", 2)


@pytest.mark.asyncio
async def test_a_refused_key_is_told_at_once(small: Crystal):
    with pytest.raises(ModelRefused):
        await answered(in_turn(Reply("no", status=401)), small, "How is the total price computed?")


@pytest.mark.asyncio
async def test_a_short_way_that_could_take_more_than_half_of_the_money_is_not_taken(
    small: Crystal,
):
    with scripted_server(in_turn(CART_CITED)) as server:
        plan = await asked(
            server, small, "How does paying work?", way=explain,
            limits=RunLimits(max_cost_usd=0.15, max_seconds=60), prices='{"root": [10, 10]}',
        )  # fmt: skip
    assert plan.route == "loop"
    assert "of $0.15" in plan.reason
    assert server.requests == []


@pytest.mark.asyncio
async def test_a_plan_says_the_way_and_the_most_it_can_cost_and_asks_nobody(small: Crystal):
    with scripted_server(in_turn(CART_CITED)) as server:
        plan = await asked(server, small, "How is the total price computed?", way=explain)
    assert server.requests == []
    assert (plan.route, plan.worst_usd) == ("direct", 1.0)
    tokens = plan.prompt_tokens + plan.reply_tokens
    assert plan.call_worst_usd == pytest.approx(10 * tokens / 1e6)
    assert (plan.root.name, plan.root_tokens_by) == ("openai/root", "estimate")
    assert plan.root.effective_window == 19_110
    assert plan.limits["max_iterations"] == 20


@pytest.mark.asyncio
async def test_the_answer_costs_what_was_planned_at_most(small: Crystal):
    def dear(request: Request) -> Reply:
        return Reply(CART_CITED, tokens_in=len(request.last) // 3, tokens_out=30)

    with scripted_server(dear) as server:
        plan = await asked(server, small, "How is the total price computed?", way=explain)
        answer = await asked(server, small, "How is the total price computed?")
    assert answer.cost_usd <= plan.call_worst_usd


@pytest.mark.asyncio
@pytest.mark.parametrize("held", [False, True], ids=["mapped for it", "held by the caller"])
async def test_a_model_that_writes_code_at_once_is_in_the_loop_without_another_call(
    small: Crystal, held: bool
):
    async def hold() -> SharedContext:
        return SharedContext.from_documents((e.path, small.text(e.path)) for e in small.files)

    context = hold if held else None
    records: dict[str, bytes] = {}
    looks = "```repl\nhits = crystal.search('total price', limit=1)\nprint(hits[0]['path'])\n```"
    with scripted_server(
        in_turn(looks, "```repl\nFINAL('it is ' + hits[0]['path'])\n```")
    ) as server:
        question = "how is the total price made"
        answer = await asked(server, small, question, records=records, context=context)
        assert len(server.requests) == 2
    assert (answer.answer, answer.route, answer.iterations) == ("it is shop/cart.py", "loop", 2)
    assert not any("not taken" in note for note in answer.notes)
    run = read_record(record_object(next(iter(records.values())))).run
    assert run is not None
    assert [bool(turn.cells) for turn in run.turns][-2:] == [True, True]
