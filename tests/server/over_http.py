"""A service behind the real door, on a socket of the loopback."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from rlm_crystal.home import Home
from rlm_server.command_line import command_line
from rlm_server.manner import Manner
from rlm_server.service import Service
from rlm_server.web.serving import Front, door_of, listener
from rlm_server.web.tokens import TokenBook

UNWATCHED = Manner(ready_wait_s=60, fresh_wait_s=60, watch=False, spares=False)
NOT_INDEXED = replace(UNWATCHED, first_index=False)


@dataclass(frozen=True)
class Served:
    """Where it is and who may come in."""

    url: str
    book: TokenBook
    service: Service
    serving: asyncio.Task[None]

    @property
    def port(self) -> int:
        return httpx2.URL(self.url).port or 80

    def http(self, token: str = "", **headers: str) -> httpx2.AsyncClient:
        sent = {"accept": "application/json, text/event-stream", **headers}
        if token:
            sent["authorization"] = f"Bearer {token}"
        # Nothing is encrypted here, and reading the system's certificates takes a while.
        return httpx2.AsyncClient(headers=sent, trust_env=False, timeout=20, verify=False)

    @asynccontextmanager
    async def client(
        self, token: str, mode: Literal["auto", "legacy"] = "auto"
    ) -> AsyncGenerator[Client]:
        async with self.http(token) as http:
            transport = streamable_http_client(self.url, http_client=http)
            async with Client(transport, mode=mode) as client:
                yield client


@asynccontextmanager
async def served_over_http(
    root: Path, environ: dict[str, str], *options: str, manner: Manner = NOT_INDEXED
) -> AsyncGenerator[Served]:
    """`rlm-mcp serve --http` in this process, with these options."""
    arguments = ["serve", "--http", "127.0.0.1:0", *options]
    front = Front.of(command_line().parse_args(arguments), environ)
    service = Service([root], environ, manner=manner)
    server = listener(service, front, door_of(front, environ))
    listening = front.address.listening()
    with anyio.fail_after(60):
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            assert not serving.done()
            await asyncio.sleep(0)
        try:
            url = front.url(listening.getsockname()[1])
            yield Served(url, TokenBook(Home.from_environ(environ)), service, serving)
        finally:
            server.should_exit = True
            await serving


def asked(method: str, params: dict[str, Any] | None = None, number: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
