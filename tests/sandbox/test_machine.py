"""What holds in the WebAssembly machine only: how it ends, and what is not in it."""

import anyio
import pytest
from rlm_sandbox.availability import available
from rlm_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.skipif(
    not available("wasm").ok,
    reason=f"the wasm backend is missing here: {', '.join(available('wasm').missing)}",
)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')",
        "import time\ntime.sleep(60)",
    ],
    ids=["loop", "backtracking", "sleep"],
)
async def test_a_machine_over_its_time_is_ended_and_earlier_cells_count(code: str):
    async with await Sandbox.start(backend="wasm") as sandbox:
        await sandbox.execute("kept = {1, 2}")
        with anyio.fail_after(20):
            execution = await sandbox.execute("partial = 1\n" + code, wall_s=0.2)
        after = await sandbox.execute("sorted(kept), 'partial' in SHOW_VARS()")

    assert execution.error.kind == "timeout"
    assert "0.2 s" in execution.error.message
    assert after.output == "([1, 2], False)\n"


@pytest.mark.asyncio
async def test_a_machine_that_stops_is_survived_and_says_why():
    async with await Sandbox.start(backend="wasm", prelude="import os", guard=False) as sandbox:
        await sandbox.execute("x = 1")
        stopped = await sandbox.execute("os.abort()")
        after = await sandbox.execute("x")

    assert "the machine stopped" in stopped.error.message
    assert after.output == "1\n"


@pytest.mark.asyncio
async def test_nothing_of_this_system_is_in_the_machine():
    asked = """
def tried(what):
    try: return what()
    except (OSError, ImportError, AttributeError) as error: return type(error).__name__
print(dict(os.environ), tried(lambda: os.listdir("/")), tried(lambda: io.open("/etc/hosts")))
print(tried(lambda: os.getppid()), tried(lambda: os.fork()), tried(lambda: __import__("ctypes")))
"""
    async with await Sandbox.start(backend="wasm", prelude="import io, os", guard=False) as sandbox:
        execution = await sandbox.execute(asked)

    assert execution.output.splitlines() == [
        "{} FileNotFoundError FileNotFoundError",
        "AttributeError AttributeError ModuleNotFoundError",
    ]


@pytest.mark.asyncio
async def test_variables_larger_than_a_message_come_back():
    async with await Sandbox.start(backend="wasm") as sandbox:
        await sandbox.execute("text = 'é' * 2_000_000")
        await sandbox.execute("while True: pass", wall_s=0.2)
        after = await sandbox.execute("len(text), text[-1]")

    assert after.output == "(2000000, 'é')\n"


@pytest.mark.asyncio
async def test_every_session_has_random_numbers_of_its_own():
    outputs: set[str] = set()
    for _ in range(2):
        async with await Sandbox.start(backend="wasm") as sandbox:
            outputs.add((await sandbox.execute("import random\nrandom.random()")).output)

    assert len(outputs) == 2
