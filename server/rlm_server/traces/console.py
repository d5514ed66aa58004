"""Tells a person each step of a run as it happens: one line each, to standard error."""

from collections.abc import Callable
from typing import TextIO

from rlm_engine.json_value import JsonObject
from rlm_engine.record_reading import cell_of, run_of, subcall_of, turn_of
from rlm_engine.recorded import Cell, RecordedRun, SubCall, Turn

from rlm_server.traces.text import COLUMNS, counted, said_first, took_in_words
from rlm_server.visible import one_line


class Console:
    """A watch of a run. `before` is called before each line; where nobody reads, it is silent."""

    def __init__(self, stream: TextIO, before: Callable[[], None]) -> None:
        self._stream = stream
        self._before = before

    def __call__(self, event: JsonObject) -> None:
        """Tell one event."""
        line = event_line(event)
        if not line:
            return
        self._before()
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except OSError:  # a closed pipe is no reason to fail
            return


def event_line(event: JsonObject) -> str:
    """The event in one line of at most 100 columns; nothing for one of a kind unknown."""
    match event.get("kind"):
        case "run":
            told = _run(run_of(event))
        case "root":
            told = _turn(turn_of(event))
        case "subcall":
            told = _subcall(subcall_of(event))
        case "code":
            told = _cell(cell_of(event))
        case "limit":
            told = f"  stopped by the limit of {turn_of(event).refused}"
        case "finish":
            told = _finish(run_of(event))
        case _:
            return ""
    at, depth = event.get("at_s"), event.get("depth")
    before = f"{at:8.2f} s  " if isinstance(at, int | float) else " " * 12
    before += "    " * depth if isinstance(depth, int) else ""
    indent = len(told) - len(told.lstrip())
    return before + " " * indent + one_line(told, COLUMNS - len(before) - indent)


def _run(run: RecordedRun) -> str:
    what = f"{counted(run.documents, 'document')}, {counted(run.characters, 'character')}"
    return f"run over {what}" if not run.depth else f"deeper run over {what}: {run.question}"


def _turn(turn: Turn) -> str:
    seconds = turn.span.seconds or 0.0
    said = said_first(turn.text)
    told = f"turn {turn.number}, {turn.model}, {took_in_words(turn.took)}, {seconds:.2f} s"
    return f"{told}: {said}" if said else told


def _subcall(call: SubCall) -> str:
    how = f"failed, {call.error}" if call.error else "from the cache" if call.cached else "answered"
    took = f"{took_in_words(call.took)}, {call.span.seconds or 0.0:.2f} s"
    return f"  sub-call to {call.model} {how}, {took}"


def _cell(cell: Cell) -> str:
    lines = cell.code.strip().count("\n") + 1
    told = f"  {counted(lines, 'line')} of code, {cell.span.seconds or 0.0:.2f} s"
    if cell.fault:
        return f"{told}: {cell.fault}"
    if cell.final is not None:
        return f"{told}: FINAL {cell.final}"
    printed = cell.output.strip("\n")
    if not printed:
        return f"{told}, no output"
    return f"{told}, {counted(printed.count(chr(10)) + 1, 'line')} of output: {printed}"


def _finish(run: RecordedRun) -> str:
    return f"ended by the limit of {run.limit_hit}" if run.limit_hit else "ended"
