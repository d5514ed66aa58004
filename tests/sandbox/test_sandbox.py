"""The sandbox by its own door: cells, what they find, how they end, and what is left after."""

import re

import anyio
import pytest
from backends import EVERY
from rlm_sandbox.availability import available
from rlm_sandbox.backend import BackendName
from rlm_sandbox.context import SharedContext
from rlm_sandbox.errors import PreludeFailed, SandboxBusy, SandboxClosed
from rlm_sandbox.sandbox import Sandbox
from rlm_sandbox.types import JsonValue, Limits

DOCUMENTS = [("src/a.py", "def first():\n    return 1\n"), ("docs/b.md", "# Tïtle\nsecond line\n")]


async def echo(text: str, *, times: int = 1) -> JsonValue:
    return [text] * times


async def failing() -> JsonValue:
    raise ValueError("the index is being built")


async def unanswerable() -> JsonValue:
    return object()  # type: ignore[return-value]


FUNCTIONS = {"llm_query": echo, "crystal.search": echo, "failing": failing, "odd": unanswerable}


@pytest.fixture(autouse=True, params=EVERY)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> BackendName:
    """Each backend in turn is the one that is taken where none is named."""
    monkeypatch.setattr("rlm_sandbox.sandbox.default_backend", lambda: request.param)
    return request.param


kernel_only = pytest.mark.parametrize("backend", EVERY[:1], indirect=True)


async def run(code: str, **start: object) -> object:
    async with await Sandbox.start(**start) as sandbox:  # type: ignore[arg-type]
        with anyio.fail_after(20):
            return await sandbox.execute(code)


async def printed(code: str, **start: object) -> str:
    execution = await run(code, **start)
    assert execution.error is None, execution.error  # type: ignore[attr-defined]
    return execution.output  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_a_cell_prints_echoes_its_last_expression_and_keeps_its_names():
    async with await Sandbox.start() as sandbox:
        first = await sandbox.execute("x = 20\nprint('set')")
        second = await sandbox.execute("x + 1")

    assert (first.output, first.error, dict(first.variables)) == ("set\n", None, {"x": "20"})
    assert second.output == "21\n"


@pytest.mark.asyncio
async def test_a_long_value_is_shown_by_its_beginning_and_its_size_and_cut_between_words():
    key = "k3y" * 700
    async with await Sandbox.start() as sandbox:
        text = await sandbox.execute("'some words ' * 1_000")
        numbers = await sandbox.execute("list(range(100_000))")
        secret = await sandbox.execute(f"'the beginning of it, then {key}'")
        short = await sandbox.execute("list(range(400))")
        printed = await sandbox.execute("print('some words ' * 1_000)")

    assert text.output.startswith("'some words some")
    assert text.output.endswith("… [text of 11000 characters]\n")
    assert numbers.output.startswith("[0, 1, 2,")
    assert numbers.output.endswith("… [list of 100000 items, 688890 characters]\n")
    assert max(len(text.output), len(numbers.output)) < 2_100
    assert secret.output == "'the beginning of it, then … [text of 2126 characters]\n"
    assert short.output == f"{list(range(400))}\n"
    assert printed.output == "some words " * 1_000 + "\n"


@pytest.mark.asyncio
async def test_every_execution_comes_from_a_sandbox_that_names_its_layers(backend: BackendName):
    async with await Sandbox.start() as guarded, await Sandbox.start(guard=False) as bare:
        layers = available(backend).layers
        executions = [await each.execute("1") for each in (bare, guarded)]

        assert [execution.layers for execution in executions] == [bare.layers, guarded.layers]
        assert bare.layers == layers
        assert guarded.layers == (*layers, "ast-guard", "restricted-builtins")
        assert {
            "kernel": {"landlock", "seccomp", "no-new-privileges", "resource-limits"},
            "wasm": {"webassembly", "no-files", "no-network", "memory-limit"},
        }[backend] <= set(layers)


@pytest.mark.asyncio
async def test_the_context_is_a_lazy_sequence_of_documents():
    with SharedContext.from_documents(DOCUMENTS) as context:
        output = await printed(
            "print(len(context), context.paths, context.total_chars)\n"
            "print(context['src/a.py'].line(2), context[1].path, [len(d) for d in context])\n"
            "print(context['b.md'].lines, context.text_slice(24, 31).replace(chr(10), '|'))\n"
            "print(context.search('^def (\\\\w+)'), context.grep('SECOND'))\n",
            context=context,
        )

    assert output.splitlines() == [
        "2 ['src/a.py', 'docs/b.md'] 46",
        "    return 1 docs/b.md [26, 20]",
        "['# Tïtle', 'second line'] 1|# Tït",
        "[Match(path='src/a.py', line=1, text='def first():')] "
        "[Match(path='docs/b.md', line=2, text='second line')]",
    ]


@pytest.mark.asyncio
async def test_an_unknown_document_names_the_near_ones():
    with SharedContext.from_documents(DOCUMENTS) as context:
        execution = await run("context['src/aa.py']", context=context)

    assert "near: src/a.py" in execution.error.message


@pytest.mark.asyncio
async def test_host_functions_are_called_like_any_other():
    output = await printed(
        "print(llm_query('q'), crystal.search('s', times=2))", functions=FUNCTIONS
    )

    assert output == "['q'] ['s', 's']\n"


@pytest.mark.asyncio
async def test_a_host_function_that_fails_raises_in_the_cell_with_its_message():
    async with await Sandbox.start(functions=FUNCTIONS) as sandbox:
        caught = await sandbox.execute("try: failing()\nexcept HostCallError as e: print(e)")
        uncaught = await sandbox.execute("1\nfailing()")
        odd = await sandbox.execute("odd()")

    assert caught.output == "the index is being built\n"
    assert (uncaught.error.kind, uncaught.error.line) == ("host", 2)
    assert "no JSON" in odd.error.message


@pytest.mark.asyncio
async def test_time_in_host_functions_does_not_count_against_the_cell():
    waiting = anyio.Event()

    async def slow() -> JsonValue:
        with anyio.move_on_after(0.6):
            await waiting.wait()
        return "done"

    async with await Sandbox.start(limits=Limits(wall_s=0.3), functions={"slow": slow}) as sandbox:
        execution = await sandbox.execute("slow()")

    assert (execution.output, execution.error) == ("'done'\n", None)


@pytest.mark.asyncio
async def test_prelude_names_can_call_host_functions_and_are_no_variables():
    output = await printed(
        "print(ask('x'), SHOW_VARS())",
        functions=FUNCTIONS,
        prelude="import os\ndef ask(q):\n    return llm_query(q)[0] + os.sep\n",
    )

    assert output == "x/ {}\n"


@pytest.mark.asyncio
async def test_a_prelude_that_raises_is_told():
    with pytest.raises(PreludeFailed, match="ZeroDivisionError"):
        await Sandbox.start(prelude="1 / 0")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("code", "value", "origin"),
    [
        ("FINAL('text')\nprint('never')", "text", None),
        ("FINAL({'a': (1, 2), 3: {4}})", {"a": [1, 2], "3": [4]}, None),
        ("answer = [1]\nFINAL_VAR('answer')", [1], "answer"),
        ("answer = [1]\nFINAL_VAR(answer)", [1], "answer"),
        ("answer = [1]\nSUBMIT()", [1], "answer"),
        ("SUBMIT('x')", "x", None),
        ("SUBMIT(answer='x')", "x", None),
        ("SUBMIT(name='x', count=2)", {"name": "x", "count": 2}, None),
        ("try:\n    FINAL('first')\nexcept:\n    FINAL('second')", "first", None),
        ("FINAL(float('nan'))", "nan", None),
    ],
)
async def test_final_ends_the_cell_with_a_value(code: str, value: JsonValue, origin: str | None):
    execution = await run(code)

    assert (execution.final.value, execution.final.from_variable) == (value, origin)
    assert (execution.output, execution.error) == ("", None)


@pytest.mark.asyncio
async def test_printed_text_that_mentions_final_is_no_answer():
    execution = await run("print('FINAL(42)')")

    assert execution.final is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("code", "kind", "line", "words"),
    [
        ("x = (", "syntax", 1, "never closed"),
        ("\n1 / 0", "exception", 2, "ZeroDivisionError"),
        ("def f():\n    return missing\nf()", "exception", 2, "NameError"),
        ("import os", "guard", 1, "modules"),
        ("x = 1\nx.__class__", "guard", 2, "attributes"),
        ("def f(n): return f(n + 1)\nf(0)", "exception", 1, "RecursionError"),
        ("raise SystemExit(1)", "exception", 1, "SystemExit"),
        ("b' ' * 10**9", "memory", None, "MemoryError"),
    ],
)
async def test_what_goes_wrong_in_a_cell_is_told(
    code: str, kind: str, line: int | None, words: str
):
    async with await Sandbox.start() as sandbox:
        await sandbox.execute("kept = 1")
        execution = await sandbox.execute(code)
        after = await sandbox.execute("kept")

    assert execution.error.kind == kind
    assert execution.error.line == line
    assert words in execution.error.message
    assert (after.output, execution.state_lost) == ("1\n", ())


@kernel_only
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
async def test_a_cell_over_its_time_is_interrupted_and_its_variables_stay(code: str):
    async with await Sandbox.start() as sandbox:
        pid = sandbox.pid
        with anyio.fail_after(20):
            execution = await sandbox.execute("partial = {1, 2}\n" + code, wall_s=0.2)
        after = await sandbox.execute("partial")

        assert sandbox.pid == pid
    assert execution.error.kind == "timeout"
    assert "0.2 s" in execution.error.message
    assert after.output == "{1, 2}\n"


@pytest.mark.asyncio
async def test_processor_time_has_a_limit_of_its_own():
    execution = await run("while True: pass", limits=Limits(wall_s=20, cpu_s=0.2))

    assert "processor time" in execution.error.message


SETTING = """
import re, datetime as dt
from collections import Counter, defaultdict
table = {"a": (1, 2), 3: {b"x"}, "when": dt.date(2026, 1, 2)}
counts = Counter("hello")
pattern = re.compile("a+", re.I)
document = context[0]
open("notes.txt", "w").write("kept")
def double(n):
    return n * FACTOR
FACTOR = 2
class Point:
    def __init__(self, x): self.x = x
p = Point(5)
square = lambda n: n * n
places = [Path("notes.txt"), Path("new") / "b.txt"]
generator = (n for n in [1])
"""

SHOWING = """
print(table, counts["l"], pattern.findall("xAa"), document.path, open("notes.txt").read())
print(places, places[0].read_text(), places[1].exists())
print(double(4), p.x, isinstance(p, Point), square(3), dt.timedelta(1).days, defaultdict)
"""


@pytest.mark.asyncio
async def test_a_killed_session_comes_back_with_its_variables():
    with SharedContext.from_documents(DOCUMENTS) as context:
        sandbox = await Sandbox.start(context=context)
    async with sandbox:
        await sandbox.execute(SETTING)
        before = await sandbox.execute(SHOWING)
        pid = sandbox.pid
        with anyio.fail_after(20):
            killed = await sandbox.execute("import itertools\nsum(itertools.repeat(1))", wall_s=0.2)
        after = await sandbox.execute(SHOWING)

        assert sandbox.pid != pid
    assert killed.error.kind == "timeout"
    assert killed.state_lost == ("generator",)
    assert before.error is None
    assert after.output == before.output


@pytest.mark.asyncio
async def test_a_second_kill_in_a_row_loses_nothing_more():
    async with await Sandbox.start() as sandbox:
        await sandbox.execute("def f(): return 7\nx = f()")
        for _ in range(2):
            await sandbox.execute("import itertools\nsum(itertools.repeat(1))", wall_s=0.2)
        after = await sandbox.execute("f() + x")

    assert after.output == "14\n"


@kernel_only
@pytest.mark.asyncio
async def test_a_crash_of_the_interpreter_is_survived():
    async with await Sandbox.start(prelude="import ctypes", guard=False) as sandbox:
        await sandbox.execute("x = 1")
        crashed = await sandbox.execute("ctypes.string_at(1)")
        after = await sandbox.execute("x")

    assert "SIGSEGV" in crashed.error.message
    assert after.output == "1\n"


@kernel_only
@pytest.mark.asyncio
async def test_stray_and_forged_frames_end_the_child_and_not_the_session():
    forged = """
for fd in range(3, 1024):
    try: os.write(fd, bytes(4096))
    except OSError: pass
"""
    async with await Sandbox.start(prelude="import os", guard=False) as sandbox:
        await sandbox.execute("x = 1")
        broken = await sandbox.execute(forged)
        after = await sandbox.execute("x")

    assert "a frame of 0 bytes" in broken.error.message
    assert after.output == "1\n"


TAKE_OVER = """
import sys
frames = sys.modules["rlm_sandbox.frames"]
link = FINAL.__self__._variables.__closure__[0].cell_contents._link
final = frames.Message(frames.Kind.FINAL, {"from": None, "json": False}, "forged")
call = frames.Message(frames.Kind.CALL, {"name": "nobody", "args": [], "kwargs": {}})
while True:
"""

EMPTY_FRAME = """
    tag = link._writer._tag.next(0, b"")
    os.write(link._write_fd, frames._HEADER.pack(0, 0, tag))
"""


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("flood", "words"),
    [
        ("link.send(final)", "sent FINAL"),
        # What is interrupted in the middle of a frame leaves half of one: also an end.
        ("link.send(call)", "limit of 0.2 s|had to be killed|ended by itself|broke its session"),
        ("link.send(call); link.receive()", "limit of 0.2 s|broke its session"),
        ("link.send(frames.Message(frames.Kind.SEALED))", "sent SEALED"),
        ("link.send(frames.Message(frames.Kind.CALL))", "a call without name"),
        (
            "link.send(frames.Message(frames.Kind.DONE))",
            "limit of 0.2 s|had to be killed|broke its session",
        ),
    ],
)
async def test_a_cell_that_took_over_the_pipe_can_neither_stop_nor_outlast_the_host(
    flood: str, words: str
):
    async with await Sandbox.start(prelude="import os", guard=False) as sandbox:
        await sandbox.execute("x = 1")
        with anyio.fail_after(20):
            flooded = await sandbox.execute(TAKE_OVER + "    " + flood, wall_s=0.2)
            # It may have spoiled its own session, which the host finds out by the next cell.
            await sandbox.execute("x")
        after = await sandbox.execute("x")

    assert re.search(words, flooded.error.message)
    assert after.output == "1\n"


@kernel_only
@pytest.mark.asyncio
async def test_a_row_of_empty_frames_ends_the_child():
    async with await Sandbox.start(prelude="import os", guard=False) as sandbox:
        flooded = await sandbox.execute(TAKE_OVER + EMPTY_FRAME)

    assert "a frame of 0 bytes" in flooded.error.message


@pytest.mark.asyncio
async def test_a_cancelled_cell_leaves_a_sandbox_that_works():
    async with await Sandbox.start() as sandbox:
        await sandbox.execute("x = 1")
        with anyio.move_on_after(0.1):
            await sandbox.execute("while True: pass")
        after = await sandbox.execute("x")

    assert after.output == "1\n"


@pytest.mark.asyncio
async def test_output_is_bounded_and_says_how_much_was_cut():
    async with await Sandbox.start(limits=Limits(output_chars=100)) as sandbox:
        execution = await sandbox.execute("print('a' * 80 + 'b' * 1000 + 'c' * 20)")

    assert execution.truncated
    assert "1001 characters of output cut here" in execution.output
    assert execution.output.startswith("a" * 50)
    assert execution.output.endswith("c" * 20 + "\n")


@pytest.mark.asyncio
async def test_secrets_are_taken_out_of_everything_that_leaves():
    key = "ghp_" + "a1B2" * 9
    execution = await run(f"k = '{key}'\nprint(k)\nFINAL({{'found': [k]}})")

    assert execution.output == "[redacted: GitHub token]\n"
    assert execution.final.value == {"found": ["[redacted: GitHub token]"]}
    assert key not in str(execution)
    assert execution.redactions == 3


@pytest.mark.asyncio
async def test_answers_too_large_for_a_frame_are_refused_in_the_cell_or_cut():
    async with await Sandbox.start(functions=FUNCTIONS) as sandbox:
        call = await sandbox.execute("llm_query('x' * 5_000_000)")
        final = await sandbox.execute("FINAL('x' * 5_000_000)")
        values = await sandbox.execute("FINAL([[] for _ in range(100_000)])")

    assert "too large" in call.error.message
    assert len(final.final.value) == 1_000_000
    assert values.final.value.startswith("[[], []")


@pytest.mark.asyncio
async def test_a_large_answer_of_the_host_arrives_whole():
    async def large() -> JsonValue:
        return "é" * 3_000_000

    output = await printed("len(large())", functions={"large": large})

    assert output == "3000000\n"


@pytest.mark.asyncio
async def test_one_cell_at_a_time_and_none_after_the_end():
    sandbox = await Sandbox.start()
    async with sandbox, anyio.create_task_group() as tasks:
        started = anyio.Event()

        async def first() -> None:
            started.set()
            await sandbox.execute("import time\ntime.sleep(0.2)")

        tasks.start_soon(first)
        await started.wait()
        with pytest.raises(SandboxBusy):
            await sandbox.execute("1")
    with pytest.raises(SandboxClosed):
        await sandbox.execute("1")
    await sandbox.close()
