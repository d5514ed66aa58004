"""The lines of a chunk that answer a question best."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain

from rlm_crystal.terms import raw_words, terms_of_word

LINES_MAX = 8
LINE_CHARS_MAX = 200
_REPEATED = 0.1
_FIRST_LINE = 0.5


class LineJudge:
    """Weighs lines for one question; words met again, in whichever chunk, are cut once."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        """`weights` says what each index term counts for."""
        self._weights = weights
        self._counting = _CountingTerms(weights)

    def best_lines(self, lines: Sequence[str]) -> range:
        """The window of at most eight lines that says most.

        A term counts fully the first time it is met in a window and a little after that. The
        first lines of a chunk are its signature and win a tie; else a window that begins where
        something is said does.
        """
        if len(lines) <= LINES_MAX:
            return range(len(lines))
        counting = self._counting.__getitem__
        found = [[*chain.from_iterable(map(counting, raw_words(line)))] for line in lines]
        telling = [0, *accumulate(map(bool, found))]
        best, best_score = 0, -1.0
        for start in range(len(lines) - LINES_MAX + 1):
            end = start + LINES_MAX
            score = self._weight(found[start:end]) if telling[end] > telling[start] else 0.0
            score += _FIRST_LINE if start == 0 else 0.0
            level = abs(score - best_score) < 1e-9
            if (score > best_score and not level) or (level and not found[best] and found[start]):
                best, best_score = start, score
        return range(best, best + LINES_MAX)

    def _weight(self, window: Sequence[Sequence[str]]) -> float:
        seen: set[str] = set()
        score = 0.0
        for line in window:
            for term in line:
                score += self._weights[term] * (_REPEATED if term in seen else 1.0)
                seen.add(term)
        return score


class _CountingTerms(dict[str, tuple[str, ...]]):
    """The terms of a raw word that the question weighs; each word is cut once."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        self._weights = weights

    def __missing__(self, word: str) -> tuple[str, ...]:
        terms = terms_of_word(word)
        if self._weights.keys().isdisjoint(terms):
            terms = ()
        self[word] = counting = tuple(term for term in terms if term in self._weights)
        return counting


def snippet_of(lines: Sequence[str]) -> str:
    """The lines as one text, each cut at 200 characters."""
    return "\n".join(
        line if len(line) <= LINE_CHARS_MAX else line[: LINE_CHARS_MAX - 1] + "…"
        for line in (raw.rstrip("\r\n") for raw in lines)
    )
