import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest
from rlm_engine.errors import (
    ModelBusy,
    ModelError,
    ModelNotConfigured,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from rlm_engine.model import Completion, Message
from rlm_engine.models.failures import without_secrets
from rlm_engine.models.litellm_model import LitellmModel, close_clients, models_from_environ
from rlm_engine.models.reach import check_reachable
from rlm_engine.models.settings import ModelSettings, settings_from_environ
from rlm_engine.prices import Price
from scripted_server import Reply, Script, in_turn, scripted_server

SECRET = "sk-planted-0123456789abcdef"
HELLO = [Message("user", "hello")]


async def call(settings: ModelSettings, *, price: Price | None = None) -> Completion:
    try:
        with anyio.fail_after(120):
            model = LitellmModel(settings, price=price)
            return await model.complete(HELLO, max_tokens=50)
    finally:
        await close_clients()
        gc.collect()


async def failure(script: Script, **changes: float) -> ModelError:
    with scripted_server(script) as server:
        settings = ModelSettings("openai/fake", server.url, SECRET)
        with pytest.raises(ModelError) as caught:
            await call(replace(settings, **changes))
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(settings)
    return caught.value


@pytest.mark.asyncio
async def test_a_reply_comes_back_with_its_tokens_and_the_cost_by_the_price_given():
    with scripted_server(in_turn(Reply("hi", tokens_in=1_000, tokens_out=200))) as server:
        settings = ModelSettings("openai/fake", server.url, SECRET)
        completion = await call(settings, price=Price(1.0, 10.0))
    assert completion == Completion("hi", 1_000, 200, pytest.approx(0.003))
    (request,) = server.requests
    assert (request.model, request.last) == ("fake", "hello")
    assert request.headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.asyncio
async def test_a_model_without_a_known_price_says_so():
    with scripted_server(in_turn("hi")) as server:
        completion = await call(ModelSettings("openai/fake", server.url, SECRET))
    assert (completion.cost_usd, completion.price_known) == (0.0, False)


@pytest.mark.asyncio
async def test_a_rate_limit_is_busy_and_tells_how_long_to_wait():
    error = await failure(in_turn(Reply(status=429, headers={"Retry-After": "7"})))
    assert isinstance(error, ModelBusy)
    assert error.retry_after_s == 7.0


@pytest.mark.asyncio
async def test_a_rate_limit_may_name_the_hour_to_come_back():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    error = await failure(in_turn(Reply(status=429, headers={"Retry-After": later})))
    assert isinstance(error, ModelBusy)
    assert error.retry_after_s is not None
    assert 0 < error.retry_after_s <= 90


@pytest.mark.asyncio
@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=503), Reply(die=True)])
async def test_a_failing_provider_is_busy(reply: Reply):
    assert type(await failure(in_turn(reply))) is ModelBusy


@pytest.mark.asyncio
async def test_a_refused_key_is_told_without_the_key():
    error = await failure(in_turn(Reply(status=401, text=f"Incorrect API key: {SECRET}")))
    assert isinstance(error, ModelRefused)
    assert "[key]" in str(error)
    assert "Check the provider's key" in str(error)


@pytest.mark.asyncio
async def test_a_missing_key_is_refused_and_not_tried_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelRefused, match="was given no key"):
        await call(ModelSettings("openai/gpt-4o-mini"))


@pytest.mark.asyncio
async def test_a_failure_prints_nothing(capfd: pytest.CaptureFixture[str]):
    await failure(in_turn(Reply(status=404)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.asyncio
async def test_an_unknown_model_is_refused():
    error = await failure(in_turn(Reply(status=404, text="no such model")))
    assert isinstance(error, ModelRefused)
    assert "no such model" in str(error)


@pytest.mark.asyncio
async def test_a_provider_that_stalls_times_out():
    error = await failure(in_turn(Reply(stall=True)), reply_timeout_s=0.2)
    assert isinstance(error, ModelTimeout)


@pytest.mark.asyncio
async def test_a_dead_endpoint_is_unavailable():
    with scripted_server(in_turn("hi")) as server:
        url = server.url
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await call(ModelSettings("openai/fake", url, SECRET))


@pytest.mark.asyncio
async def test_a_dead_endpoint_is_told_without_importing_litellm_and_without_its_password():
    with scripted_server(in_turn("hi")) as server:
        url = server.url
    settings = ModelSettings("openai/fake", url.replace("://", f"://me:{SECRET}@"))
    with pytest.raises(ModelUnavailable, match="cannot be reached") as caught:
        await check_reachable(settings)
    assert SECRET not in str(caught.value)
    assert url in str(caught.value)


@pytest.mark.asyncio
@pytest.mark.parametrize("base", [None, "http://127.0.0.1:none/", "nonsense"])
async def test_what_cannot_be_tried_is_left_to_litellm(base: str | None):
    await check_reachable(ModelSettings("openai/fake", base))


@pytest.mark.asyncio
async def test_an_endpoint_behind_a_proxy_is_left_to_the_proxy(monkeypatch: pytest.MonkeyPatch):
    with scripted_server(in_turn("hi")) as server:
        url = server.url
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    await check_reachable(ModelSettings("openai/fake", url))


def test_without_a_model_it_is_told_what_to_set():
    with pytest.raises(ModelNotConfigured, match="RLM_MODEL"):
        settings_from_environ({})


@pytest.mark.parametrize("text", ["x", "0", "-1", "nan", "inf"])
def test_a_time_out_that_is_no_time_is_refused(text: str):
    with pytest.raises(ValueError, match="RLM_REPLY_TIMEOUT"):
        settings_from_environ({"RLM_MODEL": "m", "RLM_REPLY_TIMEOUT": text})


def test_a_bare_name_at_an_endpoint_is_an_openai_compatible_model():
    root, sub = settings_from_environ(
        {"RLM_MODEL": "meta-llama/Llama-4", "RLM_SUB_MODEL": "ollama_chat/q", "RLM_API_BASE": "u"}
    )
    assert (root.model, sub.model) == ("openai/meta-llama/Llama-4", "ollama_chat/q")


def test_the_sub_model_is_the_root_model_unless_named():
    root, sub = models_from_environ({"RLM_MODEL": "gpt-4o"})
    assert root.name == sub.name == "gpt-4o"
    assert root.worst_case_usd(HELLO, 1_000_000) > 9.0


def test_keys_of_the_environment_and_what_looks_like_one_are_struck_out(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("SOME_API_KEY", "plainlookingvalue")
    text = "plainlookingvalue and sk-abcdefgh1234 and Bearer xyz"
    shown = without_secrets(text, settings=ModelSettings("m"))
    assert shown == "[key] and [key] and [key]"
