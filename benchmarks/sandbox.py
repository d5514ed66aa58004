"""What the sandbox costs: start, a trivial turn, a callback, 100 MB ready, compute.

    python benchmarks/sandbox.py

Times are the best of several runs in milliseconds, and processor time beside wall time, because
the machines this runs on are shared. `compute` is one realistic snippet against plain CPython.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rlm_sandbox import JsonValue, Limits, Sandbox, SharedContext

LINE = "    def method_{0}(self, argument): return self.other_{0}(argument) + {0}\n"
SNIPPET = """
import re, collections, json
words = collections.Counter()
for n in range(60):
    text = "".join(f"def name_{n}_{i}(x): return {i} * x\\n" for i in range(1000))
    words.update(re.findall(r"[a-z_]+", text))
    rows = [{"n": n, "size": len(line)} for line in text.splitlines()]
    json.loads(json.dumps(rows))
total = sum(words.values())
"""


async def echo(text: str) -> JsonValue:
    return text


async def best_ms(repeat: int, count: int, action: Callable[[], Awaitable[object]]) -> float:
    best = float("inf")
    for _ in range(repeat):
        begin = time.perf_counter()
        for _ in range(count):
            await action()
        best = min(best, time.perf_counter() - begin)
    return best / count * 1000


def documents(size_bytes: int) -> list[tuple[str, str]]:
    text = "".join(LINE.format(n) for n in range(1400))
    return [(f"src/file_{n}.py", text) for n in range(size_bytes // len(text) + 1)]


def memory_mb(pid: int, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


async def measure() -> dict[str, float]:
    async def start_and_close() -> None:
        await (await Sandbox.start()).close()

    figures = {"start": await best_ms(5, 1, start_and_close)}
    limits = Limits(wall_s=120, cpu_s=120)
    async with await Sandbox.start(limits=limits, functions={"echo": echo}) as sandbox:
        figures["turn"] = await best_ms(10, 100, lambda: sandbox.execute("1"))
        hundred = "for _ in range(100): echo('x')"
        figures["callback"] = await best_ms(10, 1, lambda: sandbox.execute(hundred)) / 100
        inside = await best_ms(3, 1, lambda: sandbox.execute(SNIPPET))
        figures["idle child MB (anonymous)"] = memory_mb(sandbox.pid, "RssAnon")
    figures["compute ratio"] = inside / plain_ms(SNIPPET)
    return figures | await measure_context()


async def measure_context() -> dict[str, float]:
    files = documents(100 << 20)
    begin = time.perf_counter()
    with SharedContext.from_documents(files) as context:
        built = time.perf_counter()
        async with await Sandbox.start(context=context) as sandbox:
            await sandbox.execute("len(context)")
            ready = time.perf_counter()
            await sandbox.execute("context.search('method_1399x')")
            searched = time.perf_counter()
            anonymous = memory_mb(sandbox.pid, "RssAnon")
    return {
        "100 MB written": (built - begin) * 1000,
        "100 MB ready in a child": (ready - built) * 1000,
        "100 MB regex search": (searched - ready) * 1000,
        "child MB (anonymous) after it": anonymous,
    }


def plain_ms(code: str) -> float:
    best = float("inf")
    compiled = compile(code, "<plain>", "exec")
    for _ in range(3):
        begin = time.perf_counter()
        exec(compiled, {})
        best = min(best, time.perf_counter() - begin)
    return best * 1000


if __name__ == "__main__":
    for name, figure in asyncio.run(measure()).items():
        sys.stdout.write(f"{name:32} {figure:10.3f}\n")
