"""What a zone holds, by word, time and speaker: all that recall looks at, in memory only.

One posting list serves three sizes of text: the episode, its window of two neighbours to each side,
and its trace. Zones are indexed apart, so that what an agent may not read counts nowhere; those it
may read are measured together, so that their scores compare.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from rlm_memory.cues import Cues, asks, names_of, tells_time
from rlm_memory.dates import nearness
from rlm_memory.postings import Postings
from rlm_memory.timeline import Arranged, Timeline
from rlm_memory.types import TRUSTS, Episode, Memo, Trust, Wanted
from rlm_memory.words import telling_stems

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Measured best on short conversational texts.
K1 = 0.9
B = 0.4

_WORN_MIN = 256


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
class Signals:
    """What speaks for each slot, float64 (n,) each; `covered` is the weight of the words found."""

    episode: Floats
    window: Floats
    before: Floats
    trace: Floats
    speaker: Floats
    date: Floats
    tells_time: Floats
    asks: Floats
    covered: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Lengths:
    """Words by slot, the damping of BM25 for each size is a matter of them."""

    arranged: Arranged
    episode: Floats
    window: Floats
    trace: Floats
    sizes: Sizes


class ZoneIndex:
    """The episodes of one zone by slot. Slots are given out in order and not used again."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._slots: dict[str, int] = {}
        self._postings = Postings()
        self._timeline = Timeline()
        self._lengths = array("i")
        self._speakers = array("i")
        self._numbers: dict[str, int] = {}
        self._shares: Counter[str] = Counter()
        self._asks = array("b")
        self._tells = array("b")
        self._superseded = array("d")
        self._from = array("d")
        self._to = array("d")
        self._trust = array("b")
        self._measured: _Lengths | None = None

    def __contains__(self, row_id: str) -> bool:
        return row_id in self._slots

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, row_id: str, memo: Memo) -> None:
        """Index a memo under an id that is not in here."""
        episode = memo.episode
        counts = Counter(telling_stems(episode.text))
        self._slots[row_id] = slot = len(self.ids)
        self.ids.append(row_id)
        self._postings.add(slot, counts)
        self._timeline.add(memo)
        self._lengths.append(counts.total())
        speaker = episode.speaker
        self._speakers.append(self._numbers.setdefault(speaker, len(self._numbers)))
        self._shares[speaker] += 1
        self._asks.append(asks(episode.text))
        self._tells.append(tells_time(counts))
        self._superseded.append(inf if memo.superseded_s is None else memo.superseded_s)
        self._from.append(-inf if episode.valid_from_s is None else episode.valid_from_s)
        self._to.append(inf if episode.valid_to_s is None else episode.valid_to_s)
        self._trust.append(-1 if memo.quarantine else TRUSTS.index(episode.trust))
        self._measured = None

    def remove(self, row_id: str, episode: Episode) -> None:
        """Take out a memo of this episode, as it was when it was added."""
        slot = self._slots.pop(row_id)
        self._postings.remove(slot, Counter(telling_stems(episode.text)))
        self._timeline.remove(slot)
        self._lengths[slot] = 0
        self._shares[episode.speaker] -= 1
        self._measured = None

    def allowed(self, wanted: Wanted) -> Bools:
        """Which slots may be recalled; bool (n,). Zone and level are not looked at."""
        times = self._timeline.times()
        superseded = np.array(self._superseded)
        may = np.array(self._trust) >= TRUSTS.index(wanted.trust_min)
        may &= self._measure().arranged.trace >= 0
        if wanted.as_of_s is None:
            may &= superseded == inf
        else:
            may &= (times <= wanted.as_of_s) & (superseded > wanted.as_of_s)
        if wanted.since_s is not None:
            may &= times >= wanted.since_s
        if wanted.until_s is not None:
            may &= times <= wanted.until_s
        if wanted.valid_at_s is not None:
            may &= np.array(self._from) <= wanted.valid_at_s
            may &= np.array(self._to) > wanted.valid_at_s
        if wanted.speaker is not None:
            may &= np.array(self._speakers) == self._numbers.get(wanted.speaker, -1)
        return may

    def nearest(self, text: str, *, limit: int, trust_min: Trust) -> list[str]:
        """The ids of the believed episodes that share most with a text, best first."""
        scores = np.zeros(len(self.ids))
        stems = set(telling_stems(text))
        for word in stems:
            slots, _ = self._postings.of(word)
            scores[slots] += _idf(len(slots), len(self._slots))
        believed = np.array(self._superseded) == inf
        scores *= believed & (np.array(self._trust) >= TRUSTS.index(trust_min))
        most = min(limit, len(scores))
        best = np.argpartition(-scores, most - 1)[:most] if most else np.zeros(0, np.int64)
        ordered = sorted((-float(scores[at]), self.ids[at]) for at in best.tolist())
        return [row_id for score, row_id in ordered if score < 0]

    def slot(self, row_id: str) -> int:
        return self._slots[row_id]

    def worn(self) -> bool:
        """Whether most slots were given up: a new index would be half as large."""
        return len(self.ids) > 2 * len(self._slots) + _WORN_MIN

    def speakers(self) -> Counter[str]:
        """How many episodes each speaker has."""
        return +self._shares

    def sizes(self) -> Sizes:
        return self._measure().sizes

    def spread(self, words: Sequence[str]) -> Spread:
        trace = self._measure().arranged.trace
        episodes, traces = Counter[str](), Counter[str]()
        for word in words:
            slots, _ = self._postings.of(word)
            if len(slots):
                episodes[word] = len(slots)
                traces[word] = len(np.unique(trace[slots]))
        return Spread(episodes, traces)

    def signals(self, cues: Cues, words: Sequence[str], sizes: Sizes, spread: Spread) -> Signals:
        """The signals for the question, of which only `words` count as words."""
        measured, n = self._measure(), len(self.ids)
        arranged = measured.arranged
        damp = _damped(measured.episode, sizes.words / max(1, sizes.episodes))
        window_damp = _damped(measured.window, sizes.window_words / max(1, sizes.episodes))
        trace_damp = _damped(measured.trace, sizes.words / max(1, sizes.traces))
        episode, window, covered = np.zeros(n), np.zeros(n), np.zeros(n)
        trace = np.zeros(arranged.traces)
        around = np.zeros(n + 1)
        for word in words:
            slots, times = self._postings.of(word)
            if not len(slots):
                continue
            idf = _idf(spread.episodes[word], sizes.episodes)
            episode[slots] += idf * times * (K1 + 1) / (times + damp[slots])
            around[:] = 0
            around[slots] = times
            for near in arranged.near:
                around[near[slots]] += times
            # What has no neighbour there wrote past the end.
            around[n] = 0
            window += idf * (K1 + 1) * around[:n] / (around[:n] + window_damp)
            covered += idf * (around[:n] > 0)
            within = np.bincount(arranged.trace[slots], weights=times, minlength=arranged.traces)
            rare = _idf(spread.traces[word], sizes.traces)
            trace += rare * (K1 + 1) * within / (within + trace_damp)
        spoke = [self._numbers[each] for each in cues.speakers if each in self._numbers]
        return Signals(
            episode=episode,
            window=window,
            before=np.append(episode, 0.0)[arranged.before],
            trace=trace[arranged.trace] if arranged.traces else np.zeros(n),
            speaker=np.isin(np.array(self._speakers, np.int32), spoke).astype(np.float64),
            date=nearness(cues.spans, self._timeline.times()) if cues.spans else np.zeros(n),
            tells_time=np.array(self._tells, np.float64) * cues.asks_when,
            asks=np.array(self._asks, np.float64),
            covered=covered,
        )

    def _measure(self) -> _Lengths:
        if self._measured is None:
            arranged = self._timeline.arranged()
            words = np.array(self._lengths, np.float64)
            padded = np.append(words, 0.0)
            window = words + sum(padded[near] for near in arranged.near)
            alive = arranged.trace >= 0
            trace = np.zeros(arranged.traces)
            np.add.at(trace, arranged.trace[alive], words[alive])
            sizes = Sizes(
                int(alive.sum()),
                float(words[alive].sum()),
                float(window[alive].sum()),
                arranged.traces,
            )
            self._measured = _Lengths(arranged, words, window, trace, sizes)
        return self._measured


def known_names(indexes: Sequence[ZoneIndex]) -> dict[str, frozenset[str]]:
    """The speakers by each stem of a name."""
    found: dict[str, set[str]] = {}
    for index in indexes:
        for speaker in index.speakers():
            for name in names_of(speaker):
                found.setdefault(name, set()).add(speaker)
    return {name: frozenset(speakers) for name, speakers in found.items()}


def _idf(holders: int, texts: int) -> float:
    return float(np.log1p((texts - holders + 0.5) / (holders + 0.5)))


def _damped(lengths: Floats, mean: float) -> Floats:
    return K1 * (1 - B + B * lengths / max(mean, 1e-9))
