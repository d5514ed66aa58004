"""`rlm-mcp init CLIENT`: writes our entry into the configuration of a client, or shows it."""

import re
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path
from typing import Final

from rlm_crystal.atomic import replace_file
from rlm_sandbox.redact import Redaction

from rlm_server.clients.entry import Launch
from rlm_server.clients.merging import merged, without
from rlm_server.clients.places import Machine, own_place
from rlm_server.command_line import ClientName
from rlm_server.commands import Told
from rlm_server.errors import Misused

# What is set now and holds for the server too. Keys are no part of any file we write.
CARRIED: Final = (
    "RLM_HOME", "RLM_MODEL", "RLM_SUB_MODEL", "RLM_MODELS", "RLM_MODEL_TABLE", "RLM_PRICES",
    "RLM_REPLY_TIMEOUT", "RLM_MAX_COST_USD", "RLM_SUMMARY_USD", "RLM_ROUTE", "RLM_EMBEDDER",
    "RLM_SANDBOX", "RLM_CODE_PROFILE", "RLM_CODE_MODULES", "RLM_REDACT", "RLM_REDACT_EMAILS",
    "RLM_TRACE_PROMPTS", "RLM_TRACE_DAYS", "RLM_SPANS", "RLM_TOOLSET",
    "RLM_MEMORY_ZONE", "RLM_MEMORY_AGENT", "RLM_MEMORY_USD",
)  # fmt: skip
# Of these without user, password and query, which may be keys.
CARRIED_ADDRESSES: Final = ("RLM_MODEL_URL", "RLM_API_BASE", "RLM_SUB_MODEL_URL")
_ADDRESS: Final = re.compile(
    r"(?P<scheme>(?:[a-z][a-z0-9+.-]*://)?)(?:[^/?#]*@)?(?P<place>[^?#@]*)(?:[?#].*)?", re.I | re.S
)
_NEXT: Final[dict[ClientName, str]] = {
    "claude-code": "Start claude in the project, allow the server, and see /mcp.",
    "claude-desktop": "Quit Claude Desktop and start it again.",
    "cursor": "Turn the server on in Cursor's settings, under MCP.",
    "vscode": "Open the file in VS Code and choose Start above the entry.",
    "codex": "Start codex anew and see /mcp.",
}


def init(
    client: ClientName,
    project: Path,
    roots: tuple[Path, ...],
    environ: Mapping[str, str],
    *,
    file: str = "",
    dry_run: bool = False,
    remove: bool = False,
) -> Told:
    """Put the server into the client's configuration, or take it out; all else stays as it is.

    `roots` are those that were named; without any the client's own project is served.
    """
    machine = Machine(Path.home(), project.resolve(), environ, sys.platform)
    place = own_place(client, machine)
    path = Path(file).expanduser().resolve() if file else _own_file(place.file, machine)
    place = replace(place, file=path)
    launch = Launch("") if remove else _launch(roots, environ)
    old = _text_of(path)
    new = without(old, place) if remove else merged(client, launch, machine, old, place)
    changes = "".join(
        unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), n=0)
    )
    shown = Redaction().redactor().text(changes)
    written = new != old and not dry_run
    if written:
        _write(path, new)
    fields = {"client": client, "file": str(path), "changed": new != old, "written": written}
    if remove:
        return Told(fields, _told(fields, shown, "has no entry of ours", ""))
    told = _told(fields, shown, "has the entry already", _NEXT[client])
    return Told(fields, told, remark=_cut_short(environ, launch))


def _launch(roots: tuple[Path, ...], environ: Mapping[str, str]) -> Launch:
    named = tuple(str(root.resolve()) for root in roots)
    return Launch(own_command(), named, tuple(carried(environ).items()))


def _cut_short(environ: Mapping[str, str], launch: Launch) -> str:
    """Which addresses are not written whole."""
    env = dict(launch.env)
    cut = [name for name in CARRIED_ADDRESSES if environ.get(name, "").strip() != env.get(name, "")]
    return f"{', '.join(cut)} without user and query, which may be keys" if cut else ""


def carried(environ: Mapping[str, str]) -> dict[str, str]:
    """What the entry sets for the server: all that is set now and is no secret."""
    plain = {name: environ.get(name, "") for name in CARRIED}
    places = {name: _without_secrets(environ.get(name, "")) for name in CARRIED_ADDRESSES}
    return {name: value for name, value in (plain | places).items() if value}


def _without_secrets(address: str) -> str:
    """An address without user, password and query; nothing where it cannot be taken apart."""
    found = _ADDRESS.fullmatch(address.strip())
    return "" if found is None else found["scheme"] + found["place"]


def _own_file(path: Path, machine: Machine) -> Path:
    """The file itself where a link points to it; a project's links do not lead out of it."""
    found = path.resolve()
    if path.is_relative_to(machine.project) and not found.is_relative_to(machine.project):
        raise Misused(f"{path} leads to {found}, outside of the project; name it with --file")
    return found


def _told(fields: Mapping[str, object], changes: str, unchanged: str, next_: str) -> str:
    file = fields["file"]
    if not fields["changed"]:
        return f"{file} {unchanged}."
    # Without the lines that name files and count lines.
    lines = [line for line in changes.splitlines()[2:] if not line.startswith("@@")]
    done = "written; the rest is as it was" if fields["written"] else "not written (--dry-run)"
    after = [next_] if fields["written"] and next_ else []
    return "\n".join([*lines, f"{file}: {done}.", *after])


def own_command() -> str:
    """The script of this very installation: a client has another PATH."""
    folder = Path(sysconfig.get_path("scripts"))
    found = shutil.which("rlm-mcp", path=str(folder)) or shutil.which("rlm-mcp")
    if found is None:
        raise Misused("the script rlm-mcp is not found; install the package (pip install rlm-mcp)")
    return str(Path(found).absolute())


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise Misused(f"{path} is no UTF-8 text, so it is left alone.") from None


def _write(path: Path, text: str) -> None:
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode())
    path.chmod(mode)
