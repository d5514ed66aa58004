"""What a zone holds, by word, time and speaker: all that recall looks at, in memory only.

One posting list serves three sizes of text: the episode, its window of two neighbours to each side,
and its trace. Zones are indexed apart, so that what an agent may not read counts nowhere; those it
may read are measured together, so that their scores compare.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf

import numpy as np
import numpy.typing as npt

from rlm_memory.cues import Cues
from rlm_memory.dates import nearness
from rlm_memory.facts import Column, Facts
from rlm_memory.growing import Growing
from rlm_memory.people import People
from rlm_memory.postings import Counts, Lists, Postings, Slots
from rlm_memory.strength import strengths
from rlm_memory.timeline import Arranged, Said, Timeline
from rlm_memory.types import TRUSTS, Memo, Trust, Wanted
from rlm_memory.vectors import HeldVectors, Vector, Vectors
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
    """What speaks for each slot, numbers (n,) each; `covered` is the weight of the words found.

    `near` is how near in meaning it is, `near_by` how near the nearest in its window is: the mean
    of the window measured worse, as most of it is small talk.
    """

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

    def at(self, slots: npt.NDArray[np.int64]) -> "Signals":
        """Those of these slots only."""
        return Signals(*(getattr(self, each.name)[slots] for each in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class _Lengths:
    """Words by slot, the damping of BM25 for each size is a matter of them."""

    arranged: Arranged
    episode: Floats
    window: Floats
    trace: Floats
    sizes: Sizes


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What an index is made of, by slot."""

    ids: tuple[str, ...]
    lists: Lists
    said: Said
    people: tuple[str, ...]
    facts: Mapping[str, Column]
    vectors: HeldVectors | None = None


class ZoneIndex:
    """The episodes of one zone by slot. Slots are given out in order and not used again."""

    def __init__(self, held: Held | None = None, *, embedder: str = "") -> None:
        """`embedder` is the identity of who makes its vectors; without one it has none."""
        self.ids = list(held.ids) if held else []
        self._slots = dict(zip(self.ids, range(len(self.ids)), strict=True))
        self._postings = Postings(held.lists) if held else Postings()
        self._timeline = Timeline(held and held.said)
        self._facts = Facts(held and held.facts)
        self._people = People(held.people if held else ())
        self._people.all_spoke(self._facts["speaker"])
        self._alive = Growing(np.bool_, np.ones(len(self.ids), np.bool_))
        self._measured: _Lengths | None = None
        self._vectors: Vectors | None = None
        if embedder:
            self._vectors = Vectors(embedder, len(self.ids), held and held.vectors)

    def __contains__(self, row_id: str) -> bool:
        return row_id in self._slots

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, row_id: str, memo: Memo) -> None:
        """Index a memo under an id that is not in here."""
        stems = Counter(telling_stems(memo.episode.text))
        self._slots[row_id] = slot = len(self.ids)
        self.ids.append(row_id)
        self._postings.add(slot, stems)
        self._timeline.add(memo)
        speaker = self._people.number(memo.episode.speaker)
        self._people.spoke(speaker, 1)
        self._facts.add(memo, stems, speaker)
        self._alive.append(True)
        self._measured = None

    def remove(self, row_id: str) -> None:
        """Take out a memo."""
        slot = self._slots.pop(row_id)
        self._alive.put(slot, False)
        self._timeline.remove(slot)
        self._people.spoke(int(self._facts["speaker"][slot]), -1)
        self._facts.silence(slot)
        self._measured = None

    def held(self) -> Held:
        """What a like index can be made of, without the slots that were given up."""
        slots = np.flatnonzero(self._alive.values)
        places = np.full(len(self.ids), -1, np.int32)
        places[slots] = np.arange(len(slots))
        facts, names = self._facts.of(slots), self._people.names()
        spoke, speaker = np.unique(facts["speaker"], return_inverse=True)
        speaking: list[int] = spoke.tolist()
        facts["speaker"] = speaker.astype(np.int32)
        return Held(
            ids=tuple(self.ids[slot] for slot in slots.tolist()),
            lists=self._postings.lists(places),
            said=self._timeline.said(slots),
            people=tuple(names[number] for number in speaking),
            facts=facts,
            vectors=self._vectors and self._vectors.held(slots),
        )

    def without_vector(self, *, limit: int) -> list[str]:
        """The ids of some that have no vector yet, where there is an embedder."""
        if self._vectors is None:
            return []
        slots = self._vectors.without(self._alive.values, limit)
        return [self.ids[slot] for slot in slots.tolist()]

    def give_vectors(self, row_ids: Sequence[str], vectors: Vector) -> None:
        """The vectors of these memos, float32 (n, dimensions)."""
        if self._vectors is not None:
            slots = np.array([self._slots[row_id] for row_id in row_ids], np.int64)
            self._vectors.put(slots, vectors)

    def allowed(self, wanted: Wanted) -> Bools:
        """Which slots may be recalled; bool (n,). Zone and level are not looked at."""
        times, superseded = self._timeline.times(), self._facts["superseded"]
        may = self._facts["trust"] >= TRUSTS.index(wanted.trust_min)
        may &= self._alive.values
        if wanted.as_of_s is None:
            may &= superseded == inf
        else:
            may &= (times <= wanted.as_of_s) & (superseded > wanted.as_of_s)
        if wanted.since_s is not None:
            may &= times >= wanted.since_s
        if wanted.until_s is not None:
            may &= times <= wanted.until_s
        if wanted.valid_at_s is not None:
            may &= self._facts["valid_from"] <= wanted.valid_at_s
            may &= self._facts["valid_to"] > wanted.valid_at_s
        if wanted.speaker is not None:
            may &= self._facts["speaker"] == self._people.known(wanted.speaker)
        return may

    def nearest(self, text: str, *, limit: int, trust_min: Trust) -> list[str]:
        """The ids of the believed episodes that share most with a text, best first."""
        scores = np.zeros(len(self.ids))
        for word in sorted(set(telling_stems(text))):
            slots, _ = self._of(word)
            scores[slots] += _idf(len(slots), len(self._slots))
        believed = self._facts["superseded"] == inf
        scores *= believed & (self._facts["trust"] >= TRUSTS.index(trust_min))
        most = min(limit, len(scores))
        # All that equal the last of them: which slot one has is a matter of the index's history.
        least = np.partition(scores, -most)[-most] if most else 0.0
        best = np.flatnonzero((scores >= least) & (scores > 0))
        ordered = sorted((-float(scores[at]), self.ids[at]) for at in best.tolist())
        return [row_id for _, row_id in ordered[:limit]]

    def disputing(self) -> list[str]:
        """The ids of what is believed and contradicts something."""
        disputes = self._facts["disputes"] > 0
        slots = np.flatnonzero(disputes & (self._facts["superseded"] == inf) & self._alive.values)
        return [self.ids[slot] for slot in slots.tolist()]

    def superseded(self) -> int:
        """How many are no longer believed."""
        return int(((self._facts["superseded"] < inf) & self._alive.values).sum())

    def quarantined(self) -> int:
        """How many are kept out of recall."""
        return int(((self._facts["trust"] < 0) & self._alive.values).sum())

    def slot(self, row_id: str) -> int:
        return self._slots[row_id]

    def worn(self) -> bool:
        """Whether most slots were given up: a new index would be half as large."""
        return len(self.ids) > 2 * len(self._slots) + _WORN_MIN

    def said_by(self, speakers: Iterable[str]) -> int:
        """How many episodes these speakers have."""
        return sum(self._people.count(each) for each in speakers)

    def named(self) -> Mapping[str, frozenset[str]]:
        """The speakers by each stem of a name."""
        return self._people.named()

    def strengths(self, slots: npt.NDArray[np.int64], *, now_s: float) -> Floats:
        """How present the memos in these slots are."""
        of = self._facts
        return strengths(
            of["importance"][slots], of["last_used"][slots], of["uses"][slots], now_s=now_s
        )

    def seq(self, slot: int) -> int:
        """The number of the write that brought what is in this slot."""
        return int(self._timeline.seqs()[slot])

    def sizes(self) -> Sizes:
        return self._measure().sizes

    def spread(self, words: Sequence[str]) -> Spread:
        trace = self._measure().arranged.trace
        episodes, traces = Counter[str](), Counter[str]()
        for word in words:
            slots, _ = self._of(word)
            if len(slots):
                episodes[word] = len(slots)
                traces[word] = int(np.count_nonzero(np.bincount(trace[slots])))
        return Spread(episodes, traces)

    def signals(
        self,
        cues: Cues,
        words: Sequence[str],
        sizes: Sizes,
        spread: Spread,
        meant: Vector | None = None,
    ) -> Signals:
        """The signals for the question, of which only `words` count as words.

        `meant` is its vector, where there is an embedder.
        """
        measured, n = self._measure(), len(self.ids)
        arranged = measured.arranged
        damp = _damped(measured.episode, sizes.words / max(1, sizes.episodes))
        window_damp = _damped(measured.window, sizes.window_words / max(1, sizes.episodes))
        trace_damp = _damped(measured.trace, sizes.words / max(1, sizes.traces))
        # One more than there are slots: where there is no neighbour -1 leads there.
        episode, window, covered, around = (np.zeros(n + 1) for _ in range(4))
        trace = np.zeros(arranged.traces)
        for word in words:
            slots, times = self._of(word)
            if not len(slots):
                continue
            idf = _idf(spread.episodes[word], sizes.episodes)
            episode[slots] += idf * times * (K1 + 1) / (times + damp[slots])
            beside = [each[slots] for each in arranged.near]
            around[slots] = times
            for each in beside:
                around[each] += times
            # A slot may be there twice, and is then given the same value twice.
            at = np.concatenate((slots, *beside))
            held = around[at]
            around[at] = 0
            window[at] += idf * (K1 + 1) * held / (held + window_damp[at])
            covered[at] += idf
            within = np.bincount(arranged.trace[slots], weights=times, minlength=arranged.traces)
            rare = _idf(spread.traces[word], sizes.traces)
            trace += rare * (K1 + 1) * within / (within + trace_damp)
        episode[n] = 0
        near = np.zeros(n + 1)
        if self._vectors is not None and meant is not None:
            near[:n] = self._vectors.cosines(meant, n)
        return Signals(
            episode=episode[:n],
            window=window[:n],
            before=episode[arranged.before],
            trace=trace[arranged.trace] if arranged.traces else np.zeros(n),
            speaker=np.isin(self._facts["speaker"], self._people.numbers(cues.speakers)),
            date=nearness(cues.spans, self._timeline.times()) if cues.spans else np.zeros(n),
            tells_time=self._facts["tells_time"] * cues.asks_when,
            asks=self._facts["asks"],
            covered=covered[:n],
            near=near[:n],
            near_by=np.maximum.reduce([near[:n], *(near[each] for each in arranged.near)]),
        )

    def _of(self, word: str) -> tuple[Slots, Counts]:
        """The slots that hold the word and were not given up."""
        slots, times = self._postings.of(word)
        if len(self._slots) == len(self.ids):
            return slots, times
        stays = self._alive.values[slots]
        return slots[stays], times[stays]

    def _measure(self) -> _Lengths:
        if self._measured is None:
            arranged = self._timeline.arranged()
            words = self._facts["words"].astype(np.float64)
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
    found: dict[str, frozenset[str]] = {}
    for index in indexes:
        for name, speakers in index.named().items():
            found[name] = found.get(name, frozenset()) | speakers
    return found


def _idf(holders: int, texts: int) -> float:
    return float(np.log1p((texts - holders + 0.5) / (holders + 0.5)))


def _damped(lengths: Floats, mean: float) -> Floats:
    return K1 * (1 - B + B * lengths / max(mean, 1e-9))
