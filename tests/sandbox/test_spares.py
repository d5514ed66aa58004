"""Children started ahead: who gets them, what they hold, and that none is left behind."""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import psutil
import pytest
import rlm_sandbox
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.spare import Spares

OVER_ITS_TIME = "import itertools\nsum(itertools.repeat(1))"


@asynccontextmanager
async def one_spare() -> AsyncGenerator[tuple[Spares, int]]:
    """Spares with one made, and the process id of that one."""
    spares = Spares()
    before = children()
    spares.make()
    (made,) = children() - before
    try:
        yield spares, made
    finally:
        await spares.close()


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


@pytest.mark.asyncio
async def test_a_start_takes_the_spare_and_another_takes_its_place():
    async with one_spare() as (spares, made):
        async with await Sandbox.start(spares=spares) as sandbox:
            assert sandbox.pid == made
            assert len(children()) == 2
            assert (await sandbox.execute("1 + 1")).output == "2\n"
        async with await Sandbox.start(spares=spares) as second:
            assert second.pid != made
    assert children() == set()


@pytest.mark.asyncio
async def test_nothing_is_started_ahead_before_the_first_session():
    spares = Spares()
    assert children() == set()
    async with await Sandbox.start(spares=spares):
        assert len(children()) == 2
    await spares.close()

    async with await Sandbox.start(spares=spares):
        assert len(children()) == 1


@pytest.mark.asyncio
async def test_a_session_that_is_killed_comes_back_in_the_spare():
    spares = Spares()
    async with await Sandbox.start(spares=spares) as sandbox:
        await sandbox.execute("kept = [1]")
        (spare,) = children() - {sandbox.pid}
        with anyio.fail_after(20):
            await sandbox.execute(OVER_ITS_TIME, wall_s=0.1)
            after = await sandbox.execute("kept")

        assert (sandbox.pid, after.output) == (spare, "[1]\n")
    await spares.close()


@pytest.mark.asyncio
async def test_a_spare_that_ended_meanwhile_is_no_loss():
    async with one_spare() as (spares, made):
        os.kill(made, signal.SIGKILL)
        async with await Sandbox.start(spares=spares) as sandbox:
            assert sandbox.pid != made
            assert (await sandbox.execute("1")).output == "1\n"


@pytest.mark.asyncio
async def test_a_spare_is_given_neither_the_environment_nor_a_descriptor_of_the_host(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("RLM_KEY", "a secret")
    inherited = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(inherited, True)
    async with one_spare() as (_, made):
        opened = links(made)
        environment = of_process(made, "environ")
    os.close(inherited)

    assert [name.partition(":")[0] for name in opened if not name.startswith(PYTHONS)] == [
        "/dev/null", "/dev/null", "/dev/null", "pipe", "pipe", "socket",
    ]  # fmt: skip
    assert "RLM_KEY" not in environment


PYTHONS = (sys.prefix, sys.base_prefix, str(Path(rlm_sandbox.__file__).parent))


def links(pid: int) -> list[str]:
    """What the descriptors of a process lead to, in order."""
    found: list[str] = []
    for name in sorted(os.listdir(f"/proc/{pid}/fd"), key=int):  # noqa: PTH208
        with contextlib.suppress(OSError):  # a module that is just being read
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))  # noqa: PTH115
    return sorted(found)


def of_process(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


@pytest.mark.asyncio
async def test_sessions_of_one_host_share_neither_hash_seed_nor_addresses():
    told: list[str] = []
    spares = Spares()
    for _ in range(2):
        async with await Sandbox.start(spares=spares) as sandbox:
            told.append((await sandbox.execute("hash('text'), id(None)")).output)
    await spares.close()

    (first_hash, first_id), (second_hash, second_id) = (text.split(",") for text in told)
    assert first_hash != second_hash
    assert first_id != second_id


HOST = """
import asyncio, psutil, signal
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.spare import Spares
async def main():
    spares = Spares()
    async with await Sandbox.start(spares=spares) as sandbox:
        print(*(child.pid for child in psutil.Process().children()), flush=True)
        await sandbox.execute("while True: pass")
asyncio.run(main())
"""


def test_session_and_spare_end_with_a_host_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", HOST], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        family = [os.pidfd_open(int(pid)) for pid in host.stdout.readline().split()]
        host.kill()
    try:
        ended = {fd for fd in family if select.select([fd], [], [], 10)[0]}
    finally:
        for fd in family:
            os.close(fd)

    assert len(family) == 2
    assert ended == set(family)


@pytest.mark.asyncio
async def test_kills_in_a_row_leave_neither_descriptors_nor_processes_behind():
    spares = Spares()
    async with await Sandbox.start(spares=spares) as sandbox:
        await sandbox.execute("x = 1")
        before, family = descriptors(), len(children())
        for _ in range(5):
            os.kill(sandbox.pid, signal.SIGKILL)
            await sandbox.execute("2")
            assert (await sandbox.execute("x")).output == "1\n"

        assert (descriptors(), len(children())) == (before, family)
    await spares.close()

    assert children() == set()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
