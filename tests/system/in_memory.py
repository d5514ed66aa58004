"""A client of the server in this process, which spares starting one."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import anyio
from mcp import Client
from rlm_server.mcp_server import make_server
from rlm_server.service import Service
from services import SERVER


@asynccontextmanager
async def in_memory(
    repository: Path,
    home: Path,
    mode: Literal["auto", "legacy"],
    *,
    toolset: Literal["core", "repl", "full"] = "core",
    environ: Mapping[str, str] = MappingProxyType({}),
    **client: Any,
) -> AsyncGenerator[Client]:
    manner = replace(SERVER, toolset=toolset)
    service = Service([repository], {"RLM_HOME": str(home), **environ}, manner=manner)
    with anyio.fail_after(60):
        async with Client(make_server(service), mode=mode, **client) as connected:
            yield connected
