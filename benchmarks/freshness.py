"""What it costs to be current: a question at rest, a saved file, a new one, a burst, idling.

    python benchmarks/freshness.py --root <a folder> [--repeat 20] [--idle-s 20]

The folder is copied and put under git, and a service in this process follows the copy by the
events of the system. CPU is that of this process and of every git it starts; figures are medians,
with the load told, since other work on the machine raises CPU seconds too. The matrix of what is
followed rightly is a test: `python -m pytest tests/system -k freshness`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
from rlm_crystal.build import drift_of
from rlm_crystal.types import Progress
from rlm_server.manner import Manner
from rlm_server.service import Service
from rlm_tools.search import SearchArguments, search

GIT = ("git", "-c", "user.name=b", "-c", "user.email=b@example.org", "-c", "commit.gpgsign=false")
BURST_FILES = 2_000
PATIENT = Manner(ready_wait_s=None, fresh_wait_s=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--idle-s", type=float, default=20.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "corpus"
        shutil.copytree(options.root, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "All")):
            subprocess.run([*GIT, *arguments], cwd=root, check=True, capture_output=True)
        anyio.run(measure, root, Path(folder) / "home", options.repeat, options.idle_s)


async def measure(root: Path, home: Path, repeat: int, idle_s: float) -> None:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    service = Service([root], {"RLM_HOME": str(home)}, manner=PATIENT)
    async with service.serving():
        view = await service.view(silent)
        print(f"{view.crystal.file_count} files, load {load:.1f}, changes by", end=" ")
        print((await service.status()).watching)
        sources = [root / entry.path for entry in view.crystal.files if entry.language == "python"]
        await rest(service)
        told("a walk over every file, as polling takes", await median(repeat, looking(service)))
        told("an answer's question whether the disk changed", await median(repeat, asking(service)))
        told("comparing the files of ten hits", await median(repeat, checking(service)))
        told("a saved file until it is served", await median(repeat, saving(service, sources)))
        told("a new file until it is served", await median(repeat, creating(service, root)))
        await burst(service, sources[:BURST_FILES])
        await rest(service)
        before_s = cpu_s()
        await anyio.sleep(idle_s)
        print(f"idle: {100 * (cpu_s() - before_s) / idle_s:.2f} % of one core")


async def burst(service: Service, files: list[Path]) -> None:
    await rest(service)
    before, before_s = (await service.session_stats()).refreshes, cpu_s()
    for path in files:
        path.write_bytes(path.read_bytes() + b"\n# burst\n")
    await service.view(silent)
    spent_s, after = cpu_s() - before_s, (await service.session_stats()).refreshes
    print(f"{len(files)} files changed at once: {after - before} refreshes, {spent_s:.1f} s CPU")


def saving(service: Service, sources: list[Path]) -> Callable[[int], Awaitable[object]]:
    chosen = sorted(sources, key=lambda path: path.stat().st_size)[len(sources) // 2 :]

    async def save(number: int) -> None:
        path = chosen[number]
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_bytes(path.read_bytes() + b"\n# saved\n")
        temporary.replace(path)
        await caught_up(service)

    return save


def creating(service: Service, root: Path) -> Callable[[int], Awaitable[object]]:
    async def create(number: int) -> None:
        (root / f"brand_new_{number}.py").write_text(f"def brand_new_{number}():\n    pass\n")
        await caught_up(service)

    return create


def checking(service: Service) -> Callable[[int], Awaitable[object]]:
    async def check(number: int) -> None:
        view = await service.view(silent)
        paths = [entry.path for entry in view.crystal.files[number * 10 : number * 10 + 10]]
        assert await service.confirm(view, paths, silent) is view

    return check


async def caught_up(service: Service) -> None:
    assert (await service.view(silent)).revision.caught_up


def asking(service: Service) -> Callable[[int], Awaitable[object]]:
    return lambda _: caught_up(service)


def looking(service: Service) -> Callable[[int], Awaitable[object]]:
    crystal = service.state.crystal
    assert crystal is not None
    return lambda _: anyio.to_thread.run_sync(drift_of, crystal)


async def rest(service: Service) -> None:
    """Wait until nothing is built and all is sealed, and make one search."""
    await search(service, SearchArguments(query="anything"), silent)
    while True:
        if quiet(service):
            return
        await anyio.sleep(0.2)


def quiet(service: Service) -> bool:
    crystal, opened = service.state.crystal, service.opened
    assert crystal is not None
    assert opened is not None
    if opened.keeper.building or not opened.keeper.current:
        return False
    return opened.archive.crystal().files == crystal.files


async def median(repeat: int, act: Callable[[int], Awaitable[object]]) -> tuple[float, float]:
    """CPU and wall seconds of one act."""
    spent: list[tuple[float, float]] = []
    for number in range(repeat):
        cpu, wall = cpu_s(), time.perf_counter()
        await act(number)
        spent.append((cpu_s() - cpu, time.perf_counter() - wall))
    cpus, walls = zip(*spent, strict=True)
    return statistics.median(cpus), statistics.median(walls)


def told(what: str, spent: tuple[float, float]) -> None:
    print(f"{what}: {1000 * spent[0]:.1f} ms CPU, {1000 * spent[1]:.1f} ms wall")


def cpu_s() -> float:
    gits = os.times()
    return time.process_time() + gits.children_user + gits.children_system


def silent(_: Progress) -> None:
    pass


if __name__ == "__main__":
    main()
