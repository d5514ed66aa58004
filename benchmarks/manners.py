"""How the server behaves in daily use, beside a bare server of the SDK and semble's.

    python benchmarks/manners.py --root DIR [--semble PROGRAM] [--only PART ...] [--json]

Parts, each over stdio with a server of its own; DIR is indexed into a home of its own first:

- start: CPU and wall time until `initialize` is answered, and which heavy packages were loaded then
- trivial: CPU of the server for each trivial call, best of three hundreds
- together: 50 searches at once, each answer compared with the same search alone
- reindex: p50 and p99 of searches and of `rlm_status` while a full reindex runs
- idle: memory after a search, after a question, and after a rest (which is had at once here);
  RSS, of it private memory (nobody else's: what the machine would get back), and mapped pages
- twenty: 20 servers on DIR: watches of the system, memory, CPU in a minute of idling, and how soon
  all of them show a changed file

Times are of this machine as busy as it is; compare within one run. Linux only.
"""

import argparse
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

RLM_MCP = Path(sys.executable).with_name("rlm-mcp")
BARE = """
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare")
@server.tool()
async def echo(text: str) -> str:
    return text
server.run()
"""
# The real server, but for a rest that is had after 3 s instead of 150.
SOON_AT_REST = """
import os, sys
from pathlib import Path
from rlm_server.standard_streams import claimed
streams = claimed()
from rlm_server import stdio
from rlm_server.manner import Manner
stdio.serve([Path(sys.argv[1])], os.environ, Manner(rest_after_s=3.0), streams)
"""
HEAVY = (
    "litellm", "torch", "hdbscan", "sklearn", "scipy", "tree_sitter", "numpy", "cryptography",
    "sqlite3", "wasmtime", "tiktoken", "zstandard",
)  # fmt: skip
QUERIES = (
    "queryset filter", "where is the csrf token checked", "how are migrations ordered",
    "template loader cache", "validate an email address", "password hasher", "url resolver",
    "session expiry", "form field widget", "aggregate sum over a group",
)  # fmt: skip
QUESTION = "how is a query compiled to SQL"
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "manners", "version": "1"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the manners of the server.")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--semble", metavar="PROGRAM", help="the console script of semble[mcp]")
    parser.add_argument("--only", nargs="*", default=[], metavar="PART")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Place(options.root.resolve(), Path(folder) / "home", options.semble)
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "start": place.start,
            "trivial": place.trivial,
            "together": place.together,
            "reindex": place.reindex,
            "idle": place.idle,
            "twenty": place.twenty,
        }
        chosen = [name for name in parts if not options.only or name in options.only]
        if chosen != ["start"]:
            place.index()
        for name in chosen:
            told = {"part": name, **parts[name]()}
            print(json.dumps(told) if options.json else _in_words(told), flush=True)


class Place:
    """A root, its home, and what is measured on it."""

    def __init__(self, root: Path, home: Path, semble: str | None) -> None:
        self._root = root
        self._home = home
        self._semble = semble

    def index(self) -> None:
        command = [RLM_MCP, "index", "--root", self._root]
        quiet = subprocess.DEVNULL
        subprocess.run(command, env=self._environ(), check=True, stdout=quiet, stderr=quiet)

    def start(self) -> dict[str, Any]:
        runs: dict[str, list[tuple[float, float]]] = {name: [] for name in self._commands()}
        for _ in range(5):
            for name, command in self._commands().items():
                began_s = time.perf_counter()
                with self._served(command) as server:
                    runs[name].append((server.cpu_s(), time.perf_counter() - began_s))
        told: dict[str, Any] = {
            name: {
                "cpu_s": round(statistics.median(cpu for cpu, _ in each), 2),
                "wall_s": round(statistics.median(wall for _, wall in each), 2),
            }
            for name, each in runs.items()
        }
        return told | {"loaded before initialize is answered": heavy_at_start(self._root)}

    def trivial(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        calls = {
            "bare SDK server": [("echo", {"text": "x"})],
            "rlm-mcp": [("rlm_status", {}), ("rlm_session_stats", {}), ("rlm_settings", {})],
        }
        for name, each in calls.items():
            with self._served(self._commands()[name]) as server:
                if name == "rlm-mcp":
                    server.ready()  # what opens the index beside the first calls is not theirs
                for tool, arguments in each:
                    told[f"{name}: {tool}"] = {"cpu_ms": server.cpu_of_call_ms(tool, arguments)}
        bare = told["bare SDK server: echo"]["cpu_ms"]
        for figures in told.values():
            figures["ratio"] = round(figures["cpu_ms"] / bare, 2)
        return told

    def together(self) -> dict[str, Any]:
        with self._served(self._commands()["rlm-mcp"]) as server:
            server.ready()
            alone = {query: server.found(query) for query in QUERIES}
            asked = [QUERIES[at % len(QUERIES)] for at in range(50)]
            cpu_s, began_s = server.cpu_s(), time.perf_counter()
            ids = [server.send_call("rlm_search", {"query": query}) for query in asked]
            same = sum(
                _paths(server.reply(id_)) == alone[query]
                for id_, query in zip(ids, asked, strict=True)
            )
            wall_s = time.perf_counter() - began_s
            each_ms = (server.cpu_s() - cpu_s) / len(asked) * 1000
        return {"searches": 50, "same as alone": same, "wall_s": round(wall_s, 2),
                "cpu_ms_each": round(each_ms, 1)}  # fmt: skip

    def reindex(self) -> dict[str, Any]:
        taken_ms: dict[str, list[float]] = {"search": [], "status": []}
        with self._served(self._commands()["rlm-mcp"]) as server:
            server.ready()
            rest_ms = [server.timed_ms("rlm_search", {"query": query}) for query in QUERIES * 5]
            reindex = server.send_call("rlm_reindex", {"scope": "full"})
            while not server.replied(reindex):
                query = QUERIES[len(taken_ms["search"]) % len(QUERIES)]
                taken_ms["search"].append(server.timed_ms("rlm_search", {"query": query}))
                taken_ms["status"].append(server.timed_ms("rlm_status", {}))
        told = {name: _spread(each) for name, each in taken_ms.items()}
        return {"search at rest": _spread(rest_ms), **told}

    def idle(self) -> dict[str, Any]:
        command = [sys.executable, "-c", SOON_AT_REST, str(self._root)]
        told: dict[str, Any] = {}
        with self._served(command) as server:
            server.ready()
            told["after a search"] = server.memory_mb()
            server.rest()
            told["at rest after a search"] = server.memory_mb()
            server.call("rlm_query", {"question": QUESTION})
            told["after a question"] = server.memory_mb()
            server.rest()
            told["at rest after a question"] = server.memory_mb()
            cpu_s = server.cpu_s()
            server.found(QUERIES[0])
            told["first search after a rest"] = {"cpu_s": round(server.cpu_s() - cpu_s, 2)}
        for name, command in self._commands().items():
            if name != "rlm-mcp":
                with self._served(command) as server:
                    told[f"{name}, asked nothing"] = server.memory_mb()
        return told

    def twenty(self) -> dict[str, Any]:
        marked = self._root / "rlm_mcp_manners_probe.py"
        with ExitStack() as stack:
            commands = [self._commands()["rlm-mcp"]] * 20
            servers = [stack.enter_context(self._served(command)) for command in commands]
            for server in servers:
                server.ready()
            time.sleep(5)
            cpu_s = sum(server.cpu_s() for server in servers)
            time.sleep(60)
            idle_s = sum(server.cpu_s() for server in servers) - cpu_s
            memory = [server.memory_mb() for server in servers]
            watches = sum(server.watches() for server in servers)
            cpu_s = sum(server.cpu_s() for server in servers)
            try:
                marked.write_text("def rlm_mcp_manners_probe():\n    return 1\n")
                began_s = time.perf_counter()
                ids = [s.send_call("rlm_search", {"query": marked.stem}) for s in servers]
                replies = [server.reply(id_) for server, id_ in zip(servers, ids, strict=True)]
                fresh_s = time.perf_counter() - began_s
            finally:
                marked.unlink(missing_ok=True)
            saved_s = sum(server.cpu_s() for server in servers) - cpu_s
        return {
            "watches": watches,
            "private_mb": round(sum(each["private"] for each in memory)),
            "cpu_of_60s_idle_%": round(idle_s / 60 * 100, 2),
            "show a new file": sum(marked.name in str(_paths(reply)) for reply in replies),
            "after_s": round(fresh_s, 2),
            "cpu_s of that": round(saved_s, 2),
        }

    def _commands(self) -> dict[str, list[str]]:
        commands = {
            "bare SDK server": [sys.executable, "-c", BARE],
            "rlm-mcp": [str(RLM_MCP), "serve", "--root", str(self._root)],
        }
        if self._semble:
            commands["semble"] = [self._semble]
        return commands

    def _environ(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RLM_")}
        return {**plain, "RLM_HOME": str(self._home)}

    @contextmanager
    def _served(self, command: Sequence[str]) -> Generator["Server"]:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environ(),
            cwd=self._root,
        )
        server = Server(process)
        try:
            server.initialize()
            yield server
        finally:
            process.kill()
            process.wait()


class Server:
    """One server over pipes."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._pid = process.pid
        self._last_id = 0
        self._replies: dict[int, dict[str, Any]] = {}
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def initialize(self) -> None:
        self.reply(self.send("initialize", INITIALIZE))
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ready(self) -> None:
        """Wait until a search is answered from the index."""
        self.call("rlm_reindex", {"scope": "changed"})
        for query in QUERIES:
            self.found(query)

    def rest(self) -> None:
        time.sleep(12.0)  # twice what it waits, and the work itself

    def found(self, query: str) -> list[str]:
        return _paths(self.call("rlm_search", {"query": query}))

    def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return self.reply(self.send_call(tool, arguments))

    def timed_ms(self, tool: str, arguments: dict[str, Any]) -> float:
        began_s = time.perf_counter()
        self.call(tool, arguments)
        return (time.perf_counter() - began_s) * 1000

    def cpu_of_call_ms(self, tool: str, arguments: dict[str, Any]) -> float:
        for _ in range(30):
            self.call(tool, arguments)
        best_ms = float("inf")
        for _ in range(3):
            cpu_s = self.cpu_s()
            for _ in range(300):
                self.call(tool, arguments)
            best_ms = min(best_ms, (self.cpu_s() - cpu_s) / 300 * 1000)
        return round(best_ms, 2)

    def send_call(self, tool: str, arguments: dict[str, Any]) -> int:
        return self.send("tools/call", {"name": tool, "arguments": arguments})

    def send(self, method: str, params: dict[str, Any]) -> int:
        self._last_id += 1
        self._write({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        return self._last_id

    def reply(self, id_: int) -> dict[str, Any]:
        while id_ not in self._replies:
            self._take(self._lines.get(timeout=300))
        return self._replies.pop(id_)

    def replied(self, id_: int) -> bool:
        while not self._lines.empty():
            self._take(self._lines.get())
        return id_ in self._replies

    def cpu_s(self) -> float:
        """User and system time of the process itself."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> dict[str, int]:
        """The process and its children: resident, private, and pages that files are mapped to."""
        me = psutil.Process(self._pid)
        family = [_memory_kb(process.pid) for process in (me, *me.children(recursive=True))]
        told = {key: sum(each[key] for each in family) >> 10 for key in family[0]}
        return told | {"processes": len(family)}

    def watches(self) -> int:
        """Inotify watches the process holds."""
        infos = Path(f"/proc/{self._pid}/fdinfo").iterdir()
        return sum(info.read_text().count("inotify wd:") for info in infos)

    def _take(self, line: bytes) -> None:
        message = json.loads(line)
        if "id" in message and "method" not in message:
            self._replies[message["id"]] = message

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()


def heavy_at_start(root: Path) -> list[str]:
    """Which heavy packages the server has imported when it could answer `initialize`."""
    code = f"import sys, rlm_server.stdio; print([m for m in {HEAVY!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    return json.loads(ran.stdout.replace("'", '"'))


def _memory_kb(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    fields = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)}
    private = fields["Private_Dirty"] + fields["Private_Clean"]
    return {"rss": fields["Rss"], "private": private, "mapped": fields["Rss"] - fields["Anonymous"]}


def _paths(reply: dict[str, Any]) -> list[str]:
    results = reply["result"].get("structuredContent", {}).get("results", [])
    return [f"{each['path']}:{each['start_line']}" for each in results]


def _spread(taken_ms: Sequence[float]) -> dict[str, float]:
    ordered = sorted(taken_ms)
    return {
        "calls": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 1),
    }


def _in_words(told: dict[str, Any]) -> str:
    lines = [f"{told.pop('part')}:"]
    return "\n".join([*lines, *(f"  {name}: {value}" for name, value in told.items())])


if __name__ == "__main__":
    main()
