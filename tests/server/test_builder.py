"""Building in a child: progress comes back, errors keep their kind, cancelling ends it."""

from contextlib import ExitStack
from pathlib import Path

import anyio
import psutil
import pytest
from rlm_crystal.errors import RootMissing
from rlm_crystal.home import Home
from rlm_crystal.keys import Keyring
from rlm_crystal.types import Progress
from rlm_server.archive import Archive
from rlm_server.build_child import BuildJob
from rlm_server.builder import build_in_child
from rlm_server.lifetime import scrubbed

KEYRING = Keyring("env", bytes(range(32)))


def job_for(root: Path, tmp_path: Path) -> BuildJob:
    home = Home(tmp_path / "data", tmp_path / "config")
    return BuildJob(Archive.of(home, lambda: KEYRING, [root]))


def test_a_job_survives_its_way_through_the_pipe(tmp_path: Path) -> None:
    job = job_for(tmp_path, tmp_path)
    arrived = BuildJob.from_line(job.to_line())
    assert arrived.to_line() == job.to_line()
    assert arrived.archive.keyring == KEYRING


def test_a_child_gets_neither_keys_nor_what_alters_python() -> None:
    given = {"PATH": "/bin", "RLM_KEY": "k", "OPENAI_API_KEY": "s", "PYTHONPATH": "/evil"}
    assert scrubbed(given) == {"PATH": "/bin"}


@pytest.mark.asyncio
async def test_a_built_crystal_is_sealed_and_its_progress_told(
    repository: Path, tmp_path: Path
) -> None:
    job, seen = job_for(repository, tmp_path), list[Progress]()
    with anyio.fail_after(60):
        generation = await build_in_child(job, seen.append)
    assert generation == 1
    assert [entry.path for entry in job.archive.crystal().files][-1] == "shop/checkout.py"
    assert seen[-1].stage == "sealing"


@pytest.mark.asyncio
async def test_another_writer_is_waited_for_and_named_only_where_there_is_one(
    repository: Path, tmp_path: Path
) -> None:
    job, alone, behind = job_for(repository, tmp_path), list[str](), list[str]()
    with anyio.fail_after(60):
        await build_in_child(job, lambda step: alone.append(step.stage))
        with ExitStack() as other:
            other.enter_context(job.archive.store().lock(1))

            def release_once_waited_for(step: Progress) -> None:
                behind.append(step.stage)
                if step.stage == "waiting for another writer":
                    other.close()

            await build_in_child(job, release_once_waited_for)
    assert "waiting for another writer" not in alone
    assert behind[0] == "waiting for another writer"
    assert behind[-1] == "sealing"


@pytest.mark.asyncio
async def test_the_error_of_the_child_is_raised_here(tmp_path: Path) -> None:
    with anyio.fail_after(60), pytest.raises(RootMissing, match="does not exist"):
        await build_in_child(job_for(tmp_path / "nowhere", tmp_path), lambda _: None)


@pytest.mark.asyncio
async def test_cancelling_ends_the_child(repository: Path, tmp_path: Path) -> None:
    children: list[psutil.Process] = []
    with anyio.fail_after(60), anyio.CancelScope() as scope:

        def cancel_at_first_news(_: Progress) -> None:
            children.extend(psutil.Process().children())
            scope.cancel()

        await build_in_child(job_for(repository, tmp_path), cancel_at_first_news)
    assert children
    assert [child for child in children if child.is_running()] == []
