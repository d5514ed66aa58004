"""The host's end of one helper process: spawn, hand the corpus over, talk, kill.

By anyio's process and streams, which are there on every system that Python runs on.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from rlm_sandbox.backend import ChildGone
from rlm_sandbox.context import SharedContext
from rlm_sandbox.errors import ProtocolError, SandboxUnavailable
from rlm_sandbox.frames import (
    FROM_CHILD,
    FROM_HOST,
    KEY_BYTES,
    FrameReader,
    FrameWriter,
    Kind,
    Message,
)
from rlm_sandbox.host import check_from_outside
from rlm_sandbox.region import CONTENT_BYTES_MAX
from rlm_sandbox.reports import sealed
from rlm_sandbox.wasm.layers import layers
from rlm_sandbox.wasm.packages import package_folder

_START_S: Final = 60.0
_HELPER: Final = Path(__file__).with_name("helper.py")
_GONE: Final = (
    anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, ConnectionError,
)  # fmt: skip
# What an interpreter or its libraries may not start without; the machine sees none of it.
_LOADER: Final = ("SYSTEMROOT",) if sys.platform == "win32" else ("LD_LIBRARY_PATH",)


class Kept:
    """The snapshot of a session: parts of bytes that the host keeps and never looks into."""

    def __init__(self) -> None:
        self.content = ""
        self._parts: list[str] = []

    def take(self, message: Message) -> None:
        """One part; the whole counts once its last one is there. Raises ProtocolError."""
        if message.fields.get("first") is True:
            self._parts = []
        self._parts.append(message.text)
        if sum(map(len, self._parts)) > CONTENT_BYTES_MAX:
            raise ProtocolError("a snapshot larger than may be kept")
        if message.fields.get("last") is True:
            self.content, self._parts = "".join(self._parts), []


class WasmChild:
    """One helper process with a machine in it, and the pipes to it."""

    def __init__(
        self,
        process: Process,
        pipes: tuple[ByteSendStream, ByteReceiveStream],
        key: bytes,
        kept: Kept,
    ) -> None:
        self._process = process
        self._to_child, self._from_child = pipes
        self._kept = kept
        self._reader = FrameReader(key, b"to-host", FROM_CHILD)
        self._writer = FrameWriter(key, b"to-child", FROM_HOST)
        self.layers: tuple[str, ...] = ()

    @classmethod
    async def start(
        cls,
        component: Path,
        setup: Message,
        *,
        context: SharedContext | None,
        kept: Kept,
        jailed: bool,
    ) -> "WasmChild":
        """A helper whose machine has proven that it reaches nothing.

        A `jailed` one is in the kernel's jail too, which is checked from outside. Raises
        SandboxUnavailable with the layer that is missing, PreludeFailed.
        """
        key = secrets.token_bytes(KEY_BYTES)
        child = await _spawn((component, _memory_bytes(setup), jailed), key, kept)
        try:
            with anyio.fail_after(_START_S):
                await child._send_all(_opening(key, context))
                await child.send(setup)
                sealed(await child.receive())
            if jailed:
                check_from_outside(child.pid)
        except (ChildGone, ProtocolError, TimeoutError) as error:
            await child.kill()
            reason = str(error) or f"the helper was not ready within {_START_S:g} s"
            raise SandboxUnavailable("wasm helper", reason) from error
        except BaseException:
            await child.kill()
            raise
        child.layers = layers(sealed=jailed)
        return child

    @property
    def pid(self) -> int:
        """The process id; valid until `kill`."""
        return self._process.pid

    async def send(self, message: Message) -> None:
        """Send one message; raises ChildGone, and what FrameWriter raises."""
        await self.write_rest(self.write(message))

    def write(self, message: Message) -> memoryview:
        """Nothing is sent without waiting: all is the rest, for `write_rest`."""
        return memoryview(b"".join(self._writer.frames(message)))

    async def write_rest(self, rest: memoryview) -> None:
        """Send what `write` gave, as fast as the helper reads."""
        await self._send_all([bytes(rest)])

    async def receive(self) -> Message:
        """The next message that is not about the snapshot; raises ChildGone, ProtocolError."""
        while True:
            message = await self._next()
            if message.kind is Kind.KEEP:
                self._kept.take(message)
            elif message.kind is Kind.BROKEN and self.layers:
                raise ChildGone(str(message.fields.get("reason"))[:2000])
            else:
                return message

    def at_rest(self) -> bool:
        """Whether the helper lives and has said no more than was asked of it."""
        return self._process.returncode is None and self._reader.empty

    def interrupt(self) -> bool:
        """A machine cannot be asked to stop in the middle of a cell."""
        return False

    def cpu_s(self) -> float:
        """Processor seconds used by the helper so far; 0 where it is gone."""
        import psutil

        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return times.user + times.system

    async def kill(self) -> None:
        """End the helper and wait until it is gone; safe to call twice."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        with anyio.CancelScope(shield=True):
            await self._process.aclose()

    async def _next(self) -> Message:
        while (message := self._reader.next_message()) is None:
            try:
                self._reader.feed(await self._from_child.receive())
            except _GONE:
                raise ChildGone(await self._obituary()) from None
        return message

    async def _send_all(self, pieces: Iterable[bytes]) -> None:
        try:
            for piece in pieces:
                await self._to_child.send(piece)
        except _GONE:
            raise ChildGone(await self._obituary()) from None

    async def _obituary(self) -> str:
        with anyio.move_on_after(0.5):
            await self._process.wait()
        code = self._process.returncode
        if code is None:
            return "the helper closed its pipe"
        if code >= 0:
            return f"the helper ended by itself (exit code {code})"
        return f"the helper was ended by {signal.Signals(-code).name}"


def _opening(key: bytes, context: SharedContext | None) -> Iterable[bytes]:
    yield key
    yield (context.size_bytes if context is not None else 0).to_bytes(8, "big")
    if context is not None:
        yield from context.pieces()


async def _spawn(what: tuple[Path, int, bool], key: bytes, kept: Kept) -> WasmChild:
    if not sys.executable:
        raise SandboxUnavailable("wasm helper", "the path of the Python interpreter is unknown")
    room = str(_HELPER.parent.parent)
    component, memory_bytes, jailed = what
    jail = "sealed" if jailed else "open"
    values = (room, package_folder("wasmtime"), component, memory_bytes, os.getpid(), jail)
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", _HELPER, *values]
    try:
        process = await anyio.open_process(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _LOADER if name in os.environ},
            cwd=component.parent,
            **_apart(),
        )
    except OSError as error:
        raise SandboxUnavailable("wasm helper", str(error)) from error
    assert process.stdin is not None
    assert process.stdout is not None
    return WasmChild(process, (process.stdin, process.stdout), key, kept)


def _memory_bytes(setup: Message) -> int:
    value = setup.fields["memory_bytes"]
    assert isinstance(value, int)
    return value


def _apart() -> dict[str, Any]:
    """A session of its own, so that a key pressed at the terminal does not reach it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
