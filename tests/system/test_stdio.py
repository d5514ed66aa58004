"""A real process, the SDK's own client, both protocol eras."""

import json
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from in_memory import in_memory
from mcp import Client, StdioServerParameters

Mode = Literal["auto", "legacy"]
VOUCHER = 'def redeem_voucher(code: str) -> bool:\n    """Redeem a voucher."""\n    return True\n'
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("rlm_query", {"question": "how is the total price computed"}),
    ("rlm_search", {"query": "sum the prices of a cart", "limit": 3}),
    ("rlm_explain", {"path": "shop/cart.py", "symbol": "total_price"}),
    ("rlm_review", {"path": "shop/checkout.py"}),
    ("rlm_test", {"path": "shop/cart.py", "symbol": "total_price"}),
    ("rlm_status", {}),
    ("rlm_session_stats", {}),
    ("rlm_reindex", {"scope": "changed"}),
    ("rlm_validate", {}),
    ("rlm_settings", {"key": "max_iterations", "value": "12"}),
    ("rlm_exec", {"code": "hits = crystal.search('total price')\nFINAL(hits[0]['path'])"}),
]


@pytest.fixture
def server(server: StdioServerParameters) -> StdioServerParameters:
    """A server that offers the REPL besides the ten."""
    return server.model_copy(update={"args": [*server.args, "--toolset", "repl"]})


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_every_tool_answers_a_real_client_the_same_in_text_and_fields(
    server: StdioServerParameters, mode: Mode
) -> None:
    with anyio.fail_after(60):
        async with Client(server, mode=mode) as client:
            listed = await client.list_tools()
            assert [tool.name for tool in listed.tools] == [name for name, _ in CALLS]
            for name, arguments in CALLS:
                result = await client.call_tool(name, arguments)
                assert not result.is_error, result.content
                assert result.structured_content
                text = result.content[0].text
                missing = [leaf for leaf in leaves(result.structured_content) if leaf not in text]
                assert missing == [], name


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_every_tool_answers_in_memory(repository: Path, home: Path, mode: Mode) -> None:
    fact = {"subject": "cart", "attribute": "limit"}
    async with in_memory(repository, home, mode, toolset="full") as client:

        async def called(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            result = await client.call_tool(name, arguments)
            assert not result.is_error, result.content
            assert result.content[0].text
            assert result.structured_content
            return result.structured_content

        for name, arguments in CALLS:
            await called(name, arguments)
        old, new = [
            (await called("rlm_memory_add", {"text": f"A cart holds {n}.", **fact, "value": n}))[
                "id"
            ]
            for n in ("40", "50")
        ]
        await called("rlm_memory_search", {"query": "cart holds"})
        await called("rlm_memory_get", {"id": new})
        await called("rlm_memory_consolidate", {})
        await called("rlm_memory_status", {})
        await called("rlm_memory_forget", {"id": old})


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_change_on_disk_is_found_at_once(
    server: StdioServerParameters, repository: Path
) -> None:
    with anyio.fail_after(60):
        async with Client(server) as client:
            await client.call_tool("rlm_reindex", {"scope": "changed"})
            (repository / "shop" / "voucher.py").write_text(VOUCHER)
            result = await client.call_tool("rlm_search", {"query": "redeem voucher", "limit": 1})
            (repository / "shop" / "voucher.py").unlink()
            gone = await client.call_tool("rlm_search", {"query": "redeem voucher", "limit": 5})
    assert result.structured_content["results"][0]["path"] == "shop/voucher.py"
    assert result.structured_content["revision"]["caught_up"]
    assert "voucher.py" not in json.dumps(gone.structured_content["results"])


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_an_error_teaches_what_to_do(repository: Path, home: Path) -> None:
    async with in_memory(repository, home, "auto") as client:
        wrong = await client.call_tool("rlm_search", {"query": "cart", "k": 3})
        refused = await client.call_tool("rlm_settings", {"key": "max_cost_usd", "value": "9"})
        unknown = await client.call_tool("rlm_status", {"job_id": "nope"})
    assert wrong.is_error
    assert "there is no k." in wrong.content[0].text
    assert "Its arguments are: query (needed), mode, limit" in wrong.content[0].text
    assert "RLM_MAX_COST_USD" in refused.content[0].text
    assert "no job 'nope'" in unknown.content[0].text


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_full_reindex_is_rate_limited(repository: Path, home: Path) -> None:
    async with in_memory(repository, home, "auto") as client:
        first = await client.call_tool("rlm_reindex", {})
        second = await client.call_tool("rlm_reindex", {})
    assert first.structured_content["status"] == "DONE"
    assert second.structured_content["status"] == "RATE_LIMITED"
    assert 0 < second.structured_content["seconds_left"] <= 60


@pytest.mark.asyncio
async def test_without_a_key_that_fits_every_tool_gives_the_same_error(
    repository: Path, home: Path
) -> None:
    short = {"RLM_KEY": "too short"}
    errors: set[str] = set()
    async with in_memory(repository, home, "auto", toolset="repl", environ=short) as client:
        for name, arguments in CALLS:
            result = await client.call_tool(name, arguments)
            assert result.is_error
            errors.add(result.content[0].text)
    assert len(errors) == 1
    assert "RLM_KEY must hold 32 random bytes" in errors.pop()


def leaves(value: object) -> list[str]:
    """Every text and figure but zero in a JSON value, as a person would read it."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    if isinstance(value, bool) or not value:
        return []
    return [str(value)]
