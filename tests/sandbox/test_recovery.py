"""What is left of a session that was killed: in its snapshot, in a restore, in C, out of memory."""

import os
import signal

import anyio
import psutil
import pytest
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.types import Execution, Limits

SMALL = Limits(wall_s=0.3, memory_bytes=96 << 20)
LARGE = "rows = [{'path': f'src/{i}.py', 'found': [(i, {i})]} for i in range(6_000)]"


@pytest.mark.asyncio
async def test_a_kill_while_variables_are_kept_leaves_the_ones_before_and_names_the_others():
    async with await Sandbox.start() as sandbox:
        await sandbox.execute("before = [1]")
        await sandbox.execute(LARGE)
        # It has answered and still writes: tens of thousands of values take longer than a kill.
        os.kill(sandbox.pid, signal.SIGKILL)
        after = await sandbox.execute("(before, 'rows' in SHOW_VARS())")

    assert after.state_lost == ("rows",)
    assert after.output == "([1], False)\n"


@pytest.mark.asyncio
async def test_a_session_at_rest_has_no_child_and_comes_back_with_its_variables():
    async with await Sandbox.start() as sandbox:
        await sandbox.execute("rows = [1, 2]\ndef f(): return rows\nlazy = (n for n in rows)")
        child = sandbox.pid
        await sandbox.rest()
        await sandbox.rest()
        assert not psutil.pid_exists(child)
        after = await sandbox.execute("f()")

    assert after.output == "[1, 2]\n"
    assert after.state_lost == ("lazy",)


@pytest.mark.asyncio
async def test_a_large_variable_is_kept_before_the_next_cell_runs():
    async with await Sandbox.start() as sandbox:
        await sandbox.execute(LARGE)
        await sandbox.execute("count = len(rows)")
        await sandbox.execute("count")
        os.kill(sandbox.pid, signal.SIGKILL)
        killed = await sandbox.execute("1")
        after = await sandbox.execute("(count, len(rows), rows[-1])")

    assert killed.state_lost == ()
    assert after.output == ("(6000, 6000, {'path': 'src/5999.py', 'found': [(5999, {5999})]})\n")


@pytest.mark.asyncio
async def test_a_variable_too_large_to_keep_is_lost_alone_and_told():
    async with await Sandbox.start() as sandbox:
        await sandbox.execute("kept = {'a': (1, 2)}\nhuge = 'x' * 60_000_000")
        after = await sandbox.execute("len(huge)")
        os.kill(sandbox.pid, signal.SIGKILL)
        killed = await sandbox.execute("1")
        kept = await sandbox.execute("kept")

    assert after.output == "60000000\n"
    assert killed.state_lost == ("huge",)
    assert kept.output == "{'a': (1, 2)}\n"


@pytest.mark.asyncio
async def test_source_that_kills_who_runs_it_again_is_lost_alone_and_told():
    async with await Sandbox.start(prelude="import ctypes", guard=False) as sandbox:
        await sandbox.execute("at = 0\ndef f(n=at and ctypes.string_at(at)): return n\nother = 5")
        await sandbox.execute("at = 1")
        os.kill(sandbox.pid, signal.SIGKILL)
        killed = await sandbox.execute("1")
        await sandbox.execute("new = 2")
        os.kill(sandbox.pid, signal.SIGKILL)
        again = await sandbox.execute("1")
        after = await sandbox.execute("(at, other, new)")

    assert killed.state_lost == ("f",)
    assert (again.state_lost, after.output) == ((), "(1, 5, 2)\n")


IN_C = {
    "a regular expression": "import re\nre.match(r'(a|a)*b', 'a' * 60)",
    "a sum": "import itertools\nsum(itertools.repeat(1))",
    "a power": "x = 3 ** (3 ** 18)",
    "a product": "x = 7 ** 9_000_000 * 3 ** 9_000_000",
    "deep JSON": "import json\njson.loads('[' * 200_000)",
    "a deep syntax tree": "import ast\nast.parse('(' * 5_000 + ')' * 5_000)",
    "a deep repr": "x = []\nfor _ in range(200_000): x = [x]\nrepr(x)",
    "deep comparison": "a, b = [], []\nfor _ in range(200_000): a, b = [a], [b]\na == b",
    "a deep pattern": "import re\nre.compile('(' * 5_000 + ')' * 5_000)",
    "a copy in depth": "import copy\nx = []\nfor _ in range(50_000): x = [x]\ncopy.deepcopy(x)",
    "bytes": "b' ' * 10**10",
    "a list": "[0] * 10**9",
    "a text": "'ab'.center(10**10)",
    "a range made a list": "list(range(10**9))",
    "a join": "','.join('x' * 10**6 for _ in range(10**4))",
    "a decompression": "import zlib\nzlib.decompress(zlib.compress(bytes(10**6)) , bufsize=10**10)",
    "an int": "1 << 10**11",
}


@pytest.mark.asyncio
async def test_whatever_runs_away_in_c_ends_and_what_was_set_before_stays():
    ends: dict[str, Execution] = {}
    async with await Sandbox.start(limits=SMALL) as sandbox:
        await sandbox.execute("kept = [1, (2, 3)]")
        for name, code in IN_C.items():
            with anyio.fail_after(30):
                ends[name] = await sandbox.execute(code)
                after = await sandbox.execute("kept")
            assert (name, after.output) == (name, "[1, (2, 3)]\n")

    assert [name for name, end in ends.items() if end.error is None] == []
