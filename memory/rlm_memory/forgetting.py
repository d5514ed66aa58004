"""Deletes what is to be forgotten with all that was derived from it, and proves that it is gone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rlm_crystal.errors import SealError

from rlm_memory.conflicts import freed, superseded
from rlm_memory.database import DATABASE
from rlm_memory.points import encode_point, memos_of, point_of
from rlm_memory.retention import Retention, ended
from rlm_memory.types import Memo
from rlm_memory.writer import Writer


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be forgotten: a memo, all of a subject, all that an agent wrote, or what the
    `rules` of retention end at `now_s`."""

    row_id: str = ""
    subject: str = ""
    writer: str = ""
    rules: tuple[Retention, ...] = ()
    gone: frozenset[str] = frozenset()
    now_s: float = 0.0

    @property
    def told(self) -> str:
        return "retention" if self.rules else ""

    def of(self, memos: Mapping[str, Memo]) -> set[str]:
        """The ids that are meant."""
        gone = {*self.gone} & memos.keys()
        if self.rules:
            return ended(memos, self.rules, now_s=self.now_s) | gone
        subject = self.subject.casefold()
        return gone | {
            row_id
            for row_id, memo in memos.items()
            if row_id == self.row_id
            or (subject and memo.episode.subject.casefold() == subject)
            or (self.writer and memo.episode.agent == self.writer)
        }


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


@dataclass(frozen=True, slots=True)
class Without:
    """What memos are once some are forgotten: `freed` are those that stay and change by it."""

    said: set[str]
    derived: set[str]
    freed: dict[str, Memo]


def without(memos: Mapping[str, Memo], asked: Asked, *, one_voice: bool) -> Without:
    """Take memos out with what repeats and summarises them; what they superseded holds again.

    With `one_voice` only what the same agents said goes with them; by a rule, nothing else does.
    """
    said = asked.of(memos)
    if not asked.rules:
        said = _with_repeats(memos, said, one_voice=one_voice)
    return Without(said, _made_from(memos, said), left_by(memos, said))


def left_by(memos: Mapping[str, Memo], gone: Collection[str]) -> dict[str, Memo]:
    """The episodes that stay and change where others are gone, as they are then."""
    return {
        row_id: _freed(memos, memo, gone)
        for row_id, memo in memos.items()
        if memo.level == "episode" and row_id not in gone
        if memo.superseded_by in gone or any(edge.target in gone for edge in memo.edges)
    }


def forget(writer: Writer, folder: Path, asked: Asked, *, agent: str) -> Forgotten:
    """Delete what is asked for and what depends on it, in every snapshot too; the caller holds the
    lock. A damaged row goes by its id."""
    rows, held = writer.rows, writer.held
    with writer.changing():
        pages = rows.pages.tags()
        found = without(dict(held.memos.items()), asked, one_voice=bool(agent))
        gone = found.said | found.derived | ({asked.row_id} & held.damaged.keys())
        tags = [held.tags[row_id] for row_id in gone]
        also = replace(asked, gone=frozenset(found.said))  # what repeats it may not be linked yet
        scrubbed = _scrubbed(writer, also, one_voice=bool(agent))
        tags += [held.tags[row_id] for row_id in scrubbed]
        if gone or scrubbed:
            writer.note("forget", agent, *sorted(gone), told=asked.told)
        for row_id, memo in found.freed.items():
            writer.put(row_id, memo)
        for row_id in sorted(gone):
            writer.delete(row_id)
        for row_id, data in scrubbed.items():
            writer.put_point(row_id, point_of(data), data)
    if not tags:
        return Forgotten()
    tags += pages - rows.pages.tags()
    rows.vacuum()
    return Forgotten(len(gone - found.derived), len(found.derived), tuple(_still_in(folder, tags)))


def _scrubbed(writer: Writer, asked: Asked, *, one_voice: bool) -> dict[str, bytes]:
    """The snapshots that hold what is to be forgotten, without it."""
    found: dict[str, bytes] = {}
    for row_id, content in writer.rows.read(list(writer.held.points)):
        if isinstance(content, SealError):
            continue
        memos = memos_of(content)
        left = without(memos, asked, one_voice=one_voice)
        if left.said:
            memos |= left.freed
            for each in left.said | left.derived:
                del memos[each]
            found[row_id] = encode_point(replace(point_of(content), memos=len(memos)), memos)
    return found


def _freed(memos: Mapping[str, Memo], memo: Memo, said: Collection[str]) -> Memo:
    """A memo without those; what took the place of the one that took its own has it now."""
    by = last = memo.superseded_by
    seen = set[str]()
    while last in said and last in memos and last not in seen:
        seen.add(last)
        last = memos[last].superseded_by
    free = freed(memo, memos[by] if by in said and by in memos else None, said)
    if by not in said or last not in memos or last in said:
        return free
    return superseded(last, memos[last], "", free)[1]


def _with_repeats(
    memos: Mapping[str, Memo], row_ids: Collection[str], *, one_voice: bool
) -> set[str]:
    """These memos with those that were merged with them: they say the same."""
    voices = {memos[row_id].episode.agent for row_id in row_ids}
    found, fresh = set(row_ids), set(row_ids)
    while fresh:
        linked = {
            edge.target
            for row_id in fresh
            for edge in memos[row_id].edges
            if edge.kind == "duplicate_of" and edge.target in memos
        }
        linked |= {row_id for row_id, memo in memos.items() if _points(memo, "duplicate_of", fresh)}
        if one_voice:
            linked = {row_id for row_id in linked if memos[row_id].episode.agent in voices}
        fresh = linked - found
        found |= fresh
    return found


def _made_from(memos: Mapping[str, Memo], row_ids: Collection[str]) -> set[str]:
    """All that was derived from these memos, on every level above."""
    found: set[str] = set()
    fresh = set(row_ids)
    while fresh:
        fresh = {i for i, memo in memos.items() if _points(memo, "derived_from", fresh)} - found
        found |= fresh
    return found


def _points(memo: Memo, kind: str, targets: Collection[str]) -> bool:
    return any(edge.kind == kind and edge.target in targets for edge in memo.edges)


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
