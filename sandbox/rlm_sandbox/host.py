"""The host's end of one child: hand over, check the seal, talk, interrupt, kill.

Uses two pipes and plain descriptors with anyio's readiness, so a message costs no task and no
thread.
"""

import os
import select
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio

from rlm_sandbox.backend import ChildGone
from rlm_sandbox.errors import ProtocolError, SandboxUnavailable
from rlm_sandbox.frames import FROM_CHILD, FROM_HOST, FrameReader, FrameWriter, Kind, Message
from rlm_sandbox.reports import sealed
from rlm_sandbox.spawn import Process, signal_name, spawn

_READ_BYTES: Final = 1 << 16
_START_S: Final = 30.0
_LOOK_S: Final = 0.0002
_SELECT_FDS: Final = 1024  # FD_SETSIZE
_END_S: Final = 5.0
_OBITUARY_S: Final = 0.5
_LAST_OF_A_CELL: Final = frozenset({Kind.DONE, Kind.KEPT})


class KernelChild:
    """One process and the pipes to it: waiting for its set-up first, sealed by it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._reader = FrameReader(process.key, b"to-host", FROM_CHILD)
        self._writer = FrameWriter(process.key, b"to-child", FROM_HOST)
        self.layers: tuple[str, ...] = ()

    @classmethod
    def waiting(cls) -> "KernelChild":
        """A child that starts up by itself and then waits for `set_up`.

        Call it in the thread of the event loop, for the child ends with the thread that started
        it. Raises SandboxUnavailable.
        """
        return cls(spawn())

    async def set_up(self, setup: Message, descriptors: Sequence[int]) -> None:
        """Hand over what the child works with, and have it seal itself and prove the seal.

        It is proven from inside and checked by us from outside. The child is dead where this
        raises: SandboxUnavailable with the layer that is missing, PreludeFailed, ChildGone.
        """
        try:
            with anyio.fail_after(_START_S):
                self._process.hand_over(descriptors)
                await self.send(setup)
                report = await self.receive()
            self.layers = _sealed(report, self.pid)
        except (ProtocolError, TimeoutError) as error:
            await self.kill()
            reason = str(error) or f"the child was not ready within {_START_S:g} s"
            raise SandboxUnavailable("child process", reason) from error
        except BaseException:
            await self.kill()
            raise

    @property
    def pid(self) -> int:
        """The process id; valid until `kill`."""
        return self._process.pid

    async def send(self, message: Message) -> None:
        """Send one message; raises ChildGone, and what FrameWriter raises."""
        rest = self.write(message)
        if rest:
            await self.write_rest(rest)

    def write(self, message: Message) -> memoryview:
        """Send what the pipe takes at once; returns the rest, for `write_rest`."""
        return self._write_some(memoryview(b"".join(self._writer.frames(message))))

    async def write_rest(self, rest: memoryview) -> None:
        """Send what `write` left, as fast as the child reads."""
        while rest:
            await anyio.wait_writable(self._process.write_fd)
            rest = self._write_some(rest)

    def _write_some(self, data: memoryview) -> memoryview:
        try:
            while data:
                data = data[os.write(self._process.write_fd, data) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            # What it ended of is read where its end is: the next `receive` tells.
            return memoryview(b"")
        return data

    async def receive(self) -> Message:
        """The next message; raises ChildGone and ProtocolError."""
        while (message := self._reader.next_message()) is None:
            try:
                data = os.read(self._process.read_fd, _READ_BYTES)
            except BlockingIOError:
                await self._readable()
                continue
            if not data:
                raise ChildGone(await self._obituary())
            self._reader.feed(data)
        if message.kind in _LAST_OF_A_CELL and not message.fields.get("keeping"):
            self._process.rest()
        return message

    async def _readable(self) -> None:
        fd = self._process.read_fd
        # A short cell is done sooner than the event loop has gone round once: look before it does.
        if fd >= _SELECT_FDS or not select.select([fd], [], [], _LOOK_S)[0]:
            await anyio.wait_readable(fd)

    def at_rest(self) -> bool:
        """Whether the child lives, has said no more than was asked of it, and does nothing."""
        if not self._reader.empty or not self._process.rests():
            return False
        # What it said unasked, or that it has ended, would be there to read.
        fd = self._process.read_fd
        return fd >= _SELECT_FDS or not select.select([fd], [], [], 0)[0]

    def interrupt(self) -> bool:
        """Ask the cell to stop; its variables stay."""
        self._process.signal(signal.SIGINT)
        return True

    def cpu_s(self) -> float:
        """Processor seconds used by the child so far; 0 where it is gone."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        except OSError:
            return 0.0
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    async def kill(self) -> None:
        """End the child and its whole session, and wait until it is gone; safe to call twice."""
        if self._process.pidfd < 0:
            return
        self._process.kill()
        # SIGKILL ends it at once, and no memory of it is worth more waiting than this.
        try:
            with anyio.move_on_after(_END_S, shield=True):
                await self._ended()
        finally:
            self._process.close()

    async def _ended(self) -> int:
        while (code := self._process.exit_code()) is None:
            await anyio.wait_readable(self._process.pidfd)
        return code

    async def _obituary(self) -> str:
        with anyio.move_on_after(_OBITUARY_S):
            code = await self._ended()
            if code >= 0:
                return f"the child ended by itself (exit code {code})"
            return f"the child was ended by {signal_name(-code)}"
        return "the child closed its pipe"


def _sealed(report: Message, pid: int) -> tuple[str, ...]:
    layers = sealed(report)
    check_from_outside(pid)
    return layers


def check_from_outside(pid: int) -> None:
    """The kernel's own word on the child, whatever the child said."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise SandboxUnavailable("seccomp", f"the seal cannot be checked: {error}") from error
    status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    for field, wanted, layer in (
        ("Seccomp", "2", "seccomp"),
        ("NoNewPrivs", "1", "no-new-privileges"),
        ("Threads", "1", "single-thread"),
        ("CapEff", "0" * 16, "no-capabilities"),
        ("CapPrm", "0" * 16, "no-capabilities"),
    ):
        if status.get(field, "").strip() != wanted:
            raise SandboxUnavailable(layer, f"/proc says {field} {status.get(field)!r}")
