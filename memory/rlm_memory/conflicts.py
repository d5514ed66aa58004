"""What is done where a new memo meets an older one: never is a text destroyed.

Merged: both stay, the less trusted or else the newer one is kept behind the other, whose sources
grow. Superseded: the older gets its end and the name of the newer. Reviewed: the newer is marked as
contradicting the older, and a person settles it. Slots decide exactly; without them the odds of
`contrast` do, where they are sure. What is less trusted, or as much and of another agent, never
hides anything by itself: the same said by two agents stays twice.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from rlm_memory.contrast import TAU_HIGH, TAU_LOW, Relation, covers, told_as_new, verdict
from rlm_memory.statement import statement_of
from rlm_memory.types import TRUSTS, Edge, EdgeKind, Episode, JsonValue, Memo

Verdict = Literal["merge", "supersede", "keep", "reject"]
VERDICTS: Final[tuple[Verdict, ...]] = ("merge", "supersede", "keep", "reject")

# Longer texts are told, not stated: their words are not the slots of a fact.
STATEMENT_CHARS_MAX: Final = 400

# What is kept behind another is seldom read again; of 64 pairs that say the same 63 are above it.
_COVERED_MIN: Final = 0.6

_FIRST_PERSON: Final = re.compile(r"\b(?:I|I['\u2019](?:m|ve|d|ll)|[Mm]y|[Mm]ine|[Mm]e)\b")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A new memo against an older one; `settled` where it was acted on, `why` on what ground."""

    new: str
    old: str
    relation: Relation
    likely: float
    settled: bool
    why: str

    def to_json(self) -> dict[str, JsonValue]:
        return {
            "new": self.new,
            "old": self.old,
            "relation": self.relation,
            "likely": round(self.likely, 3),
            "settled": self.settled,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Added:
    """The id of what was added, the older memos it bears on, and why it is kept out of recall."""

    id: str
    conflicts: tuple[Conflict, ...] = ()
    quarantine: str = ""


def slots_of(episode: Episode) -> tuple[str, str] | None:
    """What is had only one value at a time, where the episode says it in slots."""
    if not (episode.subject and episode.attribute and episode.value):
        return None
    return _plain(episode.subject), _plain(episode.attribute)


def judged(new_id: str, new: Episode, old_id: str, old: Memo) -> Conflict | None:
    """What a new episode is to an older memo; None where both simply hold."""
    named = _by_name(new_id, new, old_id, old)
    if named is not None:
        return named
    mine, yours = slots_of(new), slots_of(old.episode)
    if mine is not None and yours is not None:
        return _by_slots(new_id, new, old_id, old) if mine == yours else None
    return _by_text(new_id, new, old_id, old)


def settled(conflict: Conflict, new: Memo, old: Memo) -> tuple[Memo, Memo]:
    """The two memos after a conflict that was acted on."""
    if conflict.relation == "merge":
        return merged(conflict.new, new, conflict.old, old)
    if new.episode.time_s < old.episode.time_s:
        later, earlier = superseded(conflict.old, old, conflict.new, new)
        return earlier, later
    return superseded(conflict.new, new, conflict.old, old)


def merged(new_id: str, new: Memo, old_id: str, old: Memo) -> tuple[Memo, Memo]:
    """The newer and the older, one behind the other: the less trusted, or else the newer one."""
    if _rank(new) > _rank(old):
        return _backed(new, old), _behind(old, new_id, new.episode.time_s)
    return _behind(new, old_id, new.episode.time_s), _backed(old, new)


def repeated(memo: Memo, again: Episode) -> Memo:
    """A memo that the same voice said again."""
    source = _source(again)
    return replace(
        memo,
        # When it was said first stays: `as_of` before now has to find it.
        episode=replace(again, time_s=memo.episode.time_s)
        if again.time_s >= memo.last_used_s
        else replace(memo.episode, time_s=min(memo.episode.time_s, again.time_s)),
        uses=memo.uses + 1,
        last_used_s=max(memo.last_used_s, again.time_s),
        sources=memo.sources if (source,) == _sources(memo) else _with(_sources(memo), source),
    )


def freed(memo: Memo, newer: Memo | None, gone: Collection[str]) -> Memo:
    """A memo once others are gone, `newer` being the one of them that took its place."""
    edges = tuple(edge for edge in memo.edges if edge.target not in gone)
    if newer is None:
        return replace(memo, edges=edges)
    episode = memo.episode
    if episode.valid_to_s == _begins_s(newer):
        episode = replace(episode, valid_to_s=None)
    return replace(memo, episode=episode, edges=edges, superseded_by="", superseded_s=None)


def superseded(new_id: str, new: Memo, old_id: str, old: Memo) -> tuple[Memo, Memo]:
    """The newer one in the place of the older, which ends where the newer begins."""
    ends_s = _begins_s(new)
    known_s = old.episode.valid_to_s
    episode = replace(old.episode, valid_to_s=ends_s if known_s is None else min(known_s, ends_s))
    older = replace(old, episode=episode, superseded_by=new_id, superseded_s=new.episode.time_s)
    return _linked(new, "supersedes", old_id), older


def disputed(new: Memo, old_id: str) -> Memo:
    """The newer one, marked as contradicting the older."""
    return _linked(new, "contradicts", old_id)


def open_disputes(memos: Mapping[str, Memo], disputing: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of memos that contradict others, ids of newer and older where both are believed still."""
    for new_id in disputing:
        new = memos.get(new_id)
        for edge in new.edges if new is not None else ():
            old = memos.get(edge.target) if edge.kind == "contradicts" else None
            if old is not None and not old.superseded_by:
                yield new_id, edge.target


def overtaken(memos: Mapping[str, Memo], row_id: str) -> bool:
    """Whether something else took the place of a memo since, or of the one it repeats."""
    seen = set[str]()
    memo = memos.get(row_id)
    while memo is not None and memo.superseded_by and row_id not in seen:
        seen.add(row_id)
        if Edge("duplicate_of", memo.superseded_by) not in memo.edges:
            return True
        row_id = memo.superseded_by
        memo = memos.get(row_id)
    return memo is None


def may_settle(new: Episode, old: Memo) -> bool:
    """Whether the newer may take the older's place by itself."""
    rank = TRUSTS.index(new.trust)
    own = new.agent == old.episode.agent
    if new.time_s < old.episode.time_s:  # then the older memo is what takes the place
        return own and rank == _rank(old) and new.trust != "untrusted"
    return rank >= _rank(old) and (own or new.trust == "user") and new.trust != "untrusted"


def _may_merge(new: Episode, old: Memo) -> bool:
    """Whether one may be kept behind the other: that of the same voice, or of less trust."""
    return new.agent == old.episode.agent or TRUSTS.index(new.trust) != _rank(old)


def _by_name(new_id: str, new: Episode, old_id: str, old: Memo) -> Conflict | None:
    if new.supersedes != old_id:
        return None
    return Conflict(new_id, old_id, "supersede", 1.0, may_settle(new, old), "it says so")


def _by_slots(new_id: str, new: Episode, old_id: str, old: Memo) -> Conflict | None:
    earlier = old.episode
    if _apart(new, earlier):
        return None
    if _same_value(new.value, earlier.value):
        return Conflict(new_id, old_id, "merge", 1.0, _may_merge(new, old), "the same value")
    why = f"{new.attribute} of {new.subject}: {earlier.value} before, {new.value} now"
    return Conflict(new_id, old_id, "supersede", 1.0, may_settle(new, old), why)


def _by_text(new_id: str, new: Episode, old_id: str, old: Memo) -> Conflict | None:
    earlier = old.episode
    if max(len(new.text), len(earlier.text)) > STATEMENT_CHARS_MAX:
        return None
    if new.speaker != earlier.speaker and any(map(_of_self, (new.text, earlier.text))):
        return None
    first, second = earlier.text, new.text
    if new.time_s < earlier.time_s:
        first, second = second, first
    relation, sure = verdict(first, second)
    if relation == "merge" and sure >= TAU_HIGH:
        acts = _may_merge(new, old) and _says_no_more(new, old)
        return Conflict(new_id, old_id, relation, sure, acts, "says the same")
    if relation == "supersede" and sure >= TAU_LOW:
        acts = sure >= TAU_HIGH and told_as_new(second) and may_settle(new, old)
        return Conflict(new_id, old_id, relation, sure, acts, "says otherwise")
    return None


def _says_no_more(new: Episode, old: Memo) -> bool:
    """Whether the one that would be kept behind the other says little that the other does not."""
    behind, front = new.text, old.episode.text
    if TRUSTS.index(new.trust) > _rank(old):
        behind, front = front, behind
    return covers(behind, front) >= _COVERED_MIN


@lru_cache(maxsize=8_192)
def _of_self(text: str) -> bool:
    """Whether it tells of who speaks: then it says nothing of what another says of themselves."""
    return _FIRST_PERSON.search(text) is not None


def _apart(new: Episode, old: Episode) -> bool:
    """Whether the two hold at different times in the world, as far as they say."""
    return any(
        one.valid_to_s is not None
        and other.valid_from_s is not None
        and one.valid_to_s <= other.valid_from_s
        for one, other in ((new, old), (old, new))
    )


def _backed(front: Memo, behind: Memo) -> Memo:
    """A memo that another one bears out, whose trust does not rub off."""
    grown = replace(front, sources=_with(_sources(front), *_sources(behind)))
    if _rank(behind) < _rank(front):
        return grown
    last_used_s = max(front.last_used_s, behind.episode.time_s)
    return replace(grown, uses=front.uses + 1, last_used_s=last_used_s)


def _behind(memo: Memo, front_id: str, time_s: float) -> Memo:
    linked = _linked(memo, "duplicate_of", front_id)
    return replace(linked, superseded_by=front_id, superseded_s=time_s)


def _begins_s(memo: Memo) -> float:
    from_s = memo.episode.valid_from_s
    return memo.episode.time_s if from_s is None else from_s


def _with(sources: Sequence[str], *more: str) -> tuple[str, ...]:
    return tuple(filter(None, dict.fromkeys((*sources, *more))))


def _linked(memo: Memo, kind: EdgeKind, target: str) -> Memo:
    edge = Edge(kind, target)
    return memo if edge in memo.edges else replace(memo, edges=(*memo.edges, edge))


def _sources(memo: Memo) -> tuple[str, ...]:
    return memo.sources or (_source(memo.episode),)


def _source(episode: Episode) -> str:
    return episode.source or episode.speaker


def _rank(memo: Memo) -> int:
    return TRUSTS.index(memo.episode.trust)


def _same_value(one: str, other: str) -> bool:
    """Whether two values are one, as 30 s and 30 seconds are."""
    mine, yours = _plain(one), _plain(other)
    if not (mine[:1].isdigit() and yours[:1].isdigit()):
        return mine == yours
    return mine == yours or statement_of(mine).words == statement_of(yours).words


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
