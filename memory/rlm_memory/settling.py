"""Compares a new fact with what is believed in its zone, and acts where that is sure."""

from rlm_memory.conflicts import (
    Conflict,
    Verdict,
    disputed,
    freed,
    judged,
    merged,
    settled,
    superseded,
)
from rlm_memory.cues import asks
from rlm_memory.types import Episode, Place, Trust
from rlm_memory.writer import Writer

_COMPARED_MAX = 8


def settle(writer: Writer, row_id: str, episode: Episode) -> tuple[Conflict, ...]:
    """What a new episode bears on, the sure of it acted on."""
    held = writer.held
    index = held.index(Place(episode.zone, "episode"))
    # What nobody vouches for is compared with its like only: a flood of it would hide the rest.
    vouched: Trust = "untrusted" if episode.trust == "untrusted" else "agent"
    asking = asks(episode.text)
    near = [] if asking else index.nearest(episode.text, limit=_COMPARED_MAX, trust_min=vouched)
    others = dict.fromkeys((episode.supersedes, *sorted(held.slotted(episode)), *near))
    found: list[Conflict] = []
    for old_id in others:
        old = held.memos.get(old_id)
        if old is None or old_id == row_id or old.superseded_by or old.quarantine:
            continue
        conflict = judged(row_id, episode, old_id, old)
        if conflict is not None:
            found.append(conflict)
            _act_on(writer, conflict)
            if writer.held.memos[row_id].superseded_by:
                break
    return tuple(found)


def resolve(writer: Writer, new_id: str, old_id: str, verdict: Verdict, agent: str) -> None:
    """Settle what was left open as a person says; KeyError without such memos."""
    memos = writer.held.memos
    if new_id == old_id:
        raise ValueError(f"{new_id} cannot be settled against itself")
    # What was settled between the two before, by itself or by a person, is taken back first.
    new, old = (
        freed(memos[one], memos[by] if memos[one].superseded_by == by else None, {by})
        for one, by in ((new_id, old_id), (old_id, new_id))
    )
    if verdict == "merge":
        new, old = merged(new_id, new, old_id, old)
    elif verdict == "supersede":
        new, old = superseded(new_id, new, old_id, old)
    elif verdict == "reject":
        old, new = superseded(old_id, old, new_id, new)
    writer.note("resolve", agent, new_id, old_id, told=verdict)
    writer.put(new_id, new)
    writer.put(old_id, old)


def _act_on(writer: Writer, conflict: Conflict) -> None:
    new, old = writer.held.memos[conflict.new], writer.held.memos[conflict.old]
    if not conflict.settled:
        if conflict.relation == "supersede":
            writer.put(conflict.new, disputed(new, conflict.old))
        return
    new, old = settled(conflict, new, old)
    writer.note("supersede", new.episode.agent, conflict.new, conflict.old)
    writer.put(conflict.new, new)
    writer.put(conflict.old, old)
