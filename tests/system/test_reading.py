"""Resources, prompts and completions, as clients of both eras get them from the real server."""

from pathlib import Path
from typing import Literal

import pytest
from in_memory import in_memory
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, PromptReference, ResourceTemplateReference
from rlm_server.command_line import command_line
from rlm_server.commands import Request
from rlm_server.memory_commands import memory_command

Mode = Literal["auto", "legacy"]
SYMBOL = "crystal://symbol/{name}"
FILE = "crystal://file/{+path}{?lines}"
TOKEN = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_resources_prompts_and_completions_are_offered_in_both_eras(
    repository: Path, home: Path, mode: Mode
) -> None:
    (repository / "shop" / "long.py").write_text("LONG = 1\n" * 4_000)
    async with in_memory(repository, home, mode) as client:
        offered = {str(one.uri) for one in (await client.list_resources()).resources}
        offered |= {
            one.uri_template for one in (await client.list_resource_templates()).resource_templates
        }
        whole = await text_at(client, "crystal://map")
        part = await text_at(client, "crystal://file/shop/cart.py?lines=1-2")
        cut = await text_at(client, "crystal://file/shop/long.py")
        following = cut.rpartition("the rest: ")[2].rstrip("]")
        rest = await text_at(client, following)
        await client.call_tool("rlm_query", {"question": "how is the total price computed"})
        memories = await text_at(client, "memory://index")
        one = await text_at(client, memories.split("\n")[1].split()[0])
        traces = await text_at(client, "trace://index")
        trace = await text_at(client, f"trace://{traces.split()[0]}")
        paths = await client.complete(
            ResourceTemplateReference(uri=FILE), {"name": "path", "value": "cart"}
        )
        symbols = await client.complete(
            ResourceTemplateReference(uri=SYMBOL), {"name": "name", "value": "tot"}
        )
        symbol = await text_at(client, f"crystal://symbol/{symbols.completion.values[0]}")
        areas = await client.complete(
            PromptReference(name="audit"), {"name": "area", "value": "shop/c"}
        )
        prompts = {one.name for one in (await client.list_prompts()).prompts}
        asked = await client.get_prompt("find-bug", {"symptom": "boom"})
        with pytest.raises(MCPError, match="find-bug needs `symptom`"):
            await client.get_prompt("find-bug")
        with pytest.raises(MCPError, match="no such prompt; there are: audit") as unknown:
            await client.get_prompt("find_bugs")
    assert offered == {
        "crystal://map", FILE, SYMBOL, "memory://index", "memory://{id}", "trace://index", "trace://{id}",
    }  # fmt: skip
    assert unknown.value.error.code == INVALID_PARAMS
    assert "cart.py" in whole
    assert part.count("\n") == 2
    assert cut.count("LONG") + rest.count("LONG") == 4_000
    assert "how is the total price computed" in one
    assert "how is the total price computed" in trace
    assert paths.completion.values == ["shop/cart.py"]
    assert symbols.completion.values == ["total_price"]
    assert symbol.startswith("shop/cart.py:")
    assert areas.completion.values == ["shop/cart.py", "shop/checkout.py"]
    assert prompts == {"audit", "onboard", "explain-change", "find-bug"}
    assert "boom" in asked.messages[0].content.text


ESCAPES = [
    "../outside.txt", "/etc/passwd", "shop/../../outside.txt", "..%2foutside.txt",
    "%2e%2e/outside.txt", "%2Fetc%2Fpasswd", "..\\outside.txt", "C:\\Windows\\win.ini",
    "\\\\host\\share\\x", "shop/cart.py%00", "link.txt", ".env", "./.env", "shop//../.env",
]  # fmt: skip


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_no_resource_serves_what_is_not_indexed_and_none_a_secret(
    repository: Path, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside.txt").write_text("outside")
    (repository / "link.txt").symlink_to(tmp_path / "outside.txt")
    (repository / ".env").write_text("PASSWORD=outside")
    (repository / "shop" / "leak.py").write_text(f"TOKEN = {TOKEN!r}\n")
    async with in_memory(repository, home, "auto") as client:
        for escape in ESCAPES:
            with pytest.raises(MCPError) as refused:
                await client.read_resource(f"crystal://file/{escape}")
            assert "outside" not in str(refused.value).replace("outside.txt", "")
        leak = await text_at(client, "crystal://file/shop/leak.py")
    assert TOKEN not in leak
    assert leak.startswith("TOKEN")


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_memories_that_no_model_may_see_are_in_no_resource(
    repository: Path, home: Path
) -> None:
    remembered(repository, home, "the launch is in May", "internal")
    hidden = remembered(repository, home, "the price is 40", "confidential")
    async with in_memory(repository, home, "auto") as client:
        listed = await text_at(client, "memory://index")
        with pytest.raises(MCPError, match="There is no memory"):
            await client.read_resource(f"memory://{hidden}")
    assert "the launch is in May" in listed
    assert "the price is 40" not in listed


def remembered(repository: Path, home: Path, text: str, zone: str) -> str:
    """The id under which a person keeps a fact on the command line."""
    said = command_line().parse_args(["memory", "add", text, "--zone", zone])
    return memory_command(said, Request((repository,), {"RLM_HOME": str(home)})).fields["id"]


async def text_at(client: Client, uri: str) -> str:
    return (await client.read_resource(uri)).contents[0].text
