"""Weighing what was found: which places bear on the question, and whether that is enough."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rlm_crystal.language import role
from rlm_crystal.terms import stem
from rlm_crystal.types import Definition, Hit

from rlm_engine.extractive.evidence import Line, Passage, Printed
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.words import Concept, is_russian, matched

_ROLE_WEIGHT = {
    "source": 1.0,
    "config": 0.8,
    "doc": 0.7,
    "test": 0.35,
    "generated": 0.3,
    "vendor": 0.3,
}
# Where is it documented: not where it is done.
_DOCUMENT_WEIGHT = {**_ROLE_WEIGHT, "doc": 1.0, "source": 0.5, "config": 0.5}
_RUST_TESTS = ("tests", "test")
_ENOUGH, _PLENTY, _SOME, _MISSING_TOO_MUCH = 0.6, 0.75, 0.4, 0.45
# The title of a report is no question: half of its words may be the writer's own.
_SOME_REPORTED, _MISSING_TOO_MUCH_REPORTED = 0.2, 0.8
_NEAR = 0.7
# What is done is said in many words ("mistyped", "refused"); what it is done to mostly in one.
_DOING = 0.5
_UNTRANSLATED = 0.25
_IRREGULAR = {
    "sent", "kept", "read", "set", "found", "made", "built", "put", "written", "drawn", "held",
    "told", "given", "thrown", "caught", "cut", "chosen", "split", "bound", "lost", "broken",
    "hidden", "driven", "begun", "shown", "left", "fed", "spent", "taken", "meant", "paid",
    "understood", "woken", "frozen", "forgotten", "grown", "shrunk", "torn",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """A place with the definition it belongs to (if any) and what of it was read."""

    passage: Passage
    definition: Definition | None
    covered: frozenset[Concept]
    score: float

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes two findings the same place."""
        if self.definition is None:
            return self.passage.path, "", self.passage.start_line
        return self.definition.path, self.definition.symbol, self.definition.end_line


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How telling each concept is: by how few files have it; `missing` ones are in none.

    `untranslated` are words of another language the glossary lacks: they tell nothing of the
    corpus. `nameless` are missing ones that the question writes as a name: what it asks of is not
    here, whatever else is. `left_out` is what the index leaves out: reason, number of files, one.
    """

    weights: dict[Concept, float]
    missing: tuple[Concept, ...]
    untranslated: tuple[Concept, ...] = ()
    nameless: tuple[Concept, ...] = ()
    documents: int = 1
    left_out: tuple[tuple[str, int, str], ...] = ()

    def share(self, covered: Iterable[Concept]) -> float:
        """The part of the question's weight that `covered` makes up, 0 to 1."""
        total = sum(self.weights.values())
        return sum(self.weights.get(c, 0.0) for c in covered) / total if total else 0.0


def vocabulary_of(question: Question, printed: Printed) -> Vocabulary:
    """What the search cell counted, as weights."""
    documents = max(1, printed.number("documents"))
    counts = printed.numbers("files_with")
    weights: dict[Concept, float] = {}
    absent: list[Concept] = []
    for concept in question.concepts:
        files = max((counts.get(stem(word), 0) for word in concept), default=0)
        weight = math.log(1 + documents / (files + 0.5)) if counts else 1.0
        weights[concept] = weight * (_DOING if _is_doing(concept) else 1.0)
        if counts and not files:
            absent.append(concept)
            if _is_foreign(concept, question):
                weights[concept] = weight * _UNTRANSLATED
    unnamed = tuple((name,) for name, files in printed.numbers("named").items() if not files)
    missing = (*(c for c in absent if not _is_foreign(c, question)), *unnamed)
    return Vocabulary(
        weights,
        missing,
        tuple(c for c in absent if _is_foreign(c, question)),
        tuple(c for c in missing if c[0] in question.proper),
        printed.number("documents") if "documents" in printed.records else 1,
        tuple((reason, int(n), path) for reason, n, path in printed.strings("skipped")),
    )


def _is_foreign(concept: Concept, question: Question) -> bool:
    """Whether a word that no file has may be so only because it was not translated."""
    if question.language:
        return concept[0] not in question.proper
    return is_russian(concept[0])


def _is_doing(concept: Concept) -> bool:
    return any(word.endswith(("ed", "ing")) or word in _IRREGULAR for word in concept)


def fused(printed: Printed, question: Question) -> list[Hit]:
    """The hits of all queries as one list, best first; scores become comparable, 1 at most each.

    Each query's scores are taken relative to its best; places of tests and the like count less,
    unless the question is about them.
    """
    hits: dict[tuple[str, int, int], Hit] = {}
    scores: dict[tuple[str, int, int], float] = {}
    for number in range(8):
        found = printed.hits(f"hit{number}")
        best = max((hit.score for hit in found), default=0.0)
        for rank, hit in enumerate(found):
            key = (hit.path, hit.start_line, hit.end_line)
            hits[key] = hit
            relative = hit.score / best if best > 0 else 1 / (1 + rank)
            scores[key] = scores.get(key, 0.0) + relative * (1.0 if number == 0 else 0.5)
    top = max(scores.values(), default=1.0)
    weighed = [
        Hit(
            h.path,
            h.start_line,
            h.end_line,
            h.symbol,
            h.kind,
            scores[key] / top * weight_of(h.path, question, h.symbol),
            "",
        )
        for key, h in hits.items()
    ]
    return sorted(weighed, key=lambda hit: (-hit.score, hit.path, hit.start_line))


def weight_of(path: str, question: Question, symbol: str = "") -> float:
    """How much a place counts for what its file is for, or the module of tests inside it."""
    kind = "generated" if path.endswith((".po", ".pot")) else role(path)
    if kind == "source" and path.endswith(".rs") and symbol.partition(".")[0] in _RUST_TESTS:
        kind = "test"
    if question.of_documents:
        return _DOCUMENT_WEIGHT[kind]
    asked = {word for concept in question.concepts for word in map(stem, concept)}
    if (kind == "test" and "test" in asked) or (kind == "doc" and asked & {"document", "doc"}):
        return 1.0
    return _ROLE_WEIGHT[kind]


def findings_of(
    question: Question, hits: Sequence[Hit], printed: Printed, vocabulary: Vocabulary
) -> list[Finding]:
    """What was read, best first: search score and share of the question's words together."""
    definitions = printed.definitions()
    by_span = {(hit.path, hit.start_line, hit.end_line): hit for hit in hits}
    found: dict[tuple[str, str, int], Finding] = {}
    for passage in printed.passages():
        hit = by_span.get((passage.path, passage.start_line, passage.end_line))
        hit_score = hit.score if hit else 0.0
        for part, definition in _by_definition(passage, definitions):
            symbol = definition.symbol if definition else ""
            weight = weight_of(passage.path, question, symbol)
            lines = " ".join(line.text for line in part.lines)
            told = f"{passage.path} {symbol} {definition.doc if definition else ''} {lines}"
            _keep(found, _weighed(question, vocabulary, part, definition, told, hit_score, weight))
            for outer in _classes_around(definitions, passage, definition):
                told = f"{passage.path} {outer.symbol} {outer.doc}"
                bare = Passage(passage.path, outer.start_line, outer.end_line, ())
                _keep(found, _weighed(question, vocabulary, bare, outer, told, hit_score, weight))
    return sorted(found.values(), key=lambda f: (-f.score, f.passage.path, f.passage.start_line))


def _weighed(
    question: Question,
    vocabulary: Vocabulary,
    passage: Passage,
    definition: Definition | None,
    told: str,
    hit_score: float,
    weight: float,
) -> Finding:
    """What a place says of itself, in its name and documentation, counts once more by half."""
    covered = matched(question.concepts, told)
    subjects = {subject.lower() for subject in question.subjects}
    itself = f"{_last(definition.symbol)} {definition.doc}" if definition else ""
    says = matched(question.concepts, itself)
    share = vocabulary.share(covered) + 0.5 * vocabulary.share(says)
    if definition and _last(definition.symbol).rpartition(" > ")[2].lower() in subjects:
        share += 1.0
    return Finding(passage, definition, covered, hit_score + weight * share)


def _keep(found: dict[tuple[str, str, int], Finding], finding: Finding) -> None:
    known = found.get(finding.key)
    if known is None or known.score < finding.score:
        found[finding.key] = finding


def _classes_around(
    definitions: Sequence[Definition], passage: Passage, inner: Definition | None
) -> list[Definition]:
    if inner is None or inner.kind not in ("function", "method"):
        return []
    return [
        d
        for d in definitions
        if d.path == passage.path
        and d.kind not in ("function", "method", "section")
        and inner.symbol.startswith(d.symbol + ".")
    ]


def _last(symbol: str) -> str:
    return symbol.rsplit(".", 1)[-1]


def _by_definition(
    passage: Passage, definitions: Sequence[Definition]
) -> list[tuple[Passage, Definition | None]]:
    """The passage cut into what belongs to each innermost definition."""
    parts: dict[Definition | None, list[Line]] = {}
    for line in passage.lines:
        parts.setdefault(_innermost(definitions, passage.path, line.number), []).append(line)
    if not parts:
        parts[_innermost(definitions, passage.path, passage.start_line)] = []
    return [
        (Passage(passage.path, passage.start_line, passage.end_line, tuple(lines)), definition)
        for definition, lines in parts.items()
    ]


def _innermost(definitions: Sequence[Definition], path: str, number: int) -> Definition | None:
    around = [d for d in definitions if d.path == path and d.start_line <= number <= d.end_line]
    return min(around, key=lambda d: d.end_line - d.start_line, default=None)


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure an answer can be, and which words of the question its place does not have."""

    level: Literal["good", "some", "none"]
    uncovered: tuple[Concept, ...]


def confidence(
    findings: Sequence[Finding], vocabulary: Vocabulary, *, reported: bool = False
) -> Confidence:
    """How much of the question, or of the title of a report, the best places cover together.

    The best file's passages and those nearly as good count as one, since an answer may be spread
    over functions.
    """
    if not findings:
        return Confidence("none", tuple(vocabulary.weights))
    best = findings[0]
    near = (
        f.covered
        for f in findings
        if f.passage.path == best.passage.path or f.score >= _NEAR * best.score
    )
    covered = frozenset[Concept]().union(*near)
    share = vocabulary.share(covered)
    known = (c for c in vocabulary.weights if c not in vocabulary.untranslated)
    uncovered = tuple(c for c in known if c not in covered)
    some = _SOME_REPORTED if reported else _SOME
    too_much = _MISSING_TOO_MUCH_REPORTED if reported else _MISSING_TOO_MUCH
    absent = vocabulary.nameless and not reported
    if absent or vocabulary.share(vocabulary.missing) >= too_much or share < some:
        return Confidence("none", uncovered)
    if share >= _PLENTY or (share >= _ENOUGH and not vocabulary.missing):
        return Confidence("good", uncovered)
    return Confidence("some", uncovered)
