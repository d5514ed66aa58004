"""What a loop costs besides its models: ours beside rlms and dspy.RLM, in one run.

    python benchmarks/loop.py [--context-mb 10 100] [--rlms PYTHON] [--dspy PYTHON] [--json]

An OpenAI-form endpoint on loopback answers every request after 50 ms. The root takes 13 turns: one
looks at the context, ten are trivial, one asks 64 sub-calls in one batch, the last
ends the run. Ideal is the waiting alone: 13 turns, and the batch at as many calls at once as the
loop itself allows. PYTHON is the interpreter of a virtual environment that has the peer
(`pip install rlms==0.1.3`, `pip install dspy==3.4.1` and Deno); a peer that is not
named is left out.

Told for each: wall of the first question (with what is imported late) and of the best later one
over the ideal; from a reply of the root to its next request, the median of trivial turns; a
trivial turn of the REPL alone; the peak of the memory of all its processes less the context; bytes
written to its output and to files, per question. Linux.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
from slow_models import BATCH_TURN, LATENCY_S, ROOT, SUBCALLS, TURNS

HERE = Path(__file__).parent
AT_ONCE = {"ours": 8, "served": 8, "rlms": 16, "dspy": 8}
QUESTIONS = {"ours": 7, "served": 7, "rlms": 5, "dspy": 1}
LIMIT_S = 1_800
OURS = ("ours", "served")
SAMPLE_S = 0.02
FORMS = (
    ("wall_first", "first question / ideal", "{:.2f}"),
    ("wall", "wall / ideal", "{:.2f}"),
    ("wall_s", "wall, s", "{:.2f}"),
    ("ideal_s", "ideal, s", "{:.2f}"),
    ("cpu_s", "CPU of it, s", "{:.2f}"),
    ("gap_ms", "reply to next request, ms", "{:.1f}"),
    ("turn_ms", "trivial turn of the REPL, ms", "{:.3f}"),
    ("memory_mb", "peak memory less context, MB", "{:.0f}"),
    ("logged_kb", "written per question, KB", "{:.0f}"),
    ("lost", "sub-calls not made, of 64", "{}"),
)


@dataclass
class Watch:
    """The peak of a tree of processes, sampled, in MB.

    What processes share counts once: of the pages of files (Python itself and what it imports)
    those of the largest process. `own_mb` is without shared memory, which holds our context.
    """

    own_mb: float = 0.0
    all_mb: float = 0.0

    def look(self, process: psutil.Process) -> None:
        """Take one sample."""
        try:
            tree = (process, *process.children(recursive=True))
        except psutil.NoSuchProcess:
            return
        anonymous = files = shared = 0.0
        for one in tree:
            try:
                text = Path(f"/proc/{one.pid}/status").read_text()
            except OSError:
                continue
            # A process just forked shares its parent's pages, which this divides between them.
            anonymous += shared_out_mb(one.pid) or in_mb(text, "RssAnon")
            files = max(files, in_mb(text, "RssFile"))
            shared = max(shared, in_mb(text, "RssShmem"))
        self.own_mb = max(self.own_mb, anonymous + files)
        self.all_mb = max(self.all_mb, anonymous + files + shared)


def shared_out_mb(pid: int) -> float:
    """Anonymous memory with shared pages divided; 0 where the kernel does not tell us."""
    try:
        return in_mb(Path(f"/proc/{pid}/smaps_rollup").read_text(), "Pss_Anon")
    except OSError:
        return 0.0


def in_mb(status: str, field: str) -> float:
    """A field of a file of /proc/PID."""
    found = status.partition(f"{field}:")[2].split()
    return int(found[0]) / 1024 if found else 0.0


def measure(loop: str, python: str, context: Path, size_mb: int) -> dict[str, Any]:
    """All figures of one loop over one context."""
    dialect = "ours" if loop in OURS else loop
    server = subprocess.Popen(
        [sys.executable, HERE / "slow_models.py", dialect], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            figures, watch, logged = run(loop, python, context, url, Path(folder))
        with urllib.request.urlopen(f"{url}/log") as told:
            log = json.load(told)["log"]
    finally:
        server.kill()
        server.wait()
    walls = figures["walls_s"]
    ideal_s = TURNS * LATENCY_S + -(-SUBCALLS // AT_ONCE[loop]) * LATENCY_S
    # The context of ours is shared memory, and counts whole whether it was touched or not.
    above_mb = watch.own_mb if loop in OURS else watch.all_mb - size_mb
    wall_s = min(walls[1:] or walls)
    return {
        "ideal_s": ideal_s,
        "wall_s": wall_s,
        "wall": wall_s / ideal_s,
        "wall_first": walls[0] / ideal_s,
        "cpu_s": min(figures["cpus_s"][1:] or figures["cpus_s"]),
        "gap_ms": gap_ms(log),
        "turn_ms": figures["turn_ms"],
        "memory_mb": above_mb,
        "logged_kb": (logged + figures.get("record_bytes", 0) * len(walls)) / len(walls) / 1000,
        "lost": SUBCALLS - round(sum(row["model"] != ROOT for row in log) / len(walls)),
        "answers": sorted(set(figures["answers"])),
    }


def run(
    loop: str, python: str, context: Path, url: str, folder: Path
) -> tuple[dict[str, Any], Watch, int]:
    """The figures of the process, its peak, and the bytes it wrote."""
    told = folder.parent / f"{folder.name}-told" / "figures.json"
    told.parent.mkdir()
    environ = {
        **os.environ,
        # dspy looks for Deno there.
        "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LOOP_FIGURES": str(told),
        "RLM_HOME": str(folder / "rlm"),
        "DSPY_CACHEDIR": str(folder / "dspy"),
    }
    command = [python, HERE / "loop_run.py", loop, "--url", url, "--context", context.resolve()]
    command += ["--questions", str(QUESTIONS[loop])]
    with (folder / "out").open("wb") as out:
        child = psutil.Popen(command, stdout=out, stderr=out, cwd=folder, env=environ)
        watch, end_s = Watch(), time.monotonic() + LIMIT_S
        while child.poll() is None and time.monotonic() < end_s:
            if told.with_suffix(".asking").exists():
                watch.look(child)
            time.sleep(SAMPLE_S)
        if child.poll() is None:
            for left in (*child.children(recursive=True), child):
                left.kill()
        code = child.wait()
    written = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if code:
        sys.exit((folder / "out").read_text(errors="replace")[-3_000:] + f"\n{loop}: {code}")
    figures = json.loads(told.read_text())
    shutil.rmtree(told.parent)
    return figures, watch, written


def gap_ms(log: list[dict[str, Any]]) -> float:
    """From a reply of the root to its next request, the median of turns that ask no sub-calls."""
    root = [row for row in log if row["model"] == ROOT]
    gaps = [
        (after["came_s"] - before["went_s"]) * 1000
        for n, (before, after) in enumerate(pairwise(root), 1)
        if n % TURNS not in (0, BATCH_TURN)
    ]
    return statistics.median(gaps)


def write_context(path: Path, size_mb: int) -> None:
    """Lines of plain text, all different, so many MB of them."""
    with path.open("w") as file:
        written = number = 0
        while written < size_mb << 20:
            lines = [f"entry {number + n:08}: value {(number + n) % 977}\n" for n in range(1_000)]
            written += file.write("".join(lines))
            number += len(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--context-mb", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--rlms", metavar="PYTHON")
    parser.add_argument("--dspy", metavar="PYTHON")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pythons = {
        "ours": sys.executable,
        "served": sys.executable,
        "rlms": options.rlms,
        "dspy": options.dspy,
    }
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for loop, python in pythons.items():
            for size_mb in options.context_mb if python else ():
                context = Path(folder) / f"context-{size_mb}.txt"
                write_context(context, size_mb)
                name = f"{loop}, {size_mb} MB"
                found[name] = measure(loop, python, context, size_mb)
                context.unlink()
                if not options.json:
                    show(name, found[name])
    if options.json:
        print(json.dumps(found, indent=2))


def show(name: str, figures: dict[str, Any]) -> None:
    """Print the figures of one loop and size."""
    print(f"\n{name}: answered {figures['answers']}")
    for key, label, form in FORMS:
        print(f"  {label:34} {form.format(figures[key])}", flush=True)


if __name__ == "__main__":
    main()
