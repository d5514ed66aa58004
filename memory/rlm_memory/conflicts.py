"""What is done where a new memo meets an older one: never is a text destroyed.

Merged: both stay, the newer one is kept behind the older, whose sources grow. Superseded: the
older gets its end and the name of the newer. Reviewed: the newer is marked as contradicting the
older, and a person settles it. Slots decide exactly; without them the odds of `contrast` do, where
they are sure. What is less trusted, or of another agent, never takes a place by itself.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from rlm_memory.contrast import OVERLAP_MIN, TAU_HIGH, TAU_LOW, Relation, contrast, odds, overlap
from rlm_memory.types import TRUSTS, Edge, EdgeKind, Episode, JsonValue, Memo

Verdict = Literal["merge", "supersede", "keep", "reject"]
VERDICTS: Final[tuple[Verdict, ...]] = ("merge", "supersede", "keep", "reject")

# Longer texts are told, not stated: their words are not the slots of a fact.
STATEMENT_CHARS_MAX: Final = 400

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
        return merged(new, conflict.old, old)
    if new.episode.time_s < old.episode.time_s:
        later, earlier = superseded(conflict.old, old, conflict.new, new)
        return earlier, later
    return superseded(conflict.new, new, conflict.old, old)


def merged(new: Memo, old_id: str, old: Memo) -> tuple[Memo, Memo]:
    """The newer one behind the older; its trust does not rub off."""
    trusted = _rank(new) >= _rank(old)
    older = replace(
        old,
        uses=old.uses + 1 if trusted else old.uses,
        last_used_s=max(old.last_used_s, new.episode.time_s) if trusted else old.last_used_s,
        sources=tuple(dict.fromkeys((*_sources(old), *_sources(new)))),
    )
    newer = replace(
        _linked(new, "duplicate_of", old_id),
        superseded_by=old_id,
        superseded_s=new.episode.time_s,
    )
    return newer, older


def superseded(new_id: str, new: Memo, old_id: str, old: Memo) -> tuple[Memo, Memo]:
    """The newer one in the place of the older, which ends where the newer begins."""
    begins_s = new.episode.valid_from_s
    ends_s = new.episode.time_s if begins_s is None else begins_s
    known_s = old.episode.valid_to_s
    episode = replace(old.episode, valid_to_s=ends_s if known_s is None else min(known_s, ends_s))
    older = replace(old, episode=episode, superseded_by=new_id, superseded_s=new.episode.time_s)
    return _linked(new, "supersedes", old_id), older


def disputed(new: Memo, old_id: str) -> Memo:
    """The newer one, marked as contradicting the older."""
    return _linked(new, "contradicts", old_id)


def undisputed(new: Memo, old_id: str) -> Memo:
    """The newer one without that mark."""
    dispute = Edge("contradicts", old_id)
    return replace(new, edges=tuple(edge for edge in new.edges if edge != dispute))


def open_disputes(memos: Mapping[str, Memo]) -> Iterable[tuple[str, str]]:
    """Ids of newer and older of all that a person has to settle, in the order of the ids."""
    for new_id in sorted(memos):
        memo = memos[new_id]
        for edge in memo.edges:
            if edge.kind == "contradicts" and not memo.superseded_by:
                old = memos.get(edge.target)
                if old is not None and not old.superseded_by:
                    yield new_id, edge.target


def may_settle(new: Episode, old: Memo) -> bool:
    """Whether the newer may take the older's place by itself."""
    rank = TRUSTS.index(new.trust)
    own = new.agent == old.episode.agent
    return rank >= _rank(old) and (own or new.trust == "user") and new.trust != "untrusted"


def _by_name(new_id: str, new: Episode, old_id: str, old: Memo) -> Conflict | None:
    if new.supersedes != old_id:
        return None
    return Conflict(new_id, old_id, "supersede", 1.0, may_settle(new, old), "it says so")


def _by_slots(new_id: str, new: Episode, old_id: str, old: Memo) -> Conflict | None:
    earlier = old.episode
    if _apart(new, earlier):
        return None
    if _plain(new.value) == _plain(earlier.value):
        return Conflict(new_id, old_id, "merge", 1.0, True, "the same value")
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
    if overlap(first, second) < OVERLAP_MIN:
        return None
    likely = odds(contrast(first, second))
    relation = likely.best
    sure = getattr(likely, relation)
    if relation == "merge" and sure >= TAU_HIGH:
        return Conflict(new_id, old_id, relation, sure, True, "says the same")
    if relation == "supersede" and sure >= TAU_LOW:
        acts = sure >= TAU_HIGH and may_settle(new, old)
        return Conflict(new_id, old_id, relation, sure, acts, "says otherwise")
    return None


def _of_self(text: str) -> bool:
    """Whether it tells of who speaks: then it says nothing of what another says of themselves."""
    return _FIRST_PERSON.search(text) is not None


def _apart(new: Episode, old: Episode) -> bool:
    """Whether the two hold at different times in the world, as far as they say."""
    if new.valid_to_s is not None and old.valid_from_s is not None:
        return new.valid_to_s <= old.valid_from_s
    if old.valid_to_s is not None and new.valid_from_s is not None:
        return old.valid_to_s <= new.valid_from_s
    return False


def _linked(memo: Memo, kind: EdgeKind, target: str) -> Memo:
    edge = Edge(kind, target)
    return memo if edge in memo.edges else replace(memo, edges=(*memo.edges, edge))


def _sources(memo: Memo) -> tuple[str, ...]:
    return memo.sources or tuple(filter(None, (memo.episode.source or memo.episode.speaker,)))


def _rank(memo: Memo) -> int:
    return TRUSTS.index(memo.episode.trust)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
