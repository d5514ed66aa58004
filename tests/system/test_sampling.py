"""The client's own model, lent by MCP sampling: a real process, the SDK's client, both eras."""

from collections.abc import Callable
from typing import Any, Literal

import anyio
import anyio.lowlevel
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CreateMessageRequestParams, CreateMessageResult, ErrorData, TextContent
from rlm_sandbox.availability import available

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

Script = Callable[[str], str | None]
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


def insatiable(text: str) -> str:
    if text.startswith("one"):
        return "1"
    return "```repl\nfor n in range(4):\n    print(llm_query(f'one {n} {len(context)}'))\n```"


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("era", ["legacy", "2026-07-28"])
@pytest.mark.asyncio
async def test_the_clients_model_answers_until_its_user_refuses(
    era: Literal["legacy", "2026-07-28"], server: StdioServerParameters
) -> None:
    willing, greedy = Person(obliging()), Person(insatiable)
    refusing, modern = Person(lambda _: None), era != "legacy"
    person = willing

    async def lent(context: Any, params: CreateMessageRequestParams) -> Any:
        return await person(context, params)

    with anyio.fail_after(90):
        async with Client(server, mode=era, sampling_callback=lent) as client:
            answered = await client.call_tool("rlm_query", QUESTION)
            person = greedy
            if modern:
                bounded = await client.call_tool("rlm_query", QUESTION)
            person = refusing
            if modern:  # such a client gives the call up, and makes it anew
                with pytest.raises(Exception, match="the user said no"):
                    await client.call_tool("rlm_query", QUESTION)
            refused = await client.call_tool("rlm_query", QUESTION)

    answer = answered.structured_content
    assert answer["answer"] == "PART 7, see shop/cart.py:16"
    assert (answer["provider"], answer["subcalls"]) == ("mcp-sampling", 20)
    assert len(willing.asked) == 22
    if modern:  # a batch is one round, and ten rounds are all there are
        assert willing.most_at_once == 20
        assert bounded.structured_content["limit_hit"]
        assert len(greedy.asked) <= 10
    answer = refused.structured_content
    assert (answer["provider"], len(refusing.asked)) == ("extractive", 1)
    assert "total_price" in answer["answer"]
    (note,) = [note for note in answer["notes"] if "client's own model was not used" in note]
    assert "refused" in note
