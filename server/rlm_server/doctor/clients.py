"""The configurations of the clients that start us."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from rlm_server.clients.init import own_command
from rlm_server.clients.inspecting import inspected
from rlm_server.clients.places import Machine
from rlm_server.command_line import ClientName
from rlm_server.doctor.finding import Finding
from rlm_server.errors import Misused


def clients(environ: Mapping[str, str], project: Path) -> Iterator[Finding]:
    """What each client is told of us, for this project or for all; those not connected last."""
    machine = Machine(Path.home(), project.resolve(), environ, sys.platform)
    try:
        script = own_command()
    except Misused:
        script = ""  # told of with Python
    unknown: list[str] = []
    for client in get_args(ClientName):
        seen = list(inspected(client, machine, script))
        if not seen:
            unknown.append(client)
        for one in seen:
            told = "; ".join(filter(None, (one.told, *one.faults)))
            yield Finding(
                f"client {client}",
                ok=not one.faults,
                seen=told if str(one.file) in told else f"{told} ({one.file})",
                fix=one.fix,
                needed=False,
            )
    if unknown:
        seen = f"not connected: {', '.join(unknown)} (rlm-mcp init CLIENT connects one)"
        yield Finding("clients", ok=True, seen=seen, needed=False)
