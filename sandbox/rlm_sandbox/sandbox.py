"""The door of the room: a Python session that is sealed off, survives kills, and answers.

One task uses a sandbox at a time. Whatever a cell does, `execute` returns an Execution within
its time limit and a second or so; only a missing layer, a closed sandbox and cancellation raise.
"""

import os
from collections.abc import Mapping
from typing import Final, Self

import anyio

from rlm_sandbox import reports
from rlm_sandbox.availability import available
from rlm_sandbox.clock import CellClock
from rlm_sandbox.context import SharedContext
from rlm_sandbox.conversation import Conversation, OverLimit, refusal
from rlm_sandbox.errors import ProtocolError, SandboxBusy, SandboxClosed, SandboxUnavailable
from rlm_sandbox.frames import Kind, Message
from rlm_sandbox.host import Child, ChildGone
from rlm_sandbox.redact import Redactor
from rlm_sandbox.region import REGION_BYTES
from rlm_sandbox.types import CodeError, Execution, HostFunction, JsonValue, Limits
from rlm_sandbox.types import Final as FinalAnswer

GUARD_LAYERS: Final = ("ast-guard", "restricted-builtins")

_RESTORE_S: Final = 10.0


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

    @property
    def pid(self) -> int:
        """The process id of the child of this moment; raises SandboxClosed."""
        return self._living().pid

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
        self._variables = done.variables
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


class _Fds:
    """The descriptors every child of one sandbox inherits: the context and the snapshot."""

    def __init__(self, context: SharedContext | None) -> None:
        import fcntl

        # Of our own, so that the context may be closed while children are restarted.
        self.context = os.dup(context.fd) if context is not None else -1
        self.snapshot = os.memfd_create("rlm-snapshot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.snapshot, REGION_BYTES)
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


def _setup(limits: Limits, functions: list[str], fds: _Fds, *, guard: bool) -> dict[str, JsonValue]:
    return {
        "context_fd": fds.context,
        "snapshot_fd": fds.snapshot,
        "snapshot_bytes": REGION_BYTES,
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
        await child.send(refusal("host functions do not run while variables are restored"))


def _ending(ending: Exception) -> CodeError:
    restarted = "the session was restarted and variables set before this cell brought back"
    match ending:
        case OverLimit():
            return CodeError("timeout", f"{ending} and had to be killed", hint=restarted)
        case ChildGone() if "SIGKILL" in str(ending):
            return CodeError("memory", f"the system ended the cell: {ending}", hint=restarted)
        case _:
            return CodeError("exception", f"the cell broke its session: {ending}", hint=restarted)
