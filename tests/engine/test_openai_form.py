"""Our own client: what is its own business; how calls end is tested with the other wire forms."""

import anyio
import pytest
from rlm_engine.errors import ModelRefused
from rlm_engine.model import Message
from rlm_engine.models.litellm_model import LitellmModel, close_clients
from rlm_engine.models.openai_form import speaks_openai
from rlm_engine.models.settings import ModelSettings, settings_of
from scripted_server import Reply, Request, scripted_server

HELLO = [Message("user", "hello \ud800")]


@pytest.mark.parametrize(
    ("model", "url", "direct"),
    [
        ("Qwen/Qwen3-8B", "http://127.0.0.1:8000", True),
        ("vllm/qwen3", "", True),
        ("llamacpp/any", "", True),
        ("lmstudio/qwen3", "", True),
        ("openai/gpt-5-mini", "https://gateway.example/v1", True),
        ("openai/gpt-5-mini", "https://api.openai.com/v1", False),
        ("openai/gpt-5-mini", "https://example.openai.azure.com/v1", False),
        ("ollama/qwen3", "", False),
        ("anthropic/claude-fake", "http://127.0.0.1:8000", False),
    ],
)
def test_only_addresses_of_openais_form_that_are_not_its_own_are_spoken_to_directly(
    model: str, url: str, direct: bool
):
    environ = {"RLM_MODEL": model, "RLM_MODEL_URL": url, "RLM_MODEL_KEY": "k"}
    assert speaks_openai(settings_of(model, environ)) == direct


@pytest.mark.asyncio
async def test_many_calls_share_connections_and_need_no_litellm(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rlm_engine.models.litellm_model._litellm", None)
    with scripted_server(lambda request: Reply("hi")) as server:
        model = LitellmModel(ModelSettings("openai/any", server.url, "key"), price=None)
        with anyio.fail_after(20):
            for _ in range(3):
                assert (await model.complete(HELLO, max_tokens=5)).text == "hi"
        assert len({request.port for request in server.requests}) == 1
        assert server.requests[0].headers["authorization"] == "Bearer key"
        monkeypatch.undo()
        await close_clients()


@pytest.mark.asyncio
async def test_a_gateway_that_wants_the_newer_name_of_the_limit_gets_it():
    def gateway(request: Request) -> Reply:
        if "max_tokens" in request.body:
            return Reply("use 'max_completion_tokens' instead", status=400)
        return Reply("hi")

    with scripted_server(gateway) as server:
        model = LitellmModel(ModelSettings("openai/any", server.url), price=None)
        with anyio.fail_after(20):
            for _ in range(2):
                assert (await model.complete(HELLO, max_tokens=5)).text == "hi"
        assert [request.body.get("max_completion_tokens") for request in server.requests] == [
            None, 5, 5,
        ]  # fmt: skip
        await close_clients()


@pytest.mark.asyncio
async def test_a_redirect_is_not_followed_with_the_key():
    moved = Reply("moved", status=307, headers={"Location": "http://127.0.0.1:9/v1"})
    with scripted_server(lambda request: moved) as server:
        model = LitellmModel(ModelSettings("openai/any", server.url, "key"), price=None)
        with anyio.fail_after(20), pytest.raises(ModelRefused):
            await model.complete(HELLO, max_tokens=5)
        assert len(server.requests) == 1
        await close_clients()
