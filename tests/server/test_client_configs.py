import json
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from rlm_server.client_configs import Launch, Machine, config_path, merged
from rlm_server.command_line import ClientName
from rlm_server.errors import Misused
from rlm_server.init_command import CARRIED, CARRIED_ADDRESSES, carried, init

CLIENTS: tuple[ClientName, ...] = get_args(ClientName)
KEYS = (
    "RLM_KEY", "RLM_PASSPHRASE", "RLM_NEW_KEY", "RLM_NEW_PASSPHRASE", "RLM_MODEL_KEY",
    "RLM_API_KEY", "RLM_SUB_MODEL_KEY",
)  # fmt: skip
VARIABLE = re.compile(r"`(RLM_[A-Z_]+)`")
LAUNCH = Launch("/opt/rlm-mcp", env=(("RLM_MODEL", 'a "b" \\ c'),))
PLACES = {
    ("claude-code", "linux"): "/project/.mcp.json",
    ("cursor", "linux"): "/project/.cursor/mcp.json",
    ("vscode", "linux"): "/project/.vscode/mcp.json",
    ("codex", "linux"): "/home/somebody/.codex/config.toml",
    ("claude-desktop", "linux"): "/home/somebody/.config/Claude/claude_desktop_config.json",
    ("claude-desktop", "darwin"): (
        "/home/somebody/Library/Application Support/Claude/claude_desktop_config.json"
    ),
    ("claude-desktop", "win32"): "/home/somebody/AppData/Roaming/Claude/claude_desktop_config.json",
}


def machine(platform: str = "linux", **environ: str) -> Machine:
    return Machine(Path("/home/somebody"), Path("/project"), environ, platform)


def entry_in(client: ClientName, text: str) -> dict[str, Any]:
    if client == "codex":
        return tomllib.loads(text)["mcp_servers"]["rlm"]
    return json.loads(text)["servers" if client == "vscode" else "mcpServers"]["rlm"]


def made(client: ClientName, old: str, launch: Launch = LAUNCH) -> str:
    return merged(client, launch, machine(), old, Path("/there"))


@pytest.mark.parametrize(("client", "platform"), PLACES)
def test_each_client_is_configured_where_it_looks(client: ClientName, platform: str) -> None:
    assert config_path(client, machine(platform)) == Path(PLACES[client, platform])


def test_folders_that_are_named_by_variables_are_taken() -> None:
    assert config_path("codex", machine(CODEX_HOME="/c")) == Path("/c/config.toml")
    desktop = config_path("claude-desktop", machine(XDG_CONFIG_HOME="/x"))
    assert desktop == Path("/x/Claude/claude_desktop_config.json")


@pytest.mark.parametrize("client", CLIENTS)
def test_an_entry_says_command_arguments_and_variables_and_made_again_changes_nothing(
    client: ClientName,
) -> None:
    text = made(client, "")
    entry = entry_in(client, text)
    assert (entry["command"], entry["args"][0]) == ("/opt/rlm-mcp", "serve")
    assert entry["env"] == dict(LAUNCH.env)
    assert made(client, text) == text
    rooted = entry_in(client, made(client, "", Launch("/opt/rlm-mcp", ("/a b", "/c"))))
    assert rooted["args"] == ["serve", "--root", "/a b", "--root", "/c"]
    assert "env" not in rooted


def test_what_else_a_configuration_holds_stays_as_it_is() -> None:
    old = json.dumps({"other": [1, "é"], "mcpServers": {"git": {"command": "git"}}}, indent="\t")
    new = made("cursor", old)
    assert '\n\t\t"git"' in new
    whole = json.loads(new)
    assert (whole["other"], whole["mcpServers"]["git"]) == ([1, "é"], {"command": "git"})
    toml = '# mine\nmodel = "o9"\n\n[mcp_servers.git]\ncommand = "git"'
    assert made("codex", toml).startswith(toml)
    assert tomllib.loads(made("codex", toml))["mcp_servers"]["git"] == {"command": "git"}


@pytest.mark.parametrize(
    ("client", "old"),
    [
        ("vscode", '{"servers": {} /* mine */}'), ("vscode", "[]"), ("cursor", '{"mcpServers": 3}'),
        ("codex", "a = "), ("codex", "mcp_servers = {}"), ("codex", "mcp_servers = 3"),
        ("codex", '[mcp_servers.rlm]\ncommand = "other"'),
    ],
)  # fmt: skip
def test_what_cannot_be_added_to_is_left_alone_and_the_entry_shown(
    client: ClientName, old: str
) -> None:
    with pytest.raises(Misused, match="left alone") as refused:
        made(client, old)
    assert '"/opt/rlm-mcp"' in str(refused.value)


def test_a_dry_run_writes_nothing_and_keys_are_never_written(tmp_path: Path) -> None:
    environ = {"RLM_MODEL": "ollama/qwen3", "RLM_KEY": "k3y", "OPENAI_API_KEY": "sk-1"}
    shown = init("claude-code", tmp_path, (), environ, dry_run=True)
    assert '+      "command": ' in shown.text
    assert list(tmp_path.iterdir()) == []
    assert init("claude-code", tmp_path, (), environ).fields["written"]
    text = (tmp_path / ".mcp.json").read_text()
    assert "ollama/qwen3" in text
    assert "k3y" not in text
    assert "sk-1" not in text
    assert not init("claude-code", tmp_path, (), environ).fields["changed"]


def test_every_documented_variable_goes_into_the_entry_or_is_a_key() -> None:
    table = (Path(__file__).parents[2] / "docs" / "commands.md").read_text().partition("## Env")[2]
    documented = {
        name for row in re.findall(r"(?m)^\| .*", table) for name in VARIABLE.findall(row)
    }
    assert documented == {*CARRIED, *CARRIED_ADDRESSES, *KEYS}


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("http://user:pass@host:8/v1?key=k#x", "http://host:8/v1"), ("host:8080", "host:8080"),
        ("user:pass@host/v1", "host/v1"), ("http://user:pa/ss@host", None), ("?key=k", None),
    ],
)  # fmt: skip
def test_an_address_goes_into_the_entry_without_what_may_be_a_key(
    address: str, written: str | None
) -> None:
    environ = {"RLM_MODEL_URL": address, "RLM_MODEL_KEY": "k", "RLM_REDACT": "a+\nb"}
    kept = carried(environ)
    assert (kept.get("RLM_MODEL_URL"), kept["RLM_REDACT"]) == (written, "a+\nb")
    assert "RLM_MODEL_KEY" not in kept


def test_a_project_cannot_have_another_file_written(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "settings.json"
    project.mkdir()
    outside.write_text("{}")
    (project / ".mcp.json").symlink_to(outside)
    with pytest.raises(Misused, match="outside of the project"):
        init("claude-code", project, (), {})
    assert outside.read_text() == "{}"
    assert init("claude-code", project, (), {}, file=str(outside)).fields["written"]
    assert (project / ".mcp.json").is_symlink()
