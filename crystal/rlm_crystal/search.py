"""From scores to hits: filters, order of files, the chunks shown of each."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from rlm_crystal.language import Role
from rlm_crystal.lexical import Best, border_of, lexical
from rlm_crystal.query import Question
from rlm_crystal.rank import (
    DEFAULT,
    Float64Array,
    Weights,
    best_of_files,
    best_three,
    dense,
    dense_share,
    standard,
)
from rlm_crystal.segment import BoolArray
from rlm_crystal.snippet import LineJudge, snippet_of
from rlm_crystal.tables import KINDS, ROLE_CODE, ROLES
from rlm_crystal.types import Hit
from rlm_crystal.view import Float32Array, View

CHUNKS_RANKED_MAX = 2_000
DENSE_ONLY_MAX = 200
FILES_JUDGED_MAX = 100
HITS_PER_FILE_MAX = 3
# With so many times as many files as source, configuration or prose is what a corpus is about.
MAIN_TIMES = 4

_TEST_WORDS = frozenset({"test", "tests", "testing", "tested", "unittest", "fixture", "fixtures"})
_DOC_WORDS = frozenset(
    {"doc", "docs", "documentation", "documented", "readme", "changelog", "tutorial", "guide"}
)
_CONFIG_WORDS = frozenset({"config", "configuration", "settings", "ci", "workflow", "yaml", "toml"})


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chunk that became a hit."""

    chunk: int
    file: int
    score: float


def search(
    view: View,
    question: Question,
    query_vector: Float32Array | None,
    *,
    limit: int,
    allowed: BoolArray | None = None,
    weights: Weights = DEFAULT,
) -> list[Hit]:
    """The best hits of the chunks `allowed`, best first; their scores end at 1."""
    weight_of = term_weights(question)
    ranked = rank(view, question, query_vector, limit=limit, allowed=allowed, weights=weights)
    judge = LineJudge(weight_of)
    best = max((found.score for found in ranked), default=0.0)
    return [_hit(view, found, judge, best) for found in ranked]


def rank(
    view: View,
    question: Question,
    query_vector: Float32Array | None,
    *,
    limit: int,
    allowed: BoolArray | None = None,
    weights: Weights = DEFAULT,
) -> list[Ranked]:
    """The chunks of the best hits, best first; at most three of one file."""
    allowed = view.chunk_alive if allowed is None else allowed
    best = Best(CHUNKS_RANKED_MAX, allowed)
    found = lexical(view, question.groups, weights, best=best)
    pool = _best(np.where(allowed, found.chunks, 0.0), CHUNKS_RANKED_MAX)
    share = dense_share(question, weights) if query_vector is not None else 0.0
    near = np.zeros(view.chunk_count)
    if query_vector is not None and share > 0.0:
        if not question.groups:
            # Not one word of the question is known here: only what it means is left.
            pool = allowed
        rows = np.flatnonzero(pool)
        near[rows] = dense(view, query_vector, rows)
        if not question.groups:
            pool = _best(near, DENSE_ONLY_MAX)
    rows = np.flatnonzero(pool)
    in_pool = np.zeros(view.file_count, dtype=np.bool_)
    in_pool[view.chunk_file[rows]] = True
    words = found.of(rows, in_pool)

    every = np.ones(len(rows), dtype=np.bool_)
    scores = standard(found.chunks[rows], every) + share * standard(near[rows], every)
    chunk_scores = np.zeros(view.chunk_count)
    chunk_scores[rows] = scores - float(scores.min(initial=0.0))
    said = view.precedents.said(question.groups)
    signals = (
        (weights.chunk, best_three(view, chunk_scores, rows, weights)),
        (weights.nearest * share, best_of_files(view, near, rows)),
        (weights.covered, best_of_files(view, words.covered, rows)),
        (weights.file, words.files),
        (weights.path_alone, words.paths),
        (weights.names_alone if question.asks else weights.names_stated, words.names),
        (weights.history, said.best),
    )
    files = weights.votes * said.votes - demotions(view, question, weights)
    if not question.asks:
        files += weights.recent * view.precedents.recent
    for weight, signal in signals:
        files += weight * standard(signal, in_pool)
    order = np.flatnonzero(in_pool)
    order = order[np.argsort(-files[order], kind="stable")][:FILES_JUDGED_MAX]
    judged = _judged(view, question, order.tolist(), files, weights)
    return _spread(view, chunk_scores, pool, judged, limit)


def _best(scores: Float64Array, count: int) -> BoolArray:
    """Marks the `count` best of the positive scores."""
    positive = scores > 0.0
    values = scores[positive]
    if len(values) <= count:
        return positive
    return scores >= max(border_of(values, count), 1e-12)


def demotions(view: View, question: Question, weights: Weights) -> Float64Array:
    """What each file loses for not being source."""
    loss = role_losses(question.words, weights, least=weights.at_length * question.at_length)
    for role in _main_beside_source(view):
        loss[role] = 0.0
    by_role = np.asarray([loss[role] for role in ROLES], dtype=np.float64)
    return by_role[view.role]


def _main_beside_source(view: View) -> list[Role]:
    """Roles that the corpus is made of rather than of source, such as roles of Ansible in YAML."""
    counts = np.bincount(view.role, minlength=len(ROLES))
    source = int(counts[ROLE_CODE["source"]])
    mains: tuple[Role, ...] = ("config", "doc")
    return [role for role in mains if counts[ROLE_CODE[role]] > MAIN_TIMES * max(source, 1)]


def role_losses(
    words: frozenset[str], weights: Weights = DEFAULT, *, least: float = 0.0
) -> dict[Role, float]:
    """What a file of each role loses; less where the question's words name the role.

    A question that says "test" or "settings" may be about them or only speak of them; it loses at
    `least` this share of the whole loss.
    """

    def unless_asked(full: float, asked: float, names: frozenset[str]) -> float:
        return full if words.isdisjoint(names) else max(asked, least * full)

    return {
        "source": 0.0,
        "test": unless_asked(weights.test, weights.test_asked, _TEST_WORDS),
        "doc": unless_asked(weights.doc, weights.doc_asked, _DOC_WORDS),
        "config": unless_asked(weights.config, weights.config_asked, _CONFIG_WORDS),
        "generated": weights.generated,
        "vendor": weights.vendor,
    }


def _judged(
    view: View, question: Question, files: list[int], scores: Float64Array, weights: Weights
) -> list[tuple[int, float]]:
    """The files with what only their names and definitions tell, best first."""
    named = exactly_named(view, question)
    placed = _placed(view, question)
    judged = [
        (
            number,
            float(scores[number])
            + weights.named_path * is_asked_for(view.paths[number], question)
            + weights.exact_name * (number in named)
            + weights.place * placed.get(number, 0.0),
        )
        for number in dict.fromkeys((*files, *sorted(named), *sorted(placed)))
    ]
    return sorted(judged, key=lambda item: (-item[1], item[0]))


def _placed(view: View, question: Question) -> dict[int, float]:
    """The files of tracebacks and links by number, with what each counts for."""
    found: dict[int, float] = {}
    for base, segment in zip(view.file_base.tolist(), view.segments, strict=False):
        for path, worth in question.places.items():
            row = segment.paths.find(path)
            if row >= 0 and view.file_alive[base + row]:
                found[base + row] = worth
    return found


def exactly_named(view: View, question: Question) -> set[int]:
    """The files that define an identifier the question spells out; at most ten for each."""
    found: set[int] = set()
    base = 0
    for segment in view.segments:
        graph = segment.graph.get()
        for name in question.identifiers:
            wanted = re.sub(r"::|#|->", ".", name)
            symbols = [graph.names.find(wanted), *graph.names.with_suffix(f".{wanted}", limit=50)]
            rows = np.isin(graph.definitions.symbol, [at for at in symbols if at >= 0])
            files = np.unique(graph.definitions.file[rows]) + base
            if len(files) <= 10:
                found.update(number for number in files.tolist() if view.file_alive[number])
        base += segment.file_count
    return found


def term_weights(question: Question) -> dict[str, float]:
    """What each index term counts for in this question."""
    weight_of: dict[str, float] = {}
    for group in question.groups:
        for term, share in group.variants.items():
            weight_of[term] = max(weight_of.get(term, 0.0), group.weight * share)
    return weight_of


def is_asked_for(path: str, question: Question) -> bool:
    lower = path.lower()
    return any(lower == asked or lower.endswith(f"/{asked}") for asked in question.paths)


def _spread(
    view: View,
    chunk_scores: Float64Array,
    pool: BoolArray,
    files: list[tuple[int, float]],
    limit: int,
) -> list[Ranked]:
    """One chunk of each file in turn; a file's second and third where they are nearly as good."""
    found: list[Ranked] = []
    for number, score in files[: max(limit, 1)]:
        rows = _chunks_of(view, number)
        rows = rows[pool[rows]]
        if not len(rows):
            continue
        own = chunk_scores[rows]
        best = np.argsort(-own, kind="stable")[:HITS_PER_FILE_MAX]
        top = float(own[best[0]])
        for place, at in enumerate(best.tolist()):
            lag = 0.75 * place + 0.5 * (top - float(own[at]))
            found.append(Ranked(int(rows[at]), number, score - lag))
    found.sort(key=lambda hit: (-hit.score, hit.chunk))
    return found[:limit]


def _chunks_of(view: View, number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    segment, row = view.locate_file(number)
    base = int(view.chunk_base[np.searchsorted(view.file_base, number, side="right") - 1])
    start, end = segment.files.chunk_start[row : row + 2].tolist()
    return np.arange(base + start, base + end, dtype=np.int64)


def _hit(view: View, found: Ranked, judge: LineJudge, best: float) -> Hit:
    segment, row = view.locate(found.chunk)
    chunks = segment.chunks
    start, end = int(chunks.start_line[row]), int(chunks.end_line[row])
    lines = segment.texts.get(int(chunks.file[row])).split("\n", end)[start - 1 : end]
    shown = judge.best_lines(lines)
    return Hit(
        path=segment.paths[int(chunks.file[row])],
        start_line=start,
        end_line=end,
        symbol=segment.graph.get().names[int(chunks.symbol[row])],
        kind=KINDS[int(chunks.kind[row])],
        score=round(max(found.score, 0.0) / best, 4) if best > 0 else 0.0,
        snippet=snippet_of(lines[shown.start : shown.stop]),
        snippet_line=start + shown.start,
    )
