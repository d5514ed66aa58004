"""Reading the body of a request whole, with a bound on its size and on the time it takes.

This stands behind the door: of whoever is not let in nothing is kept in memory. Nothing behind it
waits for a client that sends slowly.
"""

from typing import TYPE_CHECKING, Final

import anyio

from rlm_server.web.guard import Refusal, refuse, values

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_MAX_BYTES: Final = 4 << 20
BODY_WITHIN_S: Final = 10.0

_TOO_LARGE = Refusal(413, "The body is too large.")
_TOO_SLOW = Refusal(408, "The body took too long.")
_GONE = Refusal(400, "The request was not finished.")


class WholeBody:
    """An ASGI application that hands requests on to `app` once their body has come."""

    def __init__(
        self,
        app: "ASGIApp",
        *,
        max_bytes: int = BODY_MAX_BYTES,
        within_s: float = BODY_WITHIN_S,
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._within_s = within_s

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request of HTTP; a refusal says why in a line and closes the connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = _declared_bytes(scope)
        body = _TOO_LARGE if declared > self._max_bytes else await self._body(receive)
        if isinstance(body, bytes):
            await self._app(scope, _replayed(body, receive), send)
        else:
            await refuse(send, body)

    async def _body(self, receive: "Receive") -> "bytes | Refusal":
        parts, size = list[bytes](), 0
        with anyio.move_on_after(self._within_s):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return _GONE
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > self._max_bytes:
                    return _TOO_LARGE
                if not message.get("more_body", False):
                    return b"".join(parts)
        return _TOO_SLOW


def _declared_bytes(scope: "Scope") -> int:
    declared = values(scope, b"content-length")
    return max((int(each[:20]) for each in declared if each.isdecimal()), default=0)


def _replayed(body: bytes, receive: "Receive") -> "Receive":
    """A `receive` that gives the body once and then what the connection has to say."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> "Message":
        return waiting.pop() if waiting else await receive()

    return receiving
