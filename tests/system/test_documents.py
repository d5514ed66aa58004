"""What the documents show is true: links lead somewhere, JSON parses, forms and settings work."""

import argparse
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import RLM_MCP, run_here
from mcp import Client, StdioServerParameters
from rlm_server.command_line import command_line

TOP = Path(__file__).parents[2]
DOCUMENTS = sorted(
    TOP / line
    for line in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=TOP, capture_output=True, text=True, check=True
    ).stdout.splitlines()
)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
JSON_BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
# A command as a document shows it: a span of code, or a line of a block.
SHOWN = re.compile(r"(?:^(?:\$ )?|`)rlm-mcp( [^`\n]+)", re.MULTILINE)
SCRIPT = re.compile(r"benchmarks/(\w+\.py)([^`\n]*)")
OPTION = re.compile(r"--[a-z][a-z-]+")
COMMANDS = (TOP / "docs" / "commands.md").read_text()


def test_there_are_documents() -> None:
    assert TOP / "README.md" in DOCUMENTS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = LINK.findall(document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_command_that_is_shown_is_one_with_these_options() -> None:
    commands = [shown for text in DOCUMENTS for shown in SHOWN.findall(text.read_text())]
    assert len(commands) > 50
    assert [shown for shown in commands if not is_said(shown.split("#")[0].split())] == []


def test_every_script_that_is_shown_is_there_with_these_options() -> None:
    shown = SCRIPT.findall((TOP / "benchmarks" / "README.md").read_text())
    assert len(shown) > 20
    for script, words in shown:
        source = (TOP / "benchmarks" / script).read_text()
        assert [option for option in OPTION.findall(words) if f'"{option}"' not in source] == []


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


def is_said(words: list[str]) -> bool:
    """Whether our command line knows the command these words begin with, and their options."""
    parser, at = command_line(), 0
    while at < len(words) and (commands := commands_of(parser)):
        if words[at] not in commands:
            return not re.fullmatch("[a-z][a-z-]*", words[at])  # DIR, … and the like
        parser, at = commands[words[at]], at + 1
    known = {name for action in parser._actions for name in action.option_strings}
    return {option for word in words[at:] for option in OPTION.findall(word)} <= known


def commands_of(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    choices = [a.choices for a in parser._actions if isinstance(a.choices, Mapping)]
    return choices[0] if choices else {}


def documented_fields(command: str) -> list[str]:
    """The top-level names in the command's row of docs/commands.md."""
    row = re.search(rf"^\| `{command}(?: [A-Z]+)?` \| `(.*)` \|$", COMMANDS, re.MULTILINE)
    assert row is not None
    flat = re.sub(r": (?:null or )?(\[\{.*?\}\]|\{.*?\}+)", "", row[1])
    return flat.split(", ")
