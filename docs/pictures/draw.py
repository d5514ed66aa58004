"""Draws connect.svg from a real session: `python docs/pictures/draw.py`, where we are installed.

The session runs in a scratch home and a clone of this repository; nothing of this machine is shown.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
SESSION = (
    "rlm-mcp init claude-code",
    "rlm-mcp doctor",
    'rlm-mcp search "where is the master key read from" --limit 2',
)
_COLUMNS, _ROWS_EACH = 100, 24
_CHAR_PX, _LINE_PX, _EDGE_PX = 7.25, 17, 16
_COLOURS = {"$": "#7ee787", "+": "#79c0ff", "ok": "#8b949e", "": "#e6edf3"}


def main() -> None:
    """Run the session and write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        person = Path(folder).resolve()
        lines = [line for command in SESSION for line in said(command, person)]
    (HERE / "connect.svg").write_text(drawn(lines), "utf-8")


def said(command: str, person: Path) -> Iterator[str]:
    """The command and what it prints, with the scratch home as ~."""
    project, scripts = person / "rlm-mcp", person / ".local" / "bin"
    if not project.exists():
        copied(project)
        scripts.mkdir(parents=True)
        (scripts / "rlm-mcp").symlink_to(Path(sys.executable).with_name("rlm-mcp"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RLM_")}
    environ = {**kept, "HOME": str(person), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CODEX_HOME"):
        environ.pop(name, None)
    done = subprocess.run(
        shlex.split(command), cwd=project, env=environ, text=True, capture_output=True, check=True
    )
    yield f"$ {command}"
    shown = done.stdout.replace(f"{sys.executable}", "~/.local/venv/bin/python")
    shown = shown.replace(str(Path(sys.executable).with_name("rlm-mcp")), f"{scripts}/rlm-mcp")
    rows = shown.replace(str(person), "~").rstrip("\n").split("\n")
    for row in rows[:_ROWS_EACH]:
        yield row if len(row) <= _COLUMNS else row[: _COLUMNS - 1] + "…"
    if len(rows) > _ROWS_EACH:
        yield "…"
    yield ""


def copied(project: Path) -> None:
    """The tracked files of this repository, as a repository of their own."""
    top = HERE.parent.parent
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", top, project], check=True)


def drawn(lines: list[str]) -> str:
    """The lines as a terminal shows them."""
    while lines and not lines[-1]:
        lines = lines[:-1]
    width = round(_COLUMNS * _CHAR_PX + 2 * _EDGE_PX)
    height = round(len(lines) * _LINE_PX + 2 * _EDGE_PX)
    rows = [
        f'<text x="{_EDGE_PX}" y="{_EDGE_PX + 12 + number * _LINE_PX}" fill="{colour(line)}">'
        f"{escape(line, quote=False)}</text>"
        for number, line in enumerate(lines)
        if line
    ]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        ' aria-label="A terminal: a client is connected, the doctor looks, a search answers"'
        ' font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12"'
        ' xml:space="preserve">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
        *rows,
        "</svg>",
        "",
    ])  # fmt: skip


def colour(line: str) -> str:
    """The colour of a line by how it begins."""
    return next(shade for begin, shade in _COLOURS.items() if line.startswith(begin))


if __name__ == "__main__":
    main()
