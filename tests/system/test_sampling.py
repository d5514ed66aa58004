"""The client's own model, lent by MCP sampling: a real process, the SDK's client, both eras."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.lowlevel
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent
from rlm_sandbox.availability import available

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

Era = Literal["legacy", "2026-07-28"]
Script = Callable[[str], str | None]
both_eras = pytest.mark.parametrize("era", ["legacy", "2026-07-28"])
QUESTION = {"question": "what is the total price of a cart"}
LOOKS = "```repl\nhits = crystal.search('total price')\nprint(hits[0].path)\n```"
READS = (
    "```repl\nparts = [f'part {n}' for n in range(20)]\n"
    "said = llm_query_batched(parts)\nFINAL(said[7] + ', see shop/cart.py:16')\n```"
)


@pytest.fixture
def server(server: StdioServerParameters) -> StdioServerParameters:
    """A server that asks for a run, though so small a corpus would fit one prompt."""
    return server.model_copy(update={"env": {**(server.env or {}), "RLM_ROUTE": "loop"}})


class Person:
    """A client's user and model: answers by a script, which may refuse with None."""

    def __init__(self, script: Script) -> None:
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self._script = script

    async def __call__(
        self, _: Any, params: CreateMessageRequestParams
    ) -> CreateMessageResult | ErrorData:
        text = "".join(message.content.text for message in params.messages)
        self.asked.append(text)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        said = self._script(text)
        self.at_once -= 1
        if said is None:
            return ErrorData(code=-1, message="the user said no")
        content = TextContent(type="text", text=said)
        return CreateMessageResult(role="assistant", content=content, model="lent")


def obliging() -> Script:
    turns = iter([LOOKS, READS])
    return lambda text: text.strip().upper() if text.startswith("part ") else next(turns)


@both_eras
@pytest.mark.asyncio
async def test_a_question_is_answered_by_the_clients_model(
    era: Era, server: StdioServerParameters
) -> None:
    person = Person(obliging())
    with anyio.fail_after(90):
        async with Client(server, mode=era, sampling_callback=person) as client:
            result = await client.call_tool("rlm_query", QUESTION)
    answer = result.structured_content
    assert answer["answer"] == "PART 7, see shop/cart.py:16", answer
    assert (answer["provider"], answer["subcalls"]) == ("mcp-sampling", 20)
    assert len(person.asked) == 22
    if era != "legacy":  # a batch is one round
        assert person.most_at_once == 20


@both_eras
@pytest.mark.asyncio
async def test_a_refusal_gives_an_extractive_answer_that_says_so(
    era: Era, server: StdioServerParameters
) -> None:
    person = Person(lambda _: None)
    with anyio.fail_after(90):
        async with Client(server, mode=era, sampling_callback=person) as client:
            if era != "legacy":  # such a client gives the call up, and makes it anew
                with pytest.raises(Exception, match="the user said no"):
                    await client.call_tool("rlm_query", QUESTION)
            result = await client.call_tool("rlm_query", QUESTION)
    answer = result.structured_content
    assert (answer["provider"], len(person.asked)) == ("extractive", 1)
    assert "total_price" in answer["answer"]
    (note,) = [note for note in answer["notes"] if "client's own model was not used" in note]
    assert "refused" in note


@pytest.mark.asyncio
async def test_a_client_that_answers_ten_rounds_gets_what_was_found_by_then(
    server: StdioServerParameters,
) -> None:
    def script(text: str) -> str:
        if text.startswith("one"):
            return "1"
        return "```repl\nfor n in range(4):\n    print(llm_query(f'one {n} {len(context)}'))\n```"

    person = Person(script)
    with anyio.fail_after(90):
        async with Client(server, mode="2026-07-28", sampling_callback=person) as client:
            result = await client.call_tool("rlm_query", QUESTION)
    assert not result.is_error
    assert result.structured_content["limit_hit"]
    assert len(person.asked) <= 10


@both_eras
@pytest.mark.asyncio
async def test_a_model_that_the_operator_named_is_used_instead(
    era: Era, server: StdioServerParameters, tmp_path: Path
) -> None:
    person = Person(obliging())
    named = {**(server.env or {}), "RLM_MODEL": "extractive"}
    started = server.model_copy(update={"env": named})
    with anyio.fail_after(90):
        async with Client(started, mode=era, sampling_callback=person) as client:
            result = await client.call_tool("rlm_query", QUESTION)
    assert result.structured_content["provider"] == "extractive"
    assert person.asked == []
