"""What a zone holds, by word, time and speaker: all that recall looks at, in memory only.

One posting list serves three sizes of text: the episode, its window of two neighbours to each side,
and its trace. Zones are indexed apart, so that what an agent may not read counts nowhere; those it
may read are measured together, so that their scores compare.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from rlm_memory.cues import Cues
from rlm_memory.dates import nearness
from rlm_memory.facts import Column, Facts
from rlm_memory.growing import Growing
from rlm_memory.people import People
from rlm_memory.postings import Counts, Lists, Postings, Slots
from rlm_memory.signals import (
    Damping,
    Floats,
    Heard,
    Lengths,
    Signals,
    Sizes,
    Spread,
    heard,
    idf,
    joined,
    matched,
    summed,
)
from rlm_memory.strength import strengths
from rlm_memory.timeline import Arranged, Said, Timeline
from rlm_memory.types import TRUSTS, Memo, Trust, Wanted
from rlm_memory.vectors import HeldVectors, Vector, Vectors
from rlm_memory.words import telling_stems

Bools = npt.NDArray[np.bool_]

# So near in meaning bears on a question without any word of it.
NEAR_MIN = 0.2

_WORN_MIN = 256


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
        self._measured: Lengths | None = None
        self._damping: Damping | None = None
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
        self._timeline.disarrange()
        self._people.spoke(int(self._facts["speaker"][slot]), -1)
        self._facts.silence(slot)
        self._measured = None

    def amend(self, row_id: str, memo: Memo) -> None:
        """Take over what changed of a memo that says the same, when and where it did before."""
        self._facts.amend(self._slots[row_id], memo)

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
        lists = [self._of(word)[0] for word in sorted(set(telling_stems(text)))]
        weights = [idf(len(slots), len(self._slots)) for slots in lists]
        weighed = np.repeat(np.array(weights), np.array([*map(len, lists)], np.int64))
        scores = summed(joined(lists), weighed, len(self.ids))
        scores[self._facts["superseded"] < inf] = 0.0
        scores[self._facts["trust"] < TRUSTS.index(trust_min)] = 0.0
        found = np.flatnonzero(scores)
        scores = scores[found]
        most = min(limit, len(found))
        # All that equal the last of them: which slot one has is a matter of the index's history.
        least = np.partition(scores, -most)[-most] if most else 0.0
        best = np.flatnonzero(scores >= least)
        ordered = sorted((-float(scores[at]), self.ids[int(found[at])]) for at in best.tolist())
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

    def seqs(self, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The numbers of the writes that brought what is in these slots."""
        return self._timeline.seqs()[slots]

    def holding(self, word: str, slots: npt.NDArray[np.int64]) -> Bools:
        """Which of these slots hold a word; bool (n,)."""
        held, _ = self._of(word)
        if not len(held):
            return np.zeros(len(slots), np.bool_)
        at = np.searchsorted(held, slots)
        return held[np.minimum(at, len(held) - 1)] == slots

    def sizes(self) -> Sizes:
        return self._measure().sizes

    def heard(self, words: Sequence[str]) -> Heard:
        """Where the words of a question stand."""
        return heard([(word, *self._of(word)) for word in words], self._arranged())

    def signals(
        self,
        cues: Cues,
        told: Heard,
        sizes: Sizes,
        spread: Spread,
        may: Bools,
        meant: Vector | None = None,
    ) -> Signals:
        """The signals for what bears on the question, of the slots that `may` be recalled.

        `told` are the words that count as such, `sizes` and `spread` those of all that is searched;
        `meant` is the question's vector, where there is an embedder.
        """
        arranged, n = self._arranged(), len(self.ids)
        found = matched(told, arranged, self._damped(sizes), sizes, spread)
        bears = found.window[1:] > 0
        date = nearness(cues.spans, self._timeline.times()) if cues.spans else None
        if date is not None:
            bears |= date >= 1
        near = None
        if self._vectors is not None and meant is not None:
            near = np.concatenate((np.zeros(1), self._vectors.cosines(meant, n)))
            bears |= near[1:] >= NEAR_MIN
        slots = np.flatnonzero(bears & may)
        at, none = slots + 1, np.zeros(len(slots))
        return Signals(
            slots=slots,
            episode=found.episode[at],
            window=found.window[at],
            before=found.episode[arranged.before[slots] + 1],
            trace=found.trace[arranged.trace[slots]],
            speaker=self._speaks(cues.speakers, slots),
            date=none if date is None else date[slots],
            tells_time=self._facts["tells_time"][slots] * cues.asks_when,
            asks=self._facts["asks"][slots],
            covered=found.covered[at],
            near=none if near is None else near[at],
            near_by=none
            if near is None
            else np.maximum.reduce([near[at], *(near[by[slots] + 1] for by in arranged.near)]),
        )

    def _speaks(self, speakers: Iterable[str], slots: npt.NDArray[np.int64]) -> Bools:
        said = self._facts["speaker"][slots]
        speaks = np.zeros(len(slots), np.bool_)
        for number in self._people.numbers(speakers):
            speaks |= said == number
        return speaks

    def _of(self, word: str) -> tuple[Slots, Counts]:
        """The slots that hold the word and were not given up."""
        slots, times = self._postings.of(word)
        if len(self._slots) == len(self.ids):
            return slots, times
        stays = self._alive.values[slots]
        return slots[stays], times[stays]

    def _arranged(self) -> Arranged:
        return self._timeline.arranged(self._alive.values)

    def _measure(self) -> Lengths:
        if self._measured is None:
            words = self._facts["words"].astype(np.float64)
            self._measured, self._damping = Lengths.of(self._arranged(), words), None
        return self._measured

    def _damped(self, sizes: Sizes) -> Damping:
        measured = self._measure()
        if self._damping is None or self._damping.beside != sizes:
            self._damping = measured.damping(sizes)
        return self._damping


def known_names(indexes: Sequence[ZoneIndex]) -> dict[str, frozenset[str]]:
    """The speakers by each stem of a name."""
    found: dict[str, frozenset[str]] = {}
    for index in indexes:
        for name, speakers in index.named().items():
            found[name] = found.get(name, frozenset()) | speakers
    return found
