"""Where, how and why: the places that bear on a question, and how they call each other."""

# ruff: noqa: RUF001

from collections.abc import Sequence

from rlm_crystal.types import Hit

from rlm_engine.extractive.cell import Conclusion, Plan
from rlm_engine.extractive.cells import Span, links_cell, read_cell, search_cell
from rlm_engine.extractive.compose import Draft, missing_words, nothing_found
from rlm_engine.extractive.finding import (
    Finding,
    Vocabulary,
    confidence,
    findings_of,
    fused,
    vocabulary_of,
)
from rlm_engine.extractive.plans.call_chain import chain_sources, tell_chain
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.telling import introduce, telling_lines
from rlm_engine.extractive.voice import Voice

_PLACES_READ = 10
_PLACES_A_FILE = 5


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
    sure = confidence(findings, vocabulary)
    if question.type == "how" and sure != "none":
        links = yield links_cell(chain_sources(findings), question.concepts)
        return tell_chain(question, findings, links, _opening(sure, Voice(question.russian)))
    return tell_places(question, findings, vocabulary, sure)


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
    question: Question, findings: Sequence[Finding], vocabulary: Vocabulary, sure: str
) -> Conclusion:
    """The best place with its telling lines, and the next best."""
    voice = Voice(question.russian)
    draft = Draft(voice)
    best, *others = findings
    draft.say(missing_words(vocabulary, voice), _opening(sure, voice))
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


def _near(best: Finding, others: Sequence[Finding]) -> list[Finding]:
    """Those not far below the best, each definition once."""
    seen = {best.key}
    near: list[Finding] = []
    for finding in others:
        if finding.score >= 0.5 * best.score and finding.key not in seen:
            seen.add(finding.key)
            near.append(finding)
    return near


def _opening(sure: str, voice: Voice) -> str:
    if sure == "good":
        return ""
    if sure == "some":
        return voice(
            "Only part of the question's words meet in one place; this is the nearest match.",
            "В одном месте встречается лишь часть слов вопроса, так что это ближайшее совпадение.",
        )
    return voice(
        "I cannot answer this from the indexed files: no place has most of the question's words. "
        "The nearest I found:",
        "По проиндексированным файлам ответить не могу: нет места, где было бы большинство слов "
        "вопроса. Ближайшее из найденного:",
    )
