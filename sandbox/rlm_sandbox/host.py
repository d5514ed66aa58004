"""The host's end of one child: spawn, hand over, check the seal, talk, interrupt, kill.

Uses two pipes and plain descriptors with anyio's readiness, so a message costs no task and no
thread. The child is started from the thread of the event loop, because the kernel's
die-with-parent is tied to the thread that forks.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from rlm_sandbox.backend import ChildGone
from rlm_sandbox.errors import PreludeFailed, ProtocolError, SandboxUnavailable
from rlm_sandbox.frames import (
    FROM_CHILD,
    FROM_HOST,
    KEY_BYTES,
    FrameReader,
    FrameWriter,
    Kind,
    Message,
)
from rlm_sandbox.reports import layers_of

_READ_BYTES: Final = 1 << 16
_START_S: Final = 30.0
_CHILD: Final = Path(__file__).with_name("child.py")
# An interpreter built as a shared library may not start without it; cleared before the seal.
_LOADER: Final = ("LD_LIBRARY_PATH",)
_FLAGS: Final = ("-I", "-S", "-B", "-X", "utf8")


class KernelChild:
    """One sealed process and the pipes to it."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", read_fd: int, write_fd: int, key: bytes
    ) -> None:
        self._process = process
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._reader = FrameReader(key, b"to-host", FROM_CHILD)
        self._writer = FrameWriter(key, b"to-child", FROM_HOST)
        self.layers: tuple[str, ...] = ()

    @classmethod
    async def start(cls, setup: Message, *, descriptors: tuple[int, ...]) -> "KernelChild":
        """A child that has proven its seal, from inside and to us from outside.

        Raises SandboxUnavailable with the layer that is missing, PreludeFailed.
        """
        child = _spawn(descriptors)
        try:
            with anyio.fail_after(_START_S):
                await child.send(setup)
                report = await child.receive()
        except (ChildGone, ProtocolError, TimeoutError) as error:
            await child.kill()
            reason = str(error) or f"the child was not ready within {_START_S:g} s"
            raise SandboxUnavailable("child process", reason) from error
        except BaseException:
            await child.kill()
            raise
        try:
            child.layers = _sealed(report, child.pid)
        except BaseException:
            await child.kill()
            raise
        return child

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
            await anyio.wait_writable(self._write_fd)
            rest = self._write_some(rest)

    def _write_some(self, data: memoryview) -> memoryview:
        try:
            while data:
                data = data[os.write(self._write_fd, data) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            raise ChildGone(self._obituary()) from None
        return data

    async def receive(self) -> Message:
        """The next message; raises ChildGone and ProtocolError."""
        while (message := self._reader.next_message()) is None:
            try:
                data = os.read(self._read_fd, _READ_BYTES)
            except BlockingIOError:
                await anyio.wait_readable(self._read_fd)
                continue
            if not data:
                raise ChildGone(self._obituary())
            self._reader.feed(data)
        return message

    def interrupt(self) -> None:
        """Ask the cell to stop; its variables stay."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def cpu_s(self) -> float:
        """Processor seconds used by the child so far; 0 where it is gone."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        except OSError:
            return 0.0
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    async def kill(self) -> None:
        """End the child and its whole session, and wait until it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._process.wait)
        for fd in (self._read_fd, self._write_fd):
            if fd >= 0:
                os.close(fd)
        self._read_fd = self._write_fd = -1

    def _obituary(self) -> str:
        try:
            code = self._process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            return "the child closed its pipe"
        if code >= 0:
            return f"the child ended by itself (exit code {code})"
        return f"the child was ended by {signal.Signals(-code).name}"


def _spawn(descriptors: tuple[int, ...]) -> KernelChild:
    if not sys.executable:
        raise SandboxUnavailable("child process", "the path of the Python interpreter is unknown")
    child_read, host_write = os.pipe()
    host_read, child_write = os.pipe()
    try:
        process = subprocess.Popen(
            [
                sys.executable,
                *_FLAGS,
                str(_CHILD),
                *map(str, (child_read, child_write, os.getpid())),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(child_read, child_write, *descriptors),
            env={name: os.environ[name] for name in _LOADER if name in os.environ},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        os.close(host_read)
        os.close(host_write)
        raise SandboxUnavailable("child process", str(error)) from error
    finally:
        os.close(child_read)
        os.close(child_write)
    key = secrets.token_bytes(KEY_BYTES)
    os.write(host_write, key)
    os.set_blocking(host_read, False)
    os.set_blocking(host_write, False)
    return KernelChild(process, host_read, host_write, key)


def _sealed(report: Message, pid: int) -> tuple[str, ...]:
    if report.kind is Kind.BROKEN:
        layer, reason = (str(report.fields.get(key)) for key in ("layer", "reason"))
        if layer == "prelude":
            raise PreludeFailed(f"the prelude of the sandbox failed: {reason}")
        raise SandboxUnavailable(layer, reason)
    if report.kind is not Kind.SEALED:
        raise SandboxUnavailable("child process", f"it reported {report.kind.name}, not its seal")
    _check_from_outside(pid)
    return layers_of(report)


def _check_from_outside(pid: int) -> None:
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
