"""What a name is and where: its definition, what it holds, and who uses it."""

# ruff: noqa: E501, RUF001

from collections.abc import Sequence

from rlm_crystal.language import role
from rlm_crystal.types import Definition

from rlm_engine.extractive.cell import Cell, Conclusion, Plan
from rlm_engine.extractive.cells import DEFINITION_ROW
from rlm_engine.extractive.compose import Draft
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import (
    code,
    first_sentence,
    introduction,
    lead,
    place,
    said,
    signature,
)
from rlm_engine.extractive.voice import Voice

_LOOK_UP = r"""
import re
for d in crystal.symbol(name)[:12]:
    show_definition("definition", d)
for d in crystal.symbol(name)[:3]:
    alias = re.fullmatch(r"(?:const |let |var |type )?\w+\s*=\s*([A-Za-z_][\w.]*);?", (d["signature"] or "").strip())
    for target in crystal.symbol(alias.group(1).split(".")[-1])[:2] if alias else []:
        if target["path"] == d["path"]:
            show_definition("alias", target)
last = re.escape(name.split(".")[-1])
assigned = re.compile(
    r"^[ \t]*(?:export\s+)?(?:pub(?:lic)?\s+)?(?:const|let|var|val|static|final|#define)?\s*"
    + last + r"\s*(?::[^=\n]{1,60})?(?:=(?!=)|:=|\s+\S+$)", re.MULTILINE)
bare = re.compile(r"^[ \t]*" + last + r"\s*(?::[^=\n]{1,60})?(?:=(?!=)|:=)")
count = 0
for document in context:
    if name.split(".")[-1] in document.text and count < 6:
        for number, line in enumerate(document.text.split("\n"), 1):
            if name.split(".")[-1] in line and (bare.match(line) or (
                    assigned.match(line) and re.match(r"\s*(?:export|pub|const|let|var|val|static|final|#define)", line))):
                count += 1
                show("assigned", document.path, number, line.strip()[:200])
"""

_DETAIL = r"""
inside = symbol + "."
members = [d for d in crystal.outline(path)
           if d["symbol"].startswith(inside) and "." not in d["symbol"][len(inside):]
           and start <= d["start_line"] <= end]
show("members", len(members))
members.sort(key=lambda d: (d["symbol"][len(inside):].startswith("_"), not d["doc"], d["start_line"]))
for d in members[:12]:
    show_definition("member", d)
import re
if not members:
    for number, line in enumerate(crystal.read(path, start, min(end, start + 400)).split("\n"), start):
        if re.match(r"\s*(return|raise|throw|yield|panic)\b", line) and len(line.split()) > 1:
            show("outcome", path, number, line.strip()[:200])
calls = [c for c in crystal.callers(symbol) if c["target"].rpartition(":")[0] in ("", path)]
imports = crystal.importers(symbol.split(".")[-1])
guessed = sum(c["certainty"] == "by name" for c in calls)
show("used", len(calls), len({c["path"] for c in calls}), len(imports), guessed)
calls = [c for c in calls if c["path"] != path or not start <= c["line"] <= end]
calls.sort(key=lambda c: (c["certainty"] == "by name", "test" in c["path"].lower(), "doc" in c["path"].lower(), c["path"] == path))
seen = set()
for c in calls:
    if c["path"] not in seen and len(seen) < 3:
        seen.add(c["path"])
        show("use", c["path"], c["line"], c["within"], crystal.read(c["path"], c["line"], c["line"]).strip()[:160])
"""


def define(question: Question) -> Plan:
    """Look the subject up; a subject that is no name is explained as a concept instead."""
    name = _name(question)
    if not name:
        return (yield from explain(question))
    found = yield Cell(
        f"Look {name} up among definitions and assignments.",
        DEFINITION_ROW + _LOOK_UP,
        {"name": name, "doc_chars": 420},
    )
    definitions = [*found.definitions("alias"), *_ordered(found.definitions(), name)]
    if not definitions:
        assigned = found.strings("assigned")
        if assigned and len(question.concepts) <= 4:
            return _tell_assigned(question, name, assigned)
        return (yield from explain(question))
    best = definitions[0]
    if best.kind == "section":
        return (yield from explain(question))
    values = {
        "path": best.path, "symbol": best.symbol, "start": best.start_line, "end": best.end_line, "doc_chars": 160,
    }  # fmt: skip
    detail = yield Cell(f"Look at {best.symbol} closer.", DEFINITION_ROW + _DETAIL, values)
    return _tell_definition(question, definitions, detail)


def _name(question: Question) -> str:
    """The one word asked about, or an empty string for a concept of several."""
    subject = question.subjects[0] if question.subjects else ""
    if subject and len(subject.split()) == 1:
        return subject.removesuffix("()").lstrip("@")
    return question.names[0].lstrip("@") if len(question.names) == 1 else ""


def _ordered(definitions: Sequence[Definition], name: str) -> list[Definition]:
    """Source before tests, exact case before any case, real code before headings."""
    last = name.rsplit(".", 1)[-1]

    def rank(d: Definition) -> tuple[bool, bool, bool, bool, int, int]:
        return (
            d.kind == "section",
            role(d.path) != "source",
            d.symbol.rsplit(".", 1)[-1] != last,
            not d.doc,
            d.symbol.count("."),
            d.start_line - d.end_line,
        )

    return sorted(definitions, key=rank)


def _tell_definition(
    question: Question, definitions: Sequence[Definition], detail: Printed
) -> Conclusion:
    voice = Voice(question.russian)
    draft = Draft(voice)
    best = definitions[0]
    kind = voice.kind(best.kind)
    draft.say(lead(best, voice(f"is {kind}", f"— {kind}")))
    draft.rows(voice("What comes out of it:", "Что из неё выходит:"), [
        f"{place(path, int(line))}: {code(text)}" for path, line, text in _last(detail.strings("outcome"), 3)
    ])  # fmt: skip
    members = detail.definitions("member")
    count = detail.number("members")
    shown = members[:6]
    draft.rows(
        voice(f"It has {count} members; the first to know:", f"Членов у него {count}; главные:"),
        [_told_member(member) for member in shown],
    )
    draft.rows(_used(detail, voice), [
        f"{place(path, int(line))}: {code(text)}" for path, line, _, text in detail.strings("use")
    ])  # fmt: skip
    others = [d for d in definitions[1:] if role(d.path) == "source"][:4] or definitions[1:3]
    draft.rows(
        voice("Other definitions of this name:", "Другие определения этого имени:"),
        [introduction(d, voice.kind(d.kind)) for d in others],
    )
    return draft.conclude()


def _last(rows: Sequence[tuple[str, ...]], count: int) -> Sequence[tuple[str, ...]]:
    return rows if len(rows) <= count else [*rows[: count - 1], rows[-1]]


def _told_member(member: Definition) -> str:
    where = place(member.path, member.start_line, member.end_line)
    sentence = first_sentence(member)
    name = member.symbol.rsplit(".", 1)[-1]
    shown = said(sentence, chars=140) if sentence else code(signature(member), chars=100)
    return f"`{name}` {where}: {shown}"


def _used(detail: Printed, voice: Voice) -> str:
    calls, files, imports, guessed = (detail.strings("used") or [("0", "0", "0", "0")])[0]
    share = "all" if guessed == calls else guessed
    aside = voice(f" ({share} by the name alone)", f" (только по имени: {guessed})")
    return voice(
        f"Used: {calls} calls in {files} files{aside if guessed != '0' else ''}, {imports} imports. For instance:",
        f"Использование: вызовов {calls} в {files} файлах{aside if guessed != '0' else ''}, импортов {imports}. Например:",
    )


def _tell_assigned(
    question: Question, name: str, assigned: Sequence[tuple[str, ...]]
) -> Conclusion:
    voice = Voice(question.russian)
    draft = Draft(voice)
    ordered = sorted(assigned, key=lambda row: (role(row[0]) not in ("source", "config"), row[0]))
    path, line, text = ordered[0]
    draft.say(
        voice(
            f"`{name}` is not a function or class here; it is assigned in ",
            f"`{name}` — не функция и не класс; имя получает значение в ",
        )
        + f"{place(path, int(line))}: {code(text)}."
    )
    draft.rows(
        voice("Also assigned at:", "Также присваивается в:"),
        [f"{place(path, int(line))}: {code(text)}" for path, line, text in ordered[1:]],
    )
    return draft.conclude()
