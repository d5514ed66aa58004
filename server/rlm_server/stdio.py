"""Serving over standard input and output, and leaving for good when it is time.

The SDK reads standard input in a thread that cannot be interrupted, so after a signal the process
would hang until the client closes the pipe. We cancel the work, which ends every child, and leave
without waiting for that thread; if the clean-up hangs, we leave all the same.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import anyio

from rlm_server.manner import Manner
from rlm_server.mcp_server import make_server
from rlm_server.service import Service

_CLEAN_UP_S = 1.5


def serve(roots: Sequence[Path], environ: Mapping[str, str], manner: Manner) -> NoReturn:
    """Serve until the client closes the pipe or a signal comes; ends the process."""
    service = Service(roots, environ, manner=manner)
    anyio.run(_serve, service)
    _leave(0)


async def _serve(service: Service) -> None:
    server = make_server(service)
    async with anyio.create_task_group() as tasks:
        _leave_on_signals(service, tasks.cancel_scope)
        await server.run_stdio_async()


def _leave_on_signals(service: Service, work: anyio.CancelScope) -> None:
    loop = asyncio.get_running_loop()

    def on_signal(number: int, _: FrameType | None) -> None:
        loop.call_soon_threadsafe(work.cancel)
        threading.Thread(target=_leave_when_over, args=(service, 128 + number), daemon=True).start()

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_signal)


def _leave_when_over(service: Service, exit_code: int) -> None:
    service.over.wait(_CLEAN_UP_S)
    _leave(exit_code)


def _leave(exit_code: int) -> NoReturn:
    """End the process now; buffers of standard output must not reach the protocol's pipe."""
    sys.stderr.flush()
    os._exit(exit_code)
