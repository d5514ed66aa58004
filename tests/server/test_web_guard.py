"""The guard before everything that is served over HTTP, bodies behind it, and tokens."""

from collections.abc import Iterable
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_server.web.bearer import digest, matching, new_token, presented
from rlm_server.web.body import WholeBody
from rlm_server.web.guard import Guard, Names, refusal_of
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OURS = Names(origins=frozenset({"https://notes.example"}))


def scope_of(*headers: tuple[str, str], kind: str = "http") -> Scope:
    return {"type": kind, "headers": [(name.encode(), value.encode()) for name, value in headers]}


def status_for(*headers: tuple[str, str]) -> int:
    refusal = refusal_of(scope_of(*headers), OURS)
    return refusal.status if refusal else 200


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:8000", "127.0.0.1:1", "[::1]:8000", "[::1]"]
)
def test_a_request_to_a_name_of_ours_passes(host: str) -> None:
    assert status_for(("host", host)) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "localhost:80@evil.example",
     "[::1]evil.example", "evil.example:8000", "0.0.0.0", "", "localhost:port", "localhost."],
)  # fmt: skip
def test_a_request_to_another_name_is_refused(host: str) -> None:
    assert status_for(("host", host)) == 421


def test_one_host_is_needed_and_no_second_one_passes() -> None:
    assert status_for() == 421
    assert status_for(("host", "localhost"), ("host", "evil.example")) == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8000", 200),
        ("https://LOCALHOST:8000", 200),
        ("https://notes.example", 200),
        ("http://localhost:3000", 403),
        ("http://evil.example", 403),
        ("http://localhost:8000.evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_only_pages_of_ours_or_of_origins_allowed_may_ask(origin: str, status: int) -> None:
    assert status_for(("host", "localhost:8000"), ("origin", origin)) == status


@given(st.text(alphabet="localhost127.:@[]/\\%0 evil\0\x80ÿ", max_size=24))
def test_whatever_the_host_is_it_is_one_of_ours_or_refused(host: str) -> None:
    passed = OURS.knows(host)
    assert not passed or host.lower().rpartition(":")[0] in OURS.hosts or host.lower() in OURS.hosts


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"x")]}
    )
    await send({"type": "http.response.body", "body": message["body"]})


async def answer(app: ASGIApp, scope: Scope, parts: Iterable[bytes], *, last: bool = True) -> Any:
    """Status, headers, body of what comes in parts; it goes on where the last one is not it."""
    waiting = list(parts)
    sent: list[Message] = []

    async def receive() -> Message:
        if not waiting and not last:
            await anyio.sleep_forever()
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting) or not last}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if sent[0]["type"] != "http.response.start":
        return sent[0]
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.asyncio
async def test_a_body_within_the_bounds_is_handed_on_whole() -> None:
    app = Guard(WholeBody(echo, max_bytes=8), OURS)
    status, headers, body = await answer(app, scope_of(("host", "localhost")), [b"1234", b"5678"])
    assert (status, body) == (200, b"12345678")
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"x-frame-options"] == b"x"


@pytest.mark.asyncio
async def test_a_body_that_is_too_large_or_says_so_is_refused() -> None:
    app = WholeBody(echo, max_bytes=8)
    came = await answer(app, scope_of(), [b"1234", b"56789"])
    said = await answer(app, scope_of(("content-length", "9" * 5000)), [], last=False)
    assert came[0] == said[0] == 413
    assert said[1][b"connection"] == b"close"


@pytest.mark.asyncio
async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    status, _, _ = await answer(WholeBody(echo, within_s=0.01), scope_of(), [b"12"], last=False)
    assert status == 408


@pytest.mark.asyncio
async def test_what_is_refused_by_its_headers_reaches_nothing() -> None:
    status, headers, _ = await answer(Guard(echo, OURS), scope_of(("host", "evil")), [b""])
    assert (status, headers[b"x-frame-options"]) == (421, b"DENY")


@pytest.mark.asyncio
async def test_a_websocket_is_closed() -> None:
    closed = await answer(Guard(echo, OURS), scope_of(("host", "localhost"), kind="websocket"), [])
    assert closed == {"type": "websocket.close", "code": 1008}


def test_a_token_is_found_by_its_digest_only() -> None:
    token, other = new_token(), new_token()
    digests = [digest(other), digest(token)]
    assert matching(token, digests) == digest(token)
    assert matching(new_token(), digests) == matching("", [digest("")]) == ""
    assert matching(digest(token), digests) == ""


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ([("authorization", "Bearer abc")], "abc"),
        ([("authorization", "bearer  abc ")], "abc"),
        ([("authorization", "Basic abc")], ""),
        ([("authorization", "abc")], ""),
        ([], ""),
        ([("authorization", "Bearer abc"), ("authorization", "Bearer def")], ""),
    ],
)
def test_a_token_is_taken_from_one_authorization_header(
    headers: list[tuple[str, str]], token: str
) -> None:
    assert presented(scope_of(*headers)) == token
