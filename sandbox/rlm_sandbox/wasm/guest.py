"""The session inside the WebAssembly machine; all imports are made while the component is built.

The machine has no files, so what is imported now is all there will ever be. `entry.py`, written
when the component is built, hands `serve` the functions of room.wit.
"""

import gc
import json
import os
import random
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from rlm_sandbox.cell import Interrupt
from rlm_sandbox.documents import Context
from rlm_sandbox.errors import ProtocolError
from rlm_sandbox.frames import Kind, Message, compact
from rlm_sandbox.guard_rules import ADDABLE_MODULES
from rlm_sandbox.preload import preload, preload_modules
from rlm_sandbox.region import CONTENT_BYTES_MAX
from rlm_sandbox.session import Session

_PART_CHARS: Final = 1 << 20

preload()
preload_modules(ADDABLE_MODULES)


class Host(Protocol):
    """The functions of room.wit that the machine imports."""

    def receive(self) -> tuple[int, str, str]: ...
    def send(self, kind: int, fields: str, text: str) -> str: ...
    def corpus(self, offset: int, size: int) -> str: ...
    def sleep(self, seconds: float) -> None: ...


class HostLink:
    """Messages over the imported functions."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def send(self, message: Message) -> None:
        """Send one message whole; raises ProtocolError, nothing sent, where it is refused."""
        fields, text = compact(message.fields), message.text
        refused = self._host.send(
            message.kind, _without_surrogates(fields), _without_surrogates(text)
        )
        if refused:
            raise ProtocolError(refused)

    def receive(self) -> Message:
        """The next message; the machine is ended where the host is gone."""
        kind, fields, text = self._host.receive()
        return Message(Kind(kind), json.loads(fields), text)


class Corpus:
    """The corpus in the host's memory; a slice is fetched when it is asked for."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __getitem__(self, part: slice) -> bytes:
        start: int = part.start or 0
        return self._host.corpus(start, part.stop - start).encode("latin-1")


class SentRegion:
    """The snapshot, kept by the host: sent to it in parts, handed back for a restore."""

    def __init__(self, link: HostLink) -> None:
        self._link = link
        self.content = b""

    def write(self, data: bytes) -> bool:
        """Store data as the newest; False where it does not fit."""
        if len(data) > CONTENT_BYTES_MAX:
            return False
        for start in range(0, len(data), _PART_CHARS):
            part = data[start : start + _PART_CHARS]
            last = start + len(part) == len(data)
            self._link.send(Message(Kind.KEEP, {"first": not start, "last": last}, part.decode()))
        return True

    def read(self) -> bytes:
        """What the host handed back."""
        return self.content


def serve(host: Host) -> None:
    """Set up, prove that nothing can be reached, and answer messages."""
    link = HostLink(host)
    setup = link.receive()
    # The state they were in when the component was built is in every copy of it.
    random.seed()
    time.sleep = _sleep_by(host)
    region = SentRegion(link)
    fields: Any = setup.fields
    context = Context(Corpus(host)) if fields["has_context"] else Context.empty()
    try:
        session = Session(link, setup, context=context, region=region, interrupt=Interrupt())
    except Exception as error:
        return _give_up(link, "prelude", f"{type(error).__name__}: {error}")
    gc.collect()
    gc.freeze()
    reachable = _reachable()
    if reachable:
        return _give_up(link, "no-files", reachable)
    link.send(Message(Kind.SEALED, {"layers": []}))
    while True:
        message = link.receive()
        if message.kind is Kind.RESTORE:
            region.content = message.text.encode()
        session.answer(message)


def _reachable() -> str:
    """What can be reached and must not be; nothing where all is shut."""
    if os.environ:
        return "the environment is not empty"
    try:
        return f"a folder can be listed: {os.listdir('/')[:3]}"  # noqa: PTH208
    except OSError:
        return ""


def _sleep_by(host: Host) -> Callable[[float], None]:
    def sleep(seconds: float, /) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        host.sleep(float(seconds))

    return sleep


def _give_up(link: HostLink, layer: str, reason: str) -> None:
    link.send(Message(Kind.BROKEN, {"layer": layer, "reason": reason[:2000]}))


def _without_surrogates(text: str) -> str:
    # Half of a pair is no character that a component can take.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
