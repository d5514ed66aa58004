"""What the documents show is true: links lead somewhere, JSON parses, forms and settings work."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from command_line import RLM_MCP, run_here
from mcp import Client, StdioServerParameters

TOP = Path(__file__).parents[2]
DOCUMENTS = sorted(
    TOP / line
    for line in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=TOP, capture_output=True, text=True, check=True
    ).stdout.splitlines()
)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
JSON_BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
COMMANDS = (TOP / "docs" / "commands.md").read_text()


def test_there_are_documents() -> None:
    assert TOP / "README.md" in DOCUMENTS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_client_form_is_json_that_starts_this_server() -> None:
    text = (TOP / "README.md").read_text() + (TOP / "docs" / "clients.md").read_text()
    blocks = [block for block in JSON_BLOCK.findall(text) if block.lstrip().startswith("{")]
    assert len(blocks) >= 4
    for block in blocks:
        form = json.loads(block)
        (entry,) = (form.get("mcpServers") or form["servers"]).values()
        assert Path(entry["command"]).name == "rlm-mcp"
        assert entry["args"][0] == "serve"


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_the_example_settings_start_a_server_with_ten_tools(
    repository: Path, home: Path
) -> None:
    example = json.loads((TOP / ".mcp.json.example").read_text())
    entry = example["mcpServers"]["rlm"]
    path = f"{RLM_MCP.parent}{os.pathsep}{os.environ['PATH']}"
    server = StdioServerParameters(
        command=entry["command"],
        args=entry["args"],
        env={"RLM_HOME": str(home), "PATH": path},
        cwd=repository,
    )
    async with Client(server) as client:
        assert len((await client.list_tools()).tools) == 10
        status = await client.call_tool("rlm_status", {})
    assert f"Roots: {repository}\n" in status.content[0].text


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize(
    "command",
    [
        ["index"],
        ["index", "--dry-run"],
        ["search", "cart"],
        ["ask", "what is a Cart"],
        ["status"],
        ["doctor"],
    ],
)
def test_the_json_form_is_the_documented_one(
    command: list[str], repository: Path, home: Path
) -> None:
    ran = run_here(*command, "--root", repository, "--json", home=home)
    assert ran.code == 0, ran.err
    named = " ".join(word for word in command if word in (command[0], "--dry-run"))
    assert list(ran.json) == documented_fields(named)


@pytest.mark.parametrize("variable", re.findall(r"`(RLM_[A-Z_]+)`", COMMANDS))
def test_every_documented_variable_is_read_somewhere(variable: str) -> None:
    rooms = ("server", "engine", "crystal")
    assert any(
        f'"{variable}"' in path.read_text() for room in rooms for path in (TOP / room).rglob("*.py")
    )


def documented_fields(command: str) -> list[str]:
    """The top-level names in the command's row of docs/commands.md."""
    row = re.search(rf"^\| `{command}(?: [A-Z]+)?` \| `(.*)` \|$", COMMANDS, re.MULTILINE)
    assert row is not None
    flat = re.sub(r": (?:null or )?(\[\{.*?\}\]|\{.*?\}+)", "", row[1])
    return flat.split(", ")
