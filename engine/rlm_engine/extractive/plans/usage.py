"""Who uses a name, and what a definition itself calls."""

# ruff: noqa: E501, RUF001

from rlm_crystal.types import Definition

from rlm_engine.extractive.cell import Cell, Conclusion, Plan
from rlm_engine.extractive.cells import DEFINITION_ROW, IS_TEST
from rlm_engine.extractive.compose import Draft
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import code, ended, introduction, place
from rlm_engine.extractive.voice import Voice, counted

_USES = r"""
last = name.split(".")[-1].lstrip("@")
found = sorted(crystal.symbol(name)[:12], key=lambda d: (d["kind"] == "section", is_test(d["path"]), d["kind"] == "constant"))
for d in found[:3]:
    show_definition("definition", d)
calls = crystal.callers(name)
imports = crystal.importers(name)
places = [("call", c["path"], c["line"], c["within"], c["certainty"]) for c in calls]
places += [("import", i["path"], i["line"], i["within"], "certain") for i in imports]
known = {(path, line) for _, path, line, *_ in places}
defined = {(d["path"], d["start_line"]) for d in crystal.symbol(name)}
word = re.compile(r"(?<![\w])" + re.escape(last) + r"(?![\w])")
mentions = []
for document in context:
    if last in document.text:
        for number, line in enumerate(document.text.split("\n"), 1):
            if word.search(line) and (document.path, number) not in known | defined:
                mentions.append((document.path, number))
uses = [p for p in places if p[0] == "call"]
show("calls", len(uses), len({p[1] for p in uses}), sum(is_test(p[1]) for p in uses))
show("guessed", sum(p[4] == "by name" for p in uses))
show("imports", len(imports), len({i["path"] for i in imports}))
show("mentions", len(mentions), len({path for path, _ in mentions}))
places.sort(key=lambda p: (p[4] == "by name", is_test(p[1]), p[0] != "call", not p[3], p[1], p[2]))
shown = {}
for kind, path, line, within, certainty in places:
    if shown.setdefault(path, 0) < 2 and sum(shown.values()) < 12:
        shown[path] += 1
        show("use", path, line, certainty, within, crystal.read(path, line, line).strip()[:200])
if not uses:
    mentions.sort(key=lambda m: (is_test(m[0]), not m[0].endswith((".py", ".js", ".ts")), m))
    for path, line in mentions[:8]:
        show("use", path, line, "", "", crystal.read(path, line, line).strip()[:200])
"""

_CALLS = """
found = crystal.symbol(name)
for d in found[:1]:
    show_definition("definition", d)
    rows = [c for c in crystal.callees(d["symbol"])
            if c["path"] == d["path"] and d["start_line"] <= c["line"] <= d["end_line"]]
    show("calls", len(rows), len({c["name"] for c in rows}), 0)
    seen = set()
    for call in sorted(rows, key=lambda c: c["line"]):
        if call["name"] in seen:
            continue
        seen.add(call["name"])
        if len(seen) <= 25:
            show("use", call["path"], call["line"], call["certainty"], call["name"],
                 crystal.read(call["path"], call["line"], call["line"]).strip()[:160],
                 call["target"])
"""


def show_usage(question: Question) -> Plan:
    """Call sites, imports and mentions of the question's subject."""
    if not question.subjects or len(question.subjects[0].split()) > 1:
        return (yield from explain(question))
    name = question.subjects[0]
    printed = yield Cell(
        f"Find every place that uses {name}.",
        IS_TEST + DEFINITION_ROW + _USES,
        {"name": name, "doc_chars": 240},
    )
    if not printed.strings("use") and not printed.definitions():
        return (yield from explain(question))
    return _tell_usage(question, name, printed)


def show_calls(question: Question) -> Plan:
    """What the question's subject calls."""
    if not question.subjects:
        return (yield from explain(question))
    name = question.subjects[0]
    printed = yield Cell(
        f"Find what {name} calls.", DEFINITION_ROW + _CALLS, {"name": name, "doc_chars": 240}
    )
    if not printed.definitions():
        return (yield from explain(question))
    return _tell_calls(question, printed.definitions()[0], printed)


def _tell_usage(question: Question, name: str, printed: Printed) -> Conclusion:
    voice = Voice(question.russian)
    draft = Draft(voice)
    draft.say(_counted(name, printed, voice))
    uses = printed.strings("use")
    draft.rows("", (_told_use(use, voice) for use in uses))
    definitions = printed.definitions()
    if definitions:
        draft.say(
            voice("Defined here:", "Определено здесь:"),
            ended(introduction(definitions[0], voice.kind(definitions[0].kind))),
        )
    return draft.conclude()


def _counted(name: str, printed: Printed, voice: Voice) -> str:
    """One sentence of what was counted; what is nought is left out."""
    calls, files, tests = _three(printed, "calls")
    imports, importing, _ = _three(printed, "imports")
    mentions, mentioning, _ = _three(printed, "mentions")
    parts: list[str] = []
    if calls:
        where = f"{counted(calls, 'place')} in {counted(files, 'file')}"
        aside = f" ({_all_or(tests, calls)} in tests)" if tests else ""
        parts.append(
            voice(
                f"called at {where}{aside}",
                f"вызовов {calls} (файлов: {files}, из них в тестах: {tests})",
            )
        )
    if imports:
        parts.append(
            voice(
                f"imported in {counted(importing, 'file')}",
                f"импортов {imports} (файлов: {importing})",
            )
        )
    if mentions:
        other = "other " if parts else ""
        parts.append(
            voice(
                f"named on {counted(mentions, other + 'line')} in {counted(mentioning, 'file')}",
                f"упоминаний в других строках {mentions} (файлов: {mentioning})",
            )
        )
    if not parts:
        return voice(
            f"Nothing in the indexed files calls, imports or names `{name}` beside its definition.",
            f"В проиндексированных файлах `{name}` нигде, кроме определения, не упоминается.",
        )
    never = (
        voice("is never called by that name; it ", "по имени не вызывается; ") if not calls else ""
    )
    told = ", ".join(parts[:-1]) + voice(" and ", " и ") + parts[-1] if len(parts) > 1 else parts[0]
    return voice(f"`{name}` {never}is {told}", f"`{name}`: {never}{told}") + _sureness(
        calls, _three(printed, "guessed")[0], voice
    )


def _sureness(calls: int, guessed: int, voice: Voice) -> str:
    """How many of the calls may mean something else of the same name."""
    if not guessed:
        return "."
    share = voice(_all_or(guessed, calls), "все" if guessed == calls else str(guessed))
    return voice(
        f"; {share} of the calls by the name alone, so something else of that name may be meant.",
        f"; вызовов только по имени: {share}, там может иметься в виду и тёзка.",
    )


def _three(printed: Printed, kind: str) -> tuple[int, int, int]:
    row = (printed.strings(kind) or [()])[0]
    first, second, third = (*(int(n) for n in row), 0, 0, 0)[:3]
    return first, second, third


def _all_or(part: int, whole: int) -> str:
    return "all" if part == whole else str(part)


def _told_use(use: tuple[str, ...], voice: Voice) -> str:
    path, line, certainty, within, text = use
    inside = voice(f" (in {within})", f" (в {within})") if within else ""
    guess = voice(", by name", ", по имени") if certainty == "by name" else ""
    return f"{place(path, int(line))}: {code(text)}{inside}{guess}"


def _tell_calls(question: Question, definition: Definition, printed: Printed) -> Conclusion:
    voice = Voice(question.russian)
    draft = Draft(voice)
    calls, names, _ = (printed.strings("calls") or [("0", "0", "0")])[0]
    draft.say(ended(introduction(definition, voice.kind(definition.kind))))
    draft.say(
        voice(
            f"The parser sees {counted(int(calls), 'call')} in it, to {counted(int(names), 'name')}, in this order:",
            f"Разбор кода видит в нём {calls} вызовов, разных имён: {names}; по порядку:",
        )
    )
    rows = [
        f"{place(path, int(line))}: {code(text)}" + _target(name, at, certainty, voice)
        for path, line, certainty, name, text, at in printed.strings("use")
    ]
    draft.rows("", rows)
    return draft.conclude()


def _target(name: str, at: str, certainty: str, voice: Voice) -> str:
    if not at:
        return ""
    return f" → {name}, {at}" + (voice(", by name", ", по имени") if certainty == "by name" else "")
