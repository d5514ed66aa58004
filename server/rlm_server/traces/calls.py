"""The calls of a recorded run as HTML: what ran inside what, each to be opened and closed."""

from collections.abc import Sequence

from rlm_engine.model import Message
from rlm_engine.recorded import Cell, RecordedRun, SubCall, Turn

from rlm_server.traces.markup import Markup, element, joined, number
from rlm_server.traces.text import counted, said_first, took_in_words

_CALLS_OPEN = 8


def anchors(run: RecordedRun) -> dict[int, str]:
    """The anchors of turns, cells and sub-calls, by the identity of the value."""
    names: dict[int, str] = {}

    def name(run: RecordedRun) -> None:
        for turn in run.turns:
            names[id(turn)] = f"s{len(names)}"
        for cell in run.cells():
            names[id(cell)] = f"s{len(names)}"
            for call in cell.subcalls:
                names[id(call)] = f"s{len(names)}"
            for deeper in cell.deeper:
                name(deeper)

    name(run)
    return names


def calls_of(run: RecordedRun, names: dict[int, str]) -> Markup:
    inside = [_turn(turn, names) for turn in run.turns]
    if run.loose is not None:
        inside.append(_cell(run.loose, names))
    if not run.ended:
        inside.append(element("p", "The record ends here.", class_="bad"))
    elif run.limit_hit:
        inside.append(element("p", f"Ended by the limit of {run.limit_hit}.", class_="bad"))
    if run.depth and run.answer:
        inside.append(_folded("answer", element("p", run.answer, class_="text"), open_=True))
    size = f"{counted(run.documents, 'document')}, {counted(run.characters, 'character')}"
    if not run.depth:
        return element("div", element("p", f"Over {size}.", class_="quiet"), *inside)
    return _folded(f"deeper run: {run.question}", *inside, figures=size, open_=True)


def _turn(turn: Turn, names: dict[int, str]) -> Markup:
    if turn.refused:
        told = f"turn {turn.number}: not asked, limit of {turn.refused}"
        return element("p", told, class_="bad", id=names[id(turn)])
    said = said_first(turn.text) if turn.cells else turn.text
    inside: list[Markup] = [element("p", said, class_="text")] if said else []
    inside += _prompt(turn.prompt.messages, f"prompt, {turn.prompt.chars:,} characters")
    inside += [_cell(cell, names) for cell in turn.cells]
    figures = [turn.model, took_in_words(turn.took), _seconds(turn.span.seconds)]
    return _folded(
        f"turn {turn.number}",
        *inside,
        figures=", ".join(one for one in figures if one),
        id_=names[id(turn)],
        open_=True,
    )


def _cell(cell: Cell, names: dict[int, str]) -> Markup:
    inside: list[Markup] = [_code(cell)] if cell.code else []
    inside += _calls(cell.subcalls, names)
    inside += [calls_of(deeper, names) for deeper in cell.deeper]
    if cell.output.strip():
        lines = cell.output.strip("\n").count("\n") + 1
        output = element("pre", cell.output.strip("\n"), tabindex=0, aria_label="output")
        told = f"output, {counted(lines, 'line')}"
        inside.append(_folded(told, output, open_=True))
    faults = [cell.fault, f"broken off by the limit of {cell.stopped}" if cell.stopped else ""]
    inside += [element("p", fault, class_="bad text") for fault in faults if fault]
    remarks = [
        f"hint: {cell.hint}" if cell.hint else "",
        "the output was cut" if cell.truncated else "",
        f"{cell.redactions} secrets were redacted" if cell.redactions else "",
        f"the REPL was restarted; lost: {', '.join(cell.state_lost)}" if cell.state_lost else "",
    ]
    inside += [element("p", remark, class_="quiet text") for remark in remarks if remark]
    if cell.final is not None:
        inside.append(_folded("FINAL", element("pre", cell.final, tabindex=0), open_=True))
    return _folded(
        "code" if cell.code else "a cell that the record does not hold",
        *inside,
        figures=_seconds(cell.span.seconds if cell.span.seconds is not None else cell.seconds),
        id_=names[id(cell)],
        open_=True,
    )


def _code(cell: Cell) -> Markup:
    """The code, its line at fault marked."""
    lines = cell.code.rstrip("\n").split("\n")
    pieces: list[Markup | str] = []
    for at, line in enumerate(lines, start=1):
        pieces += [element("mark", line) if at == cell.fault_line else line, "\n"]
    return element("pre", element("code", *pieces[:-1]), tabindex=0, aria_label="code")


def _calls(calls: Sequence[SubCall], names: dict[int, str]) -> list[Markup]:
    if not calls:
        return []
    failed, cached = sum(bool(one.error) for one in calls), sum(one.cached for one in calls)
    cost = sum(one.took.cost_usd for one in calls)
    told = [f"${cost:.4f}", f"{failed} failed" if failed else "", f"{cached} cached" * (cached > 0)]
    title = counted(len(calls), "sub-call")
    return [
        _folded(
            title,
            *(_subcall(call, names) for call in calls),
            figures=", ".join(one for one in told if one),
            open_=len(calls) <= _CALLS_OPEN,
        )
    ]


def _subcall(call: SubCall, names: dict[int, str]) -> Markup:
    how = f"failed: {call.error}" if call.error else "from the cache" if call.cached else ""
    figures = [
        how,
        took_in_words(call.took),
        _seconds(call.span.seconds),
        f"prompt {call.prompt.hash[:8]}, {call.prompt.chars:,} characters",
    ]
    reply = [element("pre", call.reply, tabindex=0, aria_label="reply")] if call.reply else []
    return _folded(
        call.model,
        *_prompt(call.prompt.messages, "prompt"),
        *reply,
        figures=", ".join(one for one in figures if one),
        id_=names[id(call)],
    )


def _prompt(messages: Sequence[Message] | None, title: str) -> list[Markup]:
    if not messages:
        return []
    told = [
        joined(element("p", one.role, class_="quiet"), element("pre", one.content, tabindex=0))
        for one in messages
    ]
    return [_folded(title, *told)]


def _folded(
    title: str, *inside: Markup, figures: str = "", id_: str = "", open_: bool = False
) -> Markup:
    """What can be opened and closed."""
    told = element("span", figures, class_="figures")
    summary = element("summary", title, *([" ", told] if figures else []))
    named = {"id": id_} if id_ else {}
    return element("details", summary, *inside, open=open_, **named)


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{number(seconds)} s"
