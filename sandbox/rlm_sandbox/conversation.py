"""One cell's exchange with the child: calls answered, time watched, end awaited."""

import time
from collections.abc import Mapping
from dataclasses import replace
from secrets import token_hex
from typing import Final as Constant

import anyio
import anyio.lowlevel

from rlm_sandbox import reports
from rlm_sandbox.backend import Child
from rlm_sandbox.clock import CellClock
from rlm_sandbox.errors import ProtocolError
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.types import Final, HostFunction

_GRACE_S: Constant = 0.4
_CHECK_S_MIN: Constant = 0.01
_ALONE_S: Constant = 0.005
_CALLS_MAX: Constant = 20_000
_ERROR_CHARS: Constant = 4_000


class OverLimit(Exception):
    """The cell did not stop when it was asked to."""


class Conversation:
    """One cell's exchange with the child: calls answered, time watched, end awaited."""

    def __init__(
        self,
        child: Child,
        functions: Mapping[str, HostFunction],
        clock: CellClock,
        output_chars: int,
    ) -> None:
        self._child = child
        self._functions = functions
        self._clock = clock
        self._output_chars = output_chars
        self._calls = 0
        self._others_at = time.monotonic() + _ALONE_S
        # One thread cannot use more CPU than time: a wider CPU limit needs no look at all.
        self._watches_cpu = clock.cpu_s < clock.wall_s
        self._cpu_before_s = child.cpu_s() if self._watches_cpu else 0.0
        self.interrupted = ""
        self.final: Final | None = None

    async def run(self, code: str) -> reports.Done:
        """Send the cell and see it through; raises OverLimit, ChildGone, ProtocolError."""
        self._clock.resume(time.monotonic())
        try:
            # Nobody can know this beforehand: an end that names another cell is one of an earlier
            # cell that spoke in the runner's place, and says nothing about this one.
            name = token_hex(8)
            await self._send(Message(Kind.CELL, {"cell": name}, code))
            while True:
                message = await self._receive()
                if message.kind is Kind.DONE:
                    if message.fields.get("cell") != name:
                        continue
                    return self._named(reports.done(message, self._output_chars))
                await self._handle(message)
        finally:
            self._clock.pause(time.monotonic())

    def _named(self, done: reports.Done) -> reports.Done:
        # The child knows that it was stopped, the host which limit it was.
        if done.error is None or done.error.kind != "timeout" or not self.interrupted:
            return done
        return replace(done, error=replace(done.error, message=self.interrupted))

    async def _handle(self, message: Message) -> None:
        if message.kind is Kind.CALL:
            await self._send(await self._reply(reports.call(message)))
        elif message.kind is Kind.FINAL and self.final is None:
            self.final = Final(*reports.final(message))
        else:
            raise ProtocolError(f"the child sent {message.kind.name} in the middle of a cell")

    async def _reply(self, call: reports.Call) -> Message:
        self._calls += 1
        function = self._functions.get(call.name)
        if function is None:
            return refusal(f"there is no host function {call.name!r}")
        if self._calls > _CALLS_MAX:
            return refusal(f"a cell may call host functions {_CALLS_MAX} times")
        if self.interrupted:
            return refusal(self.interrupted)
        # The clock rests only while the host works: calls that are refused cost the cell time.
        self._clock.pause(time.monotonic())
        try:
            return Message(Kind.REPLY, {"value": await function(*call.args, **call.kwargs)})
        except Exception as error:
            # Whatever a host function raises is told to the cell; it must not end the session.
            return refusal(str(error) or type(error).__name__)
        finally:
            self._clock.resume(time.monotonic())

    async def _send(self, message: Message) -> None:
        try:
            await self._deliver(message)
        except (TypeError, ValueError, RecursionError) as error:
            await self._deliver(refusal(f"the host function's answer is no JSON: {error}"))
        except ProtocolError as error:
            await self._deliver(refusal(f"the host function's answer is too large: {error}"))

    async def _deliver(self, message: Message) -> None:
        rest = self._child.write(message)
        if not rest:
            return
        try:
            with anyio.fail_after(self._clock.next_check_s(time.monotonic()) + _GRACE_S):
                await self._child.write_rest(rest)
        except TimeoutError:
            raise OverLimit("the child did not take what it was sent") from None

    async def _receive(self) -> Message:
        # A child that floods the pipe never makes us wait: let others run, and look at the clock.
        now = time.monotonic()
        if now >= self._others_at:
            await anyio.lowlevel.checkpoint()
            self._others_at = now + _ALONE_S
        if self._clock.exceeded(now):
            self._enforce()
        while True:
            wait_s = max(_CHECK_S_MIN, self._clock.next_check_s(time.monotonic()))
            with anyio.move_on_after(wait_s):
                return await self._child.receive()
            self._enforce()

    def _enforce(self) -> None:
        if self._watches_cpu:
            self._clock.cpu_used_s = self._child.cpu_s() - self._cpu_before_s
        limit = self._clock.exceeded(time.monotonic())
        if limit is None:
            return
        if self.interrupted:
            raise OverLimit(self.interrupted)
        self.interrupted = f"the cell was stopped at its limit of {limit}"
        if not self._child.interrupt():
            raise OverLimit(self.interrupted)
        self._clock.extend(_GRACE_S)


def refusal(reason: str) -> Message:
    """The answer to a call that is not made; HostCallError in the cell."""
    return Message(Kind.REPLY, {"error": reason[:_ERROR_CHARS]})
