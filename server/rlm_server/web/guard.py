"""What a request over HTTP passes first, whatever is served behind it.

A page of any site can have its reader's browser send requests to this machine, under a name that it
lets point here (DNS rebinding) or across sites. So the Host must be a name of ours and the Origin,
where there is one, ourselves.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
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
    """An ASGI application that lets through to `app` what may come; nothing of a body is read."""

    def __init__(
        self,
        app: "ASGIApp",
        names: Names,
        *,
        headers: Mapping[str, str] = HEADERS,
    ) -> None:
        self._app = app
        self._names = names
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request; a refusal says why in a line and closes the connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        else:
            send = self._with_headers(send)
            refusal = refusal_of(scope, self._names)
            if refusal is not None:
                await refuse(send, refusal)
            else:
                await self._app(scope, receive, send)

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
    """Answer with the refusal and close; what is left of the request reaches nothing."""
    body = refusal.text.encode()
    sent = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
