"""Named points that a memory can be rolled back to, for its owner.

A snapshot is kept in the database itself: a sealed row for each zone, under the key of that zone,
counted and bound to the chain as every row is. So it goes with the zone where that is erased, is
sealed again with the rest where the key is rotated, and holds nothing that was forgotten: to forget
is to take it out of every snapshot too. To roll back is to write: the chain grows by it, and a
database that somebody put back from outside is still told from one that its owner rolled back.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from rlm_crystal.errors import SealError

from rlm_memory.errors import SnapshotRefused
from rlm_memory.points import Point, encode_point, memos_of
from rlm_memory.types import ZONES, Memo, Zone
from rlm_memory.writer import Writer

_NAME: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A named point: taken at `time_s`, after write number `seq`, of so many memos by zone."""

    name: str
    time_s: float
    seq: int
    memos: dict[Zone, int]


@dataclass(frozen=True, slots=True)
class RolledBack:
    """How many memos were put back and taken away; `kept_as` names the snapshot of before."""

    restored: int
    removed: int
    kept_as: str


class Snapshots:
    """The snapshots of one memory; `lock` is that of its threads, `alone` that of deriving."""

    def __init__(
        self,
        writer: Writer,
        lock: AbstractContextManager[bool],
        alone: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._writer = writer
        self._lock = lock
        self._alone = alone

    def take(self, name: str) -> Snapshot:
        """Keep all as it is under a new name; SnapshotRefused for a name that is taken."""
        if not _NAME.fullmatch(name):
            raise SnapshotRefused(f"{name!r} is no name: 1 to 64 letters, digits, - _ and .")
        with self._lock, self._writer.changing():
            if any(point.name == name for point in self._writer.held.points.values()):
                raise SnapshotRefused(
                    f"there is a snapshot {name} already; drop it or name another"
                )
            return self._take(name)

    def all(self) -> list[Snapshot]:
        """Every snapshot, the oldest first."""
        parts = defaultdict[str, list[Point]](list)
        with self._lock:
            self._writer.held.follow()
            for point in self._writer.held.points.values():
                parts[point.name].append(point)
        return sorted(map(_joined, parts.values()), key=lambda each: (each.seq, each.name))

    def drop(self, name: str) -> None:
        """Give a snapshot up; SnapshotRefused where there is none."""
        with self._lock, self._writer.changing():
            row_ids = self._rows_of(name)
            self._writer.note("snapshot", "", told=f"drop {name}")
            for row_id in row_ids:
                self._writer.delete(row_id)

    def rollback(self, name: str) -> RolledBack:
        """Make all memos what they were at a snapshot, but for what was forgotten since.

        What is there now is kept as a snapshot of its own. Grants stay as they are. SnapshotRefused
        where there is none of this name or it cannot be opened.
        """
        with self._alone(), self._lock, self._writer.changing():
            then = self._memos_of(name)
            held, rows = self._writer.held, self._writer.rows
            kept = self._take(f"before-rollback-{rows.seq() + 1}")
            gone = sorted(held.memos.keys() - then.keys())
            back = {i: memo for i, memo in sorted(then.items()) if held.memos.get(i) != memo}
            self._writer.note("rollback", "", *gone, *back, told=name)
            for row_id in gone:
                self._writer.delete(row_id)
            for row_id, memo in back.items():
                self._writer.put(row_id, memo)
            return RolledBack(len(back), len(gone), kept.name)

    def _take(self, name: str) -> Snapshot:
        rows, held = self._writer.rows, self._writer.held
        by_zone = defaultdict[Zone, dict[str, Memo]](dict)
        for row_id, memo in held.memos.items():
            by_zone[memo.episode.zone][row_id] = memo
        if not by_zone:
            by_zone["internal"] = {}  # nothing is a point to go back to as well
        self._writer.note("snapshot", "", told=name)
        time_s, seq = self._writer.clock(), rows.seq()
        points = [Point(name, zone, time_s, seq, len(memos)) for zone, memos in by_zone.items()]
        for point in points:
            row_id = rows.id_for(point.zone, f"snapshot {name}")
            self._writer.put_point(row_id, point, encode_point(point, by_zone[point.zone]))
        return _joined(points)

    def _rows_of(self, name: str) -> list[str]:
        found = [i for i, point in self._writer.held.points.items() if point.name == name]
        if not found:
            raise SnapshotRefused(f"there is no snapshot {name!r}; rlm-mcp memory snapshots")
        return found

    def _memos_of(self, name: str) -> dict[str, Memo]:
        memos: dict[str, Memo] = {}
        rows, damaged = self._writer.rows, self._writer.held.damaged
        for zone in ZONES:  # a part that did not open is not among the points
            told = damaged.get(rows.id_for(zone, f"snapshot {name}"))
            if told is not None:
                raise SnapshotRefused(f"the snapshot {name} cannot be opened: {told}")
        for _, content in rows.read(self._rows_of(name)):
            if isinstance(content, SealError):
                raise SnapshotRefused(f"the snapshot {name} cannot be opened: {content}")
            memos |= memos_of(content)
        return memos


def _joined(points: list[Point]) -> Snapshot:
    first = points[0]
    return Snapshot(first.name, first.time_s, first.seq, {each.zone: each.memos for each in points})
