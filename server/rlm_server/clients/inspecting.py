"""What is wrong with the entries by which clients start us. Nothing that is named there is run.

A project may be hostile, and its files say what a client would start: they are looked at only, and
a path that leads to another machine is not even that.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, Final
from urllib.parse import urlsplit

from rlm_server.clients import jsonc, toml_table
from rlm_server.clients.entry import as_table, as_texts, roots_in
from rlm_server.clients.merging import servers_in
from rlm_server.clients.places import NAME, Machine, Place, own_place, places
from rlm_server.command_line import ClientName
from rlm_server.errors import SettingRefused
from rlm_server.settings import Operator

_SCRIPT: Final = "rlm-mcp"
_DESKTOP: Final[frozenset[ClientName]] = frozenset({"claude-desktop", "cursor", "vscode"})
_STRICT: Final[frozenset[ClientName]] = frozenset({"claude-desktop", "claude-code"})
_PYTHON: Final = re.compile(r"py(thon)?[\d.]*w?", re.IGNORECASE)
_KEY: Final = re.compile(r".*(_KEY|_TOKEN|_SECRET|PASSPHRASE|PASSWORD)", re.DOTALL)
_SHEBANG: Final = re.compile(rb"#!/bin/sh\s+'''exec'\s+\"?([^\"\n]+?)\"? \"\$0\"|#!\s*([^\n]+)")
_SHEBANG_BYTES: Final = 1_024
_FILE_BYTES_MAX: Final = 64 << 20
_PLACEHOLDER: Final = "${"


@dataclass(frozen=True, slots=True)
class Inspected:
    """One configuration that has to do with us: what it says, what is wrong with it, the fix."""

    client: ClientName
    file: Path
    told: str
    faults: tuple[str, ...] = ()
    fix: str = ""


@dataclass(frozen=True, slots=True)
class _Fault:
    told: str
    fix: str = ""


def inspected(client: ClientName, machine: Machine, script: str) -> Iterator[Inspected]:
    """Each entry of ours that the client knows of, and each file of its that cannot be read.

    `script` is the command of this installation.
    """
    for place in places(client, machine):
        try:
            servers = _servers(client, place)
        except (jsonc.NotJson, toml_table.NotToml, UnicodeDecodeError) as error:
            told = f"{place.file} cannot be read by the client: {error}"
            yield Inspected(client, place.file, "", (told,), f"mend {place.file}")
            continue
        except OSError as error:
            told = f"{place.file}: {error.strerror or error}"
            yield Inspected(client, place.file, "", (told,), f"make {place.file} readable")
            continue
        for name, value in servers.items():
            entry = as_table(value)
            if name == NAME or _is_our_script(str(entry.get("command", ""))):
                faults = tuple(_faults_of(client, entry, place, machine))
                usual = f"rlm-mcp init {client}"
                if place != own_place(client, machine) or name != NAME:
                    usual = f"take {name!r} out of {place.file}, then {usual}"
                fixes = dict.fromkeys(fault.fix or usual for fault in faults)
                yield Inspected(
                    client,
                    place.file,
                    _told(name, entry, script, machine),
                    tuple(fault.told for fault in faults),
                    "; ".join(fixes),
                )


def _servers(client: ClientName, place: Place) -> dict[str, Any]:
    """What the client finds in this place; nothing where there is no file."""
    try:
        if place.file.stat().st_size > _FILE_BYTES_MAX:
            raise jsonc.NotJson("it is too large")
        text = place.file.read_bytes().decode("utf-8-sig") if place.file.is_file() else ""
    except FileNotFoundError:
        return {}
    servers = servers_in(text, place)
    if client in _STRICT and text.strip():
        try:
            json.loads(text)
        except ValueError as error:
            raise jsonc.NotJson(f"{error}; it takes no comments and no comma at an end") from None
    if not servers and not place.is_toml:
        other = "mcpServers" if client == "vscode" else "servers"
        if NAME in as_table(jsonc.read(text).get(other)):
            raise jsonc.NotJson(f"{NAME!r} stands under {other!r}, not {place.names[-1]!r}")
    return servers


def _told(name: str, entry: Mapping[str, Any], script: str, machine: Machine) -> str:
    command = str(entry.get("command") or "")
    told = (
        f"{name!r} starts {command}" if command else f"{name!r} is at {_place_of(entry.get('url'))}"
    )
    found = _found(command, machine) if _is_our_script(command) else None
    if found is not None and found.resolve() != Path(script).resolve():
        told += ", another installation than this one"
    home = as_table(entry.get("env")).get("RLM_HOME", "")
    if home and home != machine.environ.get("RLM_HOME", ""):
        told += f", with a home of its own ({home})"
    return told + (", turned off" if entry.get("disabled") is True else "")


def _faults_of(
    client: ClientName, entry: Mapping[str, Any], place: Place, machine: Machine
) -> Iterator[_Fault]:
    command = entry.get("command")
    if command is None and ("url" in entry or "serverUrl" in entry):
        return  # a server that somebody else started
    if not isinstance(command, str) or not command:
        yield _Fault("the entry names no command")
        return
    arguments = as_texts(entry.get("args"))
    yield from _faults_of_command(client, command, machine)
    first = next(iter(arguments), "serve")
    if _is_our_script(command) and first != "serve" and not first.startswith("-"):
        yield _Fault(f"it starts {first!r} and not serve")
    yield from _faults_of_roots(client, arguments)
    yield from _faults_of_variables(as_table(entry.get("env")), place, machine)


def _faults_of_command(client: ClientName, command: str, machine: Machine) -> Iterator[_Fault]:
    name = PureWindowsPath(command).stem if machine.platform == "win32" else Path(command).name
    if _PLACEHOLDER in command:
        return
    if _is_elsewhere(command):
        yield _Fault("the command is on another machine")
        return
    if _PYTHON.fullmatch(name):
        yield _Fault("a file of the workspace can stand in for a module of Python")
    found = _found(command, machine)
    if found is None:
        where = "is gone" if _is_absolute(command, machine) else "is not on your PATH"
        yield _Fault(f"the command {where}")
    elif not os.access(found, os.X_OK):
        yield _Fault("the command may not be executed")
    elif (interpreter := _interpreter(found)) and not _stands(Path(interpreter).exists):
        yield _Fault(f"its interpreter {interpreter} is gone")
    elif client in _DESKTOP and not _is_absolute(command, machine):
        yield _Fault("the command is no absolute path, and a desktop application has another PATH")


def _faults_of_roots(client: ClientName, arguments: list[str]) -> Iterator[_Fault]:
    roots = roots_in(arguments)
    fix = f"rlm-mcp init {client} --root DIR"
    for root in roots:
        if _PLACEHOLDER in root or _is_elsewhere(root):
            continue
        if not Path(root).is_absolute():
            yield _Fault(f"the root {root} is relative to wherever the client starts", fix)
        elif not _stands(Path(root).is_dir):
            yield _Fault(f"the root {root} is gone", fix)
    if client == "claude-desktop" and not roots:
        yield _Fault("it names no --root, and the application starts in no project", fix)


def _faults_of_variables(
    env: Mapping[str, Any], place: Place, machine: Machine
) -> Iterator[_Fault]:
    given = {
        name: value
        for name, value in env.items()
        if isinstance(value, str) and value and _PLACEHOLDER not in value
    }
    if place.file.is_relative_to(machine.project):
        for name in given:
            if _KEY.fullmatch(name):
                yield _Fault(
                    f"{name} stands in clear in a file of the project",
                    f"take {name} out of {place.file} and set it where the client is started",
                )
    try:
        Operator.from_environ({name: given[name] for name in given if name.startswith("RLM_")})
    except SettingRefused as error:
        told = str(error).removesuffix(".")
        yield _Fault(f"the server would not start: {told}", f"mend it in {place.file}")


def _is_our_script(command: str) -> bool:
    return PureWindowsPath(command).stem == _SCRIPT or Path(command).name == _SCRIPT


def _is_elsewhere(path: str) -> bool:
    """Whether asking for it would ask another machine, and tell that who is asking."""
    return path.replace("\\", "/").startswith("//")


def _place_of(url: object) -> str:
    """The host of an address, without what may be a secret in it."""
    try:
        return urlsplit(str(url or "")).netloc.rpartition("@")[2] or "no address"
    except ValueError:
        return "an address that is none"


def _is_absolute(command: str, machine: Machine) -> bool:
    path = PureWindowsPath(command) if machine.platform == "win32" else Path(command)
    return path.is_absolute()


def _found(command: str, machine: Machine) -> Path | None:
    if not command or _PLACEHOLDER in command or _is_elsewhere(command):
        return None
    if _is_absolute(command, machine):
        return Path(command) if _stands(Path(command).is_file) else None
    found = shutil.which(command, path=machine.environ.get("PATH"))
    return Path(found) if found and _stands(Path(found).is_file) else None


def _stands(ask: Callable[[], bool]) -> bool:
    """Whether something is there; a name that no file can have is not."""
    try:
        return ask()
    except OSError:
        return False


def _interpreter(script: Path) -> str:
    """The absolute path of the Python that runs a script; nothing for a program."""
    with script.open("rb") as file:
        found = _SHEBANG.match(file.read(_SHEBANG_BYTES))
    if found is None:
        return ""
    told = os.fsdecode(found[1] or next(iter(found[2].split()), b""))
    return told if Path(told).is_absolute() else ""
