"""A connection that cannot be held open by sending or reading slowly.

uvicorn bounds the time between two requests, and no other: a client that sends its headers byte by
byte, or takes no more of an answer, would keep a connection for ever. Slow bodies end at the guard.
"""

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN_S: Final = 10.0
STALLED_AFTER_S: Final = 30.0


class BoundedConnection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to waiting for headers and for reading."""

    _headers_due: asyncio.TimerHandle | None = None
    _reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # as in the base
        """Wait for the first request from now."""
        super().connection_made(transport)
        self._headers_due = self.loop.call_later(HEADERS_WITHIN_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take data; a head that is not whole is waited for since its first byte."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._headers_due = _cancelled(self._headers_due)
        elif self._headers_due is None:
            self._headers_due = self.loop.call_later(HEADERS_WITHIN_S, self.transport.abort)

    def pause_writing(self) -> None:
        """The client does not take what was sent; it has a while to go on."""
        super().pause_writing()
        if self._reading_due is None:
            self._reading_due = self.loop.call_later(STALLED_AFTER_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        super().resume_writing()
        self._reading_due = _cancelled(self._reading_due)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._headers_due = _cancelled(self._headers_due)
        self._reading_due = _cancelled(self._reading_due)
        super().connection_lost(exc)


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
