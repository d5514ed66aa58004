"""A question put to the indexes of a memory: what comes back, in which order, and why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import numpy as np

from rlm_memory.cues import Cues, cues_of
from rlm_memory.index import Bools, ZoneIndex, known_names
from rlm_memory.ranking import ranked
from rlm_memory.types import Memo, Recall, Recalled, Wanted
from rlm_memory.words import telling_stems

# A tie-break: multiplied into the score, a decay costs 13 points of recall (measured).
_STRENGTH_WEIGHT: Final = 0.03
HALF_LIFE_S: Final = 30 * 86_400.0

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
) -> Recall:
    """At most `limit` memos, and as many as fit into about so many tokens, best first."""
    filled = [index for index in indexes if len(index)]
    if not filled:
        return Recall((), "nothing is remembered there yet")
    cues = cues_of(query, names=known_names(filled), now_s=now_s)
    best = _best(filled, cues, [index.allowed(wanted) for index in filled], limit)
    found = [_scored(row_id, memos[row_id], score, share, now_s) for row_id, score, share in best]
    found.sort(key=lambda each: (-each.score, each.memo.seq, each.id))
    chosen = list(islice(_fitting(_varied(found), tokens_max), max(0, limit)))
    if not chosen:
        return Recall((), _reason(filled, cues, limit))
    return Recall(tuple(replace(each, why=_why(each.memo, cues, now_s)) for each in chosen))


def strength(memo: Memo, now_s: float) -> float:
    """How present a memo is: its importance, halved every 30 days, more the oftener it came."""
    faded = 0.5 ** (_age_s(memo, now_s) / HALF_LIFE_S)
    return memo.episode.importance * faded * (1 + math.log(max(1, memo.uses)))


def _best(
    indexes: Sequence[ZoneIndex], cues: Cues, allowed: Sequence[Bools], limit: int
) -> list[tuple[str, float, float]]:
    """Id, score and coverage of the best, with some to spare for those left out later."""
    best: list[tuple[str, float, float]] = []
    most = max(0, limit) + _SPARE
    for index, each in zip(indexes, ranked(indexes, cues, allowed), strict=True):
        order = np.argsort(-each.scores, kind="stable")[:most]
        best += [
            (index.ids[each.slots[at]], float(each.scores[at]), float(each.covered[at]))
            for at in order.tolist()
        ]
    return best


def _scored(row_id: str, memo: Memo, score: float, share: float, now_s: float) -> Recalled:
    score += _STRENGTH_WEIGHT * min(1.0, strength(memo, now_s))
    return Recalled(row_id, memo, score, share, "")


def _varied(found: Sequence[Recalled]) -> list[Recalled]:
    """Without what says the same as a better one, and not too much of one untrusted source."""
    texts: set[str] = set()
    untrusted: dict[str, int] = {}
    kept: list[Recalled] = []
    later: list[Recalled] = []
    for each in found:
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
    return kept if len(kept) < _UNTRUSTED_WITHIN else kept + later


def _fitting(found: Sequence[Recalled], tokens_max: int | None) -> list[Recalled]:
    if tokens_max is None:
        return list(found)
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
    everything = Wanted(trust_min="untrusted", as_of_s=math.inf)
    unfiltered = [index.allowed(replace(everything, as_of_s=None)) for index in indexes]
    left_out = sum(len(each.slots) for each in ranked(indexes, cues, unfiltered))
    if left_out:
        return f"{left_out} memories match, and the filters or their trust leave them out"
    return "no memory shares a telling word with the question"


def _why(memo: Memo, cues: Cues, now_s: float) -> str:
    held = set(telling_stems(memo.episode.text))
    shared = [spelt for stem, spelt in cues.words.items() if stem in held]
    told = [f"shares {', '.join(shared)}" if shared else "said beside what matches"]
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
