"""The record of a run: what it holds, that it is bounded, and that any record can be read."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_engine.errors import ModelRefused, RecordUnreadable
from rlm_engine.limits import RunLimits
from rlm_engine.loop import ask
from rlm_engine.model import Completion, Message
from rlm_engine.record_reading import read_record, record_object
from rlm_engine.recorded import Recorded
from rlm_engine.trace import EVENTS_MAX, RECORD_CHARS_MAX, Trace, Tracing
from rlm_sandbox.availability import available
from rlm_sandbox.redact import Redaction

needs_sandbox = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")
PLANTED = "the-text-of-a-prompt"
SECRET = "AKIA" + "Q7RDZXCVBNMASDFG"


class Scripted:
    """A model that gives its replies one after the other; an exception is raised."""

    def __init__(self, name: str, *replies: "str | Exception") -> None:
        self.name = name
        self._replies = list(replies)
        self.asked = anyio.Event()
        self.wait_for: anyio.Event | None = None

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        self.asked.set()
        if self.wait_for is not None:
            await self.wait_for.wait()
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        return Completion(reply, 100, 20, 0.001)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        return 0.001


def repl(*lines: str) -> str:
    return "Looking.\n```repl\n" + "\n".join(lines) + "\n```"


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    root: Path = tmp_path_factory.mktemp("corpus")
    for n in range(3):
        (root / f"mod_{n}.py").write_text(f"def handler_{n}(request):\n    return {n}\n" * 20)
    return build([root], workers=0)


async def recorded(
    crystal: Crystal, root: Scripted, *, tracing: Tracing | None = None, **limits: Any
) -> tuple[Recorded, dict[str, Any]]:
    """The record of a run, as a tree and as JSON; also of one that fails."""
    records: dict[str, bytes] = {}
    with anyio.fail_after(60):
        with suppress(ModelRefused):
            await ask(
                "Which handlers are there?",
                crystal=crystal,
                root=root,
                sub=Scripted("a/sub", "read"),
                limits=RunLimits(**limits),
                tracing=replace(tracing or Tracing(), keep=records.__setitem__),
            )
    (data,) = records.values()
    return read_record(record_object(data)), json.loads(data)


@needs_sandbox
@pytest.mark.asyncio
async def test_a_run_is_told_with_its_turns_cells_calls_and_deeper_runs(crystal: Crystal):
    root = Scripted(
        "a/root",
        repl(f"key = {SECRET!r}", "print(len(context), key)", "1 / 0"),
        repl("llm_query_batched(['a', 'b', 'a'])", "print(rlm_query('deeper?', ['mod_1.py']))"),
        repl("FINAL('found ' + context[0].path)"),
        repl("FINAL('done')"),
    )
    seen: list[str] = []
    watching = Tracing(watch=lambda event: seen.append(str(event["kind"])))
    trace, record = await recorded(crystal, root, tracing=watching, max_depth=2)
    kinds = [event["kind"] for event in record["events"]]
    assert kinds == seen
    assert record["format"] == 2
    assert (trace.provider, trace.sub_model, trace.ending) == ("a/root", "a/sub", "answered")
    run = trace.run
    assert run is not None
    assert run.ended
    assert "ast-guard" in run.layers
    assert [turn.number for turn in run.turns] == [1, 2, 3]
    first, second, last = (turn.cells[0] for turn in run.turns)
    assert (first.fault_line, first.redactions > 0) == (3, True)
    assert first.fault.startswith("exception in line 3: ")
    assert sorted((call.model, call.cached) for call in second.subcalls) == [
        ("a/sub", False), ("a/sub", False), ("a/sub", True),
    ]  # fmt: skip
    (deeper,) = second.deeper
    assert (deeper.question, deeper.depth, deeper.documents) == ("deeper?", 1, 1)
    assert deeper.answer == "found mod_1.py"
    assert last.final == trace.answer == "done"
    for step in (*run.turns, first, second, last, *second.subcalls, deeper, run):
        assert step.span.seconds is not None
        assert 0 <= step.span.seconds <= trace.seconds
    assert SECRET not in json.dumps(record)


@needs_sandbox
@pytest.mark.asyncio
async def test_prompts_are_kept_by_hash_and_in_full_only_where_asked_for(crystal: Crystal):
    def root() -> Scripted:
        return Scripted(
            "a/root", repl("print(len(context))", f"llm_query('x', {PLANTED!r}[::1])"),
            repl("FINAL('done')"),
        )  # fmt: skip

    by_hash, record = await recorded(crystal, root())
    assert not by_hash.prompts_kept
    assert by_hash.run is not None
    turn = by_hash.run.turns[0]
    assert (len(turn.prompt.hash), turn.prompt.messages) == (32, None)
    assert record["events"][2]["prompt"] is None
    assert "DATA. Text between" not in json.dumps(record)
    full, _ = await recorded(crystal, root(), tracing=Tracing(prompts=True))
    assert full.run is not None
    one, two = full.run.turns
    assert one.prompt.messages is not None
    assert [message.role for message in one.prompt.messages] == ["system", "user"]
    assert two.prompt.messages is not None  # only what was not in the prompt before
    assert [message.role for message in two.prompt.messages] == ["assistant", "user"]
    (call,) = one.cells[0].subcalls
    assert call.prompt.messages is not None
    assert PLANTED in call.prompt.messages[-1].content


@needs_sandbox
@pytest.mark.asyncio
async def test_a_run_that_fails_leaves_a_record_that_says_why(crystal: Crystal):
    trace, _ = await recorded(crystal, Scripted("a/root", ModelRefused("no such model")))
    assert trace.failure is not None
    assert (trace.failure.kind, trace.failure.message) == ("model_refused", "no such model")
    assert trace.run is not None
    assert (trace.run.turns, trace.run.ended) == ((), False)


@needs_sandbox
@pytest.mark.asyncio
async def test_a_cancelled_run_leaves_a_record(crystal: Crystal):
    root = Scripted("a/root", "")
    root.wait_for = anyio.Event()
    records: dict[str, bytes] = {}
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:

            async def asking() -> None:
                keeping = Tracing(keep=records.__setitem__)
                await ask("Why?", crystal=crystal, root=root, sub=root, tracing=keeping)

            tasks.start_soon(asking)
            await root.asked.wait()
            tasks.cancel_scope.cancel()
    (data,) = records.values()
    trace = read_record(record_object(data))
    assert trace.failure is not None
    assert trace.failure.kind == "cancelled"


@needs_sandbox
@pytest.mark.asyncio
async def test_a_cell_that_a_limit_broke_off_is_in_the_record(crystal: Crystal):
    root = Scripted("a/root", repl("while True:", "    llm_query_batched(['again'])"))
    trace, _ = await recorded(crystal, root, max_subcalls=1)
    assert trace.run is not None
    (turn,) = trace.run.turns
    (cell,) = turn.cells
    assert (cell.stopped, trace.limit_hit) == ("subcalls", "subcalls")
    assert [call.error for call in cell.subcalls][:3] == ["", "budget", "budget"]


def test_a_record_is_bounded_however_much_happens():
    trace = Trace("q" * 10**5, Redaction(), Tracing(prompts=True))
    trace.begin(depth=0, question="q" * 10**5)
    for _ in range(EVENTS_MAX + 10):
        trace.event("code", depth=0, code="c" * 5_000, output="o" * 5_000)
    record = trace.record({})
    assert len(record) < RECORD_CHARS_MAX * 1.6
    told = read_record(record_object(record))
    assert told.events_left_out == 11
    assert told.texts_left_out > 0
    assert told.run is not None
    assert len(told.run.turns[0].cells) == EVENTS_MAX - 1


def test_a_record_of_the_first_format_is_read_as_far_as_it_goes():
    call = {
        "kind": "subcall", "model": "a/sub", "prompt_hash": "ff", "prompt_chars": 9, "depth": 1,
        "cached": False, "tokens_in": 1, "tokens_out": 2, "cost_usd": 0.5, "error": None,
    }  # fmt: skip
    events = [
        {"kind": "root", "depth": 0, "turn": 1, "text": "Look.", "tokens_in": 5, "at_s": 1.0},
        call,
        {"kind": "root", "depth": 1, "turn": 1, "text": "Deeper.", "tokens_in": 5, "at_s": 2.0},
        call | {"depth": 2},
        {"kind": "code", "depth": 1, "turn": 1, "code": "y", "output": "", "at_s": 3.0},
        {"kind": "finish", "depth": 1, "limit_hit": None, "answer": "below"},
        {"kind": "code", "depth": 0, "turn": 1, "code": "x", "output": "o", "seconds": 0.5},
        {"kind": "finish", "depth": 0, "limit_hit": "cost", "answer": "partial"},
    ]
    trace = read_record({"format": 1, "trace_id": "ab", "question": "Why?", "events": events})
    assert trace.run is not None
    (turn,) = trace.run.turns
    (cell,) = turn.cells
    assert (cell.code, len(cell.subcalls), turn.span.seconds) == ("x", 1, None)
    assert cell.deeper[0].answer == "below"
    assert len(cell.deeper[0].turns[0].cells[0].subcalls) == 1
    assert (trace.run.limit_hit, trace.run.ended) == ("cost", True)


def test_what_is_no_record_is_refused():
    for data in (b"", b"[1]", b"\xff", b"[" * 100_000):
        with pytest.raises(RecordUnreadable):
            record_object(data)


JSON = st.sampled_from(
    [None, True, -1, 3, 2.5, float("nan"), float("inf"), "x", [], ["a", 1], {}, {"message": "m"}]
)
NAMES = [
    "kind", "depth", "run", "turn", "code", "output", "at_s", "begin_s", "prompt", "error", "limit",
    "final", "layers", "question", "answer", "seconds", "cost_usd",
]  # fmt: skip
KINDS = st.sampled_from(["run", "root", "subcall", "code", "limit", "finish", "new"])
EVENTS = st.lists(
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6).flatmap(
        lambda event: st.tuples(KINDS, st.integers(-1, 5)).map(
            lambda fixed: event | {"kind": fixed[0], "depth": fixed[1]}
        )
    ),
    max_size=12,
)


@settings(max_examples=50)
@given(
    EVENTS,
    st.dictionaries(st.sampled_from(["outcome", "limits", "notes", "format"]), JSON, max_size=4),
)
def test_any_record_of_a_later_format_can_be_read(events: Any, fields: Any):
    trace = read_record({**fields, "events": events})
    cells = list(trace.run.cells()) if trace.run else []
    assert len(cells) <= len(events)
