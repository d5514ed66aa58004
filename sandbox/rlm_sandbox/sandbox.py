"""The door of the room: a Python session that is sealed off, survives kills, and answers.

One task uses a sandbox at a time. Whatever a cell does, `execute` returns an Execution within
its time limit and a second or so; only a missing layer, a closed sandbox and cancellation raise.
"""

import os
import time
from collections.abc import Mapping
from typing import Final, Self

import anyio

from rlm_sandbox import reports
from rlm_sandbox.availability import available
from rlm_sandbox.clock import CellClock
from rlm_sandbox.context import SharedContext
from rlm_sandbox.errors import ProtocolError, SandboxBusy, SandboxClosed, SandboxUnavailable
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.host import Child, ChildGone
from rlm_sandbox.redact import Redactor
from rlm_sandbox.types import CodeError, Execution, HostFunction, JsonValue, Limits
from rlm_sandbox.types import Final as FinalAnswer

SNAPSHOT_BYTES: Final = 64 << 20
GUARD_LAYERS: Final = ("ast-guard", "restricted-builtins")

_GRACE_S: Final = 0.4
_CHECK_S_MIN: Final = 0.01
_RESTORE_S: Final = 10.0
_CALLS_MAX: Final = 20_000
_ERROR_CHARS: Final = 4_000


class _OverLimit(Exception):
    """The cell did not stop when it was asked to."""


class Sandbox:
    """One session of untrusted Python; `start` it, `execute` cells, `close` it."""

    def __init__(
        self, setup: Message, functions: Mapping[str, HostFunction], limits: Limits, fds: "_Fds"
    ) -> None:
        self._setup = setup
        self._functions = functions
        self._limits = limits
        self._fds = fds
        self._redactor = Redactor()
        self._child: Child | None = None
        self._busy = False
        self._closed = False
        self._variables: Mapping[str, str] = {}
        self.layers: tuple[str, ...] = ()

    @classmethod
    async def start(
        cls,
        *,
        limits: Limits | None = None,
        context: SharedContext | None = None,
        functions: Mapping[str, HostFunction] | None = None,
        prelude: str = "",
        guard: bool = True,
    ) -> Self:
        """A sealed session, ready for cells.

        `functions` by name, "crystal.search" becoming `search` of `crystal`. `prelude` is trusted
        source that runs before the seal, in the same namespace. Without `guard` only the kernel's
        layers hold. Raises SandboxUnavailable naming the layer, PreludeFailed.
        """
        state = available()
        if not state.ok:
            raise SandboxUnavailable(", ".join(state.missing), state.advice)
        limits = limits or Limits()
        functions = functions or {}
        fds = _Fds(context)
        setup = Message(Kind.SETUP, _setup(limits, list(functions), fds, guard=guard), prelude)
        sandbox = cls(setup, functions, limits, fds)
        try:
            sandbox._child = await Child.start(setup, descriptors=fds.inherited)
        except BaseException:
            fds.close()
            raise
        sandbox.layers = sandbox._child.layers + (GUARD_LAYERS if guard else ())
        return sandbox

    async def execute(self, code: str, *, wall_s: float | None = None) -> Execution:
        """Run one cell; what it defines stays for the next. Raises SandboxBusy, SandboxClosed."""
        if self._closed:
            raise SandboxClosed("the sandbox is closed; start a new one")
        if self._busy:
            raise SandboxBusy("a cell is running; wait for it, or start another sandbox")
        self._busy = True
        try:
            lost = () if self._child is not None else await self._restart()
            clock = CellClock(wall_s or self._limits.wall_s, self._limits.cpu_s)
            return await self._run(code, clock, lost)
        finally:
            self._busy = False

    async def close(self) -> None:
        """Kill the child and give everything back; safe to call twice."""
        self._closed = True
        await self._kill()
        self._fds.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self, code: str, clock: CellClock, lost: tuple[str, ...]) -> Execution:
        cell = _Conversation(self._living(), self._functions, clock, self._limits.output_chars)
        try:
            done = await cell.run(code)
        except (ChildGone, ProtocolError, _OverLimit) as ending:
            error = _ending(ending)
            before = self._variables
            lost = await self._restart()
            kept = {name: shown for name, shown in before.items() if name not in lost}
            done = reports.Done("", error, truncated=False, variables=kept)
        except BaseException:
            await self._kill()  # a cancelled cell may be in any state: the next call restarts
            raise
        self._variables = done.variables
        return self._execution(done, cell, clock, lost)

    def _execution(
        self, done: reports.Done, cell: "_Conversation", clock: CellClock, lost: tuple[str, ...]
    ) -> Execution:
        redactor = self._redactor
        redactor.count = 0
        error = done.error
        if error is not None:
            message = redactor.text(cell.interrupted or error.message)
            hint = redactor.text(error.hint)
            error = CodeError(error.kind, message, error.line, hint)
        final = cell.final
        if final is not None:
            final = FinalAnswer(redactor.value(final.value), final.from_variable)
        return Execution(
            output=redactor.text(done.output),
            error=error,
            final=final,
            truncated=done.truncated,
            state_lost=lost,
            seconds=clock.used_s,
            variables={name: redactor.text(shown) for name, shown in done.variables.items()},
            redactions=redactor.count,
        )

    async def _restart(self) -> tuple[str, ...]:
        """A fresh child with the variables of the last snapshot; returns the names lost."""
        await self._kill()
        self._child = await Child.start(self._setup, descriptors=self._fds.inherited)
        try:
            with anyio.fail_after(_RESTORE_S):
                return await _restore(self._child)
        except (ChildGone, ProtocolError, TimeoutError):
            await self._kill()
            self._child = await Child.start(self._setup, descriptors=self._fds.inherited)
            return tuple(self._variables)
        except BaseException:
            await self._kill()
            raise

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.kill()

    def _living(self) -> Child:
        if self._child is None:
            raise SandboxClosed("the child could not be brought back; start a new sandbox")
        return self._child


class _Conversation:
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
        self._cpu_before_s = child.cpu_s()
        self.interrupted = ""
        self.final: FinalAnswer | None = None

    async def run(self, code: str) -> reports.Done:
        """Send the cell and see it through; raises _OverLimit, ChildGone, ProtocolError."""
        self._clock.resume(time.monotonic())
        try:
            await self._send(Message(Kind.CELL, {}, code))
            while True:
                message = await self._receive()
                if message.kind is Kind.DONE:
                    return reports.done(message, self._output_chars)
                await self._handle(message)
        finally:
            self._clock.pause(time.monotonic())

    async def _handle(self, message: Message) -> None:
        if message.kind is Kind.CALL:
            self._clock.pause(time.monotonic())
            reply = await self._reply(reports.call(message))
            self._clock.resume(time.monotonic())
            await self._send(reply)
        elif message.kind is Kind.FINAL:
            self.final = FinalAnswer(*reports.final(message))
        else:
            raise ProtocolError(f"the child sent {message.kind.name} in the middle of a cell")

    async def _reply(self, call: reports.Call) -> Message:
        self._calls += 1
        function = self._functions.get(call.name)
        if function is None:
            return _refusal(f"there is no host function {call.name!r}")
        if self._calls > _CALLS_MAX:
            return _refusal(f"a cell may call host functions {_CALLS_MAX} times")
        if self.interrupted:
            return _refusal(self.interrupted)
        try:
            return Message(Kind.REPLY, {"value": await function(*call.args, **call.kwargs)})
        except Exception as error:
            # Whatever a host function raises is told to the cell; it must not end the session.
            return _refusal(str(error) or type(error).__name__)

    async def _send(self, message: Message) -> None:
        try:
            with anyio.fail_after(self._clock.next_check_s(time.monotonic()) + _GRACE_S):
                await self._child.send(message)
        except TimeoutError:
            raise _OverLimit("the child did not take what it was sent") from None
        except (TypeError, ValueError) as error:
            await self._child.send(_refusal(f"the host function's answer is no JSON: {error}"))
        except ProtocolError as error:
            await self._child.send(_refusal(f"the host function's answer is too large: {error}"))

    async def _receive(self) -> Message:
        while True:
            wait_s = max(_CHECK_S_MIN, self._clock.next_check_s(time.monotonic()))
            with anyio.move_on_after(wait_s):
                return await self._child.receive()
            self._enforce()

    def _enforce(self) -> None:
        self._clock.cpu_used_s = self._child.cpu_s() - self._cpu_before_s
        limit = self._clock.exceeded(time.monotonic())
        if limit is None:
            return
        if self.interrupted:
            raise _OverLimit(self.interrupted)
        self.interrupted = f"the cell was stopped at its limit of {limit}"
        self._child.interrupt()
        self._clock.extend(_GRACE_S)


class _Fds:
    """The descriptors every child of one sandbox inherits: the context and the snapshot."""

    def __init__(self, context: SharedContext | None) -> None:
        import fcntl

        # Of our own, so that the context may be closed while children are restarted.
        self.context = os.dup(context.fd) if context is not None else -1
        self.snapshot = os.memfd_create("rlm-snapshot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.snapshot, SNAPSHOT_BYTES)
        seals = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(self.snapshot, fcntl.F_ADD_SEALS, seals)

    @property
    def inherited(self) -> tuple[int, ...]:
        """What to pass on."""
        return tuple(fd for fd in (self.context, self.snapshot) if fd >= 0)

    def close(self) -> None:
        """Give all back; safe to call twice."""
        for fd in self.inherited:
            os.close(fd)
        self.context = self.snapshot = -1


def _setup(
    limits: Limits, functions: list[str], fds: _Fds, *, guard: bool
) -> dict[str, JsonValue]:
    return {
        "context_fd": fds.context,
        "snapshot_fd": fds.snapshot,
        "snapshot_bytes": SNAPSHOT_BYTES,
        "functions": list(functions),
        "guard": guard,
        "memory_bytes": limits.memory_bytes,
        "output_chars": limits.output_chars,
        "virtual_files_bytes": limits.virtual_files_bytes,
    }


async def _restore(child: Child) -> tuple[str, ...]:
    await child.send(Message(Kind.RESTORE))
    while True:
        message = await child.receive()
        if message.kind is Kind.RESTORED:
            return reports.lost(message)
        await child.send(_refusal("host functions do not run while variables are restored"))


def _refusal(reason: str) -> Message:
    return Message(Kind.REPLY, {"error": reason[:_ERROR_CHARS]})


def _ending(ending: Exception) -> CodeError:
    restarted = "the session was restarted and variables set before this cell brought back"
    match ending:
        case _OverLimit():
            return CodeError("timeout", f"{ending} and had to be killed", hint=restarted)
        case ChildGone() if "SIGKILL" in str(ending):
            return CodeError("memory", f"the system ended the cell: {ending}", hint=restarted)
        case _:
            return CodeError("exception", f"the cell broke its session: {ending}", hint=restarted)
