"""What attacks over HTTP come to: nothing passes the door, nothing ends the server."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
import rlm_server.web.connection as connection
import rlm_server.web.lingering as lingering
import uvicorn
from over_http import Served, asked, served_over_http
from rlm_crystal.home import Home
from rlm_server.web.connection import BoundedConnection
from rlm_server.web.guard import Refusal, refuse
from rlm_server.web.tokens import TokenBook
from starlette.types import ASGIApp, Receive, Scope, Send

MODERN = {"mcp-protocol-version": "2026-07-28"}
JSON = {"content-type": "application/json"}


async def status(
    served: Served, token: str = "", *, body: Any = b"{}", method: str = "POST", **headers: str
) -> int:
    """What one request is answered; no answer shows a token or where the root is."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = headers.pop("path", "")
    sent = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    async with served.http(token) as http:
        answer = await http.request(method, served.url + path, content=content, headers=sent)
    for secret in filter(None, (token, str(served.service.roots[0]), "Traceback")):
        assert secret not in answer.text
    return answer.status_code


@pytest.mark.asyncio
async def test_nothing_passes_without_a_good_token_and_a_known_host(
    repository: Path, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    async with served_over_http(repository, environ) as served:
        owner = capsys.readouterr().err.split("once: ")[1].split()[0]
        expired, revoked = served.book.new("past", days=0), served.book.new("gone")
        listing = asked("tools/list")
        meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}}  # fmt: skip
        listing["params"] = {"_meta": meta}
        good: dict[str, Any] = {"body": listing, "mcp_method": "tools/list", **MODERN}
        assert await status(served, owner, **good) == 200
        assert await status(served, revoked, **good) == 200
        assert await status(served, owner, path="/", **good) == 200
        assert await status(served, path="/", body=listing) == 401
        assert await status(served, path=f"?access_token={owner}", body=listing) == 401
        served.book.revoke("gone")
        for wrong in ("", "rlm_wrong", owner[:-1], owner.upper(), expired, revoked):
            assert await status(served, wrong, **good) == 401, wrong
        assert await status(served, owner, host="evil.example", **good) == 421
        assert await status(served, owner, host=f"evil.example:{served.port}", **good) == 421
        assert await status(served, owner, origin="http://evil.example", **good) == 403
        assert await status(served, owner, origin="http://localhost:1", **good) == 403
        assert await status(served, host="evil.example", body=listing) == 421
        assert await status(served, owner, origin=served.url[:-4], **good) == 200


@pytest.mark.asyncio
async def test_what_is_no_message_is_refused_and_the_next_one_is_served(
    repository: Path, environ: dict[str, str]
) -> None:
    TokenBook(Home.from_environ(environ)).new()
    async with served_over_http(repository, environ, "--max-body", "1") as served:
        token = served.book.new("fuzzer")
        deep = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":' + b"[" * 100_000
        bodies = [
            *(b"", b"{", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, deep),
            b'{"id":' + b"9" * 5_000,
            b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
            b'{"jsonrpc":"2.0","id":1}',
            json.dumps([asked("tools/list")] * 50).encode(),
        ]
        for body in bodies:
            for era in ({}, {"mcp_protocol_version": "2026-07-28"}, {"mcp_protocol_version": "x"}):
                assert 400 <= await status(served, token, body=body, **era) < 500, body[:60]
        assert await status(served, token, body=b"x" * (1 << 20) + b"x") == 413
        for method in ("PUT", "PATCH", "TRACE", "OPTIONS", "GET", "DELETE"):
            assert 400 <= await status(served, token, method=method, mcp_session_id="no") < 500
        assert await status(served, token, body=b"{}", content_type="text/plain") in (400, 415)
        async with served.client(token) as client:
            assert (await client.list_tools()).tools


@pytest.mark.asyncio
async def test_who_asks_too_much_waits_and_who_has_no_token_keeps_nobody_out(
    repository: Path, environ: dict[str, str]
) -> None:
    TokenBook(Home.from_environ(environ)).new()
    async with served_over_http(repository, environ, "--rate", "0.5") as served:
        token, other = served.book.new("eager"), served.book.new("patient")
        came = [await status(served, token) for _ in range(4)]
        assert came == [400, 400, 429, 429]
        strangers = [await status(served, "rlm_wrong") for _ in range(25)]
        assert strangers[:20] == [401] * 20
        assert 429 in strangers
        assert await status(served, other) == 400


@pytest.mark.asyncio
async def test_who_sends_a_head_slowly_is_cut_off(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEADERS_WITHIN_S", 0.1)
    TokenBook(Home.from_environ(environ)).new()
    async with served_over_http(repository, environ) as served:
        for begun in (b"", b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: "):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(begun)
            with anyio.fail_after(20), suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()


@asynccontextmanager
async def listening(
    app: ASGIApp, most: int | None = None
) -> AsyncGenerator[tuple[uvicorn.Server, int]]:
    """A server on a connection of ours, without a door, and its port."""
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        lifespan="off",
        port=0,
        log_config=None,
        limit_concurrency=most,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    with anyio.fail_after(20):
        while not server.started:
            assert not serving.done()
            await asyncio.sleep(0)
        yield server, server.servers[0].sockets[0].getsockname()[1]
        server.should_exit = True
        await serving


@pytest.mark.asyncio
async def test_who_does_not_take_an_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STALLED_AFTER_S", 0.1)
    gone = anyio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

        async def pour() -> None:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})

        pouring = asyncio.create_task(pour())
        while (await receive())["type"] != "http.disconnect":
            pass
        pouring.cancel()
        gone.set()

    async with listening(endless) as (_, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        await gone.wait()
        writer.transport.abort()


@pytest.mark.asyncio
async def test_a_connection_beyond_the_bound_is_closed_though_it_asks_for_nothing() -> None:
    async with listening(refusing, most=8) as (_, port):
        open_ = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
        with suppress(ConnectionResetError):
            assert await open_[-1][0].read() == b""
        open_[0][1].write(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b" 503 " in await open_[0][0].readline()
        for _, writer in open_:
            writer.transport.abort()


async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
    await refuse(send, Refusal(403, "No."))


LARGE = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999999\r\n\r\n"
TOO_LONG = b"POST / HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 70_000


@pytest.mark.asyncio
@pytest.mark.parametrize(("begun", "said"), [(LARGE, b"No."), (TOO_LONG, b"Invalid HTTP")])
async def test_a_refusal_reaches_who_is_sending_still(begun: bytes, said: bytes) -> None:
    async with listening(refusing) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        assert said in await reader.read()  # to the end of what the server says
        for _ in range(20):
            writer.write(b"x" * 50_000)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.mark.asyncio
@pytest.mark.parametrize("bound", ["DROPPED_WITHIN_S", "DROPPED_MAX_BYTES"])
async def test_who_goes_on_sending_what_was_refused_is_cut_off(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lingering, bound, 0.05 if bound == "DROPPED_WITHIN_S" else 100)
    async with listening(refusing) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(LARGE + b"x" * 200)
        await reader.read()
        while server.server_state.connections:
            with suppress(ConnectionError):
                writer.write(b"x" * 200)
                await writer.drain()
            await asyncio.sleep(0)
        writer.transport.abort()


@pytest.mark.asyncio
@pytest.mark.parametrize("whole", [True, False])
async def test_what_is_no_http_after_an_answer_ends_the_connection_and_is_no_failure_of_ours(
    whole: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": not whole})
        while not whole and (await receive())["type"] != "http.disconnect":
            pass

    caplog.set_level("ERROR")
    async with listening(answering) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        await reader.readuntil(b"begun")
        writer.write(b"ZZ\r\n")
        await reader.read()
        writer.close()
    assert not caplog.records


@pytest.mark.asyncio
async def test_a_page_of_an_origin_allowed_may_ask_and_read_and_no_other(
    repository: Path, environ: dict[str, str]
) -> None:
    TokenBook(Home.from_environ(environ)).new()
    allowed = {"origin": "https://notes.example", "access-control-request-method": "POST",
               "access-control-request-headers": "authorization"}  # fmt: skip
    options = ("--allow-origin", "https://notes.example")
    async with served_over_http(repository, environ, *options) as served, served.http() as http:
        asked_first = await http.options(served.url, headers=allowed)
        without = await http.post(served.url, json={}, headers={"origin": allowed["origin"]})
        other = await http.options(served.url, headers=allowed | {"origin": "https://b.example"})
    assert asked_first.headers["access-control-allow-origin"] == "https://notes.example"
    assert "authorization" in asked_first.headers["access-control-allow-headers"]
    assert (asked_first.status_code, without.status_code, other.status_code) == (200, 401, 403)
    assert "access-control-allow-origin" not in other.headers
