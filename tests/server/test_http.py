"""The MCP endpoint over HTTP: who gets in, as whom, and what is turned away."""

from pathlib import Path
from typing import Literal

import pytest
from over_http import UNWATCHED, served_over_http
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
