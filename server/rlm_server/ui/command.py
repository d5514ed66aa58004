"""`rlm-mcp ui`: serves the page on the loopback interface until a signal comes."""

import json
import os
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import NoReturn

import anyio
import uvicorn

from rlm_server.leaving import leave, leave_on_signals
from rlm_server.manner import Manner
from rlm_server.service import Service
from rlm_server.ui.app import page_app
from rlm_server.ui.asks import follow
from rlm_server.web.address import Address
from rlm_server.web.bearer import new_token
from rlm_server.web.connection import BoundedConnection

LOOPBACK = "127.0.0.1"
_CONNECTIONS_MAX = 64
_CLEAN_UP_S = 1.5


@dataclass(frozen=True, slots=True)
class Opening:
    """How the page is opened: `port` 0 is any that is free; `json` tells the address as JSON."""

    port: int = 0
    browser: bool = True
    json: bool = False


def serve_page(
    roots: Sequence[Path], environ: Mapping[str, str], manner: Manner, opening: Opening
) -> NoReturn:
    """Serve until a signal comes, and end the process; CannotListen where the port is taken."""
    listening = Address(LOOPBACK, opening.port).listening()
    service = Service(roots, environ, manner=replace(manner, follow=follow))
    anyio.run(_serve, service, listening, opening)
    leave(0)


async def _serve(service: Service, listening: socket.socket, opening: Opening) -> None:
    port, token = listening.getsockname()[1], new_token()
    config = uvicorn.Config(
        page_app(service, token=token, port=port),
        http=BoundedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS_MAX,
    )
    address = f"http://{LOOPBACK}:{port}/#token={token}"
    async with anyio.create_task_group() as tasks:
        leave_on_signals(tasks.cancel_scope.cancel, service.over, within_s=_CLEAN_UP_S)
        async with service.serving():
            service.begin()
            _tell(address, opening)
            with _opened_in_browser(address) if opening.browser else nullcontext():
                await _Unsignalled(config).serve([listening])


class _Unsignalled(uvicorn.Server):
    """Signals are ours: uvicorn would wait for every open connection."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _tell(address: str, opening: Opening) -> None:
    if opening.json:
        print(json.dumps({"url": address}), flush=True)
    else:
        print(f"{address}\nThe page holds your corpus; the address is its key. Ctrl-C ends it.")
        sys.stdout.flush()


@contextmanager
def _opened_in_browser(address: str) -> Generator[None]:
    """Open the person's browser, without the token among the arguments of a process.

    Every user of the machine can read those, so the browser is given a file that only this user
    can read and that leads to the address.
    """
    if not _has_desktop():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="rlm-mcp-ui-") as folder:
        door = Path(folder) / "open.html"
        to = escape(address)
        door.write_text(
            f'<!DOCTYPE html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0;url={to}"><a href="{to}">rlm-mcp</a>'
        )
        threading.Thread(target=webbrowser.open, args=(door.as_uri(),), daemon=True).start()
        yield


def _has_desktop() -> bool:
    """Whether there is a browser with a window; one for terminals would take ours."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
