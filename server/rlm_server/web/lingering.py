"""A transport that is not closed over what a client still sends.

Where a request is refused before it was read whole, what arrives after the close is answered with a
reset, and a reset can overtake the refusal: who asked sees an error of its connection in place of
the reason. So what is left is read and dropped first, in bounds (RFC 9112 §9.6).
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

DROPPED_WITHIN_S: Final = 2.0
DROPPED_MAX_BYTES: Final = 16 << 20


class Lingering:
    """The transport of a connection but for `close`, which waits where `unread` says so.

    A second `close` waits no more.
    """

    def __init__(self, transport: asyncio.Transport, unread: Callable[[], bool]) -> None:
        self._transport = transport
        self._unread = unread
        self._room_bytes: int | None = None
        self._due: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    @property
    def lingers(self) -> bool:
        """Whether all was said, and what comes is dropped."""
        return self._room_bytes is not None

    def is_closing(self) -> bool:
        """Whether nothing more is to be written."""
        return self.lingers or self._transport.is_closing()

    def close(self) -> None:
        """Say that this was all, and close once the client has ended too."""
        if self.is_closing() or not self._unread():
            self.gone()
            self._transport.close()
            return
        self._room_bytes = DROPPED_MAX_BYTES
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
        self._due = asyncio.get_running_loop().call_later(DROPPED_WITHIN_S, self._transport.close)

    def drop(self, data: bytes) -> None:
        """Take what came while it lingers, and close where that is too much."""
        self._room_bytes = (self._room_bytes or 0) - len(data)
        if self._room_bytes < 0:
            self.close()

    def gone(self) -> None:
        """Wait for nothing any more."""
        if self._due is not None:
            self._due.cancel()
