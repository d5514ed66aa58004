"""What a question would cost, before it is asked."""

from pathlib import Path

import pytest
from command_line import run_here
from rlm_server.manner import Manner
from rlm_server.service import Service
from rlm_tools.planned import PlanReply
from rlm_tools.query import QueryArguments, query
from scripted_server import in_turn, scripted_server

NOBODY = "http://127.0.0.1:9/v1"
QUESTION = "how is the total price computed?"


@pytest.mark.usefixtures("indexed")
def test_a_plan_is_told_where_no_model_listens(repository: Path, home: Path) -> None:
    ran = run_here(
        "ask", QUESTION, "--explain-plan", "--root", repository, home=home,
        RLM_MODEL="openai/gpt-4o-mini", RLM_MODEL_URL=NOBODY, RLM_MODEL_KEY="any",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[1].startswith("Way: direct; the corpus fits the effective window of 86352 tokens.")
    assert lines[2].startswith("First call: at most ")
    assert lines[3] == "Whole question: at most $1.0000, the loop after it included."
    assert "window 128000 tokens (litellm's map)" in lines[5]
    assert "tokens by tokenizer o200k_base" in lines[5]
    assert lines[-1] == "Nothing was spent and no code was run."


@pytest.mark.usefixtures("indexed")
def test_a_plan_in_json_names_the_way_the_limits_and_the_models(
    repository: Path, home: Path
) -> None:
    environ = {"RLM_MODEL": "own", "RLM_MODEL_URL": NOBODY, "RLM_ROUTE": "loop"}
    told = run_here(
        "ask", QUESTION, "--explain-plan", "--json", "--root", repository, home=home, **environ
    ).json
    assert list(told) == [
        "question", "route", "reason", "prompt_tokens", "reply_tokens", "call_worst_usd",
        "worst_usd", "root", "sub", "limits",
    ]  # fmt: skip
    assert (told["route"], told["worst_usd"]) == ("loop", 0.0)
    assert told["root"]["input_usd"] is None
    assert told["root"]["window"] == 32_768


@pytest.mark.usefixtures("indexed")
def test_without_a_model_the_plan_is_the_loop(repository: Path, home: Path) -> None:
    ran = run_here("ask", QUESTION, "--explain-plan", "--root", repository, home=home)
    assert "Way: loop; extractive has no window" in ran.out
    assert "Whole question: at most $0.0000." in ran.out


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_client_can_ask_for_the_plan_and_for_the_short_answer(
    repository: Path, home: Path
) -> None:
    cited = "`def total_price(cart: Cart)` is at shop/cart.py:15"
    with scripted_server(in_turn(cited)) as model:
        environ = {
            "RLM_HOME": str(home), "RLM_MODEL": "own", "RLM_MODEL_URL": model.url,
            "RLM_MODEL_KEY": "any",
        }  # fmt: skip
        service = Service([repository], environ, manner=Manner(watch=False))
        async with service.serving():
            plan = await query(service, QueryArguments(question=QUESTION, plan_only=True), silent)
            assert isinstance(plan, PlanReply)
            assert (plan.route, model.requests) == ("direct", [])
            reply = await query(service, QueryArguments(question=QUESTION), silent)
    assert not isinstance(reply, PlanReply)
    assert (reply.route, reply.answer, reply.iterations) == ("direct", cited, 1)
    assert "own, direct: 1 turns" in reply.text()


def silent(_: object) -> None:
    """Where nobody listens."""
