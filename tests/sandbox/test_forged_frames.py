"""A cell that speaks to the host in the runner's place: what it may say, and what comes of it."""

import json
import time
from pathlib import Path

import anyio
import pytest
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.types import Execution

TAKE_OVER = """
import os, sys
def take_over():
    session = FINAL.__self__._variables.__closure__[0].cell_contents
    link = session._link
    frame = sys._getframe()
    while frame.f_code.co_name != "_run": frame = frame.f_back
    name = frame.f_locals["cell"].fields["cell"]
    frames = sys.modules["rlm_sandbox.frames"]
    def say(kind, fields, text=b"", last=1):
        body = frames._PREFIX.pack(kind, len(fields)) + fields + text
        tag = link._writer._tag.next(last, body)
        os.write(link._write_fd, frames._HEADER.pack(len(body), last, tag) + body)
    return say, name
say, name = take_over()
begin = b'{"cell": "' + name.encode() + b'", '
end = begin + b'"variables": {}}'
"""

LIES = {
    'say(15, b\'{"variables": {}, "error": {"kind": [], "line": true}}\')': "ok",
    'say(15, b\'{"variables": {}, "error": {"kind": {}, "message": 5}}\')': "ok",
    "say(15, end, b'forged')": "ok",
    "say(15, b'{\"variables\": {}}', b'forged'); say(15, b'{\"cell\": 1}')": "ok",
    "say(15, end, b'forged'); say(15, end, b'forged'); say(15, end, b'forged')": "ok",
    "say(15, b'[' * 1000)": "deeper than 64",
    "say(15, b'{\"a\":' * 70 + b'1' + b'}' * 70)": "deeper than 64",
    "say(15, b'[' + b'1,' * 40_000 + b'1]')": "more than 30000 values",
    "say(15, b'[]')": "no JSON object",
    "say(15, end, b'\\xff')": "cannot be read",
    'say(14, b\'{"json": true, "value": "\\\\ud800"}\')': "cannot be read",
    'say(14, b\'{"json": true, "value": {"\\\\udfff": 1}}\')': "cannot be read",
    'say(14, b\'{"json": true, "value": 1e999}\')': "cannot be read",
    "say(14, b'{\"json\": true, \"value\": -' + b'9' * 400 + b'.5}')": "cannot be read",
    "say(14, b'{\"json\": true, \"value\": ' + b'9' * 5000 + b'}')": "cannot be read",
    'say(14, b\'{"json": true, "value": NaN}\')': "cannot be read",
    "say(99, b'{}')": "cannot be read",
    "say(2, b'{}')": "sent CELL",
    'say(13, b\'{"name": [], "args": {}, "kwargs": 1}\')': "a call without name",
}


@pytest.mark.asyncio
async def test_whatever_a_cell_says_in_the_runners_place_the_session_goes_on():
    async with await Sandbox.start(guard=False) as sandbox:
        await sandbox.execute("kept = [1, (2, 3)]")
        with anyio.fail_after(120):
            for lie, words in LIES.items():
                said = await sandbox.execute(f"{TAKE_OVER}\n{lie}", wall_s=2)
                assert words == "ok" or words in str(said.error), lie
                assert writable(said), lie
                after = await sandbox.execute("kept")
                assert (after.output, after.error) == ("[1, (2, 3)]\n", None), lie


def writable(execution: Execution) -> bool:
    """Whether an answer can go on to a client: as JSON, in UTF-8."""
    told = [execution.output, execution.final and execution.final.value, str(execution.error)]
    return bool(json.dumps([told, dict(execution.variables)], allow_nan=False).encode())


def wait_until_it_used(pid: int, seconds: float) -> int:
    """Returns the processor time at which the kernel ends it, counted from its start."""
    enough = time.clock_gettime(~pid << 3 | 2) + seconds
    until = time.monotonic() + 20
    while time.clock_gettime(~pid << 3 | 2) < enough:
        assert time.monotonic() < until
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(int(line.split()[3]) for line in limits if "cpu time" in line)


def wait_until_it_ended(pid: int) -> None:
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until


GOES_ON = """
def go_on():
    while True:
        try:
            while True: pass
        except BaseException: pass
say(15, end, b"forged")
go_on()
"""


@pytest.mark.asyncio
async def test_a_cell_that_goes_on_after_its_end_is_found_before_the_next():
    async with await Sandbox.start(guard=False) as sandbox:
        await sandbox.execute("kept = [1, (2, 3)]")
        pid = sandbox.pid
        forged = await sandbox.execute(TAKE_OVER + GOES_ON)
        soft_s = wait_until_it_used(pid, 0.2)
        after = await sandbox.execute("kept")

        assert sandbox.pid != pid
    assert forged.output == "forged"
    assert soft_s <= 3
    assert (after.output, after.error) == ("[1, (2, 3)]\n", None)


@pytest.mark.asyncio
async def test_a_child_that_ended_between_two_cells_costs_the_next_nothing():
    async with await Sandbox.start(guard=False, prelude="import os") as sandbox:
        await sandbox.execute("kept = [1, (2, 3)]")
        pid = sandbox.pid
        await sandbox.execute(TAKE_OVER + "say(15, end)\nos._exit(0)")
        wait_until_it_ended(pid)
        after = await sandbox.execute("kept")

    assert (after.output, after.error) == ("[1, (2, 3)]\n", None)
