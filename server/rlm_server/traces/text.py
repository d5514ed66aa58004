"""A recorded run as a tree for a terminal or a pipe: 100 columns, colours only where wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rlm_engine.recorded import Cell, Recorded, RecordedRun, SubCall, Took, Turn

from rlm_server.visible import cut, one_line, visible, wrapped

COLUMNS: Final = 100
_CODE_LINES: Final = 16
_OUTPUT_LINES: Final = 8
_ANSWER_LINES: Final = 20
_GROUPS: Final = 12
_LAYERS_LINES: Final = 4

_BOLD, _DIM, _RED, _PLAIN = "1", "2", "31", ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of the tree, the text under it and what hangs below.

    `style` is a number of ECMA-48 or empty; `marked` is the line of the text, from 1, at fault.
    """

    line: str
    below: "tuple[Branch, ...]" = ()
    text: tuple[str, ...] = ()
    style: str = _PLAIN
    marked: int | None = None


def trace_text(trace: Recorded, *, colour: bool = False, full: bool = False) -> str:
    """The whole view. `full` leaves out nothing that the record holds."""
    return "\n".join([*_head(trace), "", *_body(trace, colour, full), "", *_ending(trace, full)])


def counted(count: int, what: str) -> str:
    """A number of things."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def took_in_words(took: Took) -> str:
    """Tokens in and out, and money."""
    return f"{took.tokens_in:,} → {took.tokens_out:,} tokens, ${took.cost_usd:.4f}"


def said_first(text: str) -> str:
    """What stands in a reply before its first block of code."""
    return text.partition("```")[0].strip()


def _head(trace: Recorded) -> Iterator[str]:
    began = trace.started.replace("T", " ").partition(".")[0]
    yield one_line(f"Trace {trace.trace_id}{f', {began} UTC' if began else ''}", COLUMNS)
    question = wrapped(trace.question, COLUMNS - 10)
    yield from (f"{'Question: ' if n == 0 else ' ' * 10}{line}" for n, line in enumerate(question))
    models = dict.fromkeys(name for name in (trace.provider, trace.sub_model) if name)
    yield one_line(
        f"{', '.join(models)}: {counted(trace.iterations, 'turn')},"
        f" {counted(trace.subcalls, 'sub-call')},"
        f" {took_in_words(trace.took)}, {trace.seconds:.2f} s",
        COLUMNS,
    )
    if trace.route:
        yield from wrapped(f"Way: {trace.route}; {trace.route_reason}", COLUMNS)
    if trace.run is not None and trace.run.layers:
        layers = wrapped("Sandbox: " + ", ".join(trace.run.layers), COLUMNS)
        yield from (cut(line, COLUMNS) for line in layers[:_LAYERS_LINES])


def _body(trace: Recorded, colour: bool, full: bool) -> Iterator[str]:
    if trace.run is None:
        yield "Nothing was done yet when it ended."
        return
    run = _run(trace.run, full)
    yield _painted(run.line, run.style, colour)
    yield from _drawn(run.below, "", colour)


def _ending(trace: Recorded, full: bool) -> Iterator[str]:
    if trace.failure is not None:
        yield one_line(f"Failed: {trace.failure.kind}", COLUMNS)
        yield from wrapped(trace.failure.message, COLUMNS)
    elif trace.limit_hit:
        yield one_line(f"Ended by the limit of {trace.limit_hit}, with a partial answer:", COLUMNS)
    else:
        yield "Answer:"
    yield from _some(wrapped(trace.answer, COLUMNS - 2), None if full else _ANSWER_LINES, "  ")
    if trace.citations:
        checked = sum(place.verified for place in trace.citations)
        yield f"Citations: {len(trace.citations)}, of which {checked} verified."
    for note in trace.notes:
        yield from wrapped(f"Note: {note}", COLUMNS)
    if trace.events_left_out or trace.texts_left_out:
        yield (
            f"The record was full: {trace.events_left_out} events and {trace.texts_left_out} texts"
            " are not in it."
        )


def _run(run: RecordedRun, full: bool) -> Branch:
    what = f"{counted(run.documents, 'document')}, {counted(run.characters, 'character')}"
    took = run.span.seconds
    line = f"run of {what}{f', {took:.2f} s' if took is not None else ''}"
    if run.depth:
        line = f"deeper {line}: {run.question}"
    below = [_turn(turn, full) for turn in run.turns]
    if run.loose is not None:
        below.append(Branch("a cell that the record does not hold", _calls(run.loose, full)))
    if not run.ended:
        below.append(Branch("the record ends here", style=_RED))
    elif run.limit_hit:
        below.append(Branch(f"ended by the limit of {run.limit_hit}", style=_RED))
    elif run.depth:
        below.append(Branch(f"answered: {run.answer}"))
    return Branch(line, tuple(below), style=_BOLD)


def _turn(turn: Turn, full: bool) -> Branch:
    began = turn.span.begin_s
    at = f" at {began:.2f} s" if began is not None else ""
    if turn.refused:
        return Branch(f"turn {turn.number}{at}: not asked, limit of {turn.refused}", style=_RED)
    took = turn.span.seconds
    line = (
        f"turn {turn.number}{at}: {turn.model or 'root'}, {took_in_words(turn.took)}"
        f"{f', {took:.2f} s' if took is not None else ''}"
    )
    below = [_cell(cell, full) for cell in turn.cells]
    said = said_first(turn.text)
    if said and (full or not turn.cells):
        below.insert(0, Branch("said", text=_lines(said, None if full else _OUTPUT_LINES)))
    elif said:
        below.insert(0, Branch(said, style=_DIM))
    if turn.prompt.messages is not None and full:
        below.insert(0, _prompt(turn))
    return Branch(line, tuple(below), style=_BOLD)


def _prompt(turn: Turn) -> Branch:
    messages = turn.prompt.messages or ()
    return Branch(
        f"prompt of {turn.prompt.chars:,} characters, what is new in it",
        tuple(Branch(message.role, text=_lines(message.content, None)) for message in messages),
    )


def _cell(cell: Cell, full: bool) -> Branch:
    below = list(_calls(cell, full))
    if cell.output.strip():
        lines = cell.output.strip("\n").count("\n") + 1
        shown = _lines(cell.output.strip("\n"), None if full else _OUTPUT_LINES)
        below.append(Branch(f"output, {counted(lines, 'line')}", text=shown))
    if cell.fault:
        below.append(Branch(cell.fault, style=_RED))
    if cell.stopped:
        below.append(Branch(f"broken off by the limit of {cell.stopped}", style=_RED))
    if cell.redactions:
        below.append(Branch(f"{cell.redactions} secrets were redacted"))
    if cell.state_lost:
        below.append(Branch(f"the REPL was restarted; lost: {', '.join(cell.state_lost)}"))
    if cell.final is not None:
        below.append(Branch(f"FINAL: {cell.final}"))
    code = _lines(cell.code, None if full else _CODE_LINES)
    return Branch(f"code{_times(cell)}", tuple(below), code, marked=cell.fault_line)


def _times(cell: Cell) -> str:
    whole = cell.span.seconds
    if whole is None or cell.seconds is None:
        return "" if cell.seconds is None else f", {cell.seconds:.3f} s"
    waited = whole - cell.seconds
    return f", {whole:.3f} s" + (f", {waited:.2f} s of it waiting" if waited > 0.01 else "")


def _calls(cell: Cell, full: bool) -> tuple[Branch, ...]:
    calls = [_group(group) for group in _grouped(cell.subcalls)]
    more = len(calls) - _GROUPS
    if more > 0 and not full:
        calls = [*calls[:_GROUPS], Branch(f"… and {counted(more, 'more group')} of sub-calls")]
    if full:
        calls = [_subcall(call) for call in cell.subcalls]
    return (*calls, *(_run(run, full) for run in cell.deeper))


def _grouped(calls: Sequence[SubCall]) -> list[list[SubCall]]:
    """Calls to one model that ended alike, whenever they were made."""

    def key(call: SubCall) -> tuple[str, str, bool]:
        return (call.model, call.error, call.cached)

    return [list(group) for _, group in groupby(sorted(calls, key=key), key)]


def _group(calls: Sequence[SubCall]) -> Branch:
    first = calls[0]
    took = Took(
        sum(call.took.tokens_in for call in calls),
        sum(call.took.tokens_out for call in calls),
        sum(call.took.cost_usd for call in calls),
    )
    how = f"failed, {first.error}" if first.error else "from the cache" if first.cached else ""
    slowest = max((call.span.seconds or 0.0 for call in calls), default=0.0)
    line = (
        f"{counted(len(calls), 'sub-call')} to {first.model}"
        f"{f' ({how})' if how else ''}: {took_in_words(took)}"
        f"{f', slowest {slowest:.2f} s' if slowest else ''}"
    )
    return Branch(line, style=_RED if first.error else _PLAIN)


def _subcall(call: SubCall) -> Branch:
    messages = call.prompt.messages or ()
    below = [Branch(message.role, text=_lines(message.content, None)) for message in messages]
    if call.reply:
        below.append(Branch("reply", text=_lines(call.reply, None)))
    group = _group([call])
    line = f"{group.line}, prompt {call.prompt.hash[:8]}"
    return Branch(line, tuple(below), style=group.style)


def _lines(text: str, most: int | None) -> tuple[str, ...]:
    lines = visible(text.rstrip("\n")).split("\n")
    if most is None or len(lines) <= most:
        return tuple(lines)
    return (*lines[:most], f"… {len(lines) - most} more lines")


def _some(lines: list[str], most: int | None, before: str) -> Iterator[str]:
    shown = lines if most is None else lines[:most]
    yield from ((before + line).rstrip() for line in shown)
    if len(shown) < len(lines):
        yield f"{before}… {len(lines) - len(shown)} more lines (--full shows them)"


def _drawn(branches: Sequence[Branch], before: str, colour: bool) -> Iterator[str]:
    for number, branch in enumerate(branches):
        last = number == len(branches) - 1
        line = one_line(branch.line, COLUMNS - len(before) - 3)
        yield before + ("└─ " if last else "├─ ") + _painted(line, branch.style, colour)
        under = before + ("   " if last else "│  ")
        stem = under + ("│  " if branch.below else "   ")
        for at, text in enumerate(branch.text, start=1):
            style = _RED if at == branch.marked else _DIM
            yield (stem + _painted(cut(text, COLUMNS - len(stem)), style, colour)).rstrip()
        yield from _drawn(branch.below, under, colour)


def _painted(line: str, style: str, colour: bool) -> str:
    return f"\x1b[{style}m{line}\x1b[0m" if colour and style else line
