"""Serving over standard input and output.

The SDK reads standard input in a thread that cannot be interrupted, so after a signal the process
would hang until the client closes the pipe. We cancel the work, which ends every child, and leave
without waiting for that thread.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import anyio

from rlm_server.leaving import leave, leave_on_signals
from rlm_server.manner import Manner
from rlm_server.mcp_server import make_server
from rlm_server.service import Service

_CLEAN_UP_S = 1.5


def serve(roots: Sequence[Path], environ: Mapping[str, str], manner: Manner) -> NoReturn:
    """Serve until the client closes the pipe or a signal comes; ends the process."""
    service = Service(roots, environ, manner=manner)
    anyio.run(_serve, service)
    leave(0)


async def _serve(service: Service) -> None:
    server = make_server(service)
    async with anyio.create_task_group() as tasks:
        leave_on_signals(tasks.cancel_scope.cancel, service.over, within_s=_CLEAN_UP_S)
        await server.run_stdio_async()
