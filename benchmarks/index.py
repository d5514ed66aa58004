"""What an index costs: cold build, one changed file, opening what is sealed, a question.

    python benchmarks/index.py --root <a folder> [--repeat 3] [--questions 300]

Every build and every opening runs in a fresh process; CPU counts it and all its workers. RSS is
sampled every 20 ms: the most of the building process, and the most of all processes together
(pages they share are counted in each). The first answer is a glance at the files, without an
index, in a process that starts for it; `first_answer.py` asks a server. Questions are first
sentences of docs found in the corpus itself, changed files are of median size. Figures are
medians; the load is told, since other work on the machine raises CPU seconds too. The ratio is to
reading and decoding every file once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from rlm_crystal.build import build, refresh
from rlm_crystal.codec import PagesInTurn, from_pages
from rlm_crystal.collection import BUILDING_ENVIRON
from rlm_crystal.crystal import Crystal
from rlm_crystal.reading import read
from rlm_crystal.seal import Sealer
from rlm_crystal.store import PageStore
from rlm_crystal.walk import walk

SAMPLE_S = 0.02
# What the server gives a glance.
WITHIN_S = 1.0
KEY = bytes(range(32))


def main() -> None:
    options = _options()
    if options.job:
        print(json.dumps(JOBS[options.job](options)))
        return
    _report(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--job", choices=sorted(JOBS), help=argparse.SUPPRESS)
    return parser.parse_args()


def _report(options: argparse.Namespace) -> None:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    with tempfile.TemporaryDirectory() as folder:
        options.store = Path(folder) / "store"
        first = [_in_child("first", options) for _ in range(options.repeat)]
        cold = [_in_child("cold", options) for _ in range(options.repeat)]
        opened = [_in_child("reopen", options) for _ in range(options.repeat)]
        asked = _in_child("ask", options)
        changed = _in_child("change", options)
    floor_cpu_s = statistics.median(_read_everything(options.root) for _ in range(options.repeat))
    cpu_s = _median(cold, "cpu_s")
    rows = [
        ("cold build, CPU of all processes", f"{cpu_s:.1f} s"),
        ("… over reading every file once", f"{cpu_s / floor_cpu_s:.1f} x {floor_cpu_s:.2f} s"),
        ("cold build, wall", f"{_median(cold, 'wall_s'):.1f} s"),
        ("sealing and writing it, CPU", f"{_median(cold, 'seal_cpu_s'):.2f} s"),
        ("first answer after the start, wall", f"{_median(first, 'wall_s'):.1f} s"),
        ("… CPU", f"{_median(first, 'cpu_s'):.2f} s"),
        ("… files it read, of all", f"{_median(first, 'share'):.0%}"),
        ("most RSS of the building process", f"{_median(cold, 'rss_mb'):.0f} MB"),
        ("most RSS of all processes together", f"{_median(cold, 'rss_all_mb'):.0f} MB"),
        ("opening what is sealed, CPU", f"{_median(opened, 'open_ms'):.0f} ms"),
        ("… and the first question after it, CPU", f"{_median(opened, 'first_ms'):.0f} ms"),
        ("question, CPU p50 / p99", f"{asked['p50_ms']:.1f} / {asked['p99_ms']:.1f} ms"),
        ("changed file, CPU until searchable", f"{changed['paths_ms']:.0f} ms"),
        ("… where a walk has to find it", f"{changed['walk_ms']:.0f} ms"),
    ]
    one = cold[0]
    size = f"{one['files']:,} files, {one['chunks']:,} chunks, {one['bytes'] / 1e6:.1f} MB"
    print(f"{size}; load {load:.1f} on {os.cpu_count()} cores\n")
    print("| | median |\n|---|---|")
    for label, figure in rows:
        print(f"| {label} | {figure} |")


def _in_child(job: str, options: argparse.Namespace) -> dict[str, Any]:
    command = [
        sys.executable, __file__, "--root", str(options.root), "--store", str(options.store),
        "--questions", str(options.questions), "--job", job,
    ]  # fmt: skip
    # As the server starts its building process.
    environ = {**os.environ, **BUILDING_ENVIRON}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ)
    assert child.stdout is not None
    own, together = _most_rss_mb(child)
    return {**json.loads(child.stdout.read()), "rss_mb": own, "rss_all_mb": together}


def _most_rss_mb(child: subprocess.Popen[bytes]) -> tuple[float, float]:
    process = psutil.Process(child.pid)
    own = together = 0
    while child.poll() is None:
        sizes: list[int] = []
        try:
            for each in (process, *process.children(recursive=True)):
                sizes.append(each.memory_info().rss)
        except psutil.NoSuchProcess:
            pass
        if sizes:
            own, together = max(own, sizes[0]), max(together, sum(sizes))
        time.sleep(SAMPLE_S)
    return own / 2**20, together / 2**20


def _first(options: argparse.Namespace) -> dict[str, Any]:
    from rlm_crystal.glance import Glancer

    root = options.root.resolve()
    seen = Glancer([root]).look("where does the program start", within_s=WITHIN_S, limit=8)
    assert seen.hits
    share = seen.coverage.files_read / seen.coverage.files_total
    return {"wall_s": _age_s(), "cpu_s": _cpu_s(), "share": share}


def _cold(options: argparse.Namespace) -> dict[str, Any]:
    crystal = build([options.root])
    before_s = _cpu_s()
    _store(options).write_generation(PagesInTurn(crystal))
    return {
        "files": len(crystal.files),
        "chunks": crystal.chunk_count,
        "bytes": crystal.bytes_source,
        "seal_cpu_s": _cpu_s() - before_s,
        "cpu_s": _cpu_s(),
        "wall_s": _age_s(),
    }


def _reopen(options: argparse.Namespace) -> dict[str, Any]:
    started_s = _cpu_s()
    crystal = _sealed(options)
    opened_s = _cpu_s()
    crystal.search("where does the program start")
    return {"open_ms": 1e3 * (opened_s - started_s), "first_ms": 1e3 * (_cpu_s() - opened_s)}


def _ask(options: argparse.Namespace) -> dict[str, Any]:
    crystal = _sealed(options)
    questions = questions_of(crystal, options.questions)
    for question in questions[:20]:
        crystal.search(question)
    took = sorted(_cpu_ms(partial(crystal.search, question)) for question in questions)
    return {"p50_ms": statistics.median(took), "p99_ms": took[int(0.99 * (len(took) - 1))]}


def _change(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "corpus"
        shutil.copytree(options.root, root, symlinks=True)
        crystal = build([root])
        crystal.search("warm")
        source = [e for e in crystal.files if e.language == "python"] or list(crystal.files)
        by_size = sorted(source, key=lambda entry: (entry.size_bytes, entry.path))
        middle = len(by_size) // 2
        told: list[float] = []
        walked: list[float] = []
        for number, entry in enumerate(by_size[middle : middle + 9]):
            path = root / entry.path
            with path.open("a", encoding="utf-8") as file:
                file.write(f"\n\ndef freshly_written_{number}():\n    return {number}\n")
            name = f"freshly_written_{number}"
            walked.append(_cpu_ms(partial(_find, crystal, None, name)))
            told.append(_cpu_ms(partial(_find, crystal, [path], name)))
            crystal = refresh(crystal, paths=[path])
    return {"paths_ms": statistics.median(told), "walk_ms": statistics.median(walked)}


def _find(crystal: Crystal, paths: list[Path] | None, name: str) -> None:
    assert refresh(crystal, paths=paths).search(name)


JOBS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "first": _first, "cold": _cold, "reopen": _reopen, "ask": _ask, "change": _change,
}  # fmt: skip


def questions_of(crystal: Crystal, count: int) -> Sequence[str]:
    """First sentences of docs, at most twelve words, each once, in an order that chance fixed."""
    docs = {doc.split(". ")[0] for s in crystal.segments for doc in s.graph.get().prose}
    said = sorted(" ".join(doc.split()[:12]) for doc in docs if doc.count(" ") > 2)
    random.Random(1).shuffle(said)
    return said[:count]


def _sealed(options: argparse.Namespace) -> Crystal:
    return from_pages(_store(options).read)


def _store(options: argparse.Namespace) -> PageStore:
    return PageStore(options.store, Sealer(KEY), "benchmark")


def _read_everything(root: Path) -> float:
    started_s = time.process_time()
    for source in walk([root]).sources:
        read(source)
    return time.process_time() - started_s


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _age_s() -> float:
    return time.time() - psutil.Process().create_time()


def _cpu_ms(work: Callable[[], object]) -> float:
    started_s = time.process_time()
    work()
    return 1e3 * (time.process_time() - started_s)


def _median(rows: Sequence[dict[str, Any]], name: str) -> float:
    return statistics.median(row[name] for row in rows)


if __name__ == "__main__":
    main()
