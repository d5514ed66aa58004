"""Where each MCP client keeps its servers, and our entry in that file beside all that is there."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from rlm_server.command_line import ClientName
from rlm_server.errors import Misused

NAME: Final = "rlm"
_WORKSPACE: Final = "${workspaceFolder}"
_INDENT: Final = re.compile(r"\n([ \t]+)")
# Codex waits for ten seconds and a minute by default; a question may take longer.
_CODEX_SECONDS: Final = {"startup_timeout_sec": 30, "tool_timeout_sec": 300}


@dataclass(frozen=True, slots=True)
class Machine:
    """What the places of configurations depend on."""

    home: Path
    project: Path
    environ: Mapping[str, str]
    platform: str


@dataclass(frozen=True, slots=True)
class Launch:
    """How a client starts the server: an absolute command, its roots, and variables for it."""

    command: str
    roots: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()

    def entry(self, roots: Sequence[str], **more: Any) -> dict[str, Any]:
        """The form that most clients read."""
        arguments = ["serve"]
        for root in self.roots or roots:
            arguments += ["--root", root]
        entry: dict[str, Any] = {**more, "command": self.command, "args": arguments}
        return {**entry, "env": dict(self.env)} if self.env else entry


def config_path(client: ClientName, machine: Machine) -> Path:
    """The file that the client reads: of the project where it has one, else of the person."""
    match client:
        case "claude-code":
            return machine.project / ".mcp.json"
        case "cursor":
            return machine.project / ".cursor" / "mcp.json"
        case "vscode":
            return machine.project / ".vscode" / "mcp.json"
        case "codex":
            folder = machine.environ.get("CODEX_HOME", "") or str(machine.home / ".codex")
            return Path(folder) / "config.toml"
        case _:
            return _desktop_folder(machine) / "claude_desktop_config.json"


def merged(client: ClientName, launch: Launch, machine: Machine, old: str, path: Path) -> str:
    """The whole text of the file with our entry in it, all else as it was.

    Misused where the text cannot be understood, with the entry to put there by hand.
    """
    if client == "codex":
        return _merged_toml(launch, old, path)
    key = "servers" if client == "vscode" else "mcpServers"
    match client:
        case "vscode":
            entry = launch.entry([_WORKSPACE], type="stdio")
        case "cursor":
            entry = launch.entry([_WORKSPACE])
        case "claude-desktop":
            entry = launch.entry([str(machine.project)])
        case _:
            entry = launch.entry([])
    return _merged_json(key, entry, old, path)


def _merged_json(key: str, entry: dict[str, Any], old: str, path: Path) -> str:
    by_hand = json.dumps({key: {NAME: entry}}, indent=2, ensure_ascii=False)
    try:
        whole: object = json.loads(old) if old.strip() else {}
    except ValueError as error:
        raise Misused(
            f"{path} is no plain JSON ({error}), so it is left alone. Put this there:\n{by_hand}"
        ) from None
    fields = _table(whole)
    servers = None if fields is None else _table(fields.get(key, {}))
    if fields is None or servers is None:
        raise Misused(f"{path} has another form, so it is left alone. Put this there:\n{by_hand}")
    changed = {**fields, key: {**servers, NAME: entry}}
    indent = _INDENT.search(old)
    return json.dumps(changed, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n"


def _merged_toml(launch: Launch, old: str, path: Path) -> str:
    wanted = launch.entry([]) | _CODEX_SECONDS
    block = _toml_block(wanted)
    new = f"{old.rstrip()}\n\n{block}".lstrip()
    try:
        before = tomllib.loads(old)
        if _table(before.get("mcp_servers", {})) == {} or NAME not in before["mcp_servers"]:
            tomllib.loads(new)  # what is written in one line cannot be added to
            return new
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise Misused(
            f"{path} cannot be added to ({error}), so it is left alone. Put this there:\n{block}"
        ) from None
    if before["mcp_servers"][NAME] == wanted:
        return old
    raise Misused(
        f"{path} has another [mcp_servers.{NAME}], so it is left alone. Put this in its"
        f" place:\n{block}"
    )


def _table(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _toml_block(entry: Mapping[str, Any]) -> str:
    lines = [f"[mcp_servers.{NAME}]"]
    for key, value in entry.items():
        if isinstance(value, dict):
            pairs = ", ".join(
                f"{name} = {_toml(text)}" for name, text in cast("dict[str, str]", value).items()
            )
            lines.append(f"{key} = {{ {pairs} }}")
        else:
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """A text, a number or a list of texts: JSON writes these as TOML does."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def _desktop_folder(machine: Machine) -> Path:
    if machine.platform == "darwin":
        return machine.home / "Library" / "Application Support" / "Claude"
    if machine.platform == "win32":
        roaming = machine.environ.get("APPDATA", "")
        return (Path(roaming) if roaming else machine.home / "AppData" / "Roaming") / "Claude"
    config = machine.environ.get("XDG_CONFIG_HOME", "")
    return (Path(config) if config else machine.home / ".config") / "Claude"
