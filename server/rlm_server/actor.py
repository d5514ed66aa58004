"""An actor: state, behaviour and a mailbox that one task drains (Hewitt 1973).

Whoever derives from `Actor` keeps its state in its own attributes and changes it in handlers only.
A public method is one line, `return await self._ask(self._handler, argument)`; calls are handled
one after the other in the order they were made, so the state has one writer and needs no lock.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, ParamSpec, TypeVar

import anyio

from rlm_server.errors import ActorStopped, MailboxFull

T = TypeVar("T")
P = ParamSpec("P")


class Actor:
    """A mailbox of `capacity` calls; a caller that finds it full waits `patience_s` at most."""

    def __init__(self, *, capacity: int = 256, patience_s: float = 5.0) -> None:
        self._capacity = capacity
        self._patience_s = patience_s
        self._sender, self._receiver = anyio.create_memory_object_stream[_Call[Any]](capacity)
        self._stopping = False
        self._task_id: int | None = None

    @property
    def queued(self) -> int:
        """How many calls wait in the mailbox."""
        return self._receiver.statistics().current_buffer_used

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Handle calls for as long as the block lasts; leaving it stops the actor."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._drain)
            try:
                yield
            finally:
                self.stop()

    def stop(self) -> None:
        """Take no more calls; those that wait fail, the one being handled finishes."""
        self._stopping = True
        self._sender.close()

    async def _ask(
        self, handler: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Have `handler` run by the actor's task and return or raise what it does.

        A caller that is cancelled before its turn is never handled; one that is cancelled while its
        handler runs leaves it running, so that the state is whole.
        """
        if self._task_id == anyio.get_current_task().id:
            raise RuntimeError("a handler asked its own mailbox and would wait for itself")
        call = _Call(lambda: handler(*args, **kwargs))
        await self._post(call)
        return await call.outcome()

    async def _post(self, call: "_Call[Any]") -> None:
        try:
            self._sender.send_nowait(call)
        except anyio.WouldBlock:
            await self._post_when_there_is_room(call)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            raise _stopped() from None

    async def _post_when_there_is_room(self, call: "_Call[Any]") -> None:
        try:
            with anyio.move_on_after(self._patience_s) as patience:
                await self._sender.send(call)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            raise _stopped() from None
        if patience.cancelled_caught:
            raise MailboxFull(
                f"The service is busy: {self._capacity} calls wait already."
                " Try again in a few seconds."
            )

    async def _drain(self) -> None:
        self._task_id = anyio.get_current_task().id
        try:
            async for call in self._receiver:
                if self._stopping:
                    call.refuse()
                else:
                    await call.handle()
                del call  # or what was handed over last would live until the next call
        finally:
            self.stop()
            self._refuse_the_rest()

    def _refuse_the_rest(self) -> None:
        while True:
            try:
                self._receiver.receive_nowait().refuse()
            except (anyio.WouldBlock, anyio.EndOfStream):
                break
        self._receiver.close()


class _Call(Generic[T]):
    """One call in the mailbox, and the place where its caller waits."""

    def __init__(self, handler: Callable[[], Awaitable[T]]) -> None:
        self._handler = handler
        self._done = anyio.Event()
        self._value: T | None = None
        self._error: Exception | None = None
        self._abandoned = False

    async def outcome(self) -> T:
        try:
            await self._done.wait()
        finally:
            self._abandoned = True
        if self._error is not None:
            raise self._error
        return self._value  # pyright: ignore[reportReturnType]  # set by handle()

    async def handle(self) -> None:
        if self._abandoned:
            return
        try:
            self._value = await self._handler()
        except Exception as error:  # whatever it is, it belongs to the caller
            self._error = error
        except BaseException:
            self.refuse()
            raise
        self._done.set()

    def refuse(self) -> None:
        self._error = _stopped()
        self._done.set()


def _stopped() -> ActorStopped:
    return ActorStopped("The service is going down and takes no more calls.")
