"""The best ranking without a model that others reached, after their recipe.

BM25F over path, names and body at the level of chunks and of files, each word in all forms of one
stem; each in standard deviations and added, with half of that of the static vectors; more for a
path or an exact name that is spelled out; and BM25 over all that commits said of a file. Where the
recipe leaves a choice it is made in its favour: a file's best three chunks and not its best, and
tests and documentation put last as by ours, which it does not say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rlm_crystal.crystal import Crystal
from rlm_crystal.history import History
from rlm_crystal.lexical import lexical
from rlm_crystal.postings import inverse_frequency
from rlm_crystal.query import Group, understand
from rlm_crystal.rank import Float64Array, Weights, best_three, dense, standard
from rlm_crystal.search import demotions, exactly_named, is_asked_for
from rlm_crystal.terms import stem
from rlm_crystal.view import View

FIELDS = Weights(path=3.0, name=3.0, body=1.0, k1=1.5, second=0.45, third=0.3)
VECTORS = 0.5
EXACT_NAME = 0.5
NAMED_PATH = 4.0
K1, B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class PeerRecipe:
    """The recipe; `messages` is what BM25 of the commit messages counts for, from 0.5 to 1."""

    messages: float = 1.0

    def __call__(self, crystal: Crystal, text: str) -> list[str]:
        view = crystal.view
        question = understand(text, view.vocabulary, told=view.told)
        groups = tuple(map(_one_stem, question.groups))
        found = lexical(view, groups, FIELDS)
        rows = np.flatnonzero(view.chunk_alive)
        every = np.ones(len(rows), dtype=np.bool_)
        near = dense(view, crystal.embedder.embed([text])[0], rows).astype(np.float64)
        by_chunk = np.zeros(view.chunk_count)
        by_chunk[rows] = standard(found.chunks[rows], every) + VECTORS * standard(near, every)
        by_chunk -= by_chunk.min(initial=0.0)
        alive = view.file_alive
        scores = standard(best_three(view, by_chunk, rows, FIELDS), alive)
        scores += standard(found.of(rows, alive).files, alive)
        scores += self.messages * standard(_messages(view, crystal.history.get(), groups), alive)
        scores -= demotions(view, question, FIELDS)
        for number in exactly_named(view, question):
            scores[number] += EXACT_NAME
        for number, path in enumerate(view.paths):
            scores[number] += NAMED_PATH * is_asked_for(path, question)
        order = np.argsort(-np.where(alive, scores, -np.inf), kind="stable")
        return [view.paths[at] for at in order[:100].tolist() if alive[at]]


def _one_stem(group: Group) -> Group:
    root = stem(group.word)
    return replace(group, variants={term: 1.0 for term in group.variants if stem(term) == root})


def _messages(view: View, history: History, groups: tuple[Group, ...]) -> Float64Array:
    """BM25 of files, each the messages of all commits that changed it as one document."""
    numbers = {path: at for at, path in enumerate(view.paths) if view.file_alive[at]}
    file_of = np.asarray([numbers.get(path, -1) for path in history.paths], dtype=np.int64)
    files = file_of[history.changed]
    commits = np.repeat(np.arange(history.commit_count), np.diff(history.starts))[files >= 0]
    files = files[files >= 0]

    def of_files(amounts: Float64Array) -> Float64Array:
        summed = np.bincount(files, weights=amounts[commits], minlength=view.file_count)
        return np.asarray(summed, dtype=np.float64)

    length = of_files(history.messages.lengths[2].astype(np.float64))
    norm = K1 * (1 - B + B * length / max(float(length[view.file_alive].mean()), 1.0))
    scores = np.zeros(view.file_count)
    for group in groups:
        counts = np.zeros(history.commit_count)
        for term in group.variants:
            at = history.messages.words.find(term)
            if at >= 0:
                rows = history.messages.rows(at)
                counts[history.messages.docs[rows]] += history.messages.counts[2][rows]
        held = of_files(counts)
        rarity = inverse_frequency(int(np.count_nonzero(held)), int(view.file_alive.sum()))
        scores += group.weight * rarity * held * (K1 + 1) / (held + norm)
    return scores
