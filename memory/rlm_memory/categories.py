"""Categories: traces that are about the same, by average linkage over their words.

Raw episodes are never clustered: of single turns 28 to 90 % were noise when that was measured. A
trace that is like no other stays without a category.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rlm_memory.tracing import Trace, digest_of
from rlm_memory.words import spelt_stems, telling_stems

# Two groups of traces are one category where a pair of them shares that much on average.
ALIKE_MIN: Final = 0.12
SIZE_MIN: Final = 2
_LABEL_WORDS: Final = 6
# Words of so many of the traces tell none of them apart; others of one trace only tie nothing.
_COMMON_SHARE: Final = 0.5

_CHATTER: Final = frozenset(
    telling_stems(
        "thanks thank great really hey yeah wow good nice sure ok okay think know time new see say"
        " want go come take give look today yesterday tomorrow lot bit thing still back right done"
        " one two three four five six seven eight nine ten eleven twelve"
        " second minute hour day week month year"
    )
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Category:
    """Traces in order of time, and the words that most of them have."""

    traces: tuple[Trace, ...]
    words: tuple[str, ...]

    @property
    def digest(self) -> str:
        return digest_of(sorted(trace.digest for trace in self.traces))


def categories_of(traces: Sequence[Trace]) -> list[Category]:
    """Groups of at least two traces, the largest first; the same in whatever order they came."""
    ordered = sorted(traces, key=lambda trace: trace.digest)
    stems = [trace.stems for trace in ordered]
    groups = [group for group in _linked(_alike(stems)) if len(group) >= SIZE_MIN]
    found: list[Category] = []
    for group in groups:
        members = [ordered[at] for at in group]
        members.sort(key=lambda trace: (trace.times_s, trace.key))
        found.append(Category(tuple(members), _telling(members)))
    return sorted(found, key=lambda category: (-len(category.traces), category.digest))


def _telling(traces: Sequence[Trace]) -> tuple[str, ...]:
    """The words that most of the traces have, and of those the ones said most often."""
    holders, times = Counter[str](), Counter[str]()
    spelt: dict[str, Counter[str]] = {}
    for trace in traces:
        holders.update(trace.stems.keys())
        times.update(trace.stems)
        for turn in trace.turns:
            for stem, word in spelt_stems(turn.memo.episode.text).items():
                spelt.setdefault(stem, Counter())[word.lower()] += 1
    ranked = sorted(
        (stem for stem in holders if len(stem) > 2 and stem not in _CHATTER and stem.isalpha()),
        key=lambda stem: (-holders[stem], -times[stem], stem),
    )
    return tuple(
        max(spelt[stem], key=lambda word: (spelt[stem][word], word))
        for stem in ranked[:_LABEL_WORDS]
    )


def _alike(stems: Sequence[Counter[str]]) -> Floats:
    """Cosines of tf-idf vectors, float64 (n, n), 0 on the diagonal."""
    holders = Counter[str]()
    for each in stems:
        holders.update(each.keys() - _CHATTER)
    most = max(SIZE_MIN, _COMMON_SHARE * len(stems))
    words = sorted(word for word, count in holders.items() if SIZE_MIN <= count <= most)
    place = {word: at for at, word in enumerate(words)}
    rows = np.zeros((len(stems), len(words)))
    for row, each in enumerate(stems):
        for word, count in each.items():
            if word in place:
                idf = np.log1p(len(stems) / holders[word])
                rows[row, place[word]] = (1 + np.log(count)) * idf
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, lengths, out=rows, where=lengths > 0)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, 0.0)
    # Sums in another order differ in the last bits, and ties must not.
    return np.round(cosines, 9).astype(np.float64)


def _linked(alike: Floats) -> list[list[int]]:
    """Average linkage down to `ALIKE_MIN`, the pair that is most alike first; quadratic.

    The best partner of each group is known, and looked for again only where a merge changed it.
    """
    n = len(alike)
    groups = [[at] for at in range(n)]
    sums, sizes = alike.copy(), np.ones(n)
    mean = alike.copy()
    np.fill_diagonal(mean, -1.0)
    partner = mean.argmax(axis=1) if n else np.zeros(0, np.int64)
    best = mean[np.arange(n), partner]
    for _ in range(n - 1):
        one = int(best.argmax())
        if best[one] < ALIKE_MIN:
            break
        other = int(partner[one])
        groups[one] += groups[other]
        groups[other] = []
        sums[one] += sums[other]
        sums[:, one] = sums[one]
        sizes[one] += sizes[other]
        mean[one] = np.round(sums[one] / (sizes[one] * sizes), 9)
        mean[one, mean[:, one] < 0] = -1.0
        mean[other] = mean[:, other] = -1.0
        mean[one, one] = mean[one, other] = -1.0
        mean[:, one] = mean[one]
        nearer = (mean[one] > best) | ((mean[one] == best) & (one < partner))
        best[nearer], partner[nearer] = mean[one][nearer], one
        again = np.flatnonzero((partner == one) & ~nearer | (partner == other))
        again = np.unique(np.append(again, (one, other)))
        partner[again] = mean[again].argmax(axis=1)
        best[again] = mean[again, partner[again]]
    return [group for group in groups if group]
