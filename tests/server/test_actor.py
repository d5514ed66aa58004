"""The mailbox: one writer, in order, and every caller hears back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from rlm_server.actor import Actor
from rlm_server.errors import ActorStopped, MailboxFull


class Ledger(Actor):
    """An actor whose state is a list, with a gate that holds a handler up."""

    def __init__(self, *, capacity: int = 8, patience_s: float = 5.0) -> None:
        super().__init__(capacity=capacity, patience_s=patience_s)
        self.entries: list[int] = []
        self.entered = anyio.Event()
        self.gate = anyio.Event()

    async def add(self, entry: int) -> int:
        return await self._ask(self._add, entry)

    async def hold(self) -> str:
        return await self._ask(self._hold)

    async def fail(self) -> None:
        await self._ask(self._fail)

    async def nested(self) -> int:
        return await self._ask(self.add, 7)

    async def _add(self, entry: int) -> int:
        self.entries.append(entry)
        return len(self.entries)

    async def _hold(self) -> str:
        self.entered.set()
        await self.gate.wait()
        self.entries.append(-1)
        return "held"

    async def _fail(self) -> None:
        raise KeyError("missing")


@asynccontextmanager
async def held(ledger: Ledger) -> AsyncIterator[anyio.abc.TaskGroup]:
    """Run the ledger with its task busy in `hold`."""
    with anyio.fail_after(5):
        async with ledger.running(), anyio.create_task_group() as callers:
            callers.start_soon(ledger.hold)
            await ledger.entered.wait()
            yield callers


async def queued(ledger: Ledger, count: int) -> None:
    """Wait until so many calls are in the mailbox."""
    while ledger.queued < count:
        await anyio.lowlevel.checkpoint()


@pytest.mark.asyncio
async def test_calls_are_handled_in_the_order_they_were_made() -> None:
    ledger = Ledger(capacity=200)
    async with held(ledger) as callers:
        for entry in range(100):
            callers.start_soon(ledger.add, entry)
        await queued(ledger, 100)
        ledger.gate.set()
    assert ledger.entries == [-1, *range(100)]


@pytest.mark.asyncio
async def test_a_caller_gets_what_its_handler_returned() -> None:
    ledger = Ledger()
    async with ledger.running():
        assert [await ledger.add(5), await ledger.add(6)] == [1, 2]


@pytest.mark.asyncio
async def test_a_failing_handler_fails_its_caller_and_the_next_call_works() -> None:
    ledger = Ledger()
    async with ledger.running():
        with pytest.raises(KeyError, match="missing"):
            await ledger.fail()
        assert await ledger.add(1) == 1


@pytest.mark.asyncio
async def test_a_full_mailbox_makes_callers_wait_until_there_is_room() -> None:
    ledger = Ledger(capacity=1)
    async with held(ledger) as callers:
        for entry in range(5):
            callers.start_soon(ledger.add, entry)
        await anyio.wait_all_tasks_blocked()
        assert ledger.entries == []
        ledger.gate.set()
    assert ledger.entries == [-1, 0, 1, 2, 3, 4]


@pytest.mark.asyncio
async def test_a_mailbox_full_for_longer_than_the_bound_answers_busy() -> None:
    ledger = Ledger(capacity=1, patience_s=0.0)
    async with held(ledger) as callers:
        callers.start_soon(ledger.add, 1)
        await queued(ledger, 1)
        with pytest.raises(MailboxFull, match=r"busy.*1 calls"):
            await ledger.add(2)
        ledger.gate.set()
    assert ledger.entries == [-1, 1]


@pytest.mark.asyncio
async def test_a_call_cancelled_while_queued_is_never_handled() -> None:
    ledger = Ledger()
    async with held(ledger) as callers:
        scope = anyio.CancelScope()

        async def impatient() -> None:
            with scope:
                await ledger.add(1)

        callers.start_soon(impatient)
        await queued(ledger, 1)
        scope.cancel()
        callers.start_soon(ledger.add, 2)
        await queued(ledger, 2)
        ledger.gate.set()
    assert ledger.entries == [-1, 2]


@pytest.mark.asyncio
async def test_a_call_cancelled_while_running_finishes_so_that_the_state_is_whole() -> None:
    ledger = Ledger()
    with anyio.fail_after(5):
        async with ledger.running(), anyio.create_task_group() as callers:
            callers.start_soon(ledger.hold)
            await ledger.entered.wait()
            callers.cancel_scope.cancel()
            # running() waits for the handler, so the gate must open from outside
            ledger.gate.set()
    assert ledger.entries == [-1]


@pytest.mark.asyncio
async def test_stopping_fails_the_queued_calls_and_lets_the_running_one_finish() -> None:
    ledger = Ledger()
    outcomes: list[str] = []

    async def call(entry: int) -> None:
        try:
            await ledger.add(entry)
        except ActorStopped as stopped:
            outcomes.append(str(stopped))

    async with held(ledger) as callers:
        callers.start_soon(call, 1)
        callers.start_soon(call, 2)
        await queued(ledger, 2)
        ledger.stop()
        ledger.gate.set()
    assert ledger.entries == [-1]
    assert len(outcomes) == 2


@pytest.mark.asyncio
async def test_a_caller_waiting_for_room_hears_of_the_stop() -> None:
    ledger = Ledger(capacity=1)
    async with held(ledger) as callers:
        callers.start_soon(_expects_stop, ledger)
        callers.start_soon(_expects_stop, ledger)
        await anyio.wait_all_tasks_blocked()
        ledger.stop()
        ledger.gate.set()
    assert ledger.entries == [-1]


@pytest.mark.asyncio
async def test_a_call_after_the_stop_fails_at_once() -> None:
    ledger = Ledger()
    async with ledger.running():
        pass
    with pytest.raises(ActorStopped):
        await ledger.add(1)


@pytest.mark.asyncio
async def test_cancelling_the_actor_itself_fails_the_running_call() -> None:
    ledger = Ledger()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as callers:
            scope = anyio.CancelScope()

            async def run() -> None:
                with scope:
                    async with ledger.running():
                        await anyio.sleep_forever()

            callers.start_soon(run)
            callers.start_soon(_expects_stop_of_hold, ledger)
            await ledger.entered.wait()
            scope.cancel()
    assert ledger.entries == []


@pytest.mark.asyncio
async def test_a_handler_that_asks_its_own_actor_is_refused_instead_of_hanging() -> None:
    ledger = Ledger()
    with anyio.fail_after(5):
        async with ledger.running():
            with pytest.raises(RuntimeError, match="own mailbox"):
                await ledger.nested()


async def _expects_stop(ledger: Ledger) -> None:
    with pytest.raises(ActorStopped):
        await ledger.add(9)


async def _expects_stop_of_hold(ledger: Ledger) -> None:
    with pytest.raises(ActorStopped):
        await ledger.hold()
