"""`rlm-mcp serve --http` as a process: its first token, its health, and how it ends."""

import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import httpx2
import psutil
import pytest
from mcp import StdioServerParameters
from raw_server import readable
from test_lifetime import GONE_WITHIN_S, alive_after

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups")


@contextmanager
def http_server(server: StdioServerParameters, *options: str) -> Generator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [server.command, *server.args, "--http", "127.0.0.1:0", *options],
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=server.env,
        cwd=server.cwd,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        readable(process.stderr).close()


def said(process: "subprocess.Popen[str]", pattern: str) -> str:
    """What the next line on standard error says in the place of the group."""
    assert process.stderr is not None
    found = re.search(pattern, process.stderr.readline())
    assert found is not None
    return found[1]


def test_it_serves_with_the_token_it_shows_and_is_gone_soon_after_a_signal(
    server: StdioServerParameters,
) -> None:
    with http_server(server) as process:
        token = said(process, "shown this once: (rlmt_.*)")
        url = said(process, "serving MCP at (http.*)")
        with httpx2.Client(trust_env=False, verify=False, timeout=30) as http:
            for path in ("healthz", "readyz"):
                assert http.get(url.replace("mcp", path)).json().keys() == {"state"}
            begun = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "initialize",
                "params": {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "clientInfo": {"name": "x", "version": "1"},
                },
            }
            accept = {"accept": "application/json, text/event-stream"}
            assert http.post(url, json=begun, headers=accept).status_code == 401
            accept["authorization"] = f"Bearer {token}"
            opened = http.post(url, json=begun, headers=accept)
            assert opened.status_code == 200
            accept["mcp-session-id"] = opened.headers["mcp-session-id"]
            # A stream that is listened to does not put the end off.
            with http.stream("GET", url, headers=accept) as stream:
                assert stream.status_code == 200
                me = psutil.Process(process.pid)
                family = [me, *me.children(recursive=True)]
                process.send_signal(signal.SIGTERM)
                assert alive_after(family, GONE_WITHIN_S) == []
        assert token not in readable(process.stderr).read()
