"""Deletes what is to be forgotten with all that was derived from it, and proves that it is gone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from rlm_memory.conflicts import freed
from rlm_memory.database import DATABASE
from rlm_memory.holdings import Holdings
from rlm_memory.types import Memo
from rlm_memory.writer import Writer


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many memos went: those asked for with what repeated them, and those derived from them.

    `left_in` names files that still hold a sealed copy of one, as while another process reads.
    """

    memos: int = 0
    derived: int = 0
    left_in: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.memos > 0


def with_repeats(held: Holdings, row_ids: Collection[str], *, one_voice: bool) -> set[str]:
    """These memos with those that were merged with them: they say the same.

    With `one_voice` only those that the same agents said as these.
    """
    voices = {held.memos[each].episode.agent for each in row_ids if each in held.memos}
    found, fresh = set(row_ids), set(row_ids)
    while fresh:
        linked = {
            edge.target
            for row_id in fresh
            for edge in (held.memos[row_id].edges if row_id in held.memos else ())
            if edge.kind == "duplicate_of"
        }
        linked |= {row_id for row_id, memo in held.memos.items() if _repeats(memo, fresh)}
        if one_voice:
            linked = {each for each in linked if _said_by(held, each, voices)}
        fresh = linked - found
        found |= fresh
    return found


def made_from(held: Holdings, row_ids: Collection[str]) -> set[str]:
    """All that was derived from these memos, on every level above."""
    found: set[str] = set()
    fresh = set(row_ids)
    while fresh:
        fresh = {
            row_id
            for row_id, memo in held.memos.items()
            if any(edge.kind == "derived_from" and edge.target in fresh for edge in memo.edges)
        } - found
        found |= fresh
    return found


def forget(writer: Writer, folder: Path, row_ids: Collection[str], *, agent: str) -> Forgotten:
    """Delete these rows, damaged or not, and what depends on them; the caller holds the lock."""
    rows, held = writer.rows, writer.held
    with writer.changing():
        known = [row_id for row_id in row_ids if row_id in held.tags]
        asked = with_repeats(held, known, one_voice=bool(agent))
        derived = made_from(held, asked) - asked
        gone = {row_id: held.tags[row_id] for row_id in sorted(asked | derived)}
        if gone:
            writer.note("forget", agent, *gone)
            _free(writer, asked)
            for row_id in gone:
                writer.delete(row_id)
    if not gone:
        return Forgotten()
    rows.vacuum()
    return Forgotten(len(asked), len(derived), tuple(_still_in(folder, gone.values())))


def _free(writer: Writer, asked: Collection[str]) -> None:
    """Have what these memos took the place of hold again, as if they had never been said."""
    held = writer.held
    freeing = {
        row_id: memo
        for row_id, memo in held.memos.items()
        if memo.level == "episode" and row_id not in asked
        if memo.superseded_by in asked or any(edge.target in asked for edge in memo.edges)
    }
    for row_id, memo in freeing.items():
        newer = held.memos[memo.superseded_by] if memo.superseded_by in asked else None
        writer.put(row_id, freed(memo, newer, asked))


def _said_by(held: Holdings, row_id: str, voices: Collection[str]) -> bool:
    memo = held.memos.get(row_id)
    return memo is not None and memo.episode.agent in voices


def _repeats(memo: Memo, targets: Collection[str]) -> bool:
    return any(edge.kind == "duplicate_of" and edge.target in targets for edge in memo.edges)


def _still_in(folder: Path, tags: Iterable[str]) -> list[str]:
    """The files of the memory in which the end of a deleted row is found."""
    ends = [bytes.fromhex(tag) for tag in tags]
    return [
        path.name
        for path in sorted(folder.glob(f"{DATABASE}*"))
        if path.is_file() and _holds(path.read_bytes(), ends)
    ]


def _holds(content: bytes, ends: Collection[bytes]) -> bool:
    return any(end in content for end in ends)
