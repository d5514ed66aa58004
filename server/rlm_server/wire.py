"""The protocol over standard input and output: one JSON-RPC message a line.

The SDK's own transport drops a line that it cannot read, so whoever sent it waits for ever, and it
changes threads three times a message. Here such a line is answered, one thread reads, and what the
pipe takes at once is written without a thread.
"""

import asyncio
import json
import logging
import math
import os
import select
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO, Self

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from anyio.to_thread import run_sync
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, JSONRPCMessage
from pydantic_core import PydanticSerializationError

from rlm_server.message_line import FRAME_BYTES_MAX, TOO_LONG, Refused, message_of
from rlm_server.standard_streams import StandardStreams

_log = logging.getLogger(__name__)

# Messages that are read before they are taken; then the client has to wait.
_AHEAD_MAX = 64

Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing = MemoryObjectSendStream[SessionMessage]


@asynccontextmanager
async def wire_over(streams: StandardStreams) -> AsyncGenerator[tuple[Incoming, Outgoing]]:
    """The two streams that a server of the SDK runs on; they end when the client goes away."""
    to_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as tasks:

        async def write() -> None:
            async with from_server:
                await _write_all(from_server, streams.writing)
            tasks.cancel_scope.cancel()  # nobody has more to say, or nobody listens

        tasks.start_soon(write)
        tasks.start_soon(_read_all, streams.reading, to_server, outgoing.clone())
        async with incoming, outgoing:
            yield incoming, outgoing


async def _read_all(
    descriptor: int,
    to_server: MemoryObjectSendStream[SessionMessage | Exception],
    refusals: Outgoing,
) -> None:
    async with to_server, refusals, _Lines(descriptor) as lines:
        # Whichever side ends first closes its end; what is then left to say has no reader.
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            async for read in lines.taken:
                lines.room.release()
                if not isinstance(read, Refused):
                    await to_server.send(SessionMessage(read))
                elif read.answer is not None:
                    await refusals.send(SessionMessage(read.answer))
                else:
                    _log.debug("a message was dropped: %s", read)


class _Lines:
    """One thread that reads lines; it is not waited for at the end, as nothing can wake it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._read, self.taken = anyio.create_memory_object_stream[JSONRPCMessage | Refused](
            math.inf
        )
        self.room = threading.Semaphore(_AHEAD_MAX)

    async def __aenter__(self) -> Self:
        threading.Thread(target=self._read_lines, name="wire", daemon=True).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._read.close()
        self.taken.close()

    def _read_lines(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: we are leaving
            # A terminal that hung up has no more to say.
            with suppress(OSError), open(self._descriptor, "rb", closefd=False) as lines:
                while line := lines.readline(FRAME_BYTES_MAX):
                    if not line.isspace():
                        self.room.acquire()
                        self._loop.call_soon_threadsafe(self._deliver, _read_line(line, lines))
            self._loop.call_soon_threadsafe(self._read.close)

    def _deliver(self, message: JSONRPCMessage | Refused) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._read.send_nowait(message)


def _read_line(line: bytes, lines: BinaryIO) -> JSONRPCMessage | Refused:
    if len(line) == FRAME_BYTES_MAX and not line.endswith(b"\n"):
        while (rest := lines.readline(FRAME_BYTES_MAX)) and not rest.endswith(b"\n"):
            pass
        return Refused(INVALID_REQUEST, TOO_LONG)
    try:
        return message_of(line)
    except Refused as refused:
        return refused


async def _write_all(messages: MemoryObjectReceiveStream[SessionMessage], descriptor: int) -> None:
    try:
        async for message in messages:
            rest = _written_at_once(descriptor, memoryview(_as_line(message.message)))
            if rest:
                await run_sync(_write, descriptor, rest, abandon_on_cancel=True)
    except OSError as error:
        _log.debug("the client takes no more: %s", error)


def _as_line(message: JSONRPCMessage) -> bytes:
    try:
        text = message.model_dump_json(by_alias=True, exclude_unset=True)
    except PydanticSerializationError:  # names of files need not be text
        fields = message.model_dump(by_alias=True, exclude_unset=True)
        text = json.dumps(fields, ensure_ascii=False, default=str)
    return text.encode("utf-8", "replace") + b"\n"


def _write(descriptor: int, data: memoryview) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _written_at_once(descriptor: int, data: memoryview) -> memoryview:
    """Write for as long as that cannot wait; return what is left."""
    if sys.platform == "win32":  # where a pipe cannot be asked whether it takes more
        return data
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT)
    # A pipe that is ready takes so much without waiting, says POSIX.
    while data and ready.poll(0):
        data = data[os.write(descriptor, data[: select.PIPE_BUF]) :]
    return data
