"""The real server over bare pipes, with all its children, so that a test decides how it ends."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import IO, Any

import psutil
from mcp import StdioServerParameters

# A look at all processes costs what the child that is waited for could use.
BETWEEN_LOOKS_S = 0.02


@contextmanager
def raw_server(
    server: StdioServerParameters, *, stderr: int | IO[bytes] = subprocess.DEVNULL
) -> Generator["Raw"]:
    """The server with bare pipes, so that a test decides how they end."""
    process = subprocess.Popen(
        [server.command, *server.args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
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
            readable(pipe).close()


class Raw:
    """JSON-RPC by hand, and the process with all its children."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._next_id = 0

    def ask(self, method: str, params: dict[str, Any], *, wait: bool = True) -> dict[str, Any]:
        self._next_id += 1
        self._write({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params})
        while wait:
            message = json.loads(readable(self.process.stdout).readline())
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
            time.sleep(BETWEEN_LOOKS_S)
        raise AssertionError("no such child came up")

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()


def readable(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def is_builder(command: str) -> bool:
    return "rlm_server.build_child" in command
