"""Ranked lists and right answers turned into the figures a table shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

PLACES_MAX = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over queries.

    `recall_k` is the share of a query's right files among its first k; `mrr` is one over the place
    of the first right file, 0 where it is not among the first fifty.
    """

    queries: int
    recall_1: float
    recall_5: float
    recall_10: float
    mrr: float


def figures_of(outcomes: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Figures:
    """The figures of pairs of a ranked list and its right answers."""
    pairs = list(outcomes)
    if not pairs:
        return Figures(0, 0.0, 0.0, 0.0, 0.0)
    return Figures(
        len(pairs),
        *(round(fmean(recall(*pair, first=first) for pair in pairs), 4) for first in (1, 5, 10)),
        mrr=round(fmean(reciprocal_rank(*pair) for pair in pairs), 4),
    )


def recall(ranked: Sequence[str], right: Sequence[str], *, first: int) -> float:
    """The share of the right files among the first so many."""
    return len(set(right).intersection(ranked[:first])) / len(right)


def reciprocal_rank(ranked: Sequence[str], right: Sequence[str]) -> float:
    """One over the place of the first right file, or 0."""
    places = (at for at, path in enumerate(ranked[:PLACES_MAX], 1) if path in right)
    return 1 / next(places, float("inf"))
