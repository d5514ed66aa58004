"""What a request over HTTP passes first, whatever is served behind it.

A page of any site can have its reader's browser send requests to this machine, under a name that it
lets point here (DNS rebinding) or across sites. So the Host must be a name of ours and the Origin,
where there is one, ourselves. Bodies are read here, with a bound on their size and on the time they
take, so that nothing behind waits for a client that sends slowly.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
BODY_MAX_BYTES: Final = 4 << 20
BODY_WITHIN_S: Final = 10.0

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[0-9a-z_.-]+)(?::[0-9]{1,5})?", re.ASCII)

# Of a page that loads scripts of its own, only the policy differs.
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cache-control": "no-store",
    }
)


@dataclass(frozen=True, slots=True)
class Names:
    """The hosts we are called by, as `name` for any port or `name:port`, and foreign origins.

    A port need not match: who maps ports reaches us under another, and an attacker's page is
    betrayed by its name. What an origin may do is no more than what it could without a browser.
    """

    hosts: frozenset[str] = LOOPBACK_NAMES
    origins: frozenset[str] = frozenset()

    def knows(self, host: str) -> bool:
        """Whether this value of a Host header is one of ours."""
        host = host.lower()
        return host in self.hosts or without_port(host) in self.hosts

    def admits(self, origin: str, host: str) -> bool:
        """Whether a page of this origin may ask; `host` is what it calls us and is known."""
        origin = origin.lower()
        same = origin in (f"http://{host.lower()}", f"https://{host.lower()}")
        return same or origin in self.origins


class Guard:
    """An ASGI application that lets through to `app` what may come and can be read whole."""

    def __init__(
        self,
        app: "ASGIApp",
        names: Names,
        *,
        body_max_bytes: int = BODY_MAX_BYTES,
        body_within_s: float = BODY_WITHIN_S,
        headers: Mapping[str, str] = HEADERS,
    ) -> None:
        self._app = app
        self._names = names
        self._body_max_bytes = body_max_bytes
        self._body_within_s = body_within_s
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request; a refusal says why in a line and closes the connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._serve(scope, receive, self._with_headers(send))

    async def _serve(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        refusal = refusal_of(scope, self._names)
        if refusal is None and _declared_bytes(scope) > self._body_max_bytes:
            refusal = _TOO_LARGE
        if refusal is None:
            body = await self._body(receive)
            if isinstance(body, bytes):
                await self._app(scope, _replayed(body, receive), send)
                return
            refusal = body
        await refuse(send, refusal)

    async def _body(self, receive: "Receive") -> "bytes | Refusal":
        parts, size = list[bytes](), 0
        with anyio.move_on_after(self._body_within_s):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return _GONE
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > self._body_max_bytes:
                    return _TOO_LARGE
                if not message.get("more_body", False):
                    return b"".join(parts)
        return _TOO_SLOW

    def _with_headers(self, send: "Send") -> "Send":
        async def sending(message: "Message") -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                named = {name.lower() for name, _ in given}
                added = [pair for pair in self._headers if pair[0] not in named]
                message = {**message, "headers": [*given, *added]}
            await send(message)

        return sending


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request goes no further."""

    status: int
    text: str


_TOO_LARGE = Refusal(413, "The body is too large.")
_TOO_SLOW = Refusal(408, "The body took too long.")
_GONE = Refusal(400, "The request was not finished.")


def refusal_of(scope: "Scope", names: Names) -> Refusal | None:
    """Why these headers are refused, or None: one Host, at most one Origin, both known."""
    hosts, origins = values(scope, b"host"), values(scope, b"origin")
    if len(hosts) != 1 or not names.knows(hosts[0]):
        return Refusal(421, "This server is not known by that name.")
    if len(origins) > 1 or any(not names.admits(origin, hosts[0]) for origin in origins):
        return Refusal(403, "Pages of that origin may not ask here.")
    if len(values(scope, b"authorization")) > 1:
        return Refusal(400, "There is more than one Authorization header.")
    return None


def values(scope: "Scope", name: bytes) -> list[str]:
    """All values of a header, in order; names are in lower case in ASGI."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def without_port(host: str) -> str:
    """The name of `name:port` or `[v6]:port`; "" for what is neither."""
    matched = _HOST.fullmatch(host)
    return matched[1] if matched else ""


async def refuse(send: "Send", refusal: Refusal, *headers: tuple[bytes, bytes]) -> None:
    """Answer with the refusal and close: what is left of the request is not read."""
    body = refusal.text.encode()
    sent = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


def _declared_bytes(scope: "Scope") -> int:
    declared = values(scope, b"content-length")
    return max((int(each[:20]) for each in declared if each.isdecimal()), default=0)


def _replayed(body: bytes, receive: "Receive") -> "Receive":
    """A `receive` that gives the body once and then what the connection has to say."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> "Message":
        return waiting.pop() if waiting else await receive()

    return receiving
