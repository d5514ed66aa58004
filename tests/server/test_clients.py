import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_server.clients import jsonc
from rlm_server.clients.entry import Launch
from rlm_server.clients.init import CARRIED, CARRIED_ADDRESSES, carried, init
from rlm_server.clients.merging import alone, merged, servers_in, without
from rlm_server.clients.places import Machine, Place, own_place, places
from rlm_server.command_line import ClientName
from rlm_server.errors import Misused

CLIENTS: tuple[ClientName, ...] = get_args(ClientName)
KEYS = (
    "RLM_KEY", "RLM_PASSPHRASE", "RLM_NEW_KEY", "RLM_NEW_PASSPHRASE", "RLM_MODEL_KEY",
    "RLM_API_KEY", "RLM_SUB_MODEL_KEY",
)  # fmt: skip
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


def place_of(client: ClientName) -> Place:
    return own_place(client, machine())


def entry_in(client: ClientName, text: str) -> dict[str, Any]:
    return servers_in(text, place_of(client))["rlm"]


def made(client: ClientName, old: str, launch: Launch = LAUNCH) -> str:
    return merged(client, launch, machine(), old, place_of(client))


@pytest.mark.parametrize(("client", "platform"), PLACES)
def test_each_client_is_configured_where_it_looks(client: ClientName, platform: str) -> None:
    assert own_place(client, machine(platform)).file == Path(PLACES[client, platform])


def test_folders_that_are_named_by_variables_are_taken() -> None:
    assert own_place("codex", machine(CODEX_HOME="/c")).file == Path("/c/config.toml")
    desktop = own_place("claude-desktop", machine(XDG_CONFIG_HOME="/x")).file
    assert desktop == Path("/x/Claude/claude_desktop_config.json")
    windows = machine("win32", APPDATA="/r")
    assert places("vscode", windows)[1].file == Path("/r/Code/User/mcp.json")


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


@pytest.mark.parametrize("client", CLIENTS)
def test_a_command_of_windows_comes_out_as_it_went_in(client: ClientName) -> None:
    command = "C:\\Users\\Zoë\\new tools\\Scripts\\rlm-mcp.exe"
    launch = Launch(command, ("D:\\src\\a b",))
    entry = entry_in(client, made(client, "", launch))
    assert (entry["command"], entry["args"]) == (command, ["serve", "--root", "D:\\src\\a b"])


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_person_added_to_our_entry_stays_when_it_is_written_anew(client: ClientName) -> None:
    own = {"args": ["serve", "--root", "/old", "--read-only"], "env": {"OTHER": "1"}, "disabled": 1}
    text = made(client, alone({"command": "gone", "url": "http://x", **own}, place_of(client)))
    entry = entry_in(client, text)
    roots = "/project" if client == "claude-desktop" else "/old"
    assert entry["args"] == ["serve", "--root", roots, "--read-only"]
    assert (entry["env"], entry["disabled"]) == ({"OTHER": "1", **dict(LAUNCH.env)}, 1)
    assert (entry["command"], "url" in entry) == ("/opt/rlm-mcp", False)
    again = made(client, text, Launch("/opt/rlm-mcp", ("/new",)))
    assert entry_in(client, again)["args"] == ["serve", "--root", "/new", "--read-only"]


OLD_JSON = """{
    // mine
    "inputs": [1, 2,], /* é */
    "servers": {
        "git": {"command": "git"} // keep
        // the end
    },
}
"""
OLD_TOML = """# mine
model = "o9"

[mcp_servers.git]
command = "git"

# the end
"""


def test_all_else_stays_letter_for_letter_and_taken_out_again_leaves_the_old_text() -> None:
    olds: dict[ClientName, str] = {"vscode": OLD_JSON, "codex": OLD_TOML}
    for client, old in olds.items():
        new = made(client, old)
        letters = iter(new)
        assert all(letter in letters for letter in old if not letter.isspace())
        assert without(new, place_of(client)).split() == old.split()
        moved = without(new.replace("/opt/", "/tmp/"), place_of(client))
        assert moved.split() == old.split()
    assert '\n        "rlm": {\n            "command"' in made("vscode", OLD_JSON)
    with_comma = OLD_JSON.replace('"git"}', '"git"},')
    assert servers_in(made("vscode", with_comma), place_of("vscode")).keys() == {"git", "rlm"}


@given(st.recursive(st.none() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3)
       | st.dictionaries(st.text(max_size=4), inner, max_size=4), max_leaves=12),
       st.sampled_from([None, 1, "\t"]), st.sampled_from([", ", ",", " , "]))  # fmt: skip
def test_putting_in_and_taking_out_change_one_member_of_any_json(
    held: object, indent: int | str | None, comma: str
) -> None:
    old = json.dumps({"a": held, "s": {"x": held}}, indent=indent, separators=(comma, ":"))
    new = jsonc.put(old, ("s", "rlm"), {"b": [1]})
    assert jsonc.read(new) == {"a": held, "s": {"x": held, "rlm": {"b": [1]}}}
    assert jsonc.read(jsonc.taken_out(new, ("s", "rlm"))) == {"a": held, "s": {"x": held}}
    assert jsonc.read(jsonc.taken_out(old, ("a",))) == {"s": {"x": held}}
    assert jsonc.read(jsonc.put(old, ("n", "m"), held))["n"] == {"m": held}


@pytest.mark.parametrize(
    ("client", "old"),
    [
        ("vscode", '{"servers": {} /* mine }'), ("vscode", "[]"), ("cursor", '{"mcpServers": 3}'),
        ("claude-code", '{"mcpServers": {"rlm": {}, "rlm": {}}'), ("cursor", "{'a': 1}"),
        ("codex", "a = "), ("codex", "mcp_servers = {}"), ("codex", "mcp_servers = 3"),
        ("codex", '[mcp_servers.rlm]\n# mine\ncommand = "other"'),
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
    taken = init("claude-code", tmp_path, (), environ, remove=True)
    assert (taken.fields["written"], '-      "command": ' in taken.text) == (True, True)
    assert json.loads((tmp_path / ".mcp.json").read_text()) == {"mcpServers": {}}
    assert not init("claude-code", tmp_path, (), environ, remove=True).fields["changed"]


def test_every_variable_that_is_read_goes_into_the_entry_or_is_a_key_and_is_documented() -> None:
    top = Path(__file__).parents[2]
    rooms = ("server", "tools", "engine", "memory", "crystal", "sandbox")
    sources = [path.read_text() for room in rooms for path in (top / room).rglob("rlm_*/**/*.py")]
    known = {*CARRIED, *CARRIED_ADDRESSES, *KEYS}
    assert {name for text in sources for name in re.findall(r'"(RLM_[A-Z_]+)"', text)} == known
    documented = (top / "docs" / "commands.md").read_text()
    assert [name for name in sorted(known) if f"`{name}`" not in documented] == []


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
