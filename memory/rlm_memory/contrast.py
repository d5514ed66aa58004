"""What two statements have to do with each other: the same, one after the other, or side by side.

How unlike two texts are does not tell: what updates a fact is as near to it as what repeats it
(an area under the curve of 0.24 was measured for the distance of definition 3.2, `distance`). The
signals here have a sign: a negation, an opposite, another number or value in the same place, a word
of change speak for an update; another subject or a word of adding for two facts that both hold.
"""

from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from rlm_memory.statement import Statement, opposed, statement_of

Relation = Literal["merge", "supersede", "keep"]
RELATIONS: Final[tuple[Relation, ...]] = ("merge", "supersede", "keep")

# Two statements are about one thing where they share so much of the words that are no numbers: of
# those of the shorter, and of the longer. Of 87 turns of a week 53 pairs were told from each other
# without it and 38 with it, most of the rest wrongly.
_SHORTER_MIN: Final = 0.5
_LONGER_MIN: Final = 0.3
# The pairs that weights are fitted on are a third each; of what is said most stands side by side.
_KEEP_PRIOR: Final = 1.5
# Surer than this, it is done; less sure than the other, both are kept; between, a person is asked.
TAU_HIGH: Final = 0.8
TAU_LOW: Final = 0.45


@dataclass(frozen=True, slots=True)
class Contrast:
    """Signals between an earlier and a later statement, each from 0 to 1.

    Words that differ stand in `one_place` or in several; `early` are those with which a statement
    begins, its subject as a rule, and what differs late only is as a rule a value.
    """

    overlap: float
    alike: float
    nothing_new: float
    one_place: float
    several_places: float
    early: float
    value: float
    value_of_many: float
    number: float
    number_and_word: float
    same_number: float
    name_early: float
    name_late: float
    name_and_more: float
    negation: float
    opposite: float
    change: float
    adds: float


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely each relation is; they sum to 1."""

    merge: float
    supersede: float
    keep: float

    @property
    def best(self) -> Relation:
        return max(RELATIONS, key=lambda each: getattr(self, each))


def contrast(earlier: str, later: str) -> Contrast:
    """The signals of a later statement against an earlier one."""
    one, other = statement_of(earlier), statement_of(later)
    mine, yours = one.content, other.content
    common = mine & yours
    gone, new = mine - common, yours - common
    places = _places(one, other)
    early = bool(gone and new) and (
        one.words[:1] != other.words[:1] and {*one.words[:1]} <= gone and {*other.words[:1]} <= new
    )
    value = len(places) == 1 and not early and len(gone) <= 3 and len(new) <= 3
    numbers = bool(one.numbers and other.numbers)
    name = bool(one.names & gone) and bool(other.names & new)
    name_early = name and _first(one, one.names & gone) < 0.5 > _first(other, other.names & new)
    opposite = opposed(one, other)
    against = opposite or one.negated != other.negated
    return Contrast(
        overlap=len(common) / max(1, min(len(mine), len(yours))),
        alike=len(common) / max(1, len(mine | yours)),
        nothing_new=float(not new or not gone),
        one_place=float(len(places) == 1),
        several_places=float(len(places) > 1),
        early=float(early),
        value=float(value),
        value_of_many=float(value and one.many and other.many),
        number=float(numbers and one.numbers != other.numbers),
        number_and_word=float(
            numbers
            and one.numbers != other.numbers
            and bool(gone - one.numbers)
            and bool(new - other.numbers)
        ),
        same_number=float(numbers and one.numbers == other.numbers),
        name_early=float(name_early),
        name_late=float(name and not name_early),
        name_and_more=float(name and (against or (numbers and one.numbers != other.numbers))),
        negation=float(one.negated != other.negated),
        opposite=float(opposite),
        change=float(bool(other.changes - one.changes)),
        adds=float(other.adds and not one.adds),
    )


def verdict(earlier: str, later: str) -> tuple[Relation, float]:
    """What a later statement is to an earlier one, and how likely that is."""
    if not _about_one_thing(statement_of(earlier), statement_of(later)):
        return "keep", 1.0
    likely = odds(contrast(earlier, later))
    return likely.best, getattr(likely, likely.best)


def told_as_new(later: str) -> bool:
    """Whether a statement may end an earlier one: who says it knows, and such things change."""
    statement = statement_of(later)
    return not statement.hedged and not statement.fixed


def covers(one: str, other: str) -> float:
    """The share of the words of `one` that `other` says too."""
    mine, yours = statement_of(one).content, statement_of(other).content
    return len(mine & yours) / max(1, len(mine))


def odds(signals: Contrast) -> Odds:
    """How likely the relations are, by a logistic model fitted on 127 pairs of statements."""
    values = np.array([*(getattr(signals, name) for name in _SIGNALS), 1.0])
    strength = WEIGHTS @ values
    likely = np.exp(strength - strength.max()) * (1.0, 1.0, _KEEP_PRIOR)
    likely /= likely.sum()
    return Odds(*map(float, likely))


_SIGNALS: Final = tuple(field.name for field in fields(Contrast))


def distance(cosine: float, overlap: float) -> float:
    """Definition 3.2 of the design this began from: 1 - cosine · overlap; reported, never used."""
    return 1 - cosine * overlap


def _about_one_thing(one: Statement, other: Statement) -> bool:
    mine, yours = one.content - one.numbers, other.content - other.numbers
    common, shorter, longer = len(mine & yours), *sorted((len(mine), len(yours)))
    return common >= _SHORTER_MIN * shorter and common >= _LONGER_MIN * longer


def _places(one: Statement, other: Statement) -> list[tuple[int, int]]:
    """Where words of one stand in place of words of the other, in the order of both."""
    matcher = SequenceMatcher(None, one.words, other.words, autojunk=False)
    return [(i, j) for tag, i, _, j, _ in matcher.get_opcodes() if tag == "replace"]


def _first(statement: Statement, words: frozenset[str]) -> float:
    """How far in the statement the first of these words stands, 0 to 1."""
    at = next(at for at, word in enumerate(statement.words) if word in words)
    return at / len(statement.words)


# By relation and signal, in their order, and last the bias (`benchmarks/conflicts.py --fit`).
# fmt: off
WEIGHTS: Final[npt.NDArray[np.float64]] = np.array((
    (1.42, 1.48, 0.79, -0.70, -0.95, -0.31, -1.27, -0.58, -1.08, -0.20,
     1.79, -0.24, -0.62, -0.02, -2.53, -1.65, -1.19, -0.02, -0.38),
    (0.43, 0.83, -0.41, 0.01, -0.42, -1.21, 0.92, -0.68, 1.03, -1.40,
     -1.30, -0.72, 0.15, -1.40, 1.56, 1.56, 2.07, -0.32, -0.64),
    (-1.85, -2.31, -0.38, 0.69, 1.37, 1.52, 0.35, 1.26, 0.05, 1.61,
     -0.49, 0.96, 0.47, 1.42, 0.98, 0.09, -0.87, 0.34, 1.01),
))
# fmt: on
