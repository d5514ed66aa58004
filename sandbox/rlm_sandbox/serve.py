"""The life of the kernel's child: get ready, wait for a session, set it up, seal, run its cells.

What takes time (starting Python, importing) needs nothing of the host's, so a child can be started
before anybody asks for it and wait here, as a spare.
"""

import array
import contextlib
import gc
import mmap
import os
import signal
import sys
from _socket import CMSG_LEN, socket
from typing import Final, NoReturn

from rlm_sandbox.cell import Interrupt
from rlm_sandbox.documents import Context
from rlm_sandbox.frames import (
    FROM_CHILD,
    FROM_HOST,
    KEY_BYTES,
    FrameReader,
    FrameWriter,
    Kind,
    Message,
)
from rlm_sandbox.jail import process, syscalls
from rlm_sandbox.jail.seal import LAYERS, LayerMissing, seal
from rlm_sandbox.preload import preload
from rlm_sandbox.region import REGION_BYTES, SnapshotRegion
from rlm_sandbox.session import Session

_READ_BYTES: Final = 1 << 16
_WAIT_S: Final = 900


class PipeLink:
    """The two pipes to the host; blocking, one message at a time."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        key = b""
        while len(key) < KEY_BYTES:
            key += os.read(read_fd, KEY_BYTES - len(key)) or _gone()
        self._reader = FrameReader(key, b"to-child", FROM_HOST)
        self._writer = FrameWriter(key, b"to-host", FROM_CHILD)

    def send(self, message: Message) -> None:
        """Send one message whole; raises ProtocolError, nothing sent, where it is too large."""
        for frame in self._writer.frames(message):
            rest = memoryview(frame)
            while rest:
                rest = rest[os.write(self._write_fd, rest) :]

    def receive(self) -> Message:
        """The next message; ends the process where the host is gone."""
        while (message := self._reader.next_message()) is None:
            self._reader.feed(os.read(self._read_fd, _READ_BYTES) or _gone())
        return message


def serve(read_fd: int, write_fd: int, link_fd: int, host_pid: int) -> None:
    """Get ready, set up, seal, and answer messages until the host closes the pipe."""
    # A spare must not outlive its host either. The seal does this once more and says if it fails.
    with contextlib.suppress(OSError, KeyError):
        process.die_with_parent(syscalls.machine(), host_pid)
    preload()
    gc.collect()
    gc.freeze()
    link = PipeLink(read_fd, write_fd)
    signal.alarm(_WAIT_S)  # a spare that nobody wants for so long ends by itself
    setup = link.receive()
    signal.alarm(0)
    try:
        session = _session(link, setup, _descriptors(link_fd))
    except Exception as error:
        _give_up(link, "prelude", f"{type(error).__name__}: {error}")
    gc.freeze()
    try:
        seal(
            read_fd=read_fd,
            write_fd=write_fd,
            parent_pid=host_pid,
            memory_bytes=int(setup.fields["memory_bytes"]),  # type: ignore[arg-type]
        )
    except LayerMissing as missing:
        _give_up(link, missing.layer, missing.reason)
    _forget_tools()
    link.send(Message(Kind.SEALED, {"layers": list(LAYERS)}))
    while True:
        session.answer(link.receive())


def _session(link: PipeLink, setup: Message, descriptors: "array.array[int]") -> Session:
    region_fd, *context_fds = descriptors
    interrupt = Interrupt()
    session = Session(
        link,
        setup,
        context=Context(memoryview(_mapped(context_fds[0]))) if context_fds else Context.empty(),
        region=SnapshotRegion(mmap.mmap(region_fd, REGION_BYTES)),
        interrupt=interrupt,
    )
    signal.signal(signal.SIGINT, interrupt.handle)
    return session


def _descriptors(link_fd: int) -> "array.array[int]":
    """What the host hands over: the snapshot's memory, and the context's where there is one."""
    fds = array.array("i")
    link = socket(fileno=link_fd)
    _, ancillary, _, _ = link.recvmsg(1, CMSG_LEN(2 * fds.itemsize))
    for _, _, data in ancillary:
        fds.frombytes(data)
    link.close()
    return fds


def _mapped(fd: int) -> mmap.mmap:
    # Private, for before Linux 6.7 a write-sealed memfd cannot be mapped shared; nothing is
    # copied as nothing is written.
    return mmap.mmap(fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)


def _forget_tools() -> None:
    # Not a barrier, only one thing less within easy reach: the seal holds with ctypes at hand.
    for name in [name for name in sys.modules if "ctypes" in name or "rlm_sandbox.jail" in name]:
        del sys.modules[name]


def _give_up(link: PipeLink, layer: str, reason: str) -> NoReturn:
    link.send(Message(Kind.BROKEN, {"layer": layer, "reason": reason[:2000]}))
    _gone()


def _gone() -> NoReturn:
    os._exit(0)
