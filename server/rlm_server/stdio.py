"""Serving over standard input and output.

Standard input is read in a thread that nothing can interrupt, so after a signal the process would
hang until the client closes the pipe. We cancel the work, which ends every child, and leave without
waiting for that thread.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import anyio

from rlm_server.leaving import leave, leave_on_signals
from rlm_server.manner import Manner
from rlm_server.mcp_server import make_server
from rlm_server.service import Service
from rlm_server.standard_streams import StandardStreams
from rlm_server.wire import wire_over

_CLEAN_UP_S = 1.5


def serve(
    roots: Sequence[Path], environ: Mapping[str, str], manner: Manner, streams: StandardStreams
) -> NoReturn:
    """Serve until the client closes the pipe or a signal comes; ends the process."""
    service = Service(roots, environ, manner=manner)
    anyio.run(_serve, service, streams)
    leave(0)


async def _serve(service: Service, streams: StandardStreams) -> None:
    # Its own way over standard streams is private; a transport of ours has no public one.
    server = make_server(service)._lowlevel_server  # pyright: ignore[reportPrivateUsage]
    async with anyio.create_task_group() as tasks:
        leave_on_signals(tasks.cancel_scope.cancel, service.over, within_s=_CLEAN_UP_S)
        async with wire_over(streams) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
