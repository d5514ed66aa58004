"""What the page shows of the memory: its levels, what was derived from what, open conflicts."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rlm_memory.memory import Memory
from rlm_memory.types import LEVELS, Edge, Memo, Wanted, iso

LISTED_MAX = 200
FOUND_MAX = 30


def levels_of(memory: Memory) -> dict[str, Any]:
    """How much there is at each level, what stands at the top, and what is left to a person.

    The top are the domains and categories, or where nothing was derived the newest of a level.
    """
    memos = memory.memos()
    stats = memory.stats()
    counts = Counter(memo.level for memo in memos.values())
    above = {edge.target for memo in memos.values() for edge in _derived(memo)}
    top = [row_id for row_id in memos if row_id not in above]
    return {
        "levels": [{"level": level, "count": counts[level]} for level in LEVELS],
        "zones": dict(Counter(memo.episode.zone for memo in memos.values()).most_common()),
        "size_bytes": memory.size_bytes(),
        "damaged": len(stats.damaged),
        "altered": stats.altered,
        "top": _newest(top, memos),
        "top_total": len(top),
        "conflicts": conflicts_of(memory, memos),
    }


def conflicts_of(memory: Memory, memos: Mapping[str, Memo]) -> list[dict[str, Any]]:
    """What contradicts each other and was not settled, the newer first in each pair."""
    return [
        {"new": _told(new, memos[new]), "old": _told(old, memos[old])}
        for new, old in memory.conflicts()[:LISTED_MAX]
        if new in memos and old in memos
    ]


def memo_of(memory: Memory, row_id: str) -> dict[str, Any]:
    """One memo and what it was derived from; KeyError where there is none."""
    memos = memory.memos()
    memo = memos[row_id]
    inside = [edge.target for edge in _derived(memo) if edge.target in memos]
    return {
        **_told(row_id, memo),
        "inside": [_told(each, memos[each]) for each in inside[:LISTED_MAX]],
        "inside_total": len(inside),
    }


def found_in(memory: Memory, query: str) -> dict[str, Any]:
    """What bears on a query, of every level and trust, best first."""
    wanted = Wanted(levels=LEVELS, trust_min="untrusted")
    found = memory.recall(query, limit=FOUND_MAX, wanted=wanted)
    return {
        "found": [_told(one.id, one.memo) | {"why": one.why} for one in found.found],
        "reason": found.reason,
    }


def _newest(ids: list[str], memos: Mapping[str, Memo]) -> list[dict[str, Any]]:
    """The highest levels first, in each the newest."""
    order = sorted(
        ids, key=lambda each: (-LEVELS.index(memos[each].level), -memos[each].episode.time_s, each)
    )
    return [_told(each, memos[each]) for each in order[:LISTED_MAX]]


def _derived(memo: Memo) -> list[Edge]:
    return [edge for edge in memo.edges if edge.kind == "derived_from"]


def _told(row_id: str, memo: Memo) -> dict[str, Any]:
    episode = memo.episode
    return {
        "id": row_id,
        "level": memo.level,
        "text": episode.text,
        "speaker": episode.speaker,
        "time": iso(episode.time_s),
        "zone": episode.zone,
        "trust": episode.trust,
        "uses": memo.uses,
        "superseded": bool(memo.superseded_by),
        "quarantine": memo.quarantine,
        "inside": len(_derived(memo)),
    }
