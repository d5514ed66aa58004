"""What a client meets before the first index is done: the first answer, and how soon status comes.

    python benchmarks/first_answer.py --set django --root <an unpacked django sdist>

For each question of the set a server is started on a home of its own, over stdio with the SDK's
client, and `rlm_search` is called at once: in which place the right file comes in the partial
answer, after how much wall time since the start of the process, and after how much CPU of the
server, the processes that index left out. The same is asked of `glance.py` in this process with a
second of CPU instead of wall time, which a busy machine does not shorten. Then one more server
indexes everything while `rlm_status` is called ten times a second.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import psutil
from mcp import Client, StdioServerParameters
from questions import SETS, QuestionSet
from rlm_crystal.glance import Glancer

RLM_MCP = Path(sys.executable).with_name("rlm-mcp")
EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class First:
    """How one first answer came; `place` counts files, None where the right one is missing."""

    place: int | None
    partial: bool
    wall_s: float
    cpu_s: float
    files_read: int


def main() -> None:
    options = _options()
    asked = QuestionSet.read(options.set)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{asked.name}: {len(asked.questions)} questions; load {load:.1f} on {os.cpu_count()}")
    _table(asked, [anyio.run(_first_answer, options.root, *row) for row in asked.questions])
    print("\nwith a second of CPU, however long that takes:")
    _table(asked, [_glanced(options.root, *row) for row in asked.questions])
    anyio.run(_responsive, options.root)


def _table(asked: QuestionSet, firsts: list[First]) -> None:
    print(
        "\n| question | place | partial | wall s | CPU s | files read |\n|---|---|---|---|---|---|"
    )
    for (question, _), first in zip(asked.questions, firsts, strict=True):
        print(
            f"| {question} | {first.place or '-'} | {first.partial} | {first.wall_s:.1f}"
            f" | {first.cpu_s:.2f} | {first.files_read} |"
        )
    for label, most in (("first", 1), ("in the first five", 5), ("in the first ten", 10)):
        print(f"{label}: {sum(f.place is not None and f.place <= most for f in firsts)}")
    print(f"MRR: {statistics.fmean(1 / f.place if f.place else 0.0 for f in firsts):.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    sets = sorted(file.stem for file in SETS.glob("*.json"))
    parser.add_argument("--set", choices=sets, default="django")
    parser.add_argument("--root", type=Path, required=True)
    return parser.parse_args()


async def _first_answer(root: Path, question: str, right: tuple[str, ...]) -> First:
    started_s = time.time()
    async with _client(root) as client:
        result = await client.call_tool("rlm_search", {"query": question, "limit": 30})
        answered_s = time.time()
        server = _server()
        cpu = server.cpu_times()
        fields: dict[str, Any] = result.structured_content or {}
    coverage = fields["coverage"] or {"files_read": 0}
    return First(
        _place([found["path"] for found in fields["results"]], right),
        fields["partial"],
        answered_s - started_s,
        cpu.user + cpu.system,
        coverage["files_read"],
    )


def _glanced(root: Path, question: str, right: tuple[str, ...]) -> First:
    started_s, cpu_s = time.perf_counter(), time.process_time()
    glancer = Glancer([root.resolve()], clock=time.process_time)
    seen = glancer.look(question, within_s=1.0, limit=30)
    took_s = time.perf_counter() - started_s
    place = _place([hit.path for hit in seen.hits], right)
    return First(place, True, took_s, time.process_time() - cpu_s, seen.coverage.files_read)


def _place(paths: list[str], right: tuple[str, ...]) -> int | None:
    places = [at for at, path in enumerate(dict.fromkeys(paths), 1) if path in right]
    return min(places, default=None)


async def _responsive(root: Path) -> None:
    """How long `rlm_status` takes, from the first call until the index is there."""
    took_ms: list[float] = []
    async with _client(root) as client:
        state = ""
        while state != "secure":
            started_s = time.perf_counter()
            result = await client.call_tool("rlm_status", {})
            took_ms.append(1e3 * (time.perf_counter() - started_s))
            fields: dict[str, Any] = result.structured_content or {}
            state = fields["status"]["state"]
            await anyio.sleep(EVERY_S)
        for _ in range(round(5 / EVERY_S)):  # and while the disk is looked at after it
            started_s = time.perf_counter()
            await client.call_tool("rlm_status", {})
            took_ms.append(1e3 * (time.perf_counter() - started_s))
            await anyio.sleep(EVERY_S)
    first, later = took_ms[0], sorted(took_ms[1:])
    print(
        f"\nrlm_status while it indexes and 5 s on, {len(took_ms)} calls: first {first:.0f} ms;"
        f" then p50 {statistics.median(later):.1f},"
        f" p99 {later[int(0.99 * (len(later) - 1))]:.1f}, most {later[-1]:.1f} ms"
    )


@asynccontextmanager
async def _client(root: Path) -> AsyncGenerator[Client]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        server = StdioServerParameters(
            command=str(RLM_MCP),
            args=["serve", "--root", str(root)],
            env={"RLM_HOME": home},
            cwd=root,
        )
        async with Client(server) as client:
            yield client


def _server() -> psutil.Process:
    """The server below this process."""
    children = psutil.Process().children()
    return next(child for child in children if "serve" in child.cmdline())


if __name__ == "__main__":
    main()
