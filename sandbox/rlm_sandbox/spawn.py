"""Starting the child: a bare interpreter, two pipes, a key, and a socket for the hand-over.

The child is started from the thread of the event loop, because the kernel's die-with-parent is
tied to the thread that forks.
"""

import contextlib
import math
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rlm_sandbox.errors import SandboxUnavailable
from rlm_sandbox.frames import KEY_BYTES
from rlm_sandbox.jail.rlimits import CPU_SESSION_S

_CHILD: Final = Path(__file__).with_name("child.py")
# An interpreter built as a shared library may not start without it; cleared before the seal.
_LOADER: Final = ("LD_LIBRARY_PATH",)
_REST_CPU_S: Final = 0.1
_FLAGS: Final = ("-I", "-S", "-B", "-X", "utf8")


class Process:
    """What the kernel gives us of one child: its process, our ends of its pipes, its key."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        *,
        read_fd: int,
        write_fd: int,
        link: socket.socket,
    ) -> None:
        self._process = process
        self._link = link
        self.read_fd = read_fd
        self.write_fd = write_fd
        self.pidfd = os.pidfd_open(process.pid)
        self._used_s: float | None = None
        self.key = secrets.token_bytes(KEY_BYTES)
        os.write(write_fd, self.key)
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def hand_over(self, descriptors: Sequence[int]) -> None:
        """Give the child descriptors of ours, once; it takes them before its seal."""
        with contextlib.suppress(BrokenPipeError):  # it ended, as the pipe will tell
            socket.send_fds(self._link, [b"."], descriptors)
        self._link.close()

    def rest(self) -> None:
        """The cell is over: note what it has used, and let the kernel end one that goes on."""
        self._used_s = self._cpu_s()
        self._limit_cpu(self._used_s + _REST_CPU_S)

    def rests(self) -> bool:
        """Whether the child has done next to nothing since `rest`; it may work again now."""
        if self._used_s is None:
            return True
        quiet = self._cpu_s() - self._used_s < _REST_CPU_S
        self._used_s = None
        self._limit_cpu(None)
        return quiet

    def _cpu_s(self) -> float:
        try:
            # The processor clock of another process: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
            # of include/linux/posix-timers_types.h.
            return time.clock_gettime(~self.pid << 3 | 2)
        except OSError:
            return 0.0

    def _limit_cpu(self, used_s: float | None) -> None:
        import resource  # no module of Windows, where this file is imported too

        # Only the soft limit moves, below the hard one that the child was sealed with.
        hard = CPU_SESSION_S
        soft = hard if used_s is None else min(hard, math.ceil(used_s) + 1)
        with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (soft, hard))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child, if it lives."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the child and to whatever its session holds."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.kill()

    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; None while it lives. Gives the id back."""
        return self._process.poll()

    def close(self) -> None:
        """Give every descriptor back; safe to call twice."""
        self._link.close()
        for fd in (self.read_fd, self.write_fd, self.pidfd):
            if fd >= 0:
                os.close(fd)
        self.read_fd = self.write_fd = self.pidfd = -1


def signal_name(number: int) -> str:
    """How a signal is called; real-time ones have numbers only."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def spawn() -> Process:
    """A fresh child that imports what it needs and waits for its set-up; SandboxUnavailable."""
    if not sys.executable:
        raise SandboxUnavailable("child process", "the path of the Python interpreter is unknown")
    child_read, write_fd = os.pipe()
    read_fd, child_write = os.pipe()
    link, child_link = socket.socketpair()
    inherited = (child_read, child_write, child_link.fileno())
    try:
        process = subprocess.Popen(
            [sys.executable, *_FLAGS, str(_CHILD), *map(str, (*inherited, os.getpid()))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=inherited,
            env={name: os.environ[name] for name in _LOADER if name in os.environ},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        os.close(read_fd)
        os.close(write_fd)
        link.close()
        raise SandboxUnavailable("child process", str(error)) from error
    finally:
        os.close(child_read)
        os.close(child_write)
        child_link.close()
    return Process(process, read_fd=read_fd, write_fd=write_fd, link=link)
