"""What our ranking is measured against, over the same files and chunks.

They live beside the measurement, not in the product: nothing else calls them.
"""

from collections.abc import Callable, Sequence

import numpy as np

from rlm_crystal.crystal import Crystal
from rlm_crystal.rank import Float64Array
from rlm_crystal.terms import RAW_WORD, STOP_WORDS, parts
from rlm_crystal.view import View

Ranking = Callable[[str], Sequence[str]]

FILES_RANKED_MAX = 100


def ours(crystal: Crystal) -> Ranking:
    """What `rlm-mcp search` shows, as files in the order of their first hit."""

    def rank(question: str) -> list[str]:
        hits = crystal.search(question, limit=FILES_RANKED_MAX)
        return list(dict.fromkeys(hit.path for hit in hits))

    return rank


def keyword_count(crystal: Crystal) -> Ranking:
    """What people do with ripgrep: files by how many of the words they hold, then how often."""
    paths = [entry.path for entry in crystal.files]
    texts = [crystal.text(path).lower() for path in paths]
    known: dict[str, Float64Array] = {}

    def counts_of(word: str) -> Float64Array:
        if word not in known:
            known[word] = np.asarray([text.count(word) for text in texts], dtype=np.float64)
        return known[word]

    def rank(question: str) -> list[str]:
        words = {word.lower() for word in RAW_WORD.findall(question)} - STOP_WORDS
        counts = [counts_of(word) for word in sorted(words)]
        if not counts:
            return []
        held = np.sum([count > 0 for count in counts], axis=0)
        order = np.lexsort((-np.sum(counts, axis=0), -held))
        return [paths[at] for at in order[held[order] > 0]]

    return rank


def plain_bm25(crystal: Crystal, k1: float = 1.2, b: float = 0.75) -> Ranking:
    """BM25 over the texts of the chunks, identifiers split; a file counts as its best chunk."""
    view = crystal.view
    postings = view.postings[0]
    length = postings.lengths[2]
    norm = k1 * (1 - b + b * length / max(float(length.mean()), 1.0))

    def rank(question: str) -> list[str]:
        scores = np.zeros(view.chunk_count)
        for term in {part for word in RAW_WORD.findall(question) for part in parts(word)}:
            at = postings.words.find(term)
            if at >= 0:
                rows = postings.rows(at)
                docs, tf = postings.docs[rows], postings.counts[2][rows].astype(np.float64)
                idf = np.log1p((view.chunk_count - len(docs) + 0.5) / (len(docs) + 0.5))
                scores[docs] += idf * tf * (k1 + 1) / (tf + norm[docs])
        return _files_of_best(view, scores)

    return rank


def dense_only(crystal: Crystal) -> Ranking:
    """The nearest chunks by the crystal's own vectors; a file counts as its best chunk."""
    view = crystal.view
    vectors = np.concatenate([segment.vectors.get().dense() for segment in crystal.segments])

    def rank(question: str) -> list[str]:
        return _files_of_best(view, vectors @ crystal.embedder.embed([question])[0])

    return rank


def _files_of_best(view: View, scores: Float64Array) -> list[str]:
    best = np.full(view.file_count, -np.inf)
    np.maximum.at(best, view.chunk_file, scores)
    order = np.argsort(-best, kind="stable")[:1_000]
    return [view.paths[at] for at in order if best[at] > 0.0]
