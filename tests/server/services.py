"""A service in this process, for as long as a block lasts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from rlm_crystal.types import Progress
from rlm_server.manner import Manner
from rlm_server.service import Service

SERVER = Manner(ready_wait_s=60, fresh_wait_s=60)


def silent(_: Progress) -> None:
    """Take progress and say nothing."""


@asynccontextmanager
async def serving(
    root: Path, environ: dict[str, str], manner: Manner = SERVER
) -> AsyncGenerator[Service]:
    service = Service([root], environ, manner=manner)
    with anyio.fail_after(90):
        async with service.serving():
            yield service


async def first_path(service: Service, query: str) -> str:
    view = await service.view(silent)
    return view.crystal.search(query, limit=1)[0].path
