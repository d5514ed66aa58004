"""The same sub-call is paid once, by whatever process it is asked; what was said lies sealed."""

import os
from pathlib import Path

import anyio
import pytest
from command_line import RLM_MCP
from mcp import Client, StdioServerParameters
from rlm_sandbox.availability import available
from scripted_server import by_model, in_turn, scripted_server

SAID = "the total is summed in total_price, as nobody else says"
ROOT = """```repl
said = llm_query("How is the total made?", context["shop/cart.py"].text)
FINAL(said)
```"""


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
@pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")
async def test_a_sub_call_asked_again_costs_nothing_unless_nothing_may_be_remembered(
    repository: Path, home: Path, server: StdioServerParameters
) -> None:
    question = {"question": "How is it made?"}
    with scripted_server(by_model(root=in_turn(ROOT), sub=in_turn(SAID))) as model:

        def paid() -> int:
            return [request.model for request in model.requests].count("sub")

        environ = {
            "RLM_HOME": str(home), "RLM_MODEL": "root", "RLM_SUB_MODEL": "sub",
            "RLM_MODEL_URL": model.url, "RLM_MODEL_KEY": "any", "RLM_ROUTE": "loop",
        }  # fmt: skip
        started = server.model_copy(update={"env": environ})
        with anyio.fail_after(240):
            async with Client(started) as client:
                for _ in range(2):
                    await client.call_tool("rlm_query", question)
                assert paid() == 1
                await client.call_tool("rlm_settings", {"key": "remember", "value": "off"})
                await client.call_tool("rlm_query", question)
                assert paid() == 2
                await client.call_tool("rlm_settings", {"key": "remember", "value": "on"})
            command = [str(RLM_MCP), "ask", "--root", str(repository), question["question"]]
            done = await anyio.run_process(command, env={**os.environ, **environ})
        assert SAID.encode() in done.stdout
        assert paid() == 2
    kept = [path.read_bytes() for path in files_below(home)]
    assert kept
    assert not any(SAID.encode() in data for data in kept)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
