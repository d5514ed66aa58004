"""The life of the kernel's child: set up while trusted, seal, run cells until the host is gone."""

import gc
import mmap
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

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
from rlm_sandbox.jail.seal import LAYERS, LayerMissing, seal
from rlm_sandbox.preload import preload
from rlm_sandbox.region import SnapshotRegion
from rlm_sandbox.session import Session

_READ_BYTES: Final = 1 << 16


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


def serve(read_fd: int, write_fd: int, host_pid: int) -> None:
    """Set up, seal, and answer messages until the host closes the pipe."""
    link = PipeLink(read_fd, write_fd)
    setup = link.receive()
    preload()
    try:
        session = _session(link, setup)
    except Exception as error:
        _give_up(link, "prelude", f"{type(error).__name__}: {error}")
    gc.collect()
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


def _session(link: PipeLink, setup: Message) -> Session:
    fields: Mapping[str, Any] = setup.fields
    context_fd = fields["context_fd"]
    interrupt = Interrupt()
    session = Session(
        link,
        setup,
        context=Context(_mapped(context_fd)) if context_fd >= 0 else Context.empty(),
        region=SnapshotRegion(mmap.mmap(fields["snapshot_fd"], fields["snapshot_bytes"])),
        interrupt=interrupt,
    )
    signal.signal(signal.SIGINT, interrupt.handle)
    return session


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
