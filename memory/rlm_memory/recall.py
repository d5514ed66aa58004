"""A question put to the indexes of a memory: what comes back, in which order, and why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rlm_memory.cues import Cues, cues_of
from rlm_memory.index import ZoneIndex, known_names
from rlm_memory.ranking import Ranked, ranked
from rlm_memory.signals import Floats
from rlm_memory.types import Memo, Recall, Recalled, Wanted
from rlm_memory.vectors import Vector

_STRENGTH_WEIGHT: Final = 0.03

# Of one source nobody vouches for, so many among so many results.
_UNTRUSTED_MAX: Final = 3
_UNTRUSTED_WITHIN: Final = 10
_CHARS_PER_TOKEN: Final = 4
_SPARE: Final = 30


def recalled(
    query: str,
    indexes: Sequence[ZoneIndex],
    memos: Mapping[str, Memo],
    wanted: Wanted,
    *,
    limit: int,
    tokens_max: int | None,
    now_s: float,
    meant: Vector | None = None,
) -> Recall:
    """At most `limit` memos, and as many as fit into about so many tokens, best first.

    `meant` is the vector of the query where there is an embedder.
    """
    filled = [index for index in indexes if len(index)]
    if not filled:
        return Recall((), "nothing is remembered there yet")
    cues = cues_of(query, names=known_names(filled), now_s=now_s)
    allowed = [index.allowed(wanted) for index in filled]
    scored = ranked(filled, cues, allowed, meant)
    every, most = sum(len(each.slots) for each in scored), max(0, limit) + _SPARE
    while True:
        found = (
            Recalled(each.id, memo, -each.less, each.covered, "")
            for each in _best(filled, scored, most=most, now_s=now_s)
            if (memo := memos.get(each.id)) is not None
        )
        varied = _varied(found, limit)
        if len(varied) >= limit or most >= every:
            break
        most *= 8  # what says the same, or comes of one source, filled the places
    chosen = _fitting(varied, tokens_max)
    if not chosen:
        return Recall((), _reason(filled, cues, limit))
    shared = _shared(filled, [each.id for each in chosen], cues)
    return Recall(
        tuple(
            Recalled(each.id, each.memo, each.score, each.coverage, _why(each, spelt, cues, now_s))
            for each, spelt in zip(chosen, shared, strict=True)
        )
    )


class _Candidate(NamedTuple):
    """Sorts best first: by the score, negated; what is as good, as it came."""

    less: float
    seq: int
    id: str
    covered: float


def _best(
    indexes: Sequence[ZoneIndex], found: Sequence[Ranked], *, most: int, now_s: float
) -> list[_Candidate]:
    """The best, in order, with some to spare for those left out later."""
    best: list[_Candidate] = []
    for index, each in zip(indexes, found, strict=True):
        present = np.minimum(1.0, index.strengths(each.slots, now_s=now_s))
        scores = each.scores + _STRENGTH_WEIGHT * present
        high = _highest(scores, most)
        slots = each.slots[high]
        best += map(
            _Candidate,
            (-scores[high]).tolist(),
            index.seqs(slots).tolist(),
            (index.ids[int(slot)] for slot in slots),
            each.covered[high].tolist(),
        )
    best.sort()
    return best[:most]


def _highest(scores: Floats, most: int) -> npt.NDArray[np.int64]:
    """Where the highest are, in no order, and all that equal the last of them."""
    if len(scores) <= most:
        return np.arange(len(scores))
    return np.flatnonzero(scores >= np.partition(scores, -most)[-most])


def _varied(found: Iterable[Recalled], limit: int) -> list[Recalled]:
    """At most `limit`, without what says the same as a better one, and not too much of one
    untrusted source."""
    texts: set[str] = set()
    untrusted: dict[str, int] = {}
    kept: list[Recalled] = []
    later: list[Recalled] = []
    for each in found:
        if len(kept) >= limit:
            break
        episode = each.episode
        text = f"{episode.speaker}\0{' '.join(episode.text.split())}"
        if text in texts:
            continue
        texts.add(text)
        if episode.trust == "untrusted" and len(kept) < _UNTRUSTED_WITHIN:
            untrusted[episode.source] = untrusted.get(episode.source, 0) + 1
            if untrusted[episode.source] > _UNTRUSTED_MAX:
                later.append(each)
                continue
        kept.append(each)
    return kept if len(kept) < _UNTRUSTED_WITHIN else (kept + later)[:limit]


def _fitting(found: list[Recalled], tokens_max: int | None) -> list[Recalled]:
    if tokens_max is None:
        return found
    left, kept = tokens_max * _CHARS_PER_TOKEN, list[Recalled]()
    for each in found:
        left -= len(each.episode.text)
        if left < 0:
            break
        kept.append(each)
    return kept


def _reason(indexes: Sequence[ZoneIndex], cues: Cues, limit: int) -> str:
    if limit < 1:
        return "nothing was asked for"
    everything = Wanted(trust_min="untrusted")
    unfiltered = [index.allowed(everything) for index in indexes]
    left_out = sum(len(each.slots) for each in ranked(indexes, cues, unfiltered))
    if left_out:
        return f"{left_out} memories match, and the filters or their trust leave them out"
    return "no memory shares a telling word with the question"


def _shared(indexes: Sequence[ZoneIndex], row_ids: Sequence[str], cues: Cues) -> list[list[str]]:
    """The words of the question that each of these memos holds, as they are spelt there."""
    shared: list[list[str]] = [[] for _ in row_ids]
    for index in indexes:
        mine = [at for at, row_id in enumerate(row_ids) if row_id in index]
        slots = np.array([index.slot(row_ids[at]) for at in mine], np.int64)
        for stem, spelt in cues.words.items() if mine else ():
            for at in np.flatnonzero(index.holding(stem, slots)).tolist():
                shared[mine[at]].append(spelt)
    return shared


def _why(each: Recalled, shared: Sequence[str], cues: Cues, now_s: float) -> str:
    memo = each.memo
    beside = "said beside what matches" if each.coverage else "near in meaning"
    told = [f"shares {', '.join(shared)}" if shared else beside]
    if memo.episode.speaker in cues.speakers:
        told.append(f"{memo.episode.speaker} said it")
    if memo.superseded_by:
        told.append(f"superseded by {memo.superseded_by}")
    uses = "said once" if memo.uses == 1 else f"said {memo.uses} times"
    return "; ".join([*told, f"{uses}, {_ago(_age_s(memo, now_s))}"])


def _age_s(memo: Memo, now_s: float) -> float:
    return max(0.0, now_s - memo.last_used_s)


def _ago(age_s: float) -> str:
    if age_s < 3_600:
        return "within the hour"
    if age_s < 86_400:
        return f"{age_s / 3_600:.0f} h ago"
    return f"{age_s / 86_400:.0f} days ago"
