"""From an error message to the place that raises it and the condition it is raised under."""

# ruff: noqa: E501, RUF001

import re

from rlm_crystal.language import role
from rlm_crystal.types import Definition

from rlm_engine.extractive.cell import Cell, Conclusion, Plan
from rlm_engine.extractive.cells import DEFINITION_ROW
from rlm_engine.extractive.compose import Draft, quoted_lines
from rlm_engine.extractive.evidence import Line, Printed, lines_of
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import code, first_sentence, introduction, place
from rlm_engine.extractive.voice import Voice

# The text in the source differs from the text on the screen: values were filled in, and literals
# are split over lines. So runs of three words are looked for, with any punctuation between.
_FIND = r"""
import re
runs = [words[i:i + size] for i in range(len(words) - size + 1)]
# Between two words: punctuation, what is filled in (%s, {name}), or a stray letter as of "flag(s)".
gap = r"(?:[\W_]|%[a-z]|\{\w*\}|(?<![^\W_])[^\W_]{1,2}(?![^\W_])){1,40}?"
patterns = [re.compile(r"\b" + gap.join(map(re.escape, run)) + r"\b", re.IGNORECASE) for run in runs]
places = []
for document in context:
    text = document.text
    lower = text.lower()
    at = []
    for number, (run, pattern) in enumerate(zip(runs, patterns)):
        if all(word in lower for word in run):
            at += [(match.start(), match.end(), number) for match in pattern.finditer(text)]
    at.sort()
    windows = []
    for index, (start, _, _) in enumerate(at):
        near = [entry for entry in at[index:index + 200] if entry[0] - start <= reach]
        held = {number for _, _, number in near}
        end = start
        # The shortest stretch from here that has all these runs.
        seen = set()
        for _, stop, number in near:
            seen.add(number)
            end = max(end, stop)
            if seen == held:
                break
        windows.append((len(held), start, end))
    taken = []
    for count, start, end in sorted(windows, key=lambda w: (-w[0], w[2] - w[1], w[1])):
        if all(end < other[1] or start > other[2] for other in taken):
            taken.append((count, start, end))
    for count, start, end in taken[:6]:
        first = text.count("\n", 0, start) + 1
        places.append((count, document.path, first, first + text.count("\n", start, end)))
places.sort(key=lambda p: (-p[0], p[1], p[2]))
show("runs", len(runs))
for found, path, first, last in places[:10]:
    show("place", found, path, first, last)
"""

_AROUND = r"""
import re
for path, first, last in places:
    start = max(1, first - 40)
    rows = crystal.read(path, start, last + 2).split("\n")
    holders = [d for d in crystal.outline(path) if d["start_line"] <= first <= d["end_line"]]
    holders.sort(key=lambda d: d["end_line"] - d["start_line"])
    for d in holders[:1]:
        start = max(start, d["start_line"])
        show_definition("definition", d)
    # A message kept in a constant is raised wherever that name is used.
    # On its own line, or on the lines before it that are still open.
    opening = crystal.read(path, max(1, first - 6), first).rstrip("\n").split("\n")
    at = len(opening) - 1
    while at > 0 and re.search(r"[(\[{=\\]\s*$|^\s*[\"'`]", opening[at - 1]):
        at -= 1
    assigned = re.match(r"[ \t]*(?:const|let|var|static|final)?\s*(\w+)\s*(?::[^=\n]+)?=\s*[^=\n]*$", opening[at])
    name = holders[0]["symbol"].split(".")[-1] if holders and holders[0]["kind"] == "constant" else (
        assigned.group(1) if assigned and not holders else "")
    if name:
        word = re.compile(r"\b" + re.escape(name) + r"\b")
        uses = [(d.path, n, line) for d in context if name in d.text for n, line in enumerate(d.text.split("\n"), 1)
                if word.search(line) and not (d.path == path and n <= last and n >= first - 6)]
        for use_path, n, line in uses[:4]:
            show("use", use_path, n, line.strip()[:160])
    shift = max(1, first - 40)
    show("around", path, first, last, "\n".join(
        f"{n}| {row[:160]}" for n, row in enumerate(rows, shift) if n >= start)[-2600:])
"""


_ENOUGH, _ENOUGH_PASTED = 0.3, 0.6


def trace_message(question: Question) -> Plan:
    """Find the message's words in the code, then what leads to it."""
    words = _words(question.subjects[0])
    size = min(3, len(words))
    if not size:
        return (yield from explain(question))
    values = {"words": words, "size": size, "reach": 300 + 6 * len(question.subjects[0])}
    found = yield Cell("Find where the text of the message stands in the code.", _FIND, values)
    places = _best_places(found)
    runs = found.number("runs")
    if question.pasted:
        # Here it is a guess which line is the message; what the corpus only tells of is no proof.
        places = [place for place in places if role(place[1]) in ("source", "config")]
    enough = _ENOUGH_PASTED if question.pasted else _ENOUGH
    if not places or places[0][0] < enough * max(1, runs):
        return (yield from explain(question))
    around = yield Cell(
        "Read what leads to it.",
        DEFINITION_ROW + _AROUND,
        {"places": [(path, first, last) for _, path, first, last in places[:4]], "doc_chars": 240},
    )
    share = places[0][0] / max(1, runs)
    same = sum(found == places[0][0] for found, *_ in places[:4])
    return _tell(question, around, share, same)


def _words(message: str) -> list[str]:
    """The words of the message that can stand in the source: no numbers, paths or quoted values."""
    text = re.sub(r"\b\w*(?:Error|Exception|Warning):\s*", "", message)
    text = re.sub(r"'[^']*'|\"[^\"]*\"|\S*[/\\]\S*", " ", text) or message
    words = [w for w in re.findall(r"[^\W\d_][\w'’]*", text) if len(w) > 1 or w in "aAI"]
    return [word.lower() for word in words][:40]


def _best_places(printed: Printed) -> list[tuple[int, str, int, int]]:
    rows = [
        (int(found), path, int(first), int(last))
        for found, path, first, last in printed.strings("place")
    ]
    order = {"source": 0, "config": 1, "vendor": 2, "generated": 2, "doc": 3, "test": 4}
    return sorted(
        rows, key=lambda r: (-(r[0] if order[role(r[1])] < 3 else r[0] * 0.5), order[role(r[1])])
    )


def _tell(question: Question, around: Printed, share: float, same: int) -> Conclusion:
    voice = Voice(question.russian)
    draft = Draft(voice)
    if share < 0.5:
        draft.say(
            voice(
                f"The whole message stands nowhere in the indexed files; {share:.0%} of its word runs do here:",
                f"Целиком сообщения в проиндексированных файлах нет; совпало {share:.0%} словосочетаний:",
            )
        )
    definitions = around.definitions()
    for number, (path, first, last, listing) in enumerate(around.strings("around")):
        start, end = int(first), int(last)
        lines = lines_of(listing)
        message = [line for line in lines if start <= line.number <= end]
        if not message:
            continue
        holder = min(
            (d for d in definitions if d.path == path and d.start_line <= start <= d.end_line),
            key=lambda d: d.end_line - d.start_line,
            default=None,
        )
        heading = (
            voice("The message comes from", "Сообщение создаётся в")
            if number == 0
            else voice("Also at", "Также в")
        )
        raising = _raising(lines, start, end)
        shown = [raising, *message] if raising and raising not in message else message
        inside = f"`{holder.symbol}`, " if holder else ""
        draft.say(f"{heading} {inside}{place(path, *_span(holder, start, end))}:")
        draft.rows("", quoted_lines(path, shown, limit=4))
        conditions = _conditions(lines, (raising or message[0]))
        draft.rows(
            voice("It gets there when:", "Сюда попадают, когда:"),
            [f"{place(path, line.number)}: {code(line.text)}" for line in conditions],
        )
        if number == 0:
            draft.rows(
                voice("It is used at:", "Используется в:"),
                [f"{place(p, int(n))}: {code(text)}" for p, n, text in around.strings("use")],
            )
            if holder and first_sentence(holder):
                draft.say(introduction(holder, voice.kind(holder.kind)))
        if number == 0 and share >= 0.9:
            draft.rows(
                voice("The same text also stands at:", "Тот же текст стоит и здесь:"),
                [
                    row
                    for path, first, last, listing in around.strings("around")[1:same]
                    for row in quoted_lines(
                        path,
                        [
                            line
                            for line in lines_of(listing)
                            if int(first) <= line.number <= int(last)
                        ],
                        limit=1,
                    )
                ],
            )
            break
        if number == 1:
            break
    return draft.conclude()


_RAISING = re.compile(
    r"\b(?:raise|throw|panic!?|die|fail|abort|warn(?:ing)?|error|errorf|exception|fatal|log\w*)\b"
    r"|Error\(|Exception\(",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"^\s*(?:\}\s*)?(?:if|elif|else|except|catch|case|when|unless|try|while|for|with|match|switch|finally|rescue)\b"
)


def _raising(lines: tuple[Line, ...], start: int, end: int) -> Line | None:
    """The line at or just before the message that raises or reports it."""
    near = [line for line in lines if start - 4 <= line.number <= end]
    return next((line for line in reversed(near) if _RAISING.search(line.text)), None)


def _conditions(lines: tuple[Line, ...], at: Line) -> list[Line]:
    """The branches around a line, outermost first: each earlier one that is indented less."""
    depth = _indent(at.text)
    found: list[Line] = []
    for line in reversed([line for line in lines if line.number < at.number]):
        indent = _indent(line.text)
        if line.text.strip() and indent < depth:
            depth = indent
            if _CONDITION.match(line.text):
                found.append(line)
    return list(reversed(found[:3]))


def _span(holder: Definition | None, start: int, end: int) -> tuple[int, int]:
    return (holder.start_line, holder.end_line) if holder else (start, end)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())
