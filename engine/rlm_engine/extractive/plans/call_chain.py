"""Telling how something works as a chain of definitions, callers before what they call."""

from collections.abc import Sequence
from dataclasses import dataclass

from rlm_crystal.language import role
from rlm_crystal.types import Definition, Reference

from rlm_engine.extractive.cell import Conclusion
from rlm_engine.extractive.compose import Draft
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.finding import Finding
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.quote import code, introduction, place
from rlm_engine.extractive.telling import introduce, telling_lines
from rlm_engine.extractive.voice import Voice
from rlm_engine.extractive.words import matched

_STEPS_MAX = 5
_CALLABLE = ("function", "method")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Step:
    definition: Definition
    finding: Finding | None


def chain_sources(findings: Sequence[Finding]) -> list[tuple[str, str, int, int]]:
    """The functions whose calls are worth following: those of the best findings."""
    sources: dict[Key, tuple[str, str, int, int]] = {}
    for finding in findings:
        d = finding.definition
        if d is not None and d.kind in _CALLABLE and role(d.path) == "source":
            sources.setdefault((d.path, d.symbol), (d.path, d.symbol, d.start_line, d.end_line))
    return list(sources.values())[:_STEPS_MAX]


def tell_chain(
    question: Question, findings: Sequence[Finding], links: Printed, opening: str
) -> Conclusion:
    """The best definitions in calling order, each with its telling lines and the calls between."""
    voice = Voice(question.russian)
    draft = Draft(voice)
    best = findings[0]
    steps = _steps(question, findings, links)
    calls = _calls_between(steps, links)
    draft.say(opening)
    draft.say(voice("Mainly here:", "Главное здесь:"), introduce(best, voice))
    rows = telling_lines(best, limit=3)
    draft.rows("", rows)
    told: list[str] = []
    for step in _in_calling_order(steps, calls):
        if step.finding is not None and step.finding.key == best.key:
            continue
        told.append(introduction(step.definition, voice.kind(step.definition.kind)))
        if step.finding is not None:
            told += [f"  - {row}" for row in telling_lines(step.finding, limit=2)]
    draft.rows(voice("Also part of it:", "Сюда же относится:"), told)
    draft.rows(voice("Who calls whom:", "Кто кого вызывает:"), _told_calls(calls, links, voice))
    draft.rows(voice("Look next at:", "Дальше смотрите:"), _elsewhere(findings, steps, voice))
    return draft.conclude()


def _steps(question: Question, findings: Sequence[Finding], links: Printed) -> list[_Step]:
    """Definitions of the findings near the best, then called ones that bear on the question."""
    best = findings[0].score
    steps: dict[Key, _Step] = {}
    for finding in findings:
        d = finding.definition
        if d is not None and finding.score >= 0.5 * best and role(d.path) != "test":
            steps.setdefault((d.path, d.symbol), _Step(d, finding))
    chosen = dict(list(steps.items())[: _STEPS_MAX - 1])
    for callee in links.definitions("callee"):
        if len(chosen) >= _STEPS_MAX:
            break
        if matched(question.concepts, f"{callee.symbol} {callee.doc}"):
            chosen.setdefault((callee.path, callee.symbol), _Step(callee, None))
    return list(chosen.values())


def _calls_between(steps: Sequence[_Step], links: Printed) -> list[Reference]:
    """Calls from one step to another, and the first calls into the steps from outside."""
    symbols = {step.definition.symbol for step in steps}
    inner = [r for r in links.references("call") if r.within in symbols and r.name in symbols]
    outer = [
        r
        for r in links.references("caller")
        if r.name in symbols and r.within and role(r.path) == "source"
    ]
    calls: dict[tuple[str, str], Reference] = {}
    for reference in sorted([*outer, *inner], key=lambda r: (r not in inner, r.path, r.line)):
        calls.setdefault((reference.within, _last(reference.name)), reference)
    by_line = {(call.path, call.line, _last(call.name)): call for call in calls.values()}
    return list(by_line.values())


def _in_calling_order(steps: Sequence[_Step], calls: Sequence[Reference]) -> list[_Step]:
    by_symbol = {step.definition.symbol: step for step in steps}
    targets: dict[str, list[str]] = {}
    for call in calls:
        targets.setdefault(call.within, []).append(call.name)
    called = {name for names in targets.values() for name in names}
    roots = [s for s in by_symbol if s not in called] + list(by_symbol)
    ordered: dict[str, _Step] = {}

    def visit(symbol: str) -> None:
        if symbol in by_symbol and symbol not in ordered:
            ordered[symbol] = by_symbol[symbol]
            for target in targets.get(symbol, ()):
                visit(target)

    for symbol in roots:
        visit(symbol)
    return list(ordered.values())


def _told_calls(calls: Sequence[Reference], links: Printed, voice: Voice) -> list[str]:
    lines = {(path, line): text for path, line, text in links.strings("line")}
    rows: list[str] = []
    for call in calls[:5]:
        text = lines.get((call.path, str(call.line)), "")
        verb = voice("calls", "вызывает")
        where = place(call.path, call.line)
        quoted = f": {code(text)}" if text else ""
        rows.append(f"{call.within} {verb} {_last(call.name)}, {where}{quoted}")
    return rows


def _last(symbol: str) -> str:
    return symbol.rsplit(".", 1)[-1]


def _elsewhere(findings: Sequence[Finding], steps: Sequence[_Step], voice: Voice) -> list[str]:
    """Documentation and tests that turned up too."""
    told = {step.definition.path for step in steps}
    rows: dict[str, str] = {}
    for finding in findings:
        path = finding.passage.path
        if path not in told and role(path) in ("doc", "test", "config"):
            rows.setdefault(path, introduce(finding, voice))
    return list(rows.values())[:2]
