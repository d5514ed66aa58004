"""What `benchmarks/sandbox.py` compares: Python sessions of several kinds behind one small door.

`Bare` is a child process that speaks our frames and does no more than `exec`: no jail, no guard, no
snapshot. `rlms` (0.1.3) has a session inside of its own process and one in an IPython kernel.
"""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, Self

from rlm_sandbox.context import SharedContext
from rlm_sandbox.frames import FROM_CHILD, FROM_HOST, FrameReader, FrameWriter, Kind, Message
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.spare import Spares
from rlm_sandbox.types import JsonValue, Limits

LIMITS = Limits(wall_s=300, cpu_s=300)
ROOM = Path(importlib.util.find_spec("rlm_sandbox").origin or "").parent  # pyright: ignore[reportOptionalMemberAccess]

CHILD = """
import contextlib, io, os, sys
from types import ModuleType
package = ModuleType("rlm_sandbox")
package.__path__ = [sys.argv[1]]
sys.modules["rlm_sandbox"] = package
from rlm_sandbox.frames import *
from rlm_sandbox.frames import FROM_CHILD, FROM_HOST
reader = FrameReader(bytes(32), b"to-child", FROM_HOST)
writer = FrameWriter(bytes(32), b"to-host", FROM_CHILD)
def receive():
    while (message := reader.next_message()) is None:
        data = os.read(0, 65536)
        if not data:
            sys.exit()
        reader.feed(data)
    return message
def send(message):
    for frame in writer.frames(message):
        while frame:
            frame = frame[os.write(channel, frame):]
def echo(text):
    send(Message(Kind.CALL, {"name": "echo", "args": [text], "kwargs": {}}))
    return receive().fields["value"]
channel = os.dup(1)
names = {"echo": echo}
while True:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(receive().text, "<cell>", "exec"), names)
    send(Message(Kind.DONE, {}, output.getvalue()))
"""


class Session(Protocol):
    """A session that runs cells; `echo(text)` in it is a function of the host's."""

    async def run(self, code: str) -> str:
        """What the cell printed."""
        ...

    def cpu_s(self) -> float:
        """CPU seconds of host and child together so far; 0 where it cannot be told."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


Start = Callable[[], Awaitable[Session]]


class Ours:
    """Our own, with or without a spare."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @classmethod
    async def start(
        cls, spares: Spares | None = None, context: SharedContext | None = None, prelude: str = ""
    ) -> Self:
        """A sealed session."""
        functions = {"echo": echo}
        return cls(
            await Sandbox.start(
                limits=LIMITS,
                functions=functions,
                context=context,
                prelude=prelude,
                spares=spares,
            )
        )

    @classmethod
    async def in_wasm(cls, context: SharedContext | None = None) -> Self:
        """One in a WebAssembly machine."""
        functions = {"echo": echo}
        return cls(
            await Sandbox.start(limits=LIMITS, functions=functions, context=context, backend="wasm")
        )

    async def run(self, code: str) -> str:
        """What the cell printed; raises RuntimeError where it failed."""
        execution = await self.sandbox.execute(code)
        if execution.error is not None:
            raise RuntimeError(execution.error.message)
        return execution.output

    def cpu_s(self) -> float:
        """CPU seconds of host and child."""
        return cpu_with(self.sandbox.pid)

    async def close(self) -> None:
        """End it."""
        await self.sandbox.close()


class Bare:
    """A child with pipes and frames, and nothing that protects from it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", CHILD, str(ROOM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        self._reader = FrameReader(bytes(32), b"to-host", FROM_CHILD)
        self._writer = FrameWriter(bytes(32), b"to-child", FROM_HOST)

    @classmethod
    async def start(cls) -> "Bare":
        """A child that has answered once."""
        bare = cls()
        await bare.run("")
        return bare

    async def run(self, code: str) -> str:
        """What the cell printed."""
        self._send(Message(Kind.CELL, {}, code))
        while (message := self._receive()).kind is Kind.CALL:
            arguments: Any = message.fields["args"]
            self._send(Message(Kind.REPLY, {"value": await echo(*arguments)}))
        return message.text

    def cpu_s(self) -> float:
        """CPU seconds of host and child."""
        return cpu_with(self.process.pid)

    async def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()

    def _send(self, message: Message) -> None:
        for frame in self._writer.frames(message):
            os.write(self._in, frame)

    def _receive(self) -> Message:
        while (message := self._reader.next_message()) is None:
            self._reader.feed(os.read(self._out, 1 << 16))
        return message


class Rlms:
    """A session of the rlms package, which is not ours to type."""

    def __init__(self, repl: Any) -> None:
        self._repl = repl

    async def run(self, code: str) -> str:
        """What the cell printed; raises RuntimeError where it failed."""
        result = self._repl.execute_code(code)
        if result.stderr:
            raise RuntimeError(result.stderr)
        return str(result.stdout)

    def cpu_s(self) -> float:
        """Not told: one has no child, the other children of its own."""
        return 0.0

    async def close(self) -> None:
        """End it."""
        self._repl.cleanup()


def rlms_sessions() -> dict[str, Start]:
    """The sessions of rlms that can be started here, by name; none where it is not installed."""
    found: dict[str, Start] = {}
    if _importable("rlm.environments.local_repl"):

        async def local() -> Session:
            from rlm.environments.local_repl import (  # pyright: ignore[reportMissingImports]
                LocalREPL,  # pyright: ignore[reportUnknownVariableType]
            )

            return Rlms(LocalREPL(custom_tools={"echo": str}))

        found["rlms local (in process)"] = local
    if found and _importable("ipykernel") and _importable("jupyter_client"):

        async def kernel() -> Session:
            from rlm.environments.ipython_repl import (  # pyright: ignore[reportMissingImports]
                IPythonREPL,  # pyright: ignore[reportUnknownVariableType]
            )

            return Rlms(IPythonREPL(kernel_mode="subprocess"))

        found["rlms IPython kernel"] = kernel
    return found


async def echo(text: str) -> JsonValue:
    """The host function that a callback is measured with."""
    return text


def cpu_with(pid: int) -> float:
    """CPU seconds of this process and that one, in nanosecond steps."""
    return time.process_time() + int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _importable(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
