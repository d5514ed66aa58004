"""Serving over HTTP until a signal comes: who may reach us is settled before anything listens."""

import argparse
import asyncio
import logging
import socket
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import anyio
import uvicorn
from rlm_crystal.home import Home

from rlm_server.errors import CannotListen, Misused
from rlm_server.leaving import leave, leave_on_signals
from rlm_server.manner import Manner
from rlm_server.mcp_server import make_server
from rlm_server.service import Service
from rlm_server.web.address import Address
from rlm_server.web.admission import Bounds
from rlm_server.web.application import PATH, application
from rlm_server.web.connection import BoundedConnection
from rlm_server.web.door import Door, TokenDoor
from rlm_server.web.guard import Guard, Names
from rlm_server.web.issuer import Issuer
from rlm_server.web.pace import Rate
from rlm_server.web.tokens import TokenBook

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_CONNECTIONS_MAX = 512
# Calls under way have the first second, builds and sandboxes what is left of two.
_DRAIN_S = 1
_GONE_WITHIN_S = 1.8


@dataclass(frozen=True, slots=True)
class Front:
    """Where and how to serve, checked: an open door or plain HTTP are for the loopback only."""

    address: Address
    names: Names
    issuer: Issuer | None
    open: bool
    tls: tuple[Path, Path] | None
    bounds: Bounds
    body_max_bytes: int

    @classmethod
    def of(cls, options: argparse.Namespace, environ: Mapping[str, str]) -> "Front":
        """What the command line and the environment say; Misused where that would be unsafe."""
        address = Address.parse(options.http)
        issuer = Issuer.from_environ(environ)
        certificate, key = options.tls_cert, options.tls_key
        if (certificate is None) != (key is None):
            raise Misused("give --tls-cert and --tls-key together")
        for file in filter(None, (certificate, key)):
            if not file.is_file():
                raise Misused(f"{file} is no file")
        if options.no_token and (issuer or not address.is_loopback):
            raise Misused("--no-token is for the loopback, where no issuer of tokens is set")
        if not (address.is_loopback or certificate or options.behind_proxy):
            raise Misused(
                f"others reach {address.host}, and would see the token: give --tls-cert and"
                " --tls-key, or --behind-proxy where TLS ends before us"
            )
        rate = Rate(options.rate, burst=max(1, round(4 * options.rate)))
        return cls(
            address,
            address.names(options.allow_host, options.allow_origin),
            issuer,
            open=options.no_token,
            tls=(certificate, key) if certificate else None,
            bounds=Bounds(rate),
            body_max_bytes=options.max_body << 20,
        )

    def url(self, port: int) -> str:
        """What a client is given."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.address.called}:{port}{PATH}"


def serve_http(
    roots: Sequence[Path], environ: Mapping[str, str], manner: Manner, front: Front
) -> NoReturn:
    """Serve until a signal comes; ends the process. CannotListen where it cannot be had."""
    listening = front.address.listening()
    service = Service(roots, environ, manner=manner)
    server = listener(service, front, door_of(front, environ))
    _say(f"serving MCP at {front.url(listening.getsockname()[1])}")
    anyio.run(_serve, service, server, listening)
    leave(0)


def door_of(front: Front, environ: Mapping[str, str]) -> Door | None:
    """Opens to tokens of the issuer, else to ours; makes the first of ours, and shows it once."""
    if front.open:
        return None
    if front.issuer is not None:
        from rlm_server.web.oauth import IntrospectedTokens, SignedTokens

        return (SignedTokens if front.issuer.jwks else IntrospectedTokens)(front.issuer)
    book = TokenBook(Home.from_environ(environ))
    if not book.tokens():
        _say(f"token of the owner, shown this once: {book.new()}")
    return TokenDoor(book)


def listener(
    service: Service, front: Front, door: Door | None, *, server: "MCPServer[Any] | None" = None
) -> uvicorn.Server:
    """What serves the service when it is given a socket; CannotListen for a bad certificate."""
    app = application(
        service,
        server or make_server(service),
        names=front.names,
        door=door,
        issuer=front.issuer,
        bounds=front.bounds,
        body_max_bytes=front.body_max_bytes,
    )
    return _Server(_config(app, front), service)


async def _serve(service: Service, server: uvicorn.Server, listening: socket.socket) -> None:
    def stop() -> None:
        server.should_exit = True

    leave_on_signals(stop, service.over, within_s=_GONE_WITHIN_S)
    await server.serve(sockets=[listening])
    if not server.should_exit:
        leave(1)  # the service failed, and what it said is in the log


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def on_tick(self, counter: int) -> bool:
        """End too once the service behind has ended."""
        return await super().on_tick(counter) or self._service.over.is_set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone: they are ours."""
        yield


def _config(app: Guard, front: Front) -> uvicorn.Config:
    """Reads the certificate; CannotListen where it or its key is none."""
    certificate, key = front.tls or (None, None)
    # Whoever sends what is no HTTP, or names a session of another, is answered so; a line for each
    # would let him fill the log.
    for name in ("uvicorn.error", "mcp.server.streamable_http_manager"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("uvicorn.error").addFilter(_is_failure)
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        # A forwarded address can be made up by whoever asks.
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_connections_max(),
        timeout_graceful_shutdown=_DRAIN_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        told = error.strerror or type(error).__name__
        raise CannotListen(f"{certificate} and {key} cannot be used: {told}") from None
    return config


def _is_failure(record: logging.LogRecord) -> bool:
    """Whether more is told than that a call was under way when we ended."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _connections_max() -> int:
    """512, or half of the files that this process may have open where those are fewer."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return _CONNECTIONS_MAX
    files_max = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _CONNECTIONS_MAX if files_max < 0 else max(16, min(_CONNECTIONS_MAX, files_max // 2))


def _say(text: str) -> None:
    print(f"rlm-mcp: {text}", file=sys.stderr, flush=True)
