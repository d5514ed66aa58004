import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest
from rlm_engine.errors import (
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelUnavailable,
)
from rlm_engine.model import Completion, Message
from rlm_engine.models.litellm_model import LitellmModel, close_clients
from rlm_engine.models.reach import check_reachable
from rlm_engine.models.settings import ModelSettings
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
async def test_a_rate_limit_may_name_the_hour_to_come_back():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    error = await failure(in_turn(Reply(status=429, headers={"Retry-After": later})))
    assert isinstance(error, ModelBusy)
    assert error.retry_after_s is not None
    assert 0 < error.retry_after_s <= 90


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
    assert url.removesuffix("/v1") in str(caught.value)


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
