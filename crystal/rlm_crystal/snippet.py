"""The lines of a chunk that answer a question best."""

from collections.abc import Mapping, Sequence

from rlm_crystal.terms import RAW_WORD, terms_of_word

LINES_MAX = 8
LINE_CHARS_MAX = 200
_REPEATED = 0.1
_FIRST_LINE = 0.5


class LineJudge:
    """Weighs lines for one question; words met again, in whichever chunk, are cut once."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        """`weights` says what each index term counts for."""
        self._weights = weights
        self._known: dict[str, tuple[str, ...]] = {}

    def best_lines(self, lines: Sequence[str]) -> range:
        """The window of at most eight lines that says most.

        A term counts fully the first time it is met in a window and a little after that. The
        first lines of a chunk are its signature and win a tie; else a window that begins where
        something is said does.
        """
        if len(lines) <= LINES_MAX:
            return range(len(lines))
        found = [self._counting(line) for line in lines]
        best, best_score = 0, -1.0
        for start in range(len(lines) - LINES_MAX + 1):
            score = self._weight(found[start : start + LINES_MAX])
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

    def _counting(self, line: str) -> list[str]:
        """The terms of a line that the question weighs."""
        found: list[str] = []
        for word in RAW_WORD.findall(line):
            terms = self._known.get(word)
            if terms is None:
                terms = tuple(term for term in terms_of_word(word) if term in self._weights)
                self._known[word] = terms
            found.extend(terms)
        return found


def snippet_of(lines: Sequence[str]) -> str:
    """The lines as one text, each cut at 200 characters."""
    return "\n".join(
        line if len(line) <= LINE_CHARS_MAX else line[: LINE_CHARS_MAX - 1] + "…"
        for line in (raw.rstrip("\r\n") for raw in lines)
    )
