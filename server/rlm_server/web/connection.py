"""A connection that cannot be held open by sending or reading slowly.

uvicorn bounds the time between two requests, and no other: a client that sends its headers byte by
byte, or takes no more of an answer, would keep a connection for ever. A slow body ends where it is
read (`body.py`), and here where nobody reads it.
"""

import asyncio
from typing import Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from rlm_server.web.lingering import Lingering

HEADERS_WITHIN_S: Final = 10.0
UNREAD_WITHIN_S: Final = 20.0
STALLED_AFTER_S: Final = 30.0


class BoundedConnection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to waiting for requests and for reading."""

    _lingering: Lingering
    _awaited = ""
    _request_due: asyncio.TimerHandle | None = None
    _reading_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # as in the base
        """Wait for the first request from now."""
        # Else less than 64 KiB that a client does not take would be waited with for ever.
        transport.set_write_buffer_limits(1, 0)
        self._lingering = Lingering(transport, self._is_unread)
        super().connection_made(cast("asyncio.Transport", self._lingering))
        self._await_rest()
        # uvicorn refuses requests beyond its limit, not connections that ask for nothing.
        if self.limit_concurrency and len(self.connections) > self.limit_concurrency * 9 // 8:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take data; a head or a body that is not whole is waited for since its first byte."""
        if self._lingering.lingers:
            self._lingering.drop(data)
            return
        super().data_received(data)
        self._await_rest()

    def pause_writing(self) -> None:
        """The client does not take what was sent; it has a while to go on."""
        super().pause_writing()
        if self._reading_due is None:
            self._reading_due = self.loop.call_later(STALLED_AFTER_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has taken all of it."""
        super().resume_writing()
        self._reading_due = _cancelled(self._reading_due)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, where that can be said still, and take no more from the app."""
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """End once the request under way is answered."""
        if self._lingering.lingers:
            self.transport.close()
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._request_due = _cancelled(self._request_due)
        self._reading_due = _cancelled(self._reading_due)
        self._lingering.gone()
        super().connection_lost(exc)

    def _await_rest(self) -> None:
        head, body = self.conn.their_state is h11.IDLE, self.conn.their_state is h11.SEND_BODY
        awaited = "head" if head else "body" if body else ""
        if awaited == self._awaited:
            return
        self._awaited = awaited
        self._request_due = _cancelled(self._request_due)
        if awaited:
            within_s = HEADERS_WITHIN_S if head else UNREAD_WITHIN_S
            self._request_due = self.loop.call_later(within_s, self.transport.abort)

    def _is_unread(self) -> bool:
        """Whether more of a request may come: of a body, or of what could not be understood."""
        unfinished = self.conn.their_state in (h11.SEND_BODY, h11.ERROR)
        return unfinished or bool(self.conn.trailing_data[0])


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
