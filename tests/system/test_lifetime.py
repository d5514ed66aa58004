"""However a client goes away, the server and every child are gone within two seconds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from mcp import StdioServerParameters
from raw_server import BETWEEN_LOOKS_S, Raw, is_builder, raw_server, readable

GONE_WITHIN_S = 2.0
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups")


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
    for number in range(200):
        body = "\n".join(f"def f{number}_{i}(a, b):\n    return a + b + {i}\n" for i in range(60))
        (repository / "shop" / f"part{number}.py").write_text(body)


ENDINGS: dict[str, Callable[[Raw], None]] = {
    "end of input": lambda raw: readable(raw.process.stdin).close(),
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


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize(
    ("ending", "answered"),
    [("end of input", True), ("SIGTERM", False), ("SIGKILL", True)],
)
def test_a_server_that_answers_or_has_answered_a_question_leaves_no_child(
    server: StdioServerParameters, ending: str, answered: bool
) -> None:
    with raw_server(server) as raw:
        raw.initialize()
        raw.call("rlm_search", {"query": "cart"})
        raw.call("rlm_query", {"question": "how does the cart know its total"}, wait=answered)
        # Afterwards it is the child that waits for the next question.
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
import json, subprocess, sys, time
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
client = {"protocolVersion": "2025-11-25", "capabilities": {},
          "clientInfo": {"name": "killed", "version": "1"}}
asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}
server.stdin.write(json.dumps(asked).encode() + b"\\n")
server.stdin.flush()
server.stdout.readline()
print("connected", flush=True)
time.sleep(60)
"""
    client = subprocess.Popen(
        [sys.executable, "-c", client_code, server.command, *server.args],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(server.env or {})},
    )
    try:
        assert readable(client.stdout).readline() == b"connected\n"
        me = psutil.Process(client.pid)
        deadline = time.monotonic() + 30
        while not any(is_builder(" ".join(c.cmdline())) for c in me.children(recursive=True)):
            assert time.monotonic() < deadline
            time.sleep(BETWEEN_LOOKS_S)
        family = me.children(recursive=True)
        client.kill()
        alive = alive_after(family, GONE_WITHIN_S)
    finally:
        client.kill()
        client.wait()
        readable(client.stdout).close()
    assert alive == []
