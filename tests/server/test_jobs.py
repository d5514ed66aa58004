"""Work that outlasts its call."""

import anyio
import pytest
from rlm_crystal.types import Progress, ProgressSink
from rlm_server.errors import MailboxFull, UnknownJob
from rlm_server.jobs import FINISHED_KEPT, RUNNING_MAX, Jobs, Work
from rlm_server.principal import OWNER, Principal, calls_by
from rlm_tools.host import JobState


def silent(_: Progress) -> None:
    pass


def jobs_in(tasks: anyio.abc.TaskGroup) -> Jobs[str]:
    return Jobs(tasks, as_text=str.upper, explain=str)


async def quick(report: ProgressSink) -> str:
    report(Progress("reading", 3, 3))
    return "found"


async def failing(report: ProgressSink) -> str:
    raise ValueError("no such thing")


@pytest.mark.asyncio
async def test_work_that_ends_in_time_gives_its_value_and_leaves_nothing_behind() -> None:
    seen: list[Progress] = []
    async with anyio.create_task_group() as tasks:
        jobs = jobs_in(tasks)
        assert await jobs.run("query", quick, wait_s=5, progress=seen.append) == "found"
        assert jobs.states() == ()
    assert seen == [Progress("reading", 3, 3)]


@pytest.mark.asyncio
async def test_a_failure_in_time_is_raised() -> None:
    async with anyio.create_task_group() as tasks:
        with pytest.raises(ValueError, match="no such thing"):
            await jobs_in(tasks).run("query", failing, wait_s=5, progress=silent)


@pytest.mark.asyncio
async def test_longer_work_gives_a_handle_and_its_result_can_be_fetched() -> None:
    gate = anyio.Event()

    async def slow(report: ProgressSink) -> str:
        report(Progress("reading", 1, 2))
        await gate.wait()
        return "late"

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            jobs = jobs_in(tasks)
            handle = await jobs.run("query", slow, wait_s=0.01, progress=silent)
            assert isinstance(handle, JobState)
            assert (handle.state, handle.done, handle.total) == ("running", 1, 2)
            assert (await jobs.get(handle.job_id, wait_s=0.01)).state == "running"
            gate.set()
            assert (await jobs.get(handle.job_id, wait_s=5)).result == "LATE"


@pytest.mark.asyncio
async def test_a_cancelled_caller_cancels_the_work() -> None:
    began, ended = anyio.Event(), anyio.Event()

    async def endless(report: ProgressSink) -> str:
        began.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks, anyio.create_task_group() as callers:
            jobs = jobs_in(tasks)

            async def call() -> None:
                await jobs.run("query", endless, wait_s=60, progress=silent)

            callers.start_soon(call)
            await began.wait()
            callers.cancel_scope.cancel()
    assert ended.is_set()


@pytest.mark.asyncio
async def test_a_job_is_ended_by_its_id_and_one_that_is_over_stays_what_it_was() -> None:
    ended = anyio.Event()

    async def endless(report: ProgressSink) -> str:
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()
        return "never"

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            jobs = jobs_in(tasks)
            handle = await jobs.run("query", endless, wait_s=0, progress=silent)
            assert isinstance(handle, JobState)
            assert (await jobs.cancel(handle.job_id)).state == "cancelled"
            assert ended.is_set()
            assert (await jobs.cancel(handle.job_id)).state == "cancelled"


@pytest.mark.asyncio
async def test_an_unknown_job_says_which_there_are() -> None:
    async with anyio.create_task_group() as tasks:
        with pytest.raises(UnknownJob, match="none"):
            await jobs_in(tasks).get("nope")


@pytest.mark.asyncio
async def test_results_nobody_fetches_do_not_pile_up() -> None:
    async def later(report: ProgressSink) -> str:
        await anyio.lowlevel.checkpoint()
        return "x"

    async with anyio.create_task_group() as tasks:
        jobs = jobs_in(tasks)
        for _ in range(FINISHED_KEPT * 2):
            await jobs.run("query", later, wait_s=0, progress=silent)
            await anyio.wait_all_tasks_blocked()
        assert len(jobs.states()) <= FINISHED_KEPT


@pytest.mark.asyncio
async def test_a_job_is_there_for_who_began_it_only() -> None:
    async with anyio.create_task_group() as tasks:
        jobs, hold = jobs_in(tasks), anyio.Event()

        async def slow(report: ProgressSink) -> str:
            await hold.wait()
            return "found"

        with calls_by(Principal("reviewer")):
            job = await jobs.run("query", slow, wait_s=0, progress=silent)
            assert isinstance(job, JobState)
            assert await jobs.get(job.job_id) == jobs.states()[0] == job
        for other in (OWNER, Principal("another")):
            with calls_by(other):
                assert jobs.states() == ()
                with pytest.raises(UnknownJob, match=r"there are: none"):
                    await jobs.get(job.job_id)
        hold.set()


@pytest.mark.asyncio
async def test_calls_that_end_as_others_begin_all_get_their_value() -> None:
    gate, values = anyio.Event(), list[object]()

    async def held(report: ProgressSink) -> str:
        await gate.wait()
        return "held"

    async def call(jobs: Jobs[str], work: Work[str]) -> None:
        values.append(await jobs.run("query", work, wait_s=5, progress=silent))

    async def call_then(jobs: Jobs[str]) -> None:
        await gate.wait()  # all are over by our turn, and none of their callers had one yet
        await call(jobs, quick)

    async with anyio.create_task_group() as tasks, anyio.create_task_group() as callers:
        jobs = jobs_in(tasks)
        for _ in range(FINISHED_KEPT + 4):
            callers.start_soon(call, jobs, held)
        await anyio.wait_all_tasks_blocked()
        for _ in range(4):
            callers.start_soon(call_then, jobs)
        await anyio.wait_all_tasks_blocked()
        gate.set()
    assert sorted(map(str, values)) == ["found"] * 4 + ["held"] * (FINISHED_KEPT + 4)


@pytest.mark.asyncio
async def test_one_caller_cannot_have_more_running_than_is_bearable() -> None:
    async def endless(report: ProgressSink) -> str:
        await anyio.sleep_forever()
        return ""

    async with anyio.create_task_group() as tasks:
        jobs = jobs_in(tasks)
        for _ in range(RUNNING_MAX):
            await jobs.run("query", endless, wait_s=0, progress=silent)
        with pytest.raises(MailboxFull, match="wait for one"):
            await jobs.run("query", endless, wait_s=0, progress=silent)
        with calls_by(Principal("another")):
            assert await jobs.run("query", quick, wait_s=5, progress=silent) == "found"
        tasks.cancel_scope.cancel()
