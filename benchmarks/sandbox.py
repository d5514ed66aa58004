"""What the sandbox costs, beside a bare child process and the sessions of rlms, all in one run.

    python benchmarks/sandbox.py [--rounds 15] [--context-mb 100 500] [--json]

Every figure is the best of all rounds, in milliseconds: on a shared machine the best says what the
code costs and the others what the neighbours did. Where other processes wait for a core, wall times
of two processes that answer each other say little; the CPU of both, host and child, is told beside.
Compute is CPU too, of cells that leave no variables; keeping variables has a figure of its own. A
spare is given the time to get ready, as it has while a model thinks. The WebAssembly backend
("wasm") is measured where its extra is installed, rlms where it can be imported (pip install
"rlms[ipython]"). Linux.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from repls import Bare, Ours, Session, Start, rlms_sessions
from rlm_sandbox.availability import available
from rlm_sandbox.backend import BACKENDS
from rlm_sandbox.context import SharedContext
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.spare import Spares
from snippets import SNIPPETS

LINE = "    def method_{0}(self, argument): return self.other_{0}(argument) + {0}\n"
TURNS = 50
SPARE_READY_S = 1.0
ROWS = "rows = [{'path': f'src/{i}.py', 'line': i, 'size': i % 99} for i in range(12_000)]"
CALLBACKS = f"for _ in range({TURNS}): echo('x')"

Figures = dict[str, float]


async def measure(rounds: int) -> Figures:
    """Start, turn, callback and compute of every kind of session."""
    kinds: dict[str, Start] = {
        "ours": Ours.start,
        **({"wasm": Ours.in_wasm} if available("wasm").ok else {}),
        "bare child": Bare.start,
        **rlms_sessions(),
    }
    best: Figures = {}
    for _ in range(rounds):
        for name, start in kinds.items():
            for what, took_ms in (await one_round(start)).items():
                keep_best(best, f"{what}: {name}", took_ms)
        for what, took_ms in (await with_spare()).items():
            keep_best(best, what, took_ms)
    for what in ("turn", "turn, CPU", "callback", "callback, CPU"):
        best[f"{what}: ours / bare child"] = best[f"{what}: ours"] / best[f"{what}: bare child"]
    return best | compute_ratios(best, [kind for kind in kinds if f"snippet 0: {kind}" in best])


async def one_round(start: Start) -> Figures:
    """Every figure of one session, from its start to its end."""
    took: Figures = {}
    begin = time.perf_counter()
    session = await start()
    took["start"] = ms_since(begin)
    try:
        cpu_s = session.cpu_s()
        took["turn"] = await per_action(TURNS, lambda: session.run("1"))
        if cpu_s:
            took["turn, CPU"] = (session.cpu_s() - cpu_s) * 1000 / TURNS
        with contextlib.suppress(RuntimeError):  # not every kind takes functions of ours
            cpu_s = session.cpu_s()
            took["callback"] = await per_action(1, lambda: session.run(CALLBACKS)) / TURNS
            if cpu_s:
                took["callback, CPU"] = (session.cpu_s() - cpu_s) * 1000 / TURNS
        if cpu_s:
            took |= await compute(session)
    finally:
        await session.close()
    return took


async def compute(session: Session) -> Figures:
    """CPU of each snippet in a function, where nothing is left to keep, and of what is kept."""
    took: Figures = {}
    for number, snippet in enumerate(SNIPPETS):
        cell = "def cell():\n" + textwrap.indent(snippet, "    ") + "\ncell()\n"
        begin_s = session.cpu_s()
        await session.run(cell)
        took[f"snippet {number}"] = (session.cpu_s() - begin_s) * 1000
    begin_s = session.cpu_s()
    await session.run(ROWS)
    await session.run("1")
    took["36,000 values made and kept, CPU"] = (session.cpu_s() - begin_s) * 1000
    return took


async def with_spare() -> Figures:
    """Start to the end of the first cell in a spare, and back after a kill."""
    took: Figures = {}
    spares = Spares()
    spares.make()
    await asyncio.sleep(SPARE_READY_S)
    begin = time.perf_counter()
    session = await Ours.start(spares)
    took["start in a spare"] = ms_since(begin)
    await session.run("kept = 1")
    took["start in a spare and first cell"] = ms_since(begin)
    await asyncio.sleep(SPARE_READY_S)
    os.kill(session.sandbox.pid, signal.SIGKILL)
    begin = time.perf_counter()
    await session.sandbox.execute("1")  # told that the session was restarted
    await session.run("kept")
    took["back in a spare after a kill"] = ms_since(begin)
    await session.close()
    await spares.close()
    return took


def compute_ratios(best: Figures, kinds: list[str]) -> Figures:
    """Each snippet against the same one in a bare child, which is plain CPython."""
    told: Figures = {}
    for kind in kinds:
        ratios = sorted(
            best[f"snippet {n}: {kind}"] / best[f"snippet {n}: bare child"]
            for n in range(len(SNIPPETS))
        )
        told[f"compute / bare child, median: {kind}"] = ratios[len(ratios) // 2]
        told[f"compute / bare child, worst of {len(ratios)}: {kind}"] = ratios[-1]
    return told


async def memory() -> Figures:
    """Resident MB of an idle child above that of an interpreter that has imported nothing."""
    plain = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-I", "-S", "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert plain.stdout is not None
    plain.stdout.readline()
    figures: Figures = {}
    for backend in BACKENDS:
        if not available(backend).ok:
            continue
        async with await Sandbox.start(backend=backend) as sandbox:
            await sandbox.execute("1")
            above = resident_mb(sandbox.pid, "VmRSS") - resident_mb(plain.pid, "VmRSS")
            figures[f"idle child, MB above a bare interpreter: {backend}"] = above
    plain.communicate(b"\n")
    return figures


async def context(size_mb: int, rounds: int) -> Figures:
    """A context of that size: written, ready in a spare, and what of it the child copied."""
    best: Figures = {}
    files = documents(size_mb << 20)
    for _ in range(rounds):
        spares = Spares()
        spares.make()
        await asyncio.sleep(SPARE_READY_S)
        host_mb = resident_mb(os.getpid(), "RssAnon")
        begin = time.perf_counter()
        with SharedContext.from_documents(files) as shared:
            keep_best(best, f"{size_mb} MB written", ms_since(begin))
            begin_child = time.perf_counter()
            session = await Ours.start(spares, shared)
            await session.run("len(context)")
            keep_best(best, f"{size_mb} MB ready in a child", ms_since(begin_child))
            keep_best(best, f"{size_mb} MB written and ready", ms_since(begin))
            idle_mb = resident_mb(session.sandbox.pid, "RssAnon")
            begin = time.perf_counter()
            await session.run("context.search('method_1399x')")
            keep_best(best, f"{size_mb} MB searched by a regular expression", ms_since(begin))
            copied_mb = resident_mb(session.sandbox.pid, "RssAnon") - idle_mb
            keep_best(best, f"{size_mb} MB: copied by a search, MB", copied_mb)
            host_mb = resident_mb(os.getpid(), "RssAnon") - host_mb
            keep_best(best, f"{size_mb} MB: copied in the host, MB", host_mb)
            await session.close()
            if available("wasm").ok:
                begin = time.perf_counter()
                machine = await Ours.in_wasm(shared)
                await machine.run("len(context)")
                keep_best(best, f"{size_mb} MB ready in a machine (wasm)", ms_since(begin))
                begin = time.perf_counter()
                await machine.run("context.search('method_1399x')")
                keep_best(best, f"{size_mb} MB searched in a machine (wasm)", ms_since(begin))
                await machine.close()
        await spares.close()
    return best


def documents(size_bytes: int) -> list[tuple[str, str]]:
    """Files of 100 kB whose text is one object, so that all that is new is what we copy."""
    text = "".join(LINE.format(n) for n in range(1400))
    return [(f"src/file_{n}.py", text) for n in range(size_bytes // len(text) + 1)]


async def per_action(count: int, action: Callable[[], Awaitable[object]]) -> float:
    begin = time.perf_counter()
    for _ in range(count):
        await action()
    return ms_since(begin) / count


def keep_best(best: Figures, name: str, value: float) -> None:
    best[name] = min(value, best.get(name, value))


def ms_since(begin_s: float) -> float:
    return (time.perf_counter() - begin_s) * 1000


def resident_mb(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


async def everything(rounds: int, sizes_mb: list[int]) -> Figures:
    figures = await measure(rounds) | await memory()
    for size_mb in sizes_mb:
        figures |= await context(size_mb, max(1, rounds // 5))
    return {name: value for name, value in figures.items() if not name.startswith("snippet")}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--context-mb", type=int, nargs="*", default=[100, 500])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = asyncio.run(everything(arguments.rounds, arguments.context_mb))
    if arguments.json:
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    else:
        for name, value in sorted(figures.items()):
            sys.stdout.write(f"{name:48} {value:10.3f}\n")


if __name__ == "__main__":
    main()
