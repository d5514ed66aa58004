"""Progress, cancellation, and a standard output that belongs to the protocol."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import anyio
import psutil
import pytest
from mcp import Client, StdioServerParameters
from raw_server import BETWEEN_LOOKS_S

NOISY_SERVER = """
import os, sys
from pathlib import Path
from rlm_server.standard_streams import claimed
streams = claimed()
print("at import"); os.write(1, b"and natively\\n")
from rlm_server import mcp_server, stdio
from rlm_server.manner import Manner
from rlm_server.service import Service
from rlm_tools.search import TOOL, search
from dataclasses import replace

async def noisy(host, arguments, progress):
    print("a print from a dependency")
    os.write(1, b"bytes straight to descriptor 1\\n")
    os.system("echo from a child of ours")
    return await search(host, arguments, progress)

tools = (replace(TOOL, run=noisy),)
stdio.make_server = lambda service: mcp_server.make_server(service, tools=tools)
print("unflushed at exit", end="")
stdio.serve([Path(sys.argv[1])], os.environ, Manner(), streams)
"""


def add_many_files(repository: Path) -> None:
    for number in range(100):
        body = "\n".join(f"def f{number}_{i}(a, b):\n    return a + b + {i}\n" for i in range(10))
        (repository / "shop" / f"part{number}.py").write_text(body)


class Told:
    """Keeps the progress notifications of one call."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self.words: list[str] = []

    async def __call__(self, value: float, total: float | None, words: str | None) -> None:
        assert total is None or total >= value
        self.values.append(value)
        self.words.append(words or "")

    def check(self) -> None:
        """Strictly increasing, and in words, each of them."""
        assert self.values
        assert self.values == sorted(set(self.values))
        assert all(self.words)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_progress_increases_and_cancelling_a_reindex_ends_the_process_that_builds(
    server: StdioServerParameters, repository: Path, mode: Literal["auto", "legacy"]
) -> None:
    add_many_files(repository)
    first, question = Told(), Told()
    with anyio.fail_after(90):
        async with Client(server, mode=mode) as client:
            asked = {"question": "how is the total price computed"}
            await client.call_tool("rlm_query", asked, progress_callback=first)
            await client.call_tool("rlm_query", asked, progress_callback=question)
            built = await generation(client)
            async with anyio.create_task_group() as calls:
                calls.start_soon(client.call_tool, "rlm_reindex")
                builders = await builders_once_there()
                calls.cancel_scope.cancel()
            _, alive = await anyio.to_thread.run_sync(psutil.wait_procs, builders, 10)
            assert not (await client.call_tool("rlm_search", {"query": "total price"})).is_error
            assert await generation(client) == built
    assert alive == []
    first.check()
    question.check()
    assert "Turn 1" in question.words[0]


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_what_a_dependency_prints_never_reaches_the_protocol(
    repository: Path, home: Path
) -> None:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-c", NOISY_SERVER, str(repository)],
        env={"RLM_HOME": str(home)},
    )
    strays: list[object] = []

    async def on_message(message: object) -> None:
        if isinstance(message, Exception):
            strays.append(message)

    with anyio.fail_after(60):
        async with Client(server, mode="legacy", message_handler=on_message) as client:
            result = await client.call_tool("rlm_search", {"query": "cart"})
            assert result.structured_content["results"]
    assert strays == []


def test_nothing_heavy_is_imported_before_initialize_is_answered() -> None:
    heavy = {"hdbscan", "litellm", "numpy", "rlm_engine.loop", "scipy", "torch", "tree_sitter"}
    ours = {"rlm_server.offering", "rlm_server.reading", "rlm_tools.catalogue", "rlm_tools.tool"}
    code = f"""
import sys
from rlm_server.lean_import import lean_import
with lean_import():
    import rlm_server.cli, rlm_server.stdio
from mcp.types import ListToolsResult
from pydantic import BaseModel
class Ours(BaseModel): pass
print({heavy | ours} & set(sys.modules))
print(ListToolsResult.__pydantic_complete__, Ours.__pydantic_complete__)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\nFalse True\n"


async def generation(client: Client) -> int:
    """Of the crystal that is served: a build that came to its end makes it grow."""
    result = await client.call_tool("rlm_status", {})
    return result.structured_content["status"]["generation"]


async def builders_once_there() -> list[psutil.Process]:
    """Wait until a build runs below this process."""
    while True:
        found = [
            child
            for child in psutil.Process().children(recursive=True)
            if "rlm_server.build_child" in " ".join(_command(child))
        ]
        if found:
            return found
        await anyio.sleep(BETWEEN_LOOKS_S)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
