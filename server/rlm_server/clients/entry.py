"""How a client starts us: our entry, and what of an older one stays in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from rlm_server.clients.places import Machine
from rlm_server.command_line import ClientName

_WORKSPACE: Final = "${workspaceFolder}"
# Codex waits for ten seconds and a minute by default; a question may take longer.
_CODEX_SECONDS: Final = {"startup_timeout_sec": 30, "tool_timeout_sec": 300}
# Of an entry that led to a server elsewhere nothing of this holds for a command.
_OF_ADDRESSES: Final = frozenset({"url", "serverUrl", "headers", "http_headers", "type"})


@dataclass(frozen=True, slots=True)
class Launch:
    """How a client starts the server: an absolute command, its roots, and variables for it."""

    command: str
    roots: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


def entry_for(
    client: ClientName, launch: Launch, machine: Machine, old: Mapping[str, Any]
) -> dict[str, Any]:
    """The entry: of an `old` one the person's own fields and variables stay."""
    more: dict[str, Any] = {}
    named, usual = launch.roots, ()
    match client:
        case "vscode":
            usual, more = (_WORKSPACE,), {"type": "stdio"}
        case "cursor":
            usual = (_WORKSPACE,)
        case "claude-desktop":
            named = named or (str(machine.project),)
        case "codex":
            more = dict(_CODEX_SECONDS)
        case "claude-code":
            pass
    kept = {key: value for key, value in old.items() if key not in _OF_ADDRESSES}
    ours = {"command": launch.command, "args": _arguments(old.get("args"), named, usual)}
    env = {**as_table(old.get("env")), **dict(launch.env)}
    return {**ours, **more, **kept, **ours, **({"env": env} if env else {})}


def roots_in(arguments: Sequence[str]) -> tuple[str, ...]:
    """The folders that these arguments of ours name."""
    return tuple(_parted(arguments)[0])


def as_table(value: object) -> dict[str, Any]:
    """A table of a configuration; an empty one for anything else."""
    return {**cast("dict[str, Any]", value)} if isinstance(value, dict) else {}


def as_texts(value: object) -> list[str]:
    """A list of texts of a configuration; an empty one for anything else."""
    texts = cast("list[object]", value) if isinstance(value, list) else []
    return [each for each in texts if isinstance(each, str)]


def _arguments(old: object, named: Sequence[str], usual: Sequence[str]) -> list[str]:
    """Ours, with the options that a person gave; the roots named now, else those of before."""
    given = as_texts(old)
    before, options = _parted(given[1:] if given[:1] == ["serve"] else [])
    told: list[str] = []
    for root in named or before or usual:
        told += ["--root", root]
    return ["serve", *told, *options]


def _parted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The roots named in these arguments, and the arguments that name none."""
    roots: list[str] = []
    others: list[str] = []
    rest = iter(arguments)
    for each in rest:
        if each == "--root":
            roots += [next(rest, "")]
        elif each.startswith("--root="):
            roots.append(each.removeprefix("--root="))
        else:
            others.append(each)
    return roots, others
