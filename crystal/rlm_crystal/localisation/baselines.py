"""What our ranking is measured against, over the same files and chunks.

They live beside the measurement, not in the product: nothing else calls them.
"""

from collections.abc import Callable, Sequence

import numpy as np

from rlm_crystal.crystal import Crystal
from rlm_crystal.postings import inverse_frequency
from rlm_crystal.rank import Float64Array
from rlm_crystal.terms import RAW_WORD, STOP_WORDS, parts
from rlm_crystal.view import View

Ranking = Callable[[Crystal, str], Sequence[str]]

FILES_RANKED_MAX = 100


def ours(crystal: Crystal, question: str) -> list[str]:
    """What `rlm-mcp search` shows, as files in the order of their first hit."""
    hits = crystal.search(question, limit=FILES_RANKED_MAX)
    return list(dict.fromkeys(hit.path for hit in hits))


class KeywordCount:
    """What people do with ripgrep: files by how many of the words they hold, then how often.

    It keeps the lower-case text of every file it has seen, for the next state to ask.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def __call__(self, crystal: Crystal, question: str) -> list[str]:
        paths = [entry.path for entry in crystal.files]
        texts = [self._text(crystal, entry.path, entry.content_hash) for entry in crystal.files]
        words = {word.lower() for word in RAW_WORD.findall(question)} - STOP_WORDS
        counts = [np.asarray([text.count(word) for text in texts]) for word in sorted(words)]
        if not counts:
            return []
        held = np.sum([count > 0 for count in counts], axis=0)
        order = np.lexsort((-np.sum(counts, axis=0), -held))
        return [paths[at] for at in order[held[order] > 0]]

    def _text(self, crystal: Crystal, path: str, content_hash: str) -> str:
        known = self._texts.get(content_hash)
        if known is None:
            known = self._texts[content_hash] = crystal.text(path).lower()
        return known


def plain_bm25(crystal: Crystal, question: str, k1: float = 1.2, b: float = 0.75) -> list[str]:
    """BM25 over the texts of the chunks, identifiers split; a file counts as its best chunk."""
    view = crystal.view
    length = np.concatenate([part.lengths[2] for part in view.postings])
    norm = k1 * (1 - b + b * length / max(float(length[view.chunk_alive].mean()), 1.0))
    alive = int(view.chunk_alive.sum())
    scores = np.zeros(view.chunk_count)
    for term in {part for word in RAW_WORD.findall(question) for part in parts(word)}:
        found = view.gather({term: 1.0})
        docs, tf = found.docs, found.counts[2].astype(np.float64)
        idf = inverse_frequency(len(docs), alive)
        scores[docs] += idf * tf * (k1 + 1) / (tf + norm[docs])
    return _files_of_best(view, scores)


def dense_only(crystal: Crystal, question: str) -> list[str]:
    """The nearest chunks by the crystal's own vectors; a file counts as its best chunk."""
    vectors = np.concatenate([segment.vectors.get().dense() for segment in crystal.segments])
    near = vectors @ crystal.embedder.embed([question])[0]
    return _files_of_best(crystal.view, near.astype(np.float64))


def _files_of_best(view: View, scores: Float64Array) -> list[str]:
    best = np.full(view.file_count, -np.inf)
    np.maximum.at(best, view.chunk_file, np.where(view.chunk_alive, scores, -np.inf))
    order = np.argsort(-best, kind="stable")[:1_000]
    return [view.paths[at] for at in order if best[at] > 0.0]
