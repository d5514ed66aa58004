"""Sessions of the handshake era: how many one token may have open."""

from collections.abc import Callable
from typing import Any

import pytest
from rlm_server.principal import Principal, calls_by
from rlm_server.web.sessions import SessionShare
from starlette.types import Message, Receive, Scope, Send

ANN, BOB = Principal("ann"), Principal("bob")
REFUSED = 429


class Sdk:
    """What stands behind: names a session to whoever has none, and knows those that are open."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.opened = 0
        self.within: Callable[[], Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        named = headers.get(b"mcp-session-id", b"").decode()
        if self.within is not None:
            within, self.within = self.within, None
            await within()
        if headers.get(b"mcp-protocol-version") == b"2026-07-28":
            return await answer(send, 200)
        if not named:
            if b"wrong" in headers:
                return await answer(send, 400, "discarded")
            self.opened += 1
            named = f"session-{self.opened}"
            self.open.add(named)
        elif named not in self.open:
            return await answer(send, 404)
        if scope["method"] == "DELETE":
            self.open.remove(named)
        return await answer(send, 200, named)


async def answer(send: Send, status: int, session: str = "") -> None:
    headers = [(b"mcp-session-id", session.encode())] if session else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def ask(
    share: SessionShare, who: Principal, method: str = "POST", **headers: str
) -> tuple[int, str]:
    """The status of one request and the session that its answer names."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    with calls_by(who):
        await share({"type": "http", "method": method, "headers": pairs}, receive, send)
    named = dict(sent[0]["headers"]).get(b"mcp-session-id", b"")
    return sent[0]["status"], named.decode()


@pytest.mark.asyncio
async def test_one_token_opens_its_share_of_sessions_and_leaves_the_rest_to_others() -> None:
    share = SessionShare(Sdk(), idle_s=60, share=2)
    first = (await ask(share, ANN))[1]
    assert (await ask(share, ANN, wrong="1"))[0] == 400
    assert (await ask(share, ANN))[0] == 200
    assert (await ask(share, ANN))[0] == REFUSED
    assert (await ask(share, ANN, "GET"))[0] == REFUSED
    assert (await ask(share, BOB))[0] == 200
    assert (await ask(share, ANN, mcp_session_id=first))[0] == 200
    assert (await ask(share, ANN, mcp_protocol_version="2026-07-28"))[0] == 200
    assert (await ask(share, ANN, mcp_protocol_version="2025-11-25"))[0] == REFUSED


@pytest.mark.asyncio
async def test_a_session_that_ended_makes_room_for_one_of_the_same_token() -> None:
    sdk = Sdk()
    share = SessionShare(sdk, idle_s=60, share=1)
    first = (await ask(share, ANN))[1]
    assert (await ask(share, BOB, "DELETE", mcp_session_id="unknown"))[0] == 404
    assert (await ask(share, ANN))[0] == REFUSED
    assert (await ask(share, ANN, "DELETE", mcp_session_id=first))[0] == 200
    second = (await ask(share, ANN))[1]
    sdk.open.clear()  # it crashed
    assert (await ask(share, ANN, mcp_session_id=second))[0] == 404
    assert (await ask(share, ANN))[0] == 200


@pytest.mark.asyncio
async def test_a_session_counts_until_it_was_idle_for_long_and_while_it_is_in_use() -> None:
    sdk = Sdk()
    share = SessionShare(sdk, idle_s=0, share=1)
    first = (await ask(share, ANN))[1]
    assert (await ask(share, ANN))[0] == 200
    came: list[tuple[int, str]] = []

    async def meanwhile() -> None:
        came.append(await ask(share, ANN))

    second = f"session-{sdk.opened}"
    sdk.within = meanwhile
    assert (await ask(share, ANN, mcp_session_id=second))[0] == 200
    sdk.within = meanwhile
    assert (await ask(share, ANN))[0] == 200  # while one is being opened, too
    assert [status for status, _ in came] == [REFUSED, REFUSED]
    assert first != second
