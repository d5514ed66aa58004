"""Two things side by side: what each is, what they share, and what only one of them has."""

# ruff: noqa: E501, RUF001

import re
from collections.abc import Sequence

from rlm_crystal.language import role
from rlm_crystal.types import Definition

from rlm_engine.extractive.cell import Cell, Conclusion, Plan
from rlm_engine.extractive.cells import DEFINITION_ROW
from rlm_engine.extractive.compose import Draft
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import code, introduction, lead, place
from rlm_engine.extractive.voice import Voice

_LOOK_UP = r"""
for side, name in enumerate(names):
    for d in crystal.symbol(name)[:6]:
        show_definition(f"side{side}", d)
        alias = re.fullmatch(r"(?:const |let |var |type )?\w+\s*=\s*([A-Za-z_][\w.]*);?", (d["signature"] or "").strip())
        for target in crystal.symbol(alias.group(1).split(".")[-1])[:2] if alias else []:
            if target["path"] == d["path"]:
                show_definition(f"side{side}", target)
"""

_MEMBERS = r"""
import re
for side, (path, symbol, start, end) in enumerate(sides):
    inside = symbol + "."
    for d in crystal.outline(path):
        if d["symbol"].startswith(inside) and "." not in d["symbol"][len(inside):] and start <= d["start_line"] <= end:
            show_definition(f"member{side}", d)
    shown = 0
    for number, line in enumerate(crystal.read(path, start, min(end, start + 300)).split("\n"), start):
        if re.match(r"\s*(return|raise|throw|yield)\b", line) and len(line.split()) > 1 and shown < 3:
            shown += 1
            show(f"outcome{side}", path, number, line.strip()[:160])
"""


def compare(question: Question) -> Plan:
    """Look both up and set them side by side; concepts that are no names are explained."""
    names = [subject.removesuffix("()") for subject in question.subjects]
    if len(names) != 2:
        return (yield from explain(question))
    found = yield Cell(
        "Look both sides up.", DEFINITION_ROW + _LOOK_UP, {"names": names, "doc_chars": 360}
    )
    sides = [_best(found.definitions(f"side{side}"), name) for side, name in enumerate(names)]
    left, right = sides
    if left is None or right is None:
        return (yield from explain(question))
    spans = [(d.path, d.symbol, d.start_line, d.end_line) for d in (left, right)]
    values = {"sides": spans, "doc_chars": 90}
    detail = yield Cell("Compare what they are made of.", DEFINITION_ROW + _MEMBERS, values)
    return _tell(question, left, right, detail)


def _best(definitions: Sequence[Definition], name: str) -> Definition | None:
    last = name.rsplit(".", 1)[-1]
    return min(
        definitions,
        key=lambda d: (
            role(d.path) != "source",
            d.kind == "constant",
            d.symbol.rsplit(".", 1)[-1] != last,
            not d.doc,
        ),
        default=None,
    )


def _tell(question: Question, left: Definition, right: Definition, detail: Printed) -> Conclusion:
    voice = Voice(question.russian)
    draft = Draft(voice)
    for d in (left, right):
        kind = voice.kind(d.kind)
        draft.say(lead(d, voice(f"is {kind}", f"— {kind}")))
    draft.say(_relation(left, right, voice))
    members = [{_last(m.symbol): m for m in detail.definitions(f"member{s}")} for s in (0, 1)]
    if members[0] or members[1]:
        _tell_members(draft, voice, (left, right), members)
    else:
        for side, d in enumerate((left, right)):
            draft.rows(
                voice(f"`{d.symbol}` decides here:", f"`{d.symbol}` решает здесь:"),
                [
                    f"{place(path, int(line))}: {code(text)}"
                    for path, line, text in detail.strings(f"outcome{side}")
                ],
            )
    return draft.conclude()


def _tell_members(
    draft: Draft,
    voice: Voice,
    sides: tuple[Definition, Definition],
    members: Sequence[dict[str, Definition]],
) -> None:
    shared = [name for name in members[0] if name in members[1]]
    if shared:
        first = shared[:5]
        draft.rows(
            voice(
                f"Both define {len(shared)} members of the same name:",
                f"Оба определяют членов с одинаковым именем, всего {len(shared)}:",
            ),
            [
                f"{name}: {_where(members[0][name])} and {_where(members[1][name])}"
                for name in first
            ],
        )
    for side, d in enumerate(sides):
        only = [m for name, m in members[side].items() if name not in members[1 - side]]
        only.sort(key=lambda m: (_last(m.symbol).startswith("_"), not m.doc))
        draft.rows(
            voice(
                f"Only `{d.symbol}` defines ({len(only)} in all):",
                f"Только `{d.symbol}` определяет (всего {len(only)}):",
            ),
            [introduction(m, voice.kind(m.kind)) for m in only[:4]],
        )


def _relation(left: Definition, right: Definition, voice: Voice) -> str:
    """What their signatures say of each other: one built on the other, or on the same bases."""
    bases = [_bases(d) for d in (left, right)]
    for child, parent, own in ((left, right, bases[0]), (right, left, bases[1])):
        if _last(parent.symbol) in own:
            return voice(
                f"`{child.symbol}` is built on `{_last(parent.symbol)}`, {_where(child)}.",
                f"`{child.symbol}` наследует `{_last(parent.symbol)}`, {_where(child)}.",
            )
    common = [base for base in bases[0] if base in bases[1]]
    if common:
        return (
            voice("Both are built on ", "Оба наследуют ")
            + ", ".join(f"`{b}`" for b in common)
            + "."
        )
    return ""


def _bases(definition: Definition) -> list[str]:
    inside = re.search(r"\((.*)\)|(?:extends|implements|:|<)\s+(.+)", definition.signature)
    if definition.kind not in ("class", "interface", "struct", "trait") or not inside:
        return []
    names = re.findall(r"[\w.]+", inside[1] or inside[2])
    return [_last(name) for name in names]


def _last(symbol: str) -> str:
    return symbol.rsplit(".", 1)[-1]


def _where(definition: Definition) -> str:
    return place(definition.path, definition.start_line, definition.end_line)
