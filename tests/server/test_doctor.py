"""What doctor tells of the clients that start us, and of the models that answer."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from rlm_server.clients.inspecting import Inspected, inspected
from rlm_server.clients.places import Machine, own_place
from rlm_server.command_line import ClientName
from rlm_server.doctor.clients import clients
from rlm_server.doctor.models import models_asked
from rlm_server.doctor.surroundings import disk, home, watch
from scripted_server import Reply, scripted_server


@pytest.fixture
def here(tmp_path: Path) -> Machine:
    (tmp_path / "project").mkdir()
    script = tmp_path / "bin" / "rlm-mcp"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\n")
    script.chmod(0o755)
    environ = {"PATH": str(script.parent)}
    return Machine(tmp_path, tmp_path / "project", environ, "linux")


def written(client: ClientName, machine: Machine, text: str) -> None:
    file = own_place(client, machine).file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def seen(client: ClientName, machine: Machine, **entry: Any) -> Inspected:
    script = str(machine.home / "bin" / "rlm-mcp")
    place = own_place(client, machine)
    whole = {"command": script, "args": ["serve"], **entry}
    written(client, machine, json.dumps({place.names[0]: {"rlm": whole}}))
    (found,) = inspected(client, machine, script)
    return found


def test_a_sound_entry_has_no_faults_and_one_that_was_never_written_is_not_missed(
    here: Machine,
) -> None:
    assert list(inspected("cursor", here, "")) == []
    env = {"RLM_MODEL": "ollama/a", "RLM_KEY": "${env:RLM_KEY}", "RLM_HOME": "/other"}
    sound = seen("vscode", here, args=["serve", "--root", "${workspaceFolder}"], env=env)
    assert (sound.faults, sound.fix) == ((), "")
    assert sound.told.endswith("rlm-mcp, with a home of its own (/other)")


@pytest.mark.parametrize(
    ("client", "entry", "fault", "fix"),
    [
        ("cursor", {"command": "/gone/rlm-mcp"}, "the command is gone", "rlm-mcp init cursor"),
        ("cursor", {"command": "rlm-mcp"}, "no absolute path", "rlm-mcp init cursor"),
        ("claude-code", {"command": "rlm-gone"}, "is not on your PATH", "init claude-code"),
        ("cursor", {"command": ""}, "names no command", "init cursor"),
        ("cursor", {"command": "\\\\host\\share\\rlm-mcp"}, "on another machine", "init cursor"),
        ("claude-code", {"command": "python3"}, "stand in for a module", "init claude-code"),
        ("cursor", {"args": ["search"]}, "starts 'search' and not serve", "init cursor"),
        ("cursor", {"args": ["serve", "--root=/gone"]}, "root /gone is gone", "--root DIR"),
        ("cursor", {"args": ["serve", "--root", "src"]}, "src is relative", "--root DIR"),
        ("claude-desktop", {}, "names no --root", "init claude-desktop --root DIR"),
        ("cursor", {"env": {"RLM_KEY": "k3y"}}, "RLM_KEY stands in clear", "take RLM_KEY out"),
        ("cursor", {"env": {"RLM_ROUTE": "x"}}, "RLM_ROUTE is 'x'; give auto or loop", "mend it"),
    ],
)
def test_each_fault_of_an_entry_is_told_with_its_fix(
    here: Machine, client: ClientName, entry: Mapping[str, Any], fault: str, fix: str
) -> None:
    found = seen(client, here, **entry)
    assert fault in " ".join(found.faults)
    assert fix in found.fix
    assert "k3y" not in str(found)


@pytest.mark.parametrize("odd", ["/a\0b", "/" + "a" * 5_000, "\ud800", 5, None, [1], {"a": 1}, ""])
def test_whatever_stands_in_an_entry_is_looked_at_and_never_raised(
    here: Machine, odd: object
) -> None:
    for client in get_args(ClientName):
        if client != "codex":
            for entry in ({"command": odd}, {"args": ["serve", "--root", odd]}, {"args": odd}):
                assert seen(client, here, **entry).told
            assert seen(client, here, command=None, url=odd, env={"RLM_HOME": odd}).told


@pytest.mark.parametrize(
    "script", ["#!/gone/python -E\n", '#!/bin/sh\n\'\'\'exec\' "/gone/python" "$0" "$@"\n']
)
def test_a_script_without_its_python_is_told(here: Machine, script: str) -> None:
    (here.home / "bin" / "rlm-mcp").write_text(script)
    assert seen("cursor", here).faults == ("its interpreter /gone/python is gone",)


@pytest.mark.parametrize(
    "url", ["https://me:canary@host.example/mcp?token=canary", "https://[canary"]
)
def test_an_address_is_told_by_its_host_only(here: Machine, url: str) -> None:
    entry = json.dumps({"mcpServers": {"rlm": {"url": url}}})
    written("cursor", here, entry)
    (found,) = inspected("cursor", here, "")
    assert "canary" not in found.told
    assert found.told.endswith(("host.example", "an address that is none"))


@pytest.mark.parametrize(
    ("client", "text", "told"),
    [
        ("claude-desktop", '{"mcpServers": {} // mine\n}', "takes no comments"),
        ("cursor", '{"mcpServers": {', "cannot be read"),
        ("codex", "a = ", "cannot be read"),
        pytest.param("codex", "a = " + "[" * 9_999, "cannot be read", id="nested too deep"),
        pytest.param("codex", "a = " + "1" * 9_999, "cannot be read", id="too long a number"),
        ("vscode", '{"mcpServers": {"rlm": {"command": "x"}}}', "stands under 'mcpServers'"),
    ],
)
def test_a_file_that_the_client_cannot_use_is_told(
    here: Machine, client: ClientName, text: str, told: str
) -> None:
    written(client, here, text)
    (found,) = inspected(client, here, "")
    assert told in found.faults[0]
    assert found.fix == f"mend {own_place(client, here).file}"


def test_entries_of_the_person_and_under_another_name_are_found(here: Machine) -> None:
    entry = {"command": "/gone/rlm-mcp", "args": ["serve"]}
    project = {str(here.project): {"mcpServers": {"mine": entry}}}
    everywhere = {"projects": project, "mcpServers": {"git": {"command": "git"}}}
    (here.home / ".claude.json").write_text(json.dumps(everywhere))
    (found,) = inspected("claude-code", here, "")
    assert found.fix == (
        f"take 'mine' out of {here.home / '.claude.json'}, then rlm-mcp init claude-code"
    )


def test_doctor_lists_each_client_and_those_that_are_not_connected_together(
    here: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(here.home))
    monkeypatch.setenv("USERPROFILE", str(here.home))
    seen("claude-code", here, command="/gone/rlm-mcp")
    findings = list(clients({}, here.project))
    assert [(one.part, one.ok, one.needed) for one in findings] == [
        ("client claude-code", False, False),
        ("clients", True, False),
    ]
    assert "cursor, vscode, codex" in findings[1].seen


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has access lists")
def test_a_home_that_others_may_look_into_is_told(tmp_path: Path) -> None:
    environ = {"RLM_HOME": str(tmp_path)}
    assert home(environ).ok
    (tmp_path / "data").mkdir(mode=0o755)
    found = home(environ)
    assert (found.ok, found.fix) == (False, f"chmod 700 {tmp_path / 'data'}")
    assert disk(environ).ok
    assert watch([tmp_path]).part == "watch"


def test_models_are_asked_where_that_is_wanted() -> None:
    with scripted_server(lambda _: Reply("yes")) as server:
        environ = {"RLM_MODEL": "any-name", "RLM_MODEL_URL": server.url}
        assert [(one.part, one.ok) for one in models_asked(environ)] == [("model any-name", True)]
    (gone,) = models_asked({**environ, "RLM_MODEL_URL": "http://127.0.0.1:9/v1"})
    assert (gone.ok, "cannot be reached" in gone.seen, "RLM_MODEL_URL" in gone.fix) == (
        False, True, True,
    )  # fmt: skip
    assert list(models_asked({})) == []
