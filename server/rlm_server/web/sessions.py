"""How many sessions one may have open: a share, so that some are left to others.

The SDK bounds their number over all who come. What is open is known here from what it answers: a
session begins with the answer that names it, and ends when that is asked for, when it is no longer
known, or once it was idle for as long as the SDK lets it be. Only the handshake era has them.
"""

import math
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from rlm_server.principal import Principal, acting
from rlm_server.web.guard import Refusal, refuse, values

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHARE: Final = 64
_NAMED: Final = b"mcp-session-id"
_VERSION: Final = b"mcp-protocol-version"


@dataclass(slots=True)
class _Session:
    whose: Principal
    under_way: int
    idle_since_s: float


class SessionShare:
    """Refuses who has its share open to open one more; `idle_s` is what the SDK ends one after."""

    def __init__(self, app: "ASGIApp", *, idle_s: float, share: int = SHARE) -> None:
        self._app = app
        self._idle_s = idle_s
        self._share = share
        self._open: dict[str, _Session] = {}
        self._opening: Counter[Principal] = Counter()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one request of whoever acts."""
        named = values(scope, _NAMED)
        session = self._open.get(named[0]) if named else None
        if session is not None and session.whose == acting():
            await self._use(named[0], session, scope, receive, send)
        elif named or next(iter(values(scope, _VERSION)), "") not in _HAVE_SESSIONS:
            await self._app(scope, receive, send)
        elif wait_s := self._wait_s(acting(), time.monotonic()):
            await refuse(
                send, self._refusal(wait_s), (b"retry-after", str(math.ceil(wait_s)).encode())
            )
        else:
            await self._begin(acting(), scope, receive, send)

    async def _begin(
        self, whose: Principal, scope: "Scope", receive: "Receive", send: "Send"
    ) -> None:
        answer = _Answer(send)
        self._opening[whose] += 1
        try:
            await self._app(scope, receive, answer.send)
        finally:
            self._opening[whose] -= 1
            if answer.session and answer.status < 400:
                self._open[answer.session] = _Session(whose, 0, time.monotonic())

    async def _use(
        self, name: str, session: _Session, scope: "Scope", receive: "Receive", send: "Send"
    ) -> None:
        answer = _Answer(send)
        session.under_way += 1
        try:
            await self._app(scope, receive, answer.send)
        finally:
            session.under_way -= 1
            session.idle_since_s = time.monotonic()
            if answer.status == 404 or (scope["method"] == "DELETE" and answer.status == 200):
                self._open.pop(name, None)

    def _wait_s(self, whose: Principal, now_s: float) -> float:
        """0 where one more may be opened, else how long until the one that is idle longest ends."""
        ends = {name: each.idle_since_s + self._idle_s for name, each in self._open.items()}
        for name in [n for n, end_s in ends.items() if end_s <= now_s]:
            if not self._open[name].under_way:
                del self._open[name]
        own = [name for name, each in self._open.items() if each.whose == whose]
        if len(own) + self._opening[whose] < self._share:
            return 0.0
        idle = [ends[name] - now_s for name in own if not self._open[name].under_way]
        return max(1.0, min(idle, default=self._idle_s))

    def _refusal(self, wait_s: float) -> Refusal:
        return Refusal(
            429,
            f"{self._share} sessions are open for this token, and it may have no more. End one by"
            f" DELETE with its Mcp-Session-Id, or wait: one that is idle ends in {wait_s:.0f} s."
            " Protocol version 2026-07-28 needs no session.",
        )


# As the SDK tells them apart: who names no version shakes hands.
_HAVE_SESSIONS: Final = frozenset({"", *HANDSHAKE_PROTOCOL_VERSIONS})


class _Answer:
    """Passes an answer on and keeps its status and the session that it names."""

    def __init__(self, send: "Send") -> None:
        self._send = send
        self.status = 0
        self.session = ""

    async def send(self, message: "Message") -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            named = [value for name, value in message["headers"] if name.lower() == _NAMED]
            self.session = named[0].decode("latin-1") if named else ""
        await self._send(message)
