"""CPU time from spawn to `initialize` answered: our server beside a bare server of the SDK.

    python benchmarks/startup.py [--runs 5] [--json]

The figure is user + system time of the process, read by /proc when its answer arrived, so what the
server does after that (cipher, index) does not count. Linux only. The median of the runs is told.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare")
@server.tool()
async def echo(text: str) -> str:
    return text
server.run()
"""
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "startup", "version": "1"},
    },
}


def cpu_until_initialized(command: list[str], home: str) -> tuple[float, float]:
    """CPU seconds and wall seconds until the answer was read."""
    started_s = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "RLM_HOME": home},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        wall_s = time.perf_counter() - started_s
        return _cpu_s(process.pid), wall_s
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rlm_mcp = str(Path(sys.executable).with_name("rlm-mcp"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        root.mkdir()
        (root / "a.py").write_text("def a():\n    return 1\n")
        commands = {
            "bare SDK server": [sys.executable, "-c", BARE],
            "rlm-mcp serve": [rlm_mcp, "serve", "--root", str(root)],
        }
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(options.runs):
            for name, command in commands.items():
                home = tempfile.mkdtemp(dir=folder)
                figures[name].append(cpu_until_initialized(command, home))
    told = {
        name: {
            "cpu_s": round(statistics.median(cpu for cpu, _ in runs), 2),
            "wall_s": round(statistics.median(wall for _, wall in runs), 2),
        }
        for name, runs in figures.items()
    }
    if options.json:
        print(json.dumps(told))
    else:
        for name, figure in told.items():
            print(f"{name:16}  {figure['cpu_s']:.2f} s CPU  {figure['wall_s']:.2f} s wall")


if __name__ == "__main__":
    main()
