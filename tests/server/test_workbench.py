"""REPLs of clients: handles, what stays in them, what is lost and said to be."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from rlm_crystal.types import Progress
from rlm_sandbox.availability import available
from rlm_server.errors import ReplsBusy, UnknownHandle
from rlm_server.principal import Principal, calls_by
from rlm_server.repls import CLOSE_AFTER_S, REST_AFTER_S, Repls
from rlm_tools.host import Cell
from services import serving, silent

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_variables_stay_under_a_handle_and_go_when_it_is_reset(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        run = service.workbench.run
        found = await run(Cell("hits = crystal.search('total price')\nlen(context)"), silent)
        again = await run(Cell("FINAL({'path': hits[0]['path']})", found.handle), silent)
        other = await run(Cell("'hits' in SHOW_VARS()"), silent)
        emptied = await run(Cell("'hits' in SHOW_VARS()", found.handle, reset=True), silent)
        told = await service.shelf.trace(again.trace_id)
        listed = await service.shelf.traces(10)
    assert found.output == "4\n"
    assert again.final == '{\n  "path": "shop/cart.py"\n}'
    assert (other.output, emptied.output) == ("False\n", "False\n")
    assert other.handle != found.handle == again.handle == emptied.handle
    assert emptied.state_lost == ()
    assert "rlm_exec: FINAL({'path': hits[0]['path']})" in told
    assert "turn 1" in told and '"path": "shop/cart.py"' in told
    assert {line.split()[0] for line in listed} == {
        ran.trace_id for ran in (found, again, other, emptied)
    }


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_records_of_cells_are_bounded_and_tell_of_one_that_was_cancelled(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_server.cell_record.RECORDS_MAX", 2)
    async with serving(repository, environ) as service:
        ran = [await service.workbench.run(Cell("n = 1"), silent)]
        for _ in range(2):
            ran.append(await service.workbench.run(Cell("n += 1", ran[0].handle), silent))
        kept = await service.shelf.traces(10)
        with anyio.move_on_after(0.3):
            await service.workbench.run(Cell("while True: pass", ran[0].handle), silent)
        newest = (await service.shelf.traces(1))[0]
        told = await service.shelf.trace(newest.split()[0])
    assert {line.split()[0] for line in kept} == {each.trace_id for each in ran[1:]}
    assert "rlm_exec: while True: pass" in told and "Failed: cancelled" in told


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_repl_keeps_the_files_it_was_opened_over_and_says_so(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        run = service.workbench.run
        first = await run(Cell("len(context)"), silent)
        (repository / "shop" / "more.py").write_text("MORE = 1\n")
        (repository / "shop" / "cart.py").unlink()
        await service.reindex("changed", silent)
        stale = await run(Cell("len(context)", first.handle), silent)
        fresh = await run(Cell("context.paths", first.handle, reset=True), silent)
    assert (first.revision.pending, stale.revision.pending, fresh.revision.pending) == (0, 2, 0)
    assert "reset=true" in stale.remarks[-1]
    assert ("more.py" in fresh.output, "cart.py" in fresh.output) == (True, False)


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_an_idle_repl_rests_with_its_variables_and_is_closed_later_with_a_word(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        run = service.workbench.run
        handle = (await run(Cell("kept = [1]\nlazy = iter(kept)"), silent)).handle
        assert service.opened is not None
        repls = service.opened.repls
        async with anyio.create_task_group() as tasks:  # a call that comes in the midst waits
            tasks.start_soon(repls.look, monotonic() + REST_AFTER_S)
            await anyio.lowlevel.checkpoint()
            rested = await run(Cell("kept", handle), silent)
        await repls.look(monotonic() + CLOSE_AFTER_S)
        open_then = repls.states()
        closed = await run(Cell("SHOW_VARS()", handle), silent)
        after = await run(Cell("1", handle), silent)
    assert (rested.output, rested.state_lost) == ("[1]\n", ("lazy",))
    assert open_then == ()
    assert closed.state_lost == ("kept",)
    assert "had been closed" in closed.remarks[0]
    assert after.state_lost == ()


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_few_repls_are_open_and_fewer_awake(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_server.repls.OPEN_MAX", 2)
    monkeypatch.setattr("rlm_server.repls.AWAKE_MAX", 1)
    async with serving(repository, environ) as service:
        run = service.workbench.run
        handles = [(await run(Cell("n = 1"), silent)).handle for _ in range(3)]
        assert service.opened is not None
        repls = service.opened.repls
        still = [state.handle for state in repls.states()]
        await repls.look(monotonic())
        awake = [each.awake for each in repls.held()]
        lost = await run(Cell("1", handles[0]), silent)
    assert still == handles[1:]
    assert awake == [False, True]
    assert lost.state_lost == ("n",)


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_handle_nobody_gave_and_one_in_use_are_refused_with_the_next_step(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        run = service.workbench.run
        with pytest.raises(UnknownHandle, match="Leave `handle` out"):
            await run(Cell("1", "0123abcd"), silent)
        handle = (await run(Cell("1"), silent)).handle
        with calls_by(Principal("other")), pytest.raises(UnknownHandle):
            await run(Cell("1", handle), silent)
        with calls_by(Principal("other")):
            assert await service.workbench.states() == ()
        assert service.opened is not None
        async with service.opened.repls.used(handle, _never, reset=False):
            with pytest.raises(ReplsBusy, match="rlm_status"):
                await run(Cell("2", handle), silent)


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_without_a_model_the_code_is_told_to_print_and_read(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        ran = await service.workbench.run(Cell("llm_query('what is it', 'x')"), silent)
    assert "print the passages and read them yourself" in ran.fault


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_repl_whose_first_cell_was_cancelled_is_tended_as_any_other(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_server.repls._LOOK_EVERY_S", 0.0)
    monkeypatch.setattr("rlm_server.repls.CLOSE_AFTER_S", 0.0)
    async with serving(repository, environ) as service:
        with anyio.CancelScope() as call:

            def gives_up(progress: Progress) -> None:
                if progress.stage == "Running code":
                    call.cancel()

            await service.workbench.run(Cell("1"), gives_up)
        assert service.opened is not None
        assert call.cancelled_caught
        with anyio.fail_after(5):
            while service.opened.repls.held():
                await anyio.lowlevel.checkpoint()


def _never():
    raise AssertionError("there is one")


@pytest.mark.asyncio
async def test_who_opens_one_too_many_closes_one_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rlm_server.repls.OPEN_MAX", 3)
    repls, agent = Repls(), Principal("agent")
    mine = await opened_in(repls)
    with calls_by(agent):
        theirs = [await opened_in(repls) for _ in range(3)]
    assert [each.handle for each in repls.held()] == [mine, *theirs[1:]]


async def opened_in(repls: Repls) -> str:
    @asynccontextmanager
    async def opening() -> AsyncGenerator[Any]:
        yield None, None

    async with repls.used("", opening, reset=False) as found:
        return found.handle
