"""A session that is cancelled or closed at each single wait of a cell and of its restart."""

import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from types import coroutine
from typing import Any

import anyio
import psutil
import pytest
from rlm_sandbox.errors import SandboxClosed
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.spare import Spares
from rlm_sandbox.types import Execution, JsonValue

WAITS_MAX = 40


@coroutine
def acting_at_wait(
    number: int, act: Callable[[], object], awaited: Awaitable[Execution]
) -> Generator[Any, Any, bool]:
    """Await, and `act` as wait `number` (from 0) begins; whether there were that many waits."""
    inner = awaited.__await__()
    step: Callable[[], Any] = lambda: next(inner)  # noqa: E731
    for wait in range(WAITS_MAX):
        try:
            waited_for = step()
        except StopIteration:
            return wait > number
        if wait == number:
            act()
        try:
            yield waited_for
            step = lambda: next(inner)  # noqa: E731
        except BaseException as error:
            step = lambda error=error: inner.throw(error)  # noqa: E731
    raise AssertionError(f"more than {WAITS_MAX} waits")


async def echo(text: str) -> JsonValue:
    await anyio.lowlevel.checkpoint()
    return text


async def killed_and_asked(sandbox: Sandbox) -> Execution:
    """A cell that calls the host, after a kill that makes a restart necessary."""
    os.kill(sandbox.pid, signal.SIGKILL)
    await sandbox.execute("1")
    return await sandbox.execute("echo('x')")


@pytest.mark.asyncio
async def test_a_session_cancelled_at_any_wait_goes_on_with_its_variables():
    spares = Spares()
    async with await Sandbox.start(functions={"echo": echo}, spares=spares) as sandbox:
        await sandbox.execute("kept = [1]")
        reached, number = True, 0
        while reached:
            with anyio.CancelScope() as scope:
                reached = await acting_at_wait(number, scope.cancel, killed_and_asked(sandbox))
            with anyio.fail_after(20):
                after = await sandbox.execute("kept")
            assert (number, after.error, after.output) == (number, None, "[1]\n")
            number += 1
    await spares.close()

    # How many waits there are depends on how fast the child is.
    assert number > 1
    assert psutil.Process().children() == []


@pytest.mark.asyncio
async def test_a_session_closed_at_any_wait_leaves_nothing_behind():
    spares = Spares()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    reached, number = True, 0
    while reached:
        sandbox = await Sandbox.start(functions={"echo": echo}, spares=spares)
        async with anyio.create_task_group() as tasks:
            close = partial(tasks.start_soon, sandbox.close)
            with contextlib.suppress(SandboxClosed):
                reached = await acting_at_wait(number, close, killed_and_asked(sandbox))
        await sandbox.close()
        number += 1
    await spares.close()

    # How many waits there are depends on how fast the child is.
    assert number > 1
    assert psutil.Process().children() == []
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
