"""What speaks for each slot of an index where a question is put to it, before it is weighed.

All words of a question are looked at in one pass: their lists are laid one after the other, and
what falls together is summed by word and place.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np
import numpy.typing as npt

from rlm_memory.facts import Column
from rlm_memory.postings import Counts, Slots
from rlm_memory.timeline import Arranged

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Measured best on short conversational texts.
K1 = 0.9
B = 0.4

# A table of words by places is summed in parts of so many cells.
_CELLS_MAX = 1 << 18


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many texts there are of each size, and how many words they have together."""

    episodes: int = 0
    words: float = 0.0
    window_words: float = 0.0
    traces: int = 0

    def __add__(self, other: "Sizes") -> "Sizes":
        return Sizes(
            self.episodes + other.episodes,
            self.words + other.words,
            self.window_words + other.window_words,
            self.traces + other.traces,
        )


@dataclass(frozen=True, slots=True)
class Spread:
    """In how many episodes and traces each word of a question stands."""

    episodes: Counter[str]
    traces: Counter[str]

    def __add__(self, other: "Spread") -> "Spread":
        return Spread(self.episodes + other.episodes, self.traces + other.traces)


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """Words by slot and by trace; those of windows, as those of episodes, behind one of no slot."""

    episode: Floats
    window: Floats
    trace: Floats
    sizes: Sizes

    @classmethod
    def of(cls, arranged: Arranged, words: Floats) -> "Lengths":
        """`words` is how many each slot has, none where it was given up."""
        episode = np.concatenate((np.zeros(1), words))
        window = words + sum(episode[near + 1] for near in arranged.near)
        alive = arranged.trace >= 0
        trace = summed(arranged.trace[alive], words[alive], arranged.traces)
        sizes = Sizes(
            int(alive.sum()),
            float(words[alive].sum()),
            float(window[alive].sum()),
            arranged.traces,
        )
        return cls(episode, np.concatenate((np.zeros(1), window)), trace, sizes)

    def damping(self, beside: Sizes) -> "Damping":
        """That of BM25 among texts of these sizes."""
        return Damping(
            beside,
            _damped(self.episode, beside.words / max(1, beside.episodes)),
            _damped(self.window, beside.window_words / max(1, beside.episodes)),
            _damped(self.trace, beside.words / max(1, beside.traces)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Damping:
    """What BM25 holds against long texts, as in `Lengths`, among texts of the sizes `beside`."""

    beside: Sizes
    episode: Floats
    window: Floats
    trace: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """How often each word, by number, stands in each place; in the order of words and places."""

    words: Ints
    places: Ints
    times: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """Where those of a question's words stand that stand anywhere, each with its number.

    `slots` and `times` are the lists of all of them, one after the other, `owners` whose they are.
    """

    words: tuple[str, ...]
    sizes: Ints
    owners: Ints
    slots: Ints
    times: Counts
    traces: Sums
    spread: Spread


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """By slot, behind one of no slot: BM25 of episode and window, and the weight of the words that
    stand in the window; BM25 by trace."""

    episode: Floats
    window: Floats
    covered: Floats
    trace: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """What speaks for each of `slots`, numbers (n,) each; `covered` is the weight of words found.

    `near` is how near in meaning it is, `near_by` how near the nearest in its window is: the mean
    of the window measured worse, as most of it is small talk.
    """

    slots: Ints
    episode: Column
    window: Column
    before: Column
    trace: Column
    speaker: Column
    date: Column
    tells_time: Column
    asks: Column
    covered: Column
    near: Column
    near_by: Column


def idf(holders: int, texts: int) -> float:
    """How telling a word is that so many of the texts hold."""
    return log1p((texts - holders + 0.5) / (holders + 0.5))


def joined(lists: Iterable[Slots]) -> Ints:
    """All slots one after the other."""
    return np.concatenate((np.zeros(0, np.int64), *lists)).astype(np.int64, copy=False)


def summed(places: npt.NDArray[np.integer], values: npt.NDArray[np.floating], count: int) -> Floats:
    """The sum of the values of each place, added in their order; (count,), or more."""
    return np.bincount(places, values, minlength=count).astype(np.float64, copy=False)


def heard(lists: Sequence[tuple[str, Slots, Counts]], arranged: Arranged) -> Heard:
    """What was looked up of each word: the slots, none of them given up, and how often there."""
    held = [each for each in lists if len(each[1])]
    words = tuple(word for word, _, _ in held)
    sizes = np.array([len(slots) for _, slots, _ in held], np.int64)
    owners = np.repeat(np.arange(len(held)), sizes)
    slots = joined(slots for _, slots, _ in held)
    times = np.concatenate((np.zeros(0, np.float32), *(times for _, _, times in held)))
    traces = _by_word(sizes, owners, [arranged.trace[slots]], times, arranged.traces)
    within = np.bincount(traces.words, minlength=len(words)).tolist()
    spread = Spread(
        Counter(dict(zip(words, sizes.tolist(), strict=True))),
        Counter(dict(zip(words, within, strict=True))),
    )
    return Heard(words, sizes, owners, slots, times, traces, spread)


def matched(
    told: Heard, arranged: Arranged, damping: Damping, sizes: Sizes, spread: Spread
) -> Matched:
    """BM25 of what was heard, among texts of these sizes, in which the words are so spread."""
    places = len(damping.episode)
    weights = np.array([idf(spread.episodes[word], sizes.episodes) for word in told.words])
    rare = np.array([idf(spread.traces[word], sizes.traces) for word in told.words])
    own = told.slots + 1
    # In single precision, as the counts are.
    saturated = weights.astype(np.float32)[told.owners] * told.times * np.float32(K1 + 1)
    saturated = saturated / (told.times + damping.episode[own])
    around = [own, *(near[told.slots] + np.int64(1) for near in arranged.near)]
    by = _by_word(told.sizes, told.owners, around, told.times, places)
    window = (weights * (K1 + 1))[by.words] * by.times / (by.times + damping.window[by.places])
    of = told.traces
    trace = (rare * (K1 + 1))[of.words] * of.times / (of.times + damping.trace[of.places])
    return Matched(
        summed(own, saturated, places),
        summed(by.places, window, places),
        summed(by.places, weights[by.words], places),
        summed(of.places, trace, arranged.traces),
    )


def _by_word(
    sizes: Ints, owners: Ints, places: Sequence[npt.NDArray[np.integer]], times: Counts, count: int
) -> Sums:
    """The sums of `times` by owner and place, of which there are `count`; each of `places` tells of
    every list. What is not there is in none."""
    step = max(1, _CELLS_MAX // max(1, count))
    ends = np.cumsum(sizes)
    found = [(np.zeros(0, np.int64), np.zeros(0))]
    for first in range(0, len(sizes), step):
        last = min(first + step, len(sizes))
        part = slice(int(ends[first] - sizes[first]), int(ends[last - 1]))
        row = owners[part] - first
        row *= count
        cells = np.concatenate([row + each[part] for each in places])
        table = summed(cells, np.tile(times[part], len(places)), 0)
        at = np.flatnonzero(table)
        found.append((at + first * count, table[at]))
    cells = np.concatenate([at for at, _ in found])
    words, at = np.divmod(cells, max(1, count))
    return Sums(words, at, np.concatenate([each for _, each in found]))


def _damped(lengths: Floats, mean: float) -> Floats:
    return K1 * (1 - B + B * lengths / max(mean, 1e-9))
