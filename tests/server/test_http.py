"""The MCP endpoint over HTTP: who gets in, as whom, and what is turned away."""

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from over_http import UNWATCHED, asked, served_over_http
from rlm_crystal.home import Home
from rlm_sandbox.availability import available
from rlm_server.web.tokens import TokenBook
from workspace import seal

Mode = Literal["auto", "legacy"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_owner_and_agent_get_in_by_their_tokens_and_are_told_apart(
    repository: Path, environ: dict[str, str], mode: Mode, capsys: pytest.CaptureFixture[str]
) -> None:
    change = {"key": "max_iterations", "value": "12"}
    seal(Path(environ["RLM_HOME"]), repository)
    async with served_over_http(repository, environ, manner=UNWATCHED) as served:
        owner = capsys.readouterr().err.split("once: ")[1].split()[0]
        agent = served.book.new("reviewer")
        async with served.client(owner, mode) as mine, served.client(agent, mode) as theirs:
            found = await theirs.call_tool("rlm_search", {"query": "cart total", "limit": 2})
            refused = await theirs.call_tool("rlm_settings", change)
            changed = await mine.call_tool("rlm_settings", change)
    assert found.structured_content["results"][0]["path"] == "shop/cart.py"
    assert refused.is_error
    assert "only the owner" in refused.content[0].text
    assert not changed.is_error


@pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")
@pytest.mark.asyncio
async def test_a_client_that_listens_to_nothing_else_is_asked_for_its_model_in_the_call(
    repository: Path, environ: dict[str, str]
) -> None:
    seal(Path(environ["RLM_HOME"]), repository)
    token = TokenBook(Home.from_environ(environ)).new()
    begun = {
        "protocolVersion": "2025-11-25",
        "capabilities": {"sampling": {}},
        "clientInfo": {"name": "x", "version": "1"},
    }
    call = {"name": "rlm_query", "arguments": {"question": "how is the total price computed"}}
    async with (
        served_over_http(repository, environ, manner=UNWATCHED) as served,
        served.http(token) as http,
    ):
        opened = await http.post(served.url, json=asked("initialize", begun))
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        await http.post(served.url, json=told, headers=session)
        body = asked("tools/call", call, 2)
        async with http.stream("POST", served.url, json=body, headers=session) as answer:
            lines = [line async for line in until(answer.aiter_lines(), "sampling/createMessage")]
    assert "total price" in lines[-1]


@pytest.mark.asyncio
async def test_the_server_ends_once_its_service_has_failed(
    repository: Path, environ: dict[str, str]
) -> None:
    async def failing() -> None:
        raise OSError("the disk is gone")

    async with served_over_http(repository, environ) as served:
        served.service.tasks.start_soon(failing)
        await served.serving
    assert served.service.over.is_set()


async def until(lines: AsyncIterator[str], said: str) -> AsyncGenerator[str]:
    """The lines up to the first that says this."""
    async for line in lines:
        yield line
        if said in line:
            return
