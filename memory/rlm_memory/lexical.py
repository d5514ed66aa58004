"""BM25 over what the episodes say, kept in memory only: an index on disk would tell its texts.

k1 = 0.9 and b = 0.4 measured best on short conversational texts.
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from rlm_crystal.terms import STOP_WORDS, stem, terms

_K1 = 0.9
_B = 0.4


@dataclass(frozen=True, slots=True)
class Match:
    """How well one document answers a query: a share of what could be reached, and by what."""

    score: float
    words: tuple[str, ...]


class LexicalIndex:
    """Documents by id. Adding one and removing it cost as much as its text is long."""

    def __init__(self) -> None:
        self._postings: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._words: dict[str, Counter[str]] = {}
        self._lengths: dict[str, int] = {}
        self._total_length = 0

    def add(self, document: str, text: str) -> None:
        """Index `text` under the id `document`, in place of what it had before."""
        self.remove(document)
        counts = Counter(map(stem, _telling(text)))
        for word, count in counts.items():
            self._postings[word][document] = count
        self._words[document] = counts
        self._lengths[document] = counts.total()
        self._total_length += counts.total()

    def remove(self, document: str) -> None:
        for word in self._words.pop(document, ()):
            del self._postings[word][document]
            if not self._postings[word]:
                del self._postings[word]
        self._total_length -= self._lengths.pop(document, 0)

    def search(self, query: str) -> dict[str, Match]:
        """All documents that share a telling word with the query, in no order."""
        wanted = {stem(term): term for term in _telling(query)}
        reachable = sum(self._idf(word) for word in wanted) * (_K1 + 1)
        scores: defaultdict[str, float] = defaultdict(float)
        words: defaultdict[str, list[str]] = defaultdict(list)
        for word, spelt in wanted.items():
            idf = self._idf(word)
            for document, count in self._postings.get(word, {}).items():
                scores[document] += idf * self._saturated(count, document)
                words[document].append(spelt)
        return {
            document: Match(score / reachable, tuple(words[document]))
            for document, score in scores.items()
        }

    def _idf(self, word: str) -> float:
        holders = len(self._postings.get(word, ()))
        return math.log1p((len(self._words) - holders + 0.5) / (holders + 0.5))

    def _saturated(self, count: int, document: str) -> float:
        mean = self._total_length / len(self._lengths)
        return count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * self._lengths[document] / mean))


def _telling(text: str) -> list[str]:
    """The terms that are no stop words; of a text of stop words only, all of them."""
    found = terms(text)
    return [term for term in found if term not in STOP_WORDS] or found
