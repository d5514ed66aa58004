"""The page and its answers, over HTTP: files for all who know the port, answers by token only.

The files are those of this package and hold nothing of the corpus. Their policy lets the browser
run scripts of ours alone, talk to this server alone, and turn no text into markup. The one
exception is the record of a run, a page that stands alone, in a frame in which nothing can run.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rlm_server.traces.page import style_source
from rlm_server.ui.api import Api
from rlm_server.web.bearer import digest, matching, presented
from rlm_server.web.body import WholeBody
from rlm_server.web.guard import HEADERS, Guard, Names

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from rlm_server.service import Service

_FOLDER = Path(__file__).with_name("page")
_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def page_app(service: "Service", *, token: str, port: int) -> "ASGIApp":
    """The application for a server that listens on this port of the loopback interface."""
    api, digests = Api(service), (digest(token),)

    async def file(request: Request) -> Response:
        data, kind = _files().get(request.path_params.get("name", "index.html"), (None, ""))
        if data is None:
            return Response("There is nothing here.", 404)
        return Response(data, media_type=kind)

    async def answer(request: Request) -> Response:
        if not matching(presented(request.scope), digests):
            refused = "This needs the token of the address that rlm-mcp ui printed."
            return Response(refused, 401, {"www-authenticate": "Bearer"})
        told = await api.answer(request.path_params["name"], await request.body())
        return Response(told.body, told.status, media_type="application/json")

    app = Starlette(
        routes=[
            Route("/", file),
            Route("/page/{name}", file),
            Route("/api/{name}", answer, methods=["POST"]),
        ]
    )
    names = Names(frozenset({f"127.0.0.1:{port}", f"localhost:{port}"}))
    headers = {**HEADERS, "content-security-policy": policy()}
    return Guard(WholeBody(app), names, headers=headers)


def policy() -> str:
    """The content security policy of the page."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            # The second is that of the record of a run, in its frame.
            f"style-src 'self' {style_source()}",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types record",
        ]
    )


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """The files of the page by their names, each with its media type."""
    return {
        path.name: (path.read_bytes(), _KINDS[path.suffix])
        for path in _FOLDER.iterdir()
        if path.suffix in _KINDS
    }
