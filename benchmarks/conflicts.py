"""How well the memory tells what repeats a fact, what updates it, and what stands beside it.

    python benchmarks/conflicts.py [--fit] [--wrong]

Over the pairs of conflict_pairs.txt: every first of a verdict is for fitting, with those marked so,
every second is unseen; and of conflict_pairs_second.txt, where what is not marked is unseen. Prints
three-way accuracy on each part, how many of the compatible pairs would be superseded without a
person, how many of those that only a person can settle, and beside it what the best cuts of the
distance of definition 3.2 do. `--fit` fits the weights of `rlm_memory.contrast` on what is for
fitting and prints them; `--wrong` prints what is decided wrongly in the half for fitting.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from rlm_memory import contrast
from rlm_memory.contrast import RELATIONS, Relation

PAIRS = Path(__file__).with_name("conflict_pairs.txt")
SECOND = Path(__file__).with_name("conflict_pairs_second.txt")
Pair = tuple[Relation | Literal["ask"], str, str]
# Pulls weights to nothing: so few pairs would fit anything else.
PENALTY = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description="Verdicts on pairs of statements.")
    parser.add_argument("--fit", action="store_true", help="print weights fitted anew")
    parser.add_argument("--wrong", action="store_true", help="print what is decided wrongly")
    options = parser.parse_args()
    (first, unseen), (second, unseen_second) = halves(), second_halves()
    fitting = [*first, *(pair for pair in second if pair[0] != "ask")]
    if options.fit:
        print(np.array2string(fitted(fitting), separator=", ", precision=2, suppress_small=True))
        return
    parts = (
        ("fitted on", [*first, *second]),
        ("unseen", unseen),
        ("unseen, second set", unseen_second),
    )
    for name, every in parts:
        asked = [pair for pair in every if pair[0] == "ask"]
        pairs = [pair for pair in every if pair[0] != "ask"]
        decided = [decide(pair) for pair in pairs]
        right = sum(best == pair[0] for (best, _), pair in zip(decided, pairs, strict=True))
        alone = sum(
            best == "supersede" and sure and pair[0] == "keep"
            for (best, sure), pair in zip(decided, pairs, strict=True)
        )
        compatible = sum(pair[0] == "keep" for pair in pairs)
        reviewed = sum(not sure for _, sure in decided)
        print(
            f"{name}: {right} of {len(pairs)} right ({right / len(pairs):.3f}); {alone} of"
            f" {compatible} compatible superseded by itself; {reviewed} left to a person;"
            f" definition 3.2 {by_distance(fitting, pairs):.3f}; {sum(map(acts, asked))} of"
            f" {len(asked)} that only a person can settle settled by itself"
        )
    if options.wrong:
        for pair in fitting:
            if (best := decide(pair)[0]) != pair[0]:
                print(best, pair, contrast.contrast(pair[1], pair[2]))


def halves() -> tuple[list[Pair], list[Pair]]:
    """The pairs for fitting and the unseen ones."""
    seen = Counter[Relation]()
    parts: tuple[list[Pair], list[Pair]] = ([], [])
    for line in PAIRS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("|")]
        verdict, earlier, later = fields[0], fields[1], fields[2]
        relation: Relation = next(each for each in RELATIONS if verdict.endswith(each))
        if verdict.startswith("fit "):
            parts[0].append((relation, earlier, later))
        else:
            parts[seen[relation] % 2].append((relation, earlier, later))
            seen[relation] += 1
    return parts


def second_halves() -> tuple[list[Pair], list[Pair]]:
    """The pairs of the second set for fitting and the unseen ones."""
    parts: tuple[list[Pair], list[Pair]] = ([], [])
    for line in SECOND.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        verdict, earlier, later = (field.strip() for field in line.split(" | "))
        marked = verdict.startswith("fit ")
        kind: Relation | Literal["ask"] = next(
            each for each in (*RELATIONS, "ask") if verdict.endswith(each)
        )
        parts[not marked].append((kind, earlier, later))
    return parts


def acts(pair: Pair) -> bool:
    """Whether the later takes the earlier's place without a person."""
    return decide(pair) == ("supersede", True) and contrast.told_as_new(pair[2])


def decide(pair: Pair) -> tuple[Relation, bool]:
    """What is decided, and whether it is done without a person."""
    relation, sure = contrast.verdict(pair[1], pair[2])
    return relation, sure >= contrast.TAU_HIGH


def fitted(pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
    """Multinomial logistic regression by plain descent; the same at every run."""
    rows = np.array([[*astuple(contrast.contrast(a, b)), 1.0] for _, a, b in pairs])
    wanted = np.eye(3)[[RELATIONS.index(relation) for relation, *_ in pairs]]
    weights = np.zeros((3, rows.shape[1]))
    for _ in range(6_000):
        strength = rows @ weights.T
        likely = np.exp(strength - strength.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        slope = (likely - wanted).T @ rows / len(rows) + PENALTY / len(rows) * weights
        weights -= 0.5 * slope
    return weights


def by_distance(fitting: Sequence[Pair], pairs: Sequence[Pair]) -> float:
    """Accuracy of two cuts of definition 3.2, the best ones on the half for fitting."""
    from rlm_crystal.embed import static_embedder

    def distances(these: Sequence[Pair]) -> npt.NDArray[np.float64]:
        vectors = static_embedder().embed([text for pair in these for text in pair[1:]])
        cosines = (vectors[::2] * vectors[1::2]).sum(axis=1)
        overlaps = [contrast.contrast(a, b).alike for _, a, b in these]
        return np.array(
            [contrast.distance(float(c), o) for c, o in zip(cosines, overlaps, strict=True)]
        )

    def accuracy(these: Sequence[Pair], far: npt.NDArray[np.float64], low: float, high: float):
        names = ["merge" if d < low else "supersede" if d < high else "keep" for d in far]
        return float(np.mean([name == pair[0] for name, pair in zip(names, these, strict=True)]))

    far = distances(fitting)
    cuts = np.unique(far)
    _, low, high = max(
        (accuracy(fitting, far, a, b), a, b) for a in cuts[::2] for b in cuts[::2] if a <= b
    )
    return accuracy(pairs, distances(pairs), low, high)


if __name__ == "__main__":
    main()
