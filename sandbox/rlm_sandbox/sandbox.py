"""The door of the room: a Python session that is sealed off, survives kills, and answers.

One task uses a sandbox at a time. Whatever a cell does, `execute` returns an Execution within
its time limit and a second or so; only a missing layer, a closed sandbox and cancellation raise.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

import anyio

from rlm_sandbox import reports
from rlm_sandbox.availability import available
from rlm_sandbox.backend import Backend, BackendName, Child, ChildGone, default_backend
from rlm_sandbox.clock import CellClock
from rlm_sandbox.code_rules import STANDARD, CodeRules
from rlm_sandbox.context import SharedContext
from rlm_sandbox.conversation import Conversation, OverLimit, refusal
from rlm_sandbox.errors import ProtocolError, SandboxBusy, SandboxClosed, SandboxUnavailable
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.redact import Redaction, Redactor
from rlm_sandbox.spare import Spares
from rlm_sandbox.types import CodeError, Execution, HostFunction, JsonValue, Limits
from rlm_sandbox.types import Final as FinalAnswer

GUARD_LAYERS: Final = ("ast-guard", "restricted-builtins")

_RESTORE_S: Final = 10.0
_KEEP_S: Final = 10.0
_RESTORE_ONE_S: Final = 2.0


class Sandbox:
    """One session of untrusted Python; `start` it, `execute` cells, `close` it."""

    def __init__(
        self,
        backend: Backend,
        functions: Mapping[str, HostFunction],
        limits: Limits,
        redactor: Redactor,
    ) -> None:
        self._backend = backend
        self._functions = functions
        self._limits = limits
        self._redactor = redactor
        self._child: Child | None = None
        # Held by whoever uses the child; `close` cancels the cell that does.
        self._lock = anyio.Lock()
        self._running = anyio.CancelScope()
        self._closed = False
        self._keeping = False
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
        rules: CodeRules = STANDARD,
        redaction: Redaction | None = None,
        backend: BackendName | None = None,
        spares: Spares | None = None,
        cache: Path | None = None,
    ) -> Self:
        """A sealed session, ready for cells.

        `functions` by name, "crystal.search" becoming `search` of `crystal`. `prelude` is trusted
        source that runs before the seal, in the same namespace. `rules` are the guard's; without
        `guard` only the backend's layers hold. `redaction` says what is taken out of results
        besides the built-in shapes. Without a named `backend` this system's own is taken, and
        never another one in its place. `spares` makes this start, and each after a kill, a short
        one. `cache` is where a backend keeps what it has to build once (default: the user's cache
        folder). Raises SandboxUnavailable naming the layer, PreludeFailed.
        """
        name = backend or default_backend()
        state = available(name)
        if not state.ok:
            raise SandboxUnavailable(", ".join(state.missing), state.advice)
        limits = limits or Limits()
        functions = functions or {}
        setup = _setup(limits, list(functions), prelude, rules=rules if guard else None)
        behind = _backend(name, setup, context, spares, cache)
        redactor = (redaction or Redaction()).redactor()
        sandbox = cls(behind, functions, limits, redactor)
        try:
            sandbox._child = await behind.start()
        except BaseException:
            behind.close()
            raise
        sandbox.layers = sandbox._child.layers + (GUARD_LAYERS if guard else ())
        return sandbox

    async def execute(self, code: str, *, wall_s: float | None = None) -> Execution:
        """Run one cell; what it defines stays for the next. Raises SandboxBusy, SandboxClosed."""
        if self._closed:
            raise SandboxClosed("the sandbox is closed; start a new one")
        try:
            self._lock.acquire_nowait()
        except anyio.WouldBlock:
            busy = "a cell is running; wait for it, or start another sandbox"
            raise SandboxBusy(busy) from None
        try:
            with anyio.CancelScope() as self._running:
                lost = await self._settled()
                clock = CellClock(wall_s or self._limits.wall_s, self._limits.cpu_s)
                return await self._run(code, clock, lost)
            raise SandboxClosed("the sandbox was closed while the cell ran")
        finally:
            self._lock.release()

    @property
    def pid(self) -> int:
        """The process id of the child of this moment; raises SandboxClosed."""
        return self._living().pid

    async def rest(self) -> None:
        """End the child and keep its variables: the next cell brings them back in another one.

        What cannot be brought back is in `state_lost` then. Nothing happens while a cell runs.
        """
        try:
            self._lock.acquire_nowait()
        except anyio.WouldBlock:
            return
        try:
            if self._child is not None:
                with suppress(ChildGone, ProtocolError, TimeoutError):
                    await self._kept(self._child)
            with anyio.CancelScope(shield=True):
                await self._kill()
        finally:
            self._lock.release()

    async def close(self) -> None:
        """Kill the child and give everything back; a running cell is cancelled. Safe twice."""
        self._closed = True
        self._running.cancel()
        with anyio.CancelScope(shield=True):
            async with self._lock:
                await self._kill()
                self._backend.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _settled(self) -> tuple[str, ...]:
        """A child that has kept what the cell before set; the names lost if that took a restart."""
        if self._child is None:
            return await self._restart()
        try:
            await self._kept(self._child)
        except (ChildGone, ProtocolError, TimeoutError):
            return await self._restart()
        return () if self._child.at_rest() else await self._restart()

    async def _kept(self, child: Child) -> None:
        """Wait until the child has kept what the cell before set, where it is still at it."""
        if not self._keeping:
            return
        with anyio.fail_after(_KEEP_S):
            message = await child.receive()
        if message.kind is not Kind.KEPT:
            raise ProtocolError(f"the child sent {message.kind.name}, not that it has kept")
        self._keeping = False

    async def _run(self, code: str, clock: CellClock, lost: tuple[str, ...]) -> Execution:
        cell = Conversation(self._living(), self._functions, clock, self._limits.output_chars)
        try:
            done = await cell.run(code)
        except (ChildGone, ProtocolError, OverLimit) as ending:
            error = _ending(ending)
            before = self._variables
            lost = await self._restart()
            kept = {name: shown for name, shown in before.items() if name not in lost}
            done = reports.Done("", error, truncated=False, variables=kept)
        except BaseException:
            await self._kill()  # a cancelled cell may be in any state: the next call restarts
            raise
        self._variables, self._keeping = done.variables, done.keeping
        return self._execution(done, cell, clock, lost)

    def _execution(
        self, done: reports.Done, cell: "Conversation", clock: CellClock, lost: tuple[str, ...]
    ) -> Execution:
        redactor = self._redactor
        redactor.count = 0
        error = done.error
        if error is not None:
            message = redactor.text(error.message)
            hint = redactor.text(error.hint)
            error = CodeError(error.kind, message, error.line, hint)
        final = cell.final
        if final is not None:
            origin = final.from_variable
            final = FinalAnswer(redactor.value(final.value), origin and redactor.text(origin))
        return Execution(
            output=redactor.text(done.output),
            error=error,
            final=final,
            truncated=done.truncated,
            state_lost=tuple(map(redactor.text, lost)),
            seconds=clock.used_s,
            variables={
                redactor.text(name): redactor.text(shown) for name, shown in done.variables.items()
            },
            redactions=redactor.count,
            layers=self.layers,
        )

    async def _restart(self) -> tuple[str, ...]:
        """A fresh child with the variables of the last snapshot; returns the names lost.

        What breaks one child is not tried on the next: data alone after all, and then nothing.
        """
        unsure = tuple(self._variables) if self._keeping else ()
        self._keeping = False
        everything = self._backend.restoring()
        data_alone = replace(everything, fields={**everything.fields, "code": False})
        for restoring in (everything, data_alone):
            await self._kill()
            self._child = await self._backend.start()
            try:
                lost, names = await _restore(self._child, restoring)
                return (*lost, *(name for name in unsure if name not in names | set(lost)))
            except (ChildGone, ProtocolError, TimeoutError):
                continue
            except BaseException:
                await self._kill()
                raise
        await self._kill()
        self._backend.forget_snapshot()
        self._child = await self._backend.start()
        return tuple(self._variables)

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.kill()

    def _living(self) -> Child:
        if self._child is None:
            raise SandboxClosed("the child could not be brought back; start a new sandbox")
        return self._child


def _setup(
    limits: Limits, functions: list[str], prelude: str, *, rules: CodeRules | None
) -> Message:
    fields: dict[str, JsonValue] = {
        "functions": list(functions),
        "rules": None if rules is None else [rules.profile, *rules.modules],
        "memory_bytes": limits.memory_bytes,
        "output_chars": limits.output_chars,
        "virtual_files_bytes": limits.virtual_files_bytes,
    }
    return Message(Kind.SETUP, fields, prelude)


def _backend(
    name: BackendName,
    setup: Message,
    context: SharedContext | None,
    spares: Spares | None,
    cache: Path | None,
) -> Backend:
    match name:
        case "kernel":
            from rlm_sandbox.kernel import KernelBackend

            return KernelBackend(setup, context, spares)
        case "wasm":
            from rlm_sandbox.wasm.backend import WasmBackend

            return WasmBackend(setup, context, folder=cache, jailed=available("kernel").ok)


async def _restore(child: Child, restoring: Message) -> tuple[tuple[str, ...], set[str]]:
    with anyio.fail_after(_RESTORE_S):
        await child.send(restoring)
        while True:
            message = await _next_or_interrupted(child)
            if message.kind is Kind.RESTORED:
                return reports.names(message, "lost"), set(reports.names(message, "kept"))
            await child.send(refusal("host functions do not run while variables are restored"))


async def _next_or_interrupted(child: Child) -> Message:
    # Source that hangs where it is run again is given up, and the next name is brought back.
    while True:
        with anyio.move_on_after(_RESTORE_ONE_S):
            return await child.receive()
        child.interrupt()


def _ending(ending: Exception) -> CodeError:
    restarted = "the session was restarted and variables set before this cell brought back"
    match ending:
        case OverLimit():
            return CodeError("timeout", f"{ending} and had to be killed", hint=restarted)
        case ChildGone() if "SIGKILL" in str(ending):
            return CodeError("memory", f"the system ended the cell: {ending}", hint=restarted)
        case _:
            return CodeError("exception", f"the cell broke its session: {ending}", hint=restarted)
