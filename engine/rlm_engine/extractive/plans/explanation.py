"""Where, how and why: the places that bear on a question, and how they call each other."""

# ruff: noqa: RUF001

from collections.abc import Sequence

from rlm_crystal.types import Hit

from rlm_engine.extractive.cell import Conclusion, Plan
from rlm_engine.extractive.cells import Span, links_cell, read_cell, search_cell
from rlm_engine.extractive.compose import (
    Draft,
    named_words,
    nothing_found,
    quoted_lines,
    refusal,
    spoken,
    unread,
    untranslated,
)
from rlm_engine.extractive.finding import (
    Confidence,
    Finding,
    Vocabulary,
    confidence,
    findings_of,
    fused,
    vocabulary_of,
)
from rlm_engine.extractive.plans.call_chain import chain_sources, tell_chain
from rlm_engine.extractive.plans.second_step import Lead, lead_in, second_cell, told_steps
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.telling import introduce, telling_lines
from rlm_engine.extractive.voice import Voice

_PLACES_READ = 10
_PLACES_A_FILE = 5
_WORTH_A_LOOK = 0.15


def explain(question: Question) -> Plan:
    """Search, read the best places, for "how" follow the calls between them, and tell."""
    searched = yield search_cell(question)
    vocabulary = vocabulary_of(question, searched)
    hits = fused(searched, question)
    if not hits:
        return nothing_found(question, vocabulary, searched.text[:300])
    read = yield read_cell(question, _spans(hits))
    findings = findings_of(question, hits, read, vocabulary)
    if not findings:
        return nothing_found(question, vocabulary, read.text[:300])
    sure = confidence(findings, vocabulary, reported=bool(question.pasted))
    if sure.level == "none":
        return _tell_nearest(question, findings, vocabulary)
    lead = lead_in(question, findings)
    steps: list[str] = []
    if lead is not None:
        steps = told_steps((yield second_cell(lead)))
    if question.type == "how" and not steps:
        links = yield links_cell(chain_sources(findings), question.concepts)
        opening = _opening(question, sure, vocabulary, Voice(question.russian))
        return tell_chain(question, findings, links, opening)
    return tell_places(question, findings, vocabulary, sure, (lead, steps) if lead else None)


def _spans(hits: Sequence[Hit]) -> list[Span]:
    """The best hits, none inside another and not all from one file."""
    chosen: list[Span] = []
    for hit in hits:
        inside = any(
            path == hit.path and start <= hit.end_line and hit.start_line <= end
            for path, start, end in chosen
        )
        if not inside and sum(path == hit.path for path, _, _ in chosen) < _PLACES_A_FILE:
            chosen.append((hit.path, hit.start_line, hit.end_line))
    return chosen[:_PLACES_READ]


def tell_places(
    question: Question,
    findings: Sequence[Finding],
    vocabulary: Vocabulary,
    sure: Confidence,
    followed: tuple[Lead, Sequence[str]] | None = None,
) -> Conclusion:
    """The best place with its telling lines, what its names lead to, and the next best."""
    voice = Voice(question.russian)
    draft = Draft(voice)
    best, *others = findings
    if followed and followed[1]:
        lead, steps = followed
        draft.rows(
            voice("Put together from two places:", "Из двух мест вместе:"),
            [*quoted_lines(lead.path, [lead.line]), *steps],
        )
    draft.say(_opening(question, sure, vocabulary, voice))
    draft.say(introduce(best, voice))
    draft.rows(
        voice("The lines that say so:", "Строки, которые об этом говорят:"),
        telling_lines(best, limit=4),
    )
    rows: list[str] = []
    for finding in _near(best, others)[:4]:
        rows.append(introduce(finding, voice))
        rows += [f"  - {row}" for row in telling_lines(finding, limit=1)]
    draft.rows(voice("Also look at:", "Смотрите также:"), rows)
    return draft.conclude()


def _tell_nearest(
    question: Question, findings: Sequence[Finding], vocabulary: Vocabulary
) -> Conclusion:
    """That there is no answer, and the one or two places that share words with the question."""
    voice = Voice(question.russian)
    draft = Draft(voice)
    draft.say(spoken(question))
    draft.say(refusal(vocabulary, voice))
    near = [f for f in findings if vocabulary.share(f.covered) >= _WORTH_A_LOOK][:2]
    rows: list[str] = []
    for finding in near:
        words = named_words(sorted(finding.covered))
        has = voice(f" (it has {words})", f" (в нём есть {words})")
        rows.append(introduce(finding, voice) + has)
        rows += [f"  - {row}" for row in telling_lines(finding, limit=1)]
    draft.rows(voice("The nearest, if it helps:", "Ближайшее, если пригодится:"), rows)
    draft.say(unread(vocabulary, voice))
    return draft.conclude()


def _near(best: Finding, others: Sequence[Finding]) -> list[Finding]:
    """Those not far below the best, each definition once."""
    seen = {best.key}
    near: list[Finding] = []
    for finding in others:
        if finding.score >= 0.5 * best.score and finding.key not in seen:
            seen.add(finding.key)
            near.append(finding)
    return near


def _opening(question: Question, sure: Confidence, vocabulary: Vocabulary, voice: Voice) -> str:
    """What to know before the answer: which words of the question its place does not have."""
    if question.language:
        return f"{spoken(question)} {untranslated(vocabulary, voice)}".strip()
    if sure.level == "good" or not sure.uncovered:
        return untranslated(vocabulary, voice)
    words = named_words(sure.uncovered)
    told = voice(
        f"The nearest match; it does not say {words}.",
        f"Ближайшее совпадение; слов {words} в нём нет.",
    )
    return f"{told} {untranslated(vocabulary, voice)}".strip()
