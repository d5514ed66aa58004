"""Weighing what was found: which places bear on the question, and whether that is enough."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rlm_crystal.language import role
from rlm_crystal.terms import stem
from rlm_crystal.types import Definition, Hit

from rlm_engine.extractive.evidence import Passage, Printed
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.words import Concept, matched

_ROLE_WEIGHT = {
    "source": 1.0,
    "config": 0.8,
    "doc": 0.7,
    "test": 0.35,
    "generated": 0.3,
    "vendor": 0.3,
}
_ENOUGH, _SOME = 0.6, 0.4


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
        return self.definition.path, self.definition.symbol, self.definition.start_line


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How telling each concept is: by how few files have it; `missing` ones are in none."""

    weights: dict[Concept, float]
    missing: tuple[Concept, ...]

    def share(self, covered: Iterable[Concept]) -> float:
        """The part of the question's weight that `covered` makes up, 0 to 1."""
        total = sum(self.weights.values())
        return sum(self.weights.get(c, 0.0) for c in covered) / total if total else 0.0


def vocabulary_of(question: Question, printed: Printed) -> Vocabulary:
    """What the search cell counted, as weights."""
    documents = max(1, printed.number("documents"))
    counts = printed.numbers("files_with")
    weights: dict[Concept, float] = {}
    for concept in question.concepts:
        files = max((counts.get(stem(word), 0) for word in concept), default=0)
        weights[concept] = math.log(1 + documents / (files + 0.5)) if counts else 1.0
    missing = tuple(
        c for c in question.concepts if counts and not any(counts.get(stem(w), 0) for w in c)
    )
    return Vocabulary(weights, missing)


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
            scores[key] / top * weight_of(h.path, question),
            "",
        )
        for key, h in hits.items()
    ]
    return sorted(weighed, key=lambda hit: (-hit.score, hit.path, hit.start_line))


def weight_of(path: str, question: Question) -> float:
    """How much a place counts for what its file is for."""
    kind = role(path)
    asked = {word for concept in question.concepts for word in map(stem, concept)}
    if (kind == "test" and "test" in asked) or (kind == "doc" and asked & {"document", "doc"}):
        return 1.0
    return _ROLE_WEIGHT[kind]


def findings_of(
    question: Question, hits: Sequence[Hit], printed: Printed, vocabulary: Vocabulary
) -> list[Finding]:
    """What was read, best first: search score and share of the question's words together."""
    definitions = printed.definitions()
    scores = {(hit.path, hit.start_line, hit.end_line): hit for hit in hits}
    findings: list[Finding] = []
    for passage in printed.passages():
        hit = scores.get((passage.path, passage.start_line, passage.end_line))
        definition = _definition_at(definitions, passage)
        text = " ".join(
            (
                passage.path,
                hit.symbol if hit else "",
                definition.symbol + " " + definition.doc if definition else "",
                *(line.text for line in passage.lines),
            )
        )
        covered = matched(question.concepts, text)
        score = (hit.score if hit else 0.0) + vocabulary.share(covered) * weight_of(
            passage.path, question
        )
        findings.append(Finding(passage, definition, covered, score))
    return sorted(findings, key=lambda f: (-f.score, f.passage.path, f.passage.start_line))


def confidence(findings: Sequence[Finding], vocabulary: Vocabulary) -> str:
    """ "good", "some" or "none": how much of the question the best file covers.

    Every word of the best file's passages counts, since an answer may be spread over functions.
    """
    if not findings:
        return "none"
    best = findings[0].passage.path
    covered = frozenset[Concept]().union(*(f.covered for f in findings if f.passage.path == best))
    share = vocabulary.share(covered)
    if share >= _ENOUGH:
        return "good"
    return "some" if share >= _SOME else "none"


def _definition_at(definitions: Sequence[Definition], passage: Passage) -> Definition | None:
    def distance(d: Definition) -> tuple[int, int]:
        return (
            abs(d.start_line - passage.start_line) + abs(d.end_line - passage.end_line),
            d.start_line,
        )

    inside = [
        d
        for d in definitions
        if d.path == passage.path
        and d.start_line <= passage.end_line
        and passage.start_line <= d.end_line
    ]
    return min(inside, key=distance, default=None)
