import gc

import anyio
import pytest
from rlm_engine.limits import RunLimits
from rlm_engine.model import Model
from rlm_engine.models.litellm_model import LitellmModel, close_clients
from rlm_engine.models.settings import ModelSettings
from rlm_engine.prices import Price
from rlm_engine.retry import RetryPolicy
from rlm_engine.summaries import ModelSummariser
from rlm_engine.usage import NO_USAGE, ModelUsage
from scripted_server import Reply, Request, Script, ScriptedServer, scripted_server

AT_ONCE = RetryPolicy(attempts=1, attempts_silent=1)
DIGESTS = [f"lib/part_{at}.py: bake_{at}\ndef bake_{at}(dough): ..." for at in range(12)]


def about(request: Request) -> Reply:
    """What a model would say: the first name in the material."""
    name = request.last.split(": ")[1].split("\n")[0]
    return Reply(f"Bakes: {name}.", tokens_in=100, tokens_out=10)


async def texts_of(
    script: Script, limits: RunLimits | None = None, *, price: Price | None = None
) -> tuple[list[str], ScriptedServer, ModelUsage]:
    taken = [NO_USAGE]
    with scripted_server(script) as server:
        model: Model = LitellmModel(
            ModelSettings("openai/fake", server.url, "sk-test-000000"), price=price
        )
        summariser = ModelSummariser(
            model,
            limits or RunLimits(),
            retry=AT_ONCE,
            meter=lambda _, took: taken.append(taken.pop().plus(took)),
        )
        try:
            with anyio.fail_after(120):
                texts = list(await summariser.summarise(DIGESTS, lambda _: None))
        finally:
            await close_clients()
            gc.collect()
    return texts, server, taken[0]


@pytest.mark.asyncio
async def test_every_piece_gets_its_own_text_and_they_are_asked_in_parallel():
    texts, server, took = await texts_of(about, RunLimits(parallel_calls=4))
    assert texts == [f"Bakes: bake_{at}." for at in range(12)]
    assert server.most_at_once <= 4
    assert (took.calls, took.tokens_in) == (12, 1_200)


@pytest.mark.asyncio
async def test_the_same_piece_is_asked_in_the_same_words_and_stands_between_fences():
    _, first, _ = await texts_of(about)
    _, second, _ = await texts_of(about)
    prompts = [sorted(request.last for request in server.requests) for server in (first, second)]
    assert prompts[0] == prompts[1]
    for request in first.requests:
        fence = request.messages[0]["content"].rpartition("<data ")[2].partition(">")[0]
        assert request.last.startswith(f"<data {fence}>\n")
        assert request.last.endswith(f"\n</data {fence}>")


@pytest.mark.asyncio
async def test_what_the_budget_does_not_allow_is_not_asked():
    price = Price(1.0, 1.0)  # dollars a million tokens
    limits = RunLimits(max_cost_usd=0.001, parallel_calls=1)
    texts, server, took = await texts_of(about, limits, price=price)
    answered = sum(bool(text) for text in texts)
    assert 0 < answered < 12
    assert len(server.requests) == answered
    assert took.cost_usd <= 0.001
    assert texts[answered:] == [""] * (12 - answered)


@pytest.mark.asyncio
async def test_a_model_that_refuses_is_not_asked_on():
    limits = RunLimits(parallel_calls=2)
    texts, server, _ = await texts_of(lambda _: Reply(status=401, text="wrong key"), limits)
    assert texts == [""] * 12
    assert len(server.requests) <= 2


@pytest.mark.asyncio
async def test_one_piece_that_fails_leaves_the_others_alone():
    def script(request: Request) -> Reply:
        return Reply(status=503) if "bake_3\n" in request.last else about(request)

    texts, _, _ = await texts_of(script)
    assert texts == [f"Bakes: bake_{at}." if at != 3 else "" for at in range(12)]


@pytest.mark.asyncio
async def test_a_model_that_never_answers_ends_with_the_time_and_keeps_what_came():
    def script(request: Request) -> Reply:
        return about(request) if "bake_0\n" in request.last else Reply(stall=True)

    limits = RunLimits(max_seconds=1.0, parallel_calls=12)
    texts, _, _ = await texts_of(script, limits)
    assert texts[1:] == [""] * 11
