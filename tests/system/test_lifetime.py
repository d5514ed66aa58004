"""However a client goes away, the server and every child are gone within two seconds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil
import pytest
from mcp import StdioServerParameters

GONE_WITHIN_S = 2.0
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups")


@contextmanager
def raw_server(server: StdioServerParameters) -> Iterator["Raw"]:
    """The server with bare pipes, so that a test decides how they end."""
    process = subprocess.Popen(
        [server.command, *server.args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(server.env or {})},
        cwd=server.cwd,
    )
    raw = Raw(process)
    try:
        yield raw
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            pipe.close()


class Raw:
    """JSON-RPC by hand, and the process with all its children."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._next_id = 0

    def ask(self, method: str, params: dict[str, Any], *, wait: bool = True) -> dict[str, Any]:
        self._next_id += 1
        self._write({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params})
        while wait:
            message = json.loads(_readable(self.process.stdout).readline())
            if message.get("id") == self._next_id:
                return message
        return {}

    def initialize(self) -> None:
        self.ask(
            "initialize",
            {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "raw", "version": "1"},
            },
        )
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(self, tool: str, arguments: dict[str, Any], *, wait: bool = True) -> dict[str, Any]:
        return self.ask("tools/call", {"name": tool, "arguments": arguments}, wait=wait)

    def family(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def child_whose(self, matches: Callable[[str], bool]) -> psutil.Process:
        """Wait for a child whose command line matches."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for child in self.family()[1:]:
                try:
                    if matches(" ".join(child.cmdline())):
                        return child
                except psutil.NoSuchProcess:
                    continue
        raise AssertionError("no such child came up")

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()


def _readable(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def alive_after(family: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Who still runs; one that is dead and waits for init to notice does not."""
    _, left = psutil.wait_procs(family, timeout=timeout_s)
    return [process for process in left if not is_dead(process)]


def is_dead(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def make_large(repository: Path) -> None:
    """Enough files that a build takes longer than a test needs to interrupt it."""
    for number in range(500):
        body = "\n".join(f"def f{number}_{i}(a, b):\n    return a + b + {i}\n" for i in range(60))
        (repository / "shop" / f"part{number}.py").write_text(body)


def is_builder(command: str) -> bool:
    return "rlm_server.build_child" in command


ENDINGS: dict[str, Callable[[Raw], None]] = {
    "end of input": lambda raw: raw.process.stdin.close(),
    "SIGTERM": lambda raw: raw.process.send_signal(signal.SIGTERM),
    "SIGINT": lambda raw: raw.process.send_signal(signal.SIGINT),
    "SIGHUP": lambda raw: raw.process.send_signal(signal.SIGHUP),
    "SIGKILL": lambda raw: raw.process.kill(),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_server_that_is_indexing_leaves_no_child(
    server: StdioServerParameters, repository: Path, ending: str
) -> None:
    make_large(repository)
    with raw_server(server) as raw:
        raw.initialize()
        raw.child_whose(is_builder)
        family = raw.family()
        ENDINGS[ending](raw)
        alive = alive_after(family, GONE_WITHIN_S)
    assert alive == []


@pytest.mark.parametrize("ending", ["end of input", "SIGTERM", "SIGKILL"])
def test_a_server_that_answers_a_question_leaves_no_child(
    server: StdioServerParameters, ending: str
) -> None:
    with raw_server(server) as raw:
        raw.initialize()
        raw.call("rlm_search", {"query": "cart"})
        raw.call("rlm_query", {"question": "how does the cart know its total"}, wait=False)
        raw.child_whose(lambda command: "rlm_sandbox" in command)
        family = raw.family()
        ENDINGS[ending](raw)
        alive = alive_after(family, GONE_WITHIN_S)
    assert alive == []


def test_a_killed_client_takes_the_server_and_its_children_with_it(
    server: StdioServerParameters, repository: Path, tmp_path: Path
) -> None:
    make_large(repository)
    client_code = """
import asyncio, sys, json
from mcp import Client, StdioServerParameters
async def main():
    async with Client(StdioServerParameters(**json.loads(sys.argv[1]))) as client:
        print("connected", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
    client = subprocess.Popen(
        [sys.executable, "-c", client_code, server.model_dump_json()],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert _readable(client.stdout).readline() == b"connected\n"
        me = psutil.Process(client.pid)
        deadline = time.monotonic() + 30
        while not any(is_builder(" ".join(c.cmdline())) for c in me.children(recursive=True)):
            assert time.monotonic() < deadline
        family = me.children(recursive=True)
        client.kill()
        alive = alive_after(family, GONE_WITHIN_S)
    finally:
        client.kill()
        client.wait()
        _readable(client.stdout).close()
    assert alive == []
