"""The MCP endpoint and what stands around it, as one ASGI application.

/mcp         both eras of the protocol; a token is needed
/healthz     200 while the process serves
/readyz      200 once cipher, key and roots are found good and questions can be answered
/.well-known/oauth-protected-resource/...   whose tokens are accepted, where an issuer is set
"""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import RequireAuthMiddleware
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from rlm_server.web.admission import Admission, Bounds
from rlm_server.web.body import BODY_MAX_BYTES, WholeBody
from rlm_server.web.door import Asker, Door, told_to_wait
from rlm_server.web.guard import Guard, Names
from rlm_server.web.issuer import Issuer
from rlm_server.web.sessions import SessionShare

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from rlm_server.service import Service

PATH: Final = "/mcp"
_SESSIONS_MAX: Final = 512
_SESSION_IDLE_S: Final = 1_800.0


def application(
    service: "Service",
    server: "MCPServer[Any]",
    *,
    names: Names,
    door: Door | None,
    issuer: Issuer | None = None,
    bounds: Bounds | None = None,
    body_max_bytes: int = BODY_MAX_BYTES,
) -> Guard:
    """Return what serves `server`; without a `door` whoever reaches it is the owner.

    The service starts and ends with it, and begins to index at once.
    """
    # Of the SDK's application only what it makes is taken: ours has the routes already.
    server.streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=body_max_bytes,
        session_idle_timeout=_SESSION_IDLE_S,
        max_sessions=_SESSIONS_MAX,
        # The guard has looked at Host and Origin before.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    endpoint: ASGIApp = StreamableHTTPASGIApp(server.session_manager)
    endpoint = SessionShare(endpoint, idle_s=_SESSION_IDLE_S)
    endpoint = WholeBody(endpoint, max_bytes=body_max_bytes)
    if door is not None:
        endpoint = _behind(AuthContextMiddleware(endpoint), issuer)
    endpoint = Admission(endpoint, door, bounds or Bounds())
    if door is not None:
        endpoint = AuthenticationMiddleware(endpoint, backend=Asker(door), on_error=told_to_wait)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with server.session_manager.run():
            service.begin()
            yield

    routes = [
        Route("/healthz", _healthy),
        Route("/readyz", _readiness(service)),
        # Both, and no redirect to the other: it would name our scheme, not that of a proxy.
        Route(PATH, endpoint),
        Route(f"{PATH}/", endpoint),
        *(_metadata(issuer) if issuer else ()),
    ]
    starlette = Starlette(routes=routes, lifespan=lifespan)
    starlette.router.redirect_slashes = False
    app: ASGIApp = starlette
    if names.origins:
        app = _readable_by_pages(app, names.origins)
    return Guard(app, names)


def _readable_by_pages(app: "ASGIApp", origins: Collection[str]) -> CORSMiddleware:
    """Let a browser hand answers to pages of these origins; their token they send themselves."""
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["*"],
        expose_headers=["mcp-session-id", "retry-after", "www-authenticate"],
    )


def _behind(endpoint: "ASGIApp", issuer: Issuer | None) -> RequireAuthMiddleware:
    if issuer is None:
        return RequireAuthMiddleware(endpoint, [])
    where = build_resource_metadata_url(AnyHttpUrl(issuer.audience))
    return RequireAuthMiddleware(endpoint, list(issuer.scopes), where)


def _metadata(issuer: Issuer) -> list[Route]:
    return create_protected_resource_routes(
        resource_url=AnyHttpUrl(issuer.audience),
        authorization_servers=[AnyHttpUrl(issuer.address)],
        scopes_supported=list(issuer.scopes) or None,
    )


async def _healthy(_: "Request") -> JSONResponse:
    return JSONResponse({"state": "serving"})


def _readiness(service: "Service") -> Any:
    async def ready(_: "Request") -> JSONResponse:
        if service.failure is not None:
            state = "halted"
        elif service.opened is None:
            state = "starting"
        else:
            state = "indexing" if service.state.crystal is None else "ready"
        return JSONResponse({"state": state}, 200 if state in ("indexing", "ready") else 503)

    return ready
