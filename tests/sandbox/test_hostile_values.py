"""Values and names made to harm the runner that shows and keeps them after the cell has ended.

All of it passes the guard: each once killed the child, stopped the next cell, or lost the session.
"""

import os
import signal

import anyio
import pytest
from rlm_sandbox.context import SharedContext
from rlm_sandbox.region import REGION_BYTES, SLOT_BYTES, SnapshotRegion
from rlm_sandbox.sandbox import Sandbox

HANG = "[0 for _ in iter(int, 1)]"

VALUES = {
    "an exception whose text raises": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E"
    ),
    "an exception whose class has no name": (
        "M = type('M', (type,), {'__na' + 'me__': property(lambda self: 1 / 0)})\n"
        "class E(Exception, metaclass=M): pass\nraise E"
    ),
    "an exception with a traceback of its own": (
        "raise type('E', (Exception,), {'__trace' + 'back__': 5})"
    ),
    "a type that cannot be compared": (
        f"class M(type):\n    def __eq__(self, other): {HANG}\n    def __hash__(self): {HANG}\n"
        "class X(metaclass=M): pass\nx = [X(), {'a': X()}]"
    ),
    "a class that lies about its class": (
        "X = type('X', (), {'__cla' + 'ss__': property(lambda self: " + HANG + ")})\nx = X()"
    ),
    "a class with attributes of its own making": (
        "class X: pass\nx = X()\n"
        "setattr(X, '__slots__', 1)\nY = type('X', (), {'__di' + 'ct__': property(len)})\nx = Y()"
    ),
    "a document whose path is an object": (
        "class R:\n    def __repr__(self): raise ValueError\n"
        "d = context[0]\nd.path = R()\ne = context[0]\ne._index = R()"
    ),
    "a time zone that hangs": (
        "import datetime\nclass Z(datetime.tzinfo):\n"
        f"    def utcoffset(self, at): {HANG}\n"
        "d = [datetime.datetime(2020, 1, 1, tzinfo=Z()), datetime.time(1, tzinfo=Z())]"
    ),
    "a factory whose name hangs": (
        "from collections import defaultdict\nclass F:\n    @property\n"
        f"    def __name__(self): {HANG}\n    def __call__(self): return 1\nd = defaultdict(F())"
    ),
    "a fraction of objects": (
        "import fractions\nf = fractions.Fraction(1, 2)\nf._numerator = {1: object()}"
    ),
    "a module without a name": "import json, math\njson.__name__ = {1}\nmath.__name__ = 'x y'",
    "a name that is a number": "locals()[5] = locals()[None] = 1",
    "a name with methods": (
        f"class S(str):\n    def startswith(self, *_): {HANG}\n    def __eq__(self, o): {HANG}\n"
        "    def __hash__(self): return hash('context')\nlocals()[S('x')] = 1"
    ),
    "a name that cannot be written": "locals()['\\ud800'] = locals()['a b'] = 1",
    "an int too long to write": "x = 1 << 10**6\nFINAL(x)",
    "sharing without end": "x = ['a']\nfor _ in range(40): x = [x] * 10",
    "nothing": "x = None",
}

SPOILED = {
    "a parser": "import ast\nast.parse = ast.walk = ast.Import = None",
    "an encoder": "import json\njson.dumps = json.loads = None",
    "a suggestion": "import difflib\ndifflib.get_close_matches = None",
    "the builtins": "locals()['__buil' + 'tins__'].clear()",
    "the builtins taken away": "locals().pop('__buil' + 'tins__')",
    "the output": "import contextlib, io\ncontextlib.redirect_stdout(io.StringIO()).__enter__()",
    "the context": "type(context).text_of = type(context[0]).__repr__ = None",
    "names of the session": "del FINAL, context",
}


async def alive(sandbox: Sandbox) -> None:
    after = await sandbox.execute("print(kept, len(context), FINAL.__name__, context[0].text)")
    assert (after.error, after.state_lost) == (None, ())
    assert after.output == "[1, (2, 3)] 1 final text\n"


@pytest.mark.asyncio
async def test_no_value_or_name_reaches_beyond_its_cell():
    with SharedContext.from_documents([("a", "text")]) as context:
        sandbox = await Sandbox.start(context=context)
    async with sandbox:
        await sandbox.execute("kept = [1, (2, 3)]")
        pid = sandbox.pid
        with anyio.fail_after(60):
            for name, code in VALUES.items():
                execution = await sandbox.execute(code)
                assert "broke its session" not in str(execution.error), name
                await alive(sandbox)

        assert sandbox.pid == pid


@pytest.mark.asyncio
@pytest.mark.parametrize("guard", [True, False], ids=["guard-on", "guard-off"])
async def test_what_a_cell_changes_in_shared_code_is_put_back_after_it(guard: bool):
    with SharedContext.from_documents([("a", "text")]) as context:
        sandbox = await Sandbox.start(context=context, guard=guard)
    async with sandbox:
        await sandbox.execute("kept = [1, (2, 3)]")
        with anyio.fail_after(60):
            for code in SPOILED.values():
                await sandbox.execute(code)
                await alive(sandbox)
            if not guard:
                await sandbox.execute("import sys\nsys.setrecursionlimit(40)\nsys.modules.clear()")
                await sandbox.execute("import sys, json\nsys.settrace(lambda *_: 1 / 0)")
                await sandbox.execute("import linecache\nlinecache.cache = linecache.x = None")
                await alive(sandbox)


AT_RESTORE = """
import json
json.__name__ = "re\\nimport os as smuggled\\nimport re"
X = type("X", (), {"__mod" + "ule__": "re import compile\\nimport os as smuggled\\nfrom re"})
class A: pass
class B: pass
stop = False
def spin(stop):
    while stop: pass
def f(x=spin(stop)): return 1
"""


@pytest.mark.asyncio
async def test_what_is_run_to_bring_variables_back_cannot_lose_the_others():
    with SharedContext.from_documents([("a", "text")]) as context:
        sandbox = await Sandbox.start(context=context)
    async with sandbox:
        await sandbox.execute("kept = [1, (2, 3)]")
        for code in (AT_RESTORE, "class A: FINAL(1)", "class B: raise SystemExit", "stop = True"):
            await sandbox.execute(code)
        os.kill(sandbox.pid, signal.SIGKILL)
        lost = (await sandbox.execute("1")).state_lost
        await alive(sandbox)
        smuggled = await sandbox.execute("smuggled")

    assert {"X", "A", "B", "f"} <= set(lost)
    assert "NameError" in str(smuggled.error)


POISON = """
memory = FINAL.__self__._variables.__closure__[0].cell_contents._snapshots._region._memory
def poison(text, sequence=1 << 50):
    import struct, zlib
    data = text.encode()
    memory[:20] = struct.pack("<QQI", sequence, len(data), zlib.crc32(data))
    memory[20:20 + len(data)] = data
"""


POISONS = (
    "poison('[' * 100_000)",
    "poison('[1, 2]')",
    'poison(\'{"x": 5, "y": {"k": 7}, "z": {"k": "source", "v": 3}, "a": {"v": 1}}\')',
    'poison(\'{"__builtins__": {"k": "plain", "v": {}}, "b c": {"k": "plain", "v": 1}}\')',
    'poison(\'{"x": {"k": "source", "v": "raise SystemExit"}}\')',
    'poison(\'{"x": {"k": "instance", "v": ["FINAL", {}]}}\')',
    "poison('{}', 2 ** 64 - 1)",
    "memory[:20] = bytes([255] * 20)",
)


@pytest.mark.asyncio
async def test_a_poisoned_snapshot_leaves_a_session_that_works():
    async with await Sandbox.start(guard=False) as sandbox:
        with anyio.fail_after(120):
            for poison in POISONS:
                await sandbox.execute(POISON)
                assert (await sandbox.execute(poison)).error is None
                os.kill(sandbox.pid, signal.SIGKILL)
                await sandbox.execute("1")
                after = await sandbox.execute("kept = [1, (2, 3)]\nprint(kept)")
                assert (after.output, after.error) == ("[1, (2, 3)]\n", None), poison
            await sandbox.execute("1")
            os.kill(sandbox.pid, signal.SIGKILL)
            await sandbox.execute("1")
            kept = await sandbox.execute("kept")

    assert kept.output == "[1, (2, 3)]\n"


def test_a_sequence_number_at_its_end_is_not_believed():
    memory = bytearray(REGION_BYTES)
    for slot in (0, 1):
        memory[slot * SLOT_BYTES : slot * SLOT_BYTES + 8] = bytes([255] * 8)
    region = SnapshotRegion(memory)
    region.write(b"one")

    assert SnapshotRegion(memory).read() == b"one"
