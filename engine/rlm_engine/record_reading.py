"""Reads a run's record into a tree; an older or later format as far as it can be understood. Pure.

A record is our own and sealed, but was perhaps written by another version: every field is checked,
and one that is missing or of another type counts as unknown.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from rlm_engine.errors import RecordUnreadable
from rlm_engine.json_value import JsonObject, JsonValue
from rlm_engine.limits import DEPTH_CEILING
from rlm_engine.model import Message
from rlm_engine.recorded import (
    Cell,
    Failure,
    Place,
    Prompt,
    Recorded,
    RecordedRun,
    Span,
    SubCall,
    Took,
    Turn,
)
from rlm_engine.usage import ModelUsage


def record_object(data: bytes) -> JsonObject:
    """The record as JSON; RecordUnreadable where it is none."""
    try:
        whole = cast("JsonValue", json.loads(data))
    except (ValueError, RecursionError) as error:
        raise RecordUnreadable(
            "this record is no JSON; it was written by something else"
        ) from error
    if not isinstance(whole, dict):
        raise RecordUnreadable("this record is no JSON object; it was written by something else")
    return whole


def read_record(record: JsonObject) -> Recorded:
    """The tree of a record."""
    outcome = _object(record.get("outcome"))
    events = [_object(event) for event in _list(record.get("events"))]
    run = _tree(events, _text(record, "question"))
    return Recorded(
        format=_whole(record, "format"),
        trace_id=_text(record, "trace_id"),
        started=_text(record, "started"),
        question=_text(record, "question"),
        provider=_text(outcome, "provider") or _text(record, "root_model"),
        sub_model=_text(record, "sub_model"),
        limits=tuple(
            (name, float(value))
            for name, value in _object(record.get("limits")).items()
            if isinstance(value, int | float)
        ),
        route=_text(record, "route"),
        route_reason=_text(record, "route_reason"),
        notes=tuple(note for note in _list(record.get("notes")) if isinstance(note, str)),
        prompts_kept=record.get("prompts") == "full",
        run=run,
        answer=_text(outcome, "answer"),
        citations=tuple(_place(_object(one)) for one in _list(outcome.get("citations"))),
        failure=_failure(outcome),
        iterations=_whole(outcome, "iterations") or (len(run.turns) if run else 0),
        subcalls=_whole(outcome, "subcalls"),
        depth=_whole(outcome, "depth"),
        models=tuple(
            (name, _usage(_object(one))) for name, one in _object(outcome.get("models")).items()
        ),
        took=_took(outcome),
        seconds=_number(outcome, "seconds") or 0.0,
        limit_hit=_text(outcome, "limit_hit"),
        events_left_out=_whole(record, "events_left_out"),
        texts_left_out=_whole(record, "texts_left_out"),
    )


@dataclass(slots=True)
class _Open:
    """A run that is being read."""

    begin: JsonObject
    turns: "list[Turn]" = field(default_factory=list["Turn"])
    cells: list[Cell] = field(default_factory=list[Cell])
    subcalls: list[SubCall] = field(default_factory=list[SubCall])
    deeper: list[RecordedRun] = field(default_factory=list[RecordedRun])
    root: JsonObject | None = None

    def end_turn(self) -> None:
        if self.root is not None or self.cells:
            self.turns.append(turn_of(self.root or {}, tuple(self.cells)))
        self.root, self.cells = None, []

    def add_cell(self, event: JsonObject) -> None:
        self.cells.append(cell_of(event, tuple(self.subcalls), tuple(self.deeper)))
        self.subcalls, self.deeper = [], []

    def closed(self, finish: JsonObject | None) -> RecordedRun:
        self.end_turn()
        rest = bool(self.subcalls or self.deeper)
        loose = cell_of({}, tuple(self.subcalls), tuple(self.deeper)) if rest else None
        run = run_of({**self.begin, **(finish or {})}, tuple(self.turns), loose)
        end_s = max(run.span.end_s, _latest(self.turns))
        return replace(run, ended=finish is not None, span=Span(run.span.begin_s, end_s))


def _tree(events: Sequence[JsonObject], question: str) -> RecordedRun | None:
    """Runs nest strictly: one that is `depth` deep ends before the cell a level above it does.

    Format 1 had no `run` events, so a run begins with its first event.
    """
    stack: list[_Open] = []
    for event in events:
        kind, depth = _text(event, "kind"), _whole(event, "depth")
        if kind == "subcall":
            depth -= "run" not in event  # in format 1 the depth was that of the call
        if not 0 <= depth <= min(len(stack), DEPTH_CEILING):
            continue
        if kind == "run" or depth == len(stack):
            earlier = _earlier(stack) if not depth else []
            _close(stack, depth)
            without: JsonObject = {"depth": depth, "question": question}
            begin = event if kind == "run" else without
            stack.append(_Open(begin, earlier))
        _close(stack, depth + 1)
        _take(stack, kind, event)
        if kind == "finish" and depth:
            _close(stack, depth, finish=event)
        elif kind == "finish":
            return stack[0].closed(event)
    _close(stack, 1)
    return stack[0].closed(None) if stack else None


def _earlier(stack: list[_Open]) -> list[Turn]:
    """The turns of a short answer that was not taken: the loop begins again at depth 0."""
    if not stack:
        return []
    stack[0].end_turn()
    return stack[0].turns


def _take(stack: list[_Open], kind: str, event: JsonObject) -> None:
    top = stack[-1]
    match kind:
        case "root":
            top.end_turn()
            top.root = event
        case "subcall":
            top.subcalls.append(subcall_of(event))
        case "code":
            top.add_cell(event)
        case "limit" if _text(event, "code"):
            top.add_cell(event)
        case "limit":
            top.end_turn()
            top.root = event
        case _:
            pass


def _close(stack: list[_Open], depth: int, finish: JsonObject | None = None) -> None:
    """End the runs from `depth` down and hand them to the cell above."""
    while len(stack) > depth:
        done = stack.pop().closed(finish)
        finish = None
        if stack:
            stack[-1].deeper.append(done)


def run_of(
    event: JsonObject, turns: tuple[Turn, ...] = (), loose: Cell | None = None
) -> RecordedRun:
    """A `run` event, a `finish` one, or both in one."""
    return RecordedRun(
        question=_text(event, "question"),
        depth=_whole(event, "depth"),
        documents=_whole(event, "documents"),
        characters=_whole(event, "characters"),
        layers=_texts(event, "layers"),
        turns=turns,
        loose=loose,
        answer=_text(event, "answer"),
        limit_hit=_text(event, "limit_hit"),
        ended=event.get("kind") == "finish",
        span=Span(_number(event, "begin_s"), _number(event, "at_s") or 0.0),
    )


def turn_of(event: JsonObject, cells: tuple[Cell, ...] = ()) -> Turn:
    """A `root` event, or a `limit` one in its place."""
    end_s = _number(event, "at_s") or 0.0
    return Turn(
        number=_whole(event, "turn"),
        model=_text(event, "model"),
        text=_text(event, "text"),
        refused=_text(event, "limit"),
        prompt=_prompt(event),
        took=_took(event),
        span=Span(_number(event, "begin_s"), end_s),
        cells=cells,
    )


def cell_of(
    event: JsonObject, subcalls: tuple[SubCall, ...] = (), deeper: tuple[RecordedRun, ...] = ()
) -> Cell:
    """A `code` event, or a `limit` one in its place."""
    final = event.get("final")
    return Cell(
        code=_text(event, "code"),
        output=_text(event, "output"),
        fault=_text(event, "fault"),
        fault_line=_whole(event, "fault_line") or None,
        hint=_text(event, "hint"),
        final=final if isinstance(final, str) else None,
        stopped=_text(event, "limit"),
        truncated=event.get("truncated") is True,
        redactions=_whole(event, "redactions"),
        state_lost=_texts(event, "state_lost"),
        seconds=_number(event, "seconds"),
        span=Span(_number(event, "begin_s"), _number(event, "at_s") or 0.0),
        subcalls=subcalls,
        deeper=deeper,
    )


def subcall_of(event: JsonObject) -> SubCall:
    """A `subcall` event."""
    return SubCall(
        model=_text(event, "model"),
        prompt=_prompt(event),
        reply=_text(event, "reply"),
        cached=event.get("cached") is True,
        error=_text(event, "error"),
        took=_took(event),
        span=Span(_number(event, "begin_s"), _number(event, "at_s") or 0.0),
    )


def _prompt(event: JsonObject) -> Prompt:
    kept = event.get("prompt")
    messages = tuple(_message(_object(one)) for one in kept) if isinstance(kept, list) else None
    return Prompt(_text(event, "prompt_hash"), _whole(event, "prompt_chars"), messages)


def _message(fields: JsonObject) -> Message:
    content = _text(fields, "content")
    match fields.get("role"):
        case "system" | "assistant" as role:
            return Message(role, content)
        case _:
            return Message("user", content)


def _place(fields: JsonObject) -> Place:
    return Place(
        path=_text(fields, "path"),
        start_line=_whole(fields, "start_line"),
        end_line=_whole(fields, "end_line"),
        verified=fields.get("verified") is True,
    )


def _failure(outcome: JsonObject) -> Failure | None:
    error = outcome.get("error")
    if not isinstance(error, dict):
        return None
    return Failure(_text(error, "kind") or "unknown", _text(error, "message"))


def _took(fields: JsonObject) -> Took:
    return Took(
        _whole(fields, "tokens_in"), _whole(fields, "tokens_out"), _number(fields, "cost_usd") or 0
    )


def _usage(fields: JsonObject) -> ModelUsage:
    return ModelUsage(
        calls=_whole(fields, "calls"),
        failed=_whole(fields, "failed"),
        cached=_whole(fields, "cached"),
        tokens_in=_whole(fields, "tokens_in"),
        tokens_out=_whole(fields, "tokens_out"),
        tokens_cached=_whole(fields, "tokens_cached"),
        cost_usd=_number(fields, "cost_usd") or 0.0,
    )


def _latest(turns: Sequence[Turn]) -> float:
    ends = [turn.span.end_s for turn in turns]
    return max(ends + [cell.span.end_s for turn in turns for cell in turn.cells], default=0.0)


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _texts(fields: JsonObject, name: str) -> tuple[str, ...]:
    return tuple(one for one in _list(fields.get(name)) if isinstance(one, str))


def _text(fields: JsonObject, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _whole(fields: JsonObject, name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _number(fields: JsonObject, name: str) -> float | None:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < float("inf") else None
