"""The lines of a chunk that answer a question best."""

from collections.abc import Mapping, Sequence

from rlm_crystal.terms import terms

LINES_MAX = 8
LINE_CHARS_MAX = 200


def best_lines(lines: Sequence[str], weights: Mapping[str, float]) -> range:
    """The window of at most eight lines that holds most weight, beginning where it says least.

    A term counts fully the first time it is met in a window and a little after that; the first
    line of a chunk is its signature and counts once more.
    """
    if len(lines) <= LINES_MAX:
        return range(len(lines))
    found = [[term for term in terms(line) if term in weights] for line in lines]
    best, best_score = 0, -1.0
    for start in range(len(lines) - LINES_MAX + 1):
        seen: set[str] = set()
        score = 0.5 if start == 0 else 0.0
        for line in found[start : start + LINES_MAX]:
            for term in line:
                score += weights[term] * (0.1 if term in seen else 1.0)
                seen.add(term)
        if score > best_score + 1e-9 or (
            score > best_score - 1e-9 and found[start] and not found[best]
        ):
            best, best_score = start, score
    return range(best, best + LINES_MAX)


def snippet_of(lines: Sequence[str]) -> str:
    """The lines as one text, each cut at 200 characters."""
    return "\n".join(
        line if len(line) <= LINE_CHARS_MAX else line[: LINE_CHARS_MAX - 1] + "…"
        for line in (raw.rstrip("\r\n") for raw in lines)
    )
