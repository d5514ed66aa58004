"""Where each client keeps its servers, on each system."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rlm_server.command_line import ClientName

NAME: Final = "rlm"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the places of configurations depend on."""

    home: Path
    project: Path
    environ: Mapping[str, str]
    platform: str


@dataclass(frozen=True, slots=True)
class Place:
    """A file, in JSON or TOML, and under which names in it the servers stand."""

    file: Path
    names: tuple[str, ...]
    is_toml: bool = False


def own_place(client: ClientName, machine: Machine) -> Place:
    """Where we write: in the project where the client has a file there, else in the person's."""
    match client:
        case "claude-code":
            return Place(machine.project / ".mcp.json", ("mcpServers",))
        case "cursor":
            return Place(machine.project / ".cursor" / "mcp.json", ("mcpServers",))
        case "vscode":
            return Place(machine.project / ".vscode" / "mcp.json", ("servers",))
        case "codex":
            folder = machine.environ.get("CODEX_HOME", "") or str(machine.home / ".codex")
            return Place(Path(folder) / "config.toml", ("mcp_servers",), is_toml=True)
        case "claude-desktop":
            file = _settings_folder(machine) / "Claude" / "claude_desktop_config.json"
            return Place(file, ("mcpServers",))


def places(client: ClientName, machine: Machine) -> tuple[Place, ...]:
    """Everywhere the client looks for servers of this project, ours first."""
    own = own_place(client, machine)
    match client:
        case "claude-code":
            file = machine.home / ".claude.json"
            # On Windows a project was written with slashes by some versions, not by all.
            spelled = dict.fromkeys((machine.project.as_posix(), str(machine.project)))
            of_project = (Place(file, ("projects", name, "mcpServers")) for name in spelled)
            return own, *of_project, Place(file, ("mcpServers",))
        case "cursor":
            return own, Place(machine.home / ".cursor" / "mcp.json", ("mcpServers",))
        case "vscode":
            file = _settings_folder(machine) / "Code" / "User" / "mcp.json"
            return own, Place(file, ("servers",))
        case "codex":
            file = machine.project / ".codex" / "config.toml"
            return own, replace(own, file=file)
        case "claude-desktop":
            return (own,)


def _settings_folder(machine: Machine) -> Path:
    """Where desktop applications of this system keep their settings."""
    if machine.platform == "darwin":
        return machine.home / "Library" / "Application Support"
    if machine.platform == "win32":
        roaming = machine.environ.get("APPDATA", "")
        return Path(roaming) if roaming else machine.home / "AppData" / "Roaming"
    config = machine.environ.get("XDG_CONFIG_HOME", "")
    return Path(config) if config else machine.home / ".config"
