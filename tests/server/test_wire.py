"""The transport over real pipes."""

import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import BinaryIO

import anyio
import pytest
from anyio.to_thread import run_sync
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCRequest, JSONRPCResponse
from rlm_server import message_line, wire
from rlm_server.standard_streams import StandardStreams
from rlm_server.wire import Incoming, Outgoing, wire_over

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'


class Ends:
    """Both sides of a wire: the client's two files and the server's two streams."""

    def __init__(self, to: BinaryIO, back: BinaryIO, server: tuple[Incoming, Outgoing]) -> None:
        self.to, self.back = to, back
        self.incoming, self.outgoing = server

    def say(self, line: bytes) -> None:
        self.to.write(line)
        self.to.flush()

    async def heard(self) -> dict[str, object]:
        return json.loads(await run_sync(self.back.readline))


@asynccontextmanager
async def wired() -> AsyncGenerator[Ends]:
    (read, to), (back, write) = os.pipe(), os.pipe()
    with anyio.fail_after(20), os.fdopen(to, "wb") as to_file, os.fdopen(back, "rb") as back_file:
        async with wire_over(StandardStreams(read, write)) as server:
            yield Ends(to_file, back_file, server)
            to_file.close()
    os.close(read)
    os.close(write)


def answer(text: str) -> SessionMessage:
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=1, result={"text": text}))


@pytest.mark.asyncio
async def test_requests_arrive_and_answers_leave_in_order() -> None:
    async with wired() as ends:
        ends.say(PING + b"\n  \r\n" + PING.replace(b"1", b"2"))
        taken = [await ends.incoming.receive(), await ends.incoming.receive()]
        await ends.outgoing.send(answer("a"))
        await ends.outgoing.send(answer("b"))
        heard = [await ends.heard(), await ends.heard()]
    messages = [each.message for each in taken if isinstance(each, SessionMessage)]
    assert [m.id for m in messages if isinstance(m, JSONRPCRequest)] == [1, 2]
    assert [each["result"] for each in heard] == [{"text": "a"}, {"text": "b"}]


@pytest.mark.asyncio
async def test_a_line_that_is_no_message_is_answered_and_the_next_is_taken() -> None:
    async with wired() as ends:
        ends.say(b'{"id": 5, "method": 5}\n' + PING)
        refused = await ends.heard()
        assert isinstance(await ends.incoming.receive(), SessionMessage)
    assert refused["id"] == 5


@pytest.mark.asyncio
async def test_a_line_that_is_too_long_is_read_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FRAME_BYTES_MAX", 100)
    async with wired() as ends:
        ends.say(b"x" * 250 + b"\n" + PING)
        refused = await ends.heard()
        assert isinstance(await ends.incoming.receive(), SessionMessage)
    assert refused["error"] == {"code": -32600, "message": message_line.TOO_LONG}


@pytest.mark.asyncio
async def test_an_answer_larger_than_the_pipe_waits_and_holds_nobody_up() -> None:
    large = "x" * (1 << 20)
    async with wired() as ends:
        await ends.outgoing.send(answer(large))
        ends.say(PING)
        # Nobody has read a byte of the answer yet, and requests are taken all the same.
        assert isinstance(await ends.incoming.receive(), SessionMessage)
        heard = await ends.heard()
    assert heard["result"] == {"text": large}


@pytest.mark.asyncio
async def test_a_name_that_is_no_text_is_sent_all_the_same() -> None:
    async with wired() as ends:
        await ends.outgoing.send(answer("caf\udce9.py"))
        heard = await ends.heard()
    assert heard["result"] == {"text": "caf?.py"}


@pytest.mark.asyncio
async def test_the_end_of_input_ends_what_the_server_reads() -> None:
    async with wired() as ends:
        ends.to.close()
        with pytest.raises(anyio.EndOfStream):
            await ends.incoming.receive()


@pytest.mark.asyncio
async def test_a_client_that_listens_no_more_ends_the_wire() -> None:
    waited = True
    async with wired() as ends:
        ends.back.close()
        await ends.outgoing.send(answer("a"))
        await anyio.sleep_forever()
        waited = False
    assert waited
