"""`rlm_exec` as a client drives it, in both eras: variables, progress, a lent model, cancelling."""

from pathlib import Path
from typing import Any, Literal

import anyio
import psutil
import pytest
from in_memory import in_memory
from mcp.types import CreateMessageRequestParams, CreateMessageResult, TextContent
from rlm_sandbox.availability import available

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

Mode = Literal["auto", "legacy"]
FIND = "paths = [hit['path'] for hit in crystal.search('total price')]\nprint(paths[0])"
ASK = "said = llm_query_batched(['one', 'two'])\nFINAL(said)"


async def lent(_: Any, params: CreateMessageRequestParams) -> CreateMessageResult:
    content = TextContent(type="text", text=params.messages[-1].content.text.upper())
    return CreateMessageResult(role="assistant", content=content, model="lent")


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_the_clients_model_works_in_a_repl_and_may_be_asked_from_it(
    repository: Path, home: Path, mode: Mode
) -> None:
    words: list[str] = []

    async def progress(value: float, total: float | None, said: str | None) -> None:
        words.append(said or "")

    connected = in_memory(repository, home, mode, toolset="repl", sampling_callback=lent)
    async with connected as client:
        found = await client.call_tool("rlm_exec", {"code": FIND}, progress_callback=progress)
        handle = {"handle": found.structured_content["handle"]}
        asked = await client.call_tool("rlm_exec", {"code": ASK, **handle})
        long = await client.call_tool("rlm_exec", {"code": "print('line\\n' * 5_000)", **handle})
        cursor = long.structured_content["next_cursor"]
        more = await client.call_tool("rlm_exec", {"cursor": cursor, **handle})
        guide = await client.call_tool("rlm_exec", {})
        unknown = await client.call_tool("rlm_exec", {"code": "1", "handle": "00"})
    assert found.structured_content["output"] == "shop/cart.py\n"
    assert words
    assert all(words)
    assert asked.structured_content["final"] == '[\n  "ONE",\n  "TWO"\n]'
    assert asked.structured_content["subcalls"] == 2
    assert f"cursor='{cursor}'" in long.content[0].text
    assert more.structured_content["output"].startswith("line\n")
    assert more.structured_content["next_cursor"] != cursor
    assert "crystal.callers(name)" in guide.content[0].text
    assert handle["handle"] in guide.structured_content["handles"]
    assert unknown.is_error
    assert "Leave `handle` out" in unknown.content[0].text


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_a_cancelled_cell_is_killed_and_the_next_has_what_was_kept(
    repository: Path, home: Path, mode: Mode
) -> None:
    async with in_memory(repository, home, mode, toolset="repl") as client:
        begun = await client.call_tool("rlm_exec", {"code": "kept = [1]\nlazy = iter(kept)"})
        handle = {"handle": begun.structured_content["handle"]}
        endless = {"code": "while True: pass", "timeout_s": 60, **handle}
        async with anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "rlm_exec", endless)
            (busy,) = await busy_children()
            calls.cancel_scope.cancel()
        gone, _ = await anyio.to_thread.run_sync(psutil.wait_procs, [busy], 10)
        after = await client.call_tool("rlm_exec", {"code": "kept", **handle})
    assert gone == [busy]
    assert after.structured_content["output"] == "[1]\n"
    assert after.structured_content["state_lost"] == ["lazy"]


async def busy_children() -> list[psutil.Process]:
    """The children of this process that have computed for a while since this was asked."""
    began: dict[psutil.Process, float] = {}
    while True:
        for child in psutil.Process().children():
            try:
                used_s = child.cpu_times().user
            except psutil.Error:
                continue
            if used_s > began.setdefault(child, used_s) + 0.2:
                return [child]
        await anyio.sleep(0.01)
