"""What the rows of a store hold, opened in memory and kept up with what others write."""

import logging
from collections.abc import Iterable

from rlm_crystal.errors import SealError

from rlm_memory.conflicts import slots_of
from rlm_memory.index import ZoneIndex
from rlm_memory.memo_codec import decode_memo, sameness
from rlm_memory.points import Point, is_point, point_of
from rlm_memory.store import Place, RowStore
from rlm_memory.types import LEVELS, ZONES, Episode, Memo, Zone

_log = logging.getLogger(__name__)


class Holdings:
    """The memos by id, and an index for each zone and level. Not for several threads at once."""

    def __init__(self, rows: RowStore) -> None:
        self._rows = rows
        self._version = -1
        self.memos: dict[str, Memo] = {}
        self.tags: dict[str, str] = {}
        self.points: dict[str, Point] = {}
        self.damaged: dict[str, str] = {}
        self.altered = False
        self._indexes: dict[Place, ZoneIndex] = {}
        self._pending: dict[str, Memo] = {}
        self._same: dict[str, str] | None = None
        self._slotted: dict[tuple[Zone, str, str], set[str]] = {}

    def follow(self) -> None:
        """Take over what other processes wrote."""
        version = self._rows.version()
        if version != self._version:
            self._load()
            self._version = version

    def index(self, place: Place) -> ZoneIndex:
        """The index of a zone and level, with all of it."""
        for row_id, memo in self._pending.items():
            self._index_of(memo).add(row_id, memo)
        self._pending.clear()
        found = self._index_at(place)
        if found.worn():
            found = self._indexes[place] = ZoneIndex(found.held())
        return found

    def same(self, episode: Episode) -> str | None:
        """The id of the memo that says the same."""
        if self._same is None:
            self._same = {
                sameness(memo.episode): row_id
                for row_id, memo in self.memos.items()
                if memo.level == "episode"
            }
        return self._same.get(sameness(episode))

    def slotted(self, episode: Episode) -> set[str]:
        """The ids of the memos in the same slot of the same zone."""
        slot = slots_of(episode)
        return self._slotted.get((episode.zone, *slot), set()) if slot else set()

    def take(self, row_id: str, tag: str, memo: Memo) -> None:
        """Hold a memo, in place of what it was before."""
        self.drop(row_id)
        self._hold(row_id, tag, memo)

    def take_point(self, row_id: str, tag: str, point: Point) -> None:
        """Hold a part of a snapshot, in place of what it was before."""
        self.tags[row_id] = tag
        self.points[row_id] = point

    def drop(self, row_id: str) -> None:
        memo = self.memos.pop(row_id, None)
        if memo is not None:
            if self._pending.pop(row_id, None) is None:
                self._index_of(memo).remove(row_id)
            if self._same is not None:
                self._same.pop(sameness(memo.episode), None)
            self.slotted(memo.episode).discard(row_id)
        self.tags.pop(row_id, None)
        self.points.pop(row_id, None)
        self.damaged.pop(row_id, None)

    def let_go(self) -> None:
        """Read all anew at the next call: what is held may not be what was kept."""
        self.memos.clear()
        self.tags.clear()
        self.points.clear()
        self.damaged.clear()
        self._indexes.clear()
        self._pending.clear()
        self._slotted.clear()
        self._same = None
        self._version = -1

    def _load(self) -> None:
        """Take over every row that is new or was rewritten, and drop those that are gone."""
        with self._rows.reading():
            tags = self._rows.tags()
            changed = [row_id for row_id, tag in tags.items() if self.tags.get(row_id) != tag]
            opened = self._rows.read(changed) if self.tags else self._rows.read_all()
            for row_id in self.tags.keys() - tags.keys():
                self.drop(row_id)
            self._take_all(tags, opened)
            self.altered = not self._rows.unaltered(tags)
        if self.damaged or self.altered:
            _log.warning(
                "memory: %d rows cannot be opened; rows removed or put back: %s",
                len(self.damaged),
                self.altered,
            )

    def _take_all(
        self, tags: dict[str, str], opened: Iterable[tuple[str, bytes | SealError]]
    ) -> None:
        found: list[tuple[int, str, Memo]] = []
        for row_id, content in opened:
            self.drop(row_id)
            if isinstance(content, SealError):
                self.tags[row_id] = tags[row_id]
                self.damaged[row_id] = str(content)
            elif is_point(content):
                self.take_point(row_id, tags[row_id], point_of(content))
            else:
                memo = decode_memo(content)
                found.append((memo.seq, row_id, memo))
        for _, row_id, memo in sorted(found, key=lambda each: each[:2]):
            self._hold(row_id, tags[row_id], memo)

    def _hold(self, row_id: str, tag: str, memo: Memo) -> None:
        self.memos[row_id] = memo
        self.tags[row_id] = tag
        self._pending[row_id] = memo
        slot = slots_of(memo.episode)
        if slot is not None:
            self._slotted.setdefault((memo.episode.zone, *slot), set()).add(row_id)
        if self._same is not None and memo.level == "episode":
            self._same[sameness(memo.episode)] = row_id

    def _index_of(self, memo: Memo) -> ZoneIndex:
        return self._index_at(Place(memo.episode.zone, memo.level))

    def _index_at(self, place: Place) -> ZoneIndex:
        found = self._indexes.get(place)
        if found is None:
            found = self._indexes[place] = ZoneIndex()
        return found

    def counts(self) -> dict[str, int]:
        """How many memos there are of each level and zone that has any."""
        found = {f"{level} {zone}": 0 for level in LEVELS for zone in ZONES}
        for memo in self.memos.values():
            found[f"{memo.level} {memo.episode.zone}"] += 1
        return {name: count for name, count in found.items() if count}
