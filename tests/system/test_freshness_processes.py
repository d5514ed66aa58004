"""Two real servers on one workspace: both follow the disk, each what the other sealed."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
from command_line import RLM_MCP, plain_environment
from mcp import Client, StdioServerParameters
from raw_server import BETWEEN_LOOKS_S
from rlm_crystal.errors import StoreBusy
from workspace import archive_of, seal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a killed writer, as POSIX has it")

VOUCHER = "def redeem_voucher(code):\n    return code\n"


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def found(client: Client, query: str) -> list[str]:
    reply = await call(client, "rlm_search", query=query, limit=3)
    assert reply["revision"]["caught_up"]
    return [result["path"] for result in reply["results"]]


async def generation(client: Client) -> int:
    return (await call(client, "rlm_status"))["status"]["generation"]


@pytest.mark.asyncio
async def test_each_server_finds_what_changed_and_follows_what_the_other_sealed(
    server: StdioServerParameters, repository: Path, home: Path
) -> None:
    await anyio.to_thread.run_sync(seal, home, repository)
    with anyio.fail_after(120):
        async with Client(server) as one, Client(server) as other:
            assert "shop/cart.py" in await found(one, "cart")
            (repository / "shop/voucher.py").write_text(VOUCHER)
            assert (await found(one, "redeem voucher"))[0] == "shop/voucher.py"
            assert (await found(other, "redeem voucher"))[0] == "shop/voucher.py"
            sealed = (await call(one, "rlm_reindex"))["generation"]
            (repository / "shop/voucher.py").unlink()
            assert "shop/voucher.py" not in await found(other, "redeem voucher")
            assert "shop/voucher.py" not in await found(one, "redeem voucher")
            assert await generation(other) >= sealed == await generation(one) == 2


@pytest.mark.asyncio
async def test_a_writer_killed_while_it_holds_the_lock_keeps_nobody_from_writing(
    server: StdioServerParameters, repository: Path, home: Path
) -> None:
    await anyio.to_thread.run_sync(seal, home, repository)
    for number in range(30):
        body = "\n".join(f"def f{number}_{i}(a, b):\n    return a + b + {i}\n" for i in range(20))
        (repository / "shop" / f"part{number}.py").write_text(body)
    with anyio.fail_after(120):
        await anyio.to_thread.run_sync(kill_a_writer, repository, home)
        async with Client(server) as client:
            assert (await found(client, "f29_19"))[0] == "shop/part29.py"
            again = await call(client, "rlm_reindex")
    assert (again["status"], again["generation"], again["files"]) == ("DONE", 2, 34)


def kill_a_writer(repository: Path, home: Path) -> None:
    """Start indexing in a process of its own and kill it once its builder holds the lock."""
    store = archive_of(home, repository).store()
    environ = {**plain_environment(os.environ), "RLM_HOME": str(home)}
    command = [str(RLM_MCP), "index", "--root", str(repository)]
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as writer:
        while writer.poll() is None:
            try:
                with store.lock(0):
                    pass
            except StoreBusy:
                break
            time.sleep(BETWEEN_LOOKS_S)
        family = psutil.Process(writer.pid).children(recursive=True)
        writer.kill()
    assert writer.returncode == -9
    psutil.wait_procs(family, timeout=10)
