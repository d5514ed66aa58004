"""The three wire forms, whole and streamed, through litellm and real sockets.

A client of litellm's costs a third of a second to make and to close, so each test asks many times.
"""

import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import anyio
import pytest
from anyio.to_thread import run_sync
from rlm_engine.errors import (
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelTimeout,
    NoText,
    ReplyEmpty,
    ReplyFiltered,
)
from rlm_engine.model import Completion, Message
from rlm_engine.models.litellm_model import LitellmModel, close_clients
from rlm_engine.models.settings import settings_of
from rlm_engine.prices import Price
from scripted_server import Reply, Request, Script, ScriptedServer, in_turn, scripted_server

SECRET = "sk-planted-0123456789abcdef"
OPENAI, ANTHROPIC, OLLAMA = "openai/gpt-fake", "anthropic/claude-fake", "ollama/qwen-fake"
PRICE = Price(1.0, 10.0, cached_usd=0.5)
# Of OpenAI's form too, but spoken by litellm: at the address it is given, OPENAI is spoken by us.
XAI = "xai/grok-fake"
every_form = pytest.mark.parametrize("form", [OPENAI, ANTHROPIC, OLLAMA])
whole_and_streamed = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])

ENDINGS = {
    "busy": (Reply("slow down", status=429, headers={"Retry-After": "7"}), ModelBusy),
    "failing": (Reply("out of order", status=500), ModelBusy),
    "gone": (Reply(die=True), ModelBusy),
    "malformed": (Reply(raw="<html>log in</html>"), ModelBusy),
    "key": (Reply(f"Incorrect API key: {SECRET}", status=401), ModelRefused),
    "unknown": (Reply("not found", status=404), ModelRefused),
    "poor": (Reply("You exceeded your current quota", status=429), ModelRefused),
    "long": (Reply("prompt is too long: 9000 tokens > 8192 maximum", status=400), ContextTooLong),
    "filtered": (Reply("", finish="content_filter"), ReplyFiltered),
    "empty": (Reply(" "), ReplyEmpty),
    "all thought": (Reply("", finish="length"), NoText),
    "cut": (Reply("half a", finish="length"), Completion),
    "fine": (Reply("hi there", tokens_in=1_000, tokens_out=200, tokens_cached=600), Completion),
}  # fmt: skip


@dataclass
class Asker:
    """Asks a model of one form, made anew each time, for the reply of a name."""

    server: ScriptedServer
    form: str
    streamed: bool

    def __post_init__(self) -> None:
        self.told: list[str] = []

    async def __call__(
        self, name: str = "", *, tokens: int = 50, timeout_s: float = 60
    ) -> Completion | ModelError:
        environ = {"RLM_MODEL_URL": self.server.root, "RLM_MODEL_KEY": SECRET}
        settings = replace(settings_of(self.form, environ), reply_timeout_s=timeout_s)
        say = self.told.append if self.streamed else None
        model = LitellmModel(settings, price=PRICE, say=say)
        messages = [Message("system", "be kind"), Message("user", name)]
        try:
            return await model.complete(messages, max_tokens=tokens)
        except ModelError as error:
            assert SECRET not in str(error)
            assert "Traceback" not in str(error)
            return error


@asynccontextmanager
async def asking(script: Script, form: str, *, streamed: bool) -> AsyncGenerator[Asker]:
    with scripted_server(script) as server:
        try:
            with anyio.fail_after(120):
                yield Asker(server, form, streamed)
        finally:
            await close_clients()
            gc.collect()


def by_name(request: Request) -> Reply:
    return Reply(stall=True) if request.last == "stalls" else ENDINGS[request.last][0]


@pytest.mark.parametrize("form", [OPENAI, XAI, ANTHROPIC, OLLAMA])
@whole_and_streamed
@pytest.mark.asyncio
async def test_each_way_a_call_can_end_is_told_from_the_others(form: str, streamed: bool):
    async with asking(by_name, form, streamed=streamed) as ask:
        heard = {name: await ask(name) for name in ENDINGS}
        silent = await ask("stalls", timeout_s=0.2)
    kinds = {name: type(one) for name, one in heard.items()}
    assert kinds == {name: kind for name, (_, kind) in ENDINGS.items()}
    assert isinstance(silent, ModelTimeout)
    assert str(heard["busy"]).endswith("is busy (429): slow down")
    assert heard["busy"].retry_after_s == 7.0
    assert heard["long"].tokens_max == 8_192
    assert "Incorrect API key: " in str(heard["key"])
    assert (heard["cut"].text, heard["cut"].cut) == ("half a", True)
    assert (heard["empty"].billed.tokens_in, heard["empty"].billed.tokens_out) == (100, 20)
    assert "used all 20 tokens" in str(heard["all thought"])
    assert heard["fine"] == Completion(
        "hi there",
        1_000,
        200,
        pytest.approx(0.003 if form == OLLAMA else 0.0027),
        tokens_cached=0 if form == OLLAMA else 600,  # Ollama reports none
    )
    # A stream that is none is asked for whole.
    asked = [request.last for request in ask.server.requests if request.last != "stalls"]
    assert asked == [name for name in ENDINGS for _ in range(1 + streamed * (name == "malformed"))]
    assert ask.told[:1] == [f"{form} is writing: 1 word so far"] * streamed


@every_form
@pytest.mark.asyncio
async def test_a_stream_that_breaks_off_falls_silent_or_is_none(form: str):
    replies = {
        "breaks": [Reply("one two three", die_after=2), Reply("all of it")],
        "whole": [Reply("at once", whole=True), Reply("at once")],
        "silent": [Reply("one two three", stall_after=2)],
    }
    async with asking(lambda request: replies[request.last].pop(0), form, streamed=True) as ask:
        broken = await ask("breaks")
        assert broken.text == "all of it"
        assert broken.tokens_in >= 100
        assert (await ask("whole")).text == "at once"
        assert isinstance(await ask("silent", timeout_s=0.3), ModelTimeout)
        assert await run_sync(ask.server.hung_up.wait, 5)


@every_form
@pytest.mark.asyncio
async def test_whoever_gives_up_on_a_stream_hangs_up_at_once(form: str):
    script = in_turn(Reply("one two three", stall_after=2))
    async with asking(script, form, streamed=True) as ask, anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        assert await run_sync(ask.server.stalled.wait, 20)
        tasks.cancel_scope.cancel()
    assert ask.server.hung_up.wait(5)


@pytest.mark.asyncio
async def test_tokens_written_to_the_cache_of_prompts_are_counted():
    reply = Reply("hi", tokens_in=1_000, tokens_cached=600, tokens_cache_written=300)
    async with asking(in_turn(reply), ANTHROPIC, streamed=True) as ask:
        completion = await ask()
    assert (completion.tokens_cached, completion.tokens_cache_written) == (600, 300)


@pytest.mark.asyncio
async def test_anthropic_is_asked_to_cache_a_run_from_its_second_turn_on():
    first = [Message("system", "be kind"), Message("user", "go")]
    second = [*first, Message("assistant", "code"), Message("user", "its output")]
    async with asking(in_turn("hi"), ANTHROPIC, streamed=False) as ask:
        environ = {"RLM_MODEL_URL": ask.server.root, "RLM_MODEL_KEY": SECRET}
        model = LitellmModel(settings_of(ANTHROPIC, environ), price=None)
        for messages in (first, second):
            await model.complete(messages, max_tokens=50)
    asked = [request.body["messages"] for request in ask.server.requests]
    assert [["cache_control" in one["content"][0] for one in said] for said in asked] == [
        [False], [False, False, True],
    ]  # fmt: skip


@pytest.mark.asyncio
async def test_a_model_that_thinks_first_is_told_of_and_one_that_refuses_is_quoted():
    replies = in_turn(Reply("hi there", thinking="hm"), Reply("", refusal="I cannot help"))
    async with asking(replies, OPENAI, streamed=True) as ask:
        assert (await ask()).text == "hi there"
        ask.streamed = False
        refused = await ask()
    assert ask.told[:2] == [f"{OPENAI} is thinking", f"{OPENAI} is writing: 1 word so far"]
    assert isinstance(refused, ReplyFiltered)
    assert str(refused).endswith("I cannot help")


@pytest.mark.parametrize(
    ("told", "allowed"),
    [
        (
            "max_tokens is too large: 8192. This model supports at most 4096 completion tokens",
            4_096,
        ),
        (
            "This model's maximum context length is 4096 tokens. However, you requested 9192 tokens"
            " (1000 in the messages, 8192 in the completion).",
            1_024,
        ),
    ],
)
@pytest.mark.asyncio
async def test_a_model_that_cannot_write_so_much_is_asked_for_less(told: str, allowed: int):
    async with asking(in_turn(Reply(told, status=400), "hi"), OPENAI, streamed=False) as ask:
        assert (await ask(tokens=8_192)).text == "hi"
    asked = [request.body["max_tokens"] for request in ask.server.requests]
    assert asked == [8_192, allowed]


@pytest.mark.asyncio
async def test_ollama_is_asked_for_a_window_that_holds_the_prompt_and_never_a_smaller_one():
    async with asking(in_turn("hi"), OLLAMA, streamed=False) as ask:
        model = LitellmModel(settings_of(OLLAMA, {"RLM_MODEL_URL": ask.server.root}), price=None)
        for text in ("short", "x" * 40_000, "short"):
            await model.complete([Message("user", text)], max_tokens=1_000)
    windows = [request.body["options"]["num_ctx"] for request in ask.server.requests]
    assert windows == [8_192, 32_768, 32_768]
