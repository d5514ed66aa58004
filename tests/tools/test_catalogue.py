"""What a client is shown of the tools before it calls one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client
from mcp.types import Tool as McpTool
from rlm_server.instructions import instructions
from rlm_server.manner import Manner
from rlm_server.mcp_server import make_server
from rlm_server.offering import input_schema
from rlm_server.service import Service
from rlm_tools.catalogue import CORE, TOOLSETS, offered
from rlm_tools.tool import Tool
from rlm_tools.toolset import Toolset, names_of

NAMES = [
    "rlm_query", "rlm_search", "rlm_explain", "rlm_review", "rlm_test", "rlm_status",
    "rlm_session_stats", "rlm_reindex", "rlm_validate", "rlm_settings",
]  # fmt: skip
SNAPSHOTS = Path(__file__).with_name("snapshots")
WRITERS = {"rlm_reindex", "rlm_settings"}


def test_the_ten_tools_are_offered_in_this_order() -> None:
    assert [tool.name for tool in CORE] == NAMES


@pytest.mark.parametrize("toolset", TOOLSETS)
@pytest.mark.parametrize("read_only", [False, True])
def test_the_names_told_before_a_tool_is_imported_are_those_that_are_offered(
    toolset: Toolset, read_only: bool
) -> None:
    shown = offered(toolset, read_only=read_only)
    assert names_of(toolset, read_only=read_only) == tuple(tool.name for tool in shown)


@pytest.mark.asyncio
async def test_everything_a_client_is_sent_of_the_tools_takes_under_1400_tokens(tmp_path) -> None:
    service = Service([tmp_path], {})
    async with service.serving():
        tools = await make_server(service).list_tools()
    listed = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in tools]
    assert len(json.dumps(listed, separators=(",", ":"))) / 4 < 1_400
    assert len(json.dumps(listed)) / 4 < 1_500


@pytest.mark.parametrize("tool", TOOLSETS["full"], ids=lambda tool: tool.name)
def test_a_schema_is_flat_scalars_and_enums(tool: Tool) -> None:
    schema = input_schema(tool)
    assert set(schema) <= {"type", "properties", "required", "additionalProperties"}
    for rules in schema["properties"].values():
        assert rules["type"] in {"string", "integer", "number", "boolean"}
        assert not {"anyOf", "allOf", "oneOf", "$ref"}.intersection(rules)


@pytest.mark.asyncio
async def test_each_tool_is_offered_as_its_snapshot_says(tmp_path) -> None:
    """A change of one is a change for every client, so it is to be seen in a review.

    To take it over: RLM_UPDATE_SNAPSHOTS=1 pytest tests/tools/test_catalogue.py
    """
    service = Service([tmp_path], {}, manner=Manner(toolset="full"))
    async with service.serving():
        tools = await make_server(service).list_tools()
    told = {f"{tool.name}.json": shown(tool) for tool in tools}
    if os.environ.get("RLM_UPDATE_SNAPSHOTS"):
        for name, text in told.items():
            (SNAPSHOTS / name).write_text(text, encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in SNAPSHOTS.iterdir()}
    advice = "a tool changed; RLM_UPDATE_SNAPSHOTS=1 pytest tests/tools/test_catalogue.py takes it"
    assert told == kept, advice


def shown(tool: McpTool) -> str:
    fields = tool.model_dump(by_alias=True, exclude_none=True, mode="json")
    return json.dumps(fields, indent=2) + "\n"


@pytest.mark.parametrize("tool", TOOLSETS["full"], ids=lambda tool: tool.name)
def test_a_description_says_first_when_to_use_the_tool(tool: Tool) -> None:
    assert tool.description.startswith("Use ")
    assert len(tool.description) < 2_000


def test_only_two_tools_of_the_core_change_anything() -> None:
    assert {tool.name for tool in CORE if not tool.effects.reads_only} == WRITERS


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_a_set_holds_the_core_and_each_tool_once(toolset) -> None:
    names = [tool.name for tool in offered(toolset)]
    assert names[: len(NAMES)] == NAMES
    assert len(set(names)) == len(names)
    assert set(names) <= {tool.name for tool in offered("full")}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_a_tool_that_is_not_offered_says_who_can_offer_it(tmp_path, mode) -> None:
    service = Service([tmp_path], {}, manner=Manner(read_only=True))
    async with Client(make_server(service), mode=mode) as client:
        code = await client.call_tool("rlm_exec", {"code": "1"})
        change = await client.call_tool("rlm_reindex", {})
        nothing = await client.call_tool("rlm_nothing", {})
    assert code.is_error
    assert "--toolset full" in code.content[0].text
    assert "--read-only" in change.content[0].text
    assert nothing.content[0].text == "Unknown tool: rlm_nothing"


@pytest.mark.asyncio
async def test_a_read_only_server_offers_nothing_that_changes_anything(tmp_path) -> None:
    service = Service([tmp_path], {}, manner=Manner(toolset="full", read_only=True))
    async with service.serving():
        tools = await make_server(service).list_tools()
    assert not WRITERS & {tool.name for tool in tools}
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_the_instructions_name_offered_tools_only_and_stay_below_what_clients_cut(toolset) -> None:
    for read_only in (False, True):
        names = {tool.name for tool in offered(toolset, read_only=read_only)}
        told = instructions(names)
        assert len(told.encode()) < 2_048
        assert set(re.findall(r"rlm_[a-z_]+", told)) <= names


def test_offering_the_tools_imports_nothing_heavy() -> None:
    heavy = {
        "numpy", "scipy", "hdbscan", "sklearn", "tree_sitter", "litellm", "torch", "watchdog",
        "psutil", "keyring", "argon2", "rlm_crystal.crystal", "rlm_engine.loop", "rlm_sandbox",
        "rlm_memory",
    }  # fmt: skip
    code = (
        f"import sys, rlm_server.stdio\nprint([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stdout + done.stderr
