"""Which texts to read closer, told by how often the words of a question occur in each.

A coarse form of what `rank.py` does with an index: one sum of BM25 over path and body, how rare a
word is among the texts that were read, and what a file loses for not being source.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rlm_crystal.language import role
from rlm_crystal.needles import Needle
from rlm_crystal.postings import inverse_frequency
from rlm_crystal.query import Question
from rlm_crystal.rank import DEFAULT, Weights
from rlm_crystal.search import role_losses
from rlm_crystal.view import View

_B = 0.75


@dataclass(frozen=True, slots=True)
class Counted:
    """A text by how often each needle occurs in its path and in what it says."""

    path: str
    chars: int
    in_path: tuple[int, ...]
    in_text: tuple[int, ...]


def rarities(counted: Sequence[Counted], needles: Sequence[Needle]) -> list[float]:
    """The inverse document frequency of each needle among these texts."""
    columns = [
        sum(1 for text in counted if text.in_text[at] or text.in_path[at])
        for at in range(len(needles))
    ]
    return [inverse_frequency(found, len(counted)) for found in columns]


def most_promising(
    counted: Sequence[Counted],
    needles: Sequence[Needle],
    words: frozenset[str],
    *,
    most: int,
    weights: Weights = DEFAULT,
) -> list[int]:
    """The positions of the best texts, best first; `words` are those of the question."""
    idf = rarities(counted, needles)
    scale = [needle.weight * each for needle, each in zip(needles, idf, strict=True)]
    mean = statistics.fmean(text.chars for text in counted) if counted else 0.0
    scores = [_score(text, scale, mean, weights) for text in counted]
    spread = statistics.pstdev([score for score in scores if score] or [0.0]) or 1.0
    losses = role_losses(words, weights)
    judged = sorted(
        (losses[role(text.path)] - score / spread, at)
        for at, (text, score) in enumerate(zip(counted, scores, strict=True))
        if score
    )
    return [at for _, at in judged[:most]]


def _score(text: Counted, scale: Sequence[float], mean: float, weights: Weights) -> float:
    norm = 1 - _B + _B * text.chars / max(mean, 1.0)
    total = 0.0
    for at, worth in enumerate(scale):
        found = weights.path * text.in_path[at] + text.in_text[at] / norm
        total += worth * found / (found + weights.k1)
    return total


def weighed_as_read(
    question: Question, view: View, needles: Sequence[Needle], idf: Sequence[float]
) -> Question:
    """The question with each group as rare as it is among all texts, not among the chosen few.

    Those few were chosen for holding the words of the question, so that to them none is rare.
    """
    known = {needle.word: each for needle, each in zip(needles, idf, strict=True)}
    share: list[float] = []
    for group in question.groups:
        files = view.chunk_file[view.gather(group.variants).docs]
        among_few = inverse_frequency(len(np.unique(files)), view.file_count)
        share.append(known.get(group.word, among_few) / among_few)
    most = max(share, default=1.0)
    groups = tuple(
        replace(group, weight=group.weight * each / most)
        for group, each in zip(question.groups, share, strict=True)
    )
    return replace(question, groups=groups)
