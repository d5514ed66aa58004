"""After it is known who asks: how much they may, and as whom the rest of the program sees them."""

import math
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser

from rlm_server.principal import OWNER, Principal, calls_by
from rlm_server.web.door import Door
from rlm_server.web.guard import Refusal, refuse
from rlm_server.web.pace import STRANGERS, Pace, Rate

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

AT_ONCE_MAX: Final = 64
_PRINCIPALS: Final = Rate(per_second=50.0, burst=200)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one principal may ask, and how large; who is not let in is held shorter, by address."""

    rate: Rate = _PRINCIPALS
    at_once_max: int = AT_ONCE_MAX


class Admission:
    """Lets those through that the door knows, in bounds; `door` is None where there is none."""

    def __init__(self, app: "ASGIApp", door: Door | None, bounds: Bounds) -> None:
        self._app = app
        self._door = door
        self._bounds = bounds
        self._pace = Pace(bounds.rate)
        self._strangers = Pace(STRANGERS)
        self._asking: Counter[Principal] = Counter()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request that has been looked at for a token."""
        principal = self._principal(scope)
        if principal is None:
            client = scope.get("client")
            wait_s = self._strangers.take(client[0] if client else "", time.monotonic())
            if wait_s:
                await _refuse_for(send, wait_s)
            else:
                await self._app(_as_stranger(scope), receive, send)
            return
        wait_s = self._pace.take(principal.agent, time.monotonic())
        if wait_s or self._asking[principal] >= self._bounds.at_once_max:
            await _refuse_for(send, wait_s or 1.0)
            return
        # A stream that is only listened to is no work, and a client keeps one open.
        weight = scope["method"] != "GET"
        self._asking[principal] += weight
        try:
            with calls_by(principal):
                await self._app(_without_token(scope), receive, send)
        finally:
            self._asking[principal] -= weight
            if not self._asking[principal]:
                del self._asking[principal]

    def _principal(self, scope: "Scope") -> Principal | None:
        if self._door is None:
            return OWNER
        user = scope.get("user")
        return (
            self._door.principal_of(user.access_token)
            if isinstance(user, AuthenticatedUser)
            else None
        )


def _without_token(scope: "Scope") -> "Scope":
    """The token ends here: what is behind could only lose it, or pass it on."""
    kept = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    return {**scope, "headers": kept}


def _as_stranger(scope: "Scope") -> "Scope":
    return {key: value for key, value in scope.items() if key not in ("user", "auth")}


async def _refuse_for(send: "Send", wait_s: float) -> None:
    after = str(math.ceil(wait_s)).encode()
    await refuse(send, Refusal(429, "Too many requests."), (b"retry-after", after))
