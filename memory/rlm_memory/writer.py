"""Writes memos and notes what was done; what is held follows the rows, also where that fails."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from rlm_crystal.errors import CrystalError

from rlm_memory.chain import Act, Entry
from rlm_memory.errors import RecallError
from rlm_memory.holdings import Holdings
from rlm_memory.memo_codec import encode_memo
from rlm_memory.points import Point
from rlm_memory.store import RowStore
from rlm_memory.types import PLACES, Memo, Place


class Writer:
    """A store with what it holds, kept in step."""

    def __init__(self, rows: RowStore, held: Holdings, clock: Callable[[], float]) -> None:
        self.rows = rows
        self.held = held
        self.clock = clock
        self._changed = False
        self._deleted: set[Place] = set()

    @contextmanager
    def changing(self) -> Generator[None]:
        """A transaction over what the rows hold now; all written in it is kept, or nothing."""
        self._changed = False
        self._deleted.clear()
        try:
            with self.rows.writing():
                self.held.follow()
                yield
                for place in self._deleted:
                    self.held.write_page(place)
        except BaseException:
            if self._changed:
                self.held.let_go()
            raise

    def put(self, row_id: str, memo: Memo) -> None:
        """Write a row and hold it, in place of what it was."""
        self._changed = True
        place, tag = Place(memo.episode.zone, memo.level), self.held.tags.get(row_id)
        tag = self.rows.put(row_id, place, encode_memo(memo), replaces=tag)
        self.held.take(row_id, tag, memo)

    def put_point(self, row_id: str, point: Point, data: bytes) -> None:
        """Write a part of a snapshot, in place of what it was."""
        self._changed = True
        place, tag = Place(point.zone, "snapshot"), self.held.tags.get(row_id)
        self.held.take_point(row_id, self.rows.put(row_id, place, data, replaces=tag), point)

    def delete(self, row_id: str) -> None:
        """Delete a row that there is, and hold it no longer; at the end its words leave the page.

        A row that is damaged may have stood in any.
        """
        self._changed = True
        place = self.held.place(row_id)
        if row_id not in self.held.points:
            # A summary may have told it once: its words can stand in the pages above it too.
            self._deleted |= {p for p in PLACES if place is None or p.zone == place.zone}
        self.rows.delete(row_id, self.held.tags[row_id])
        self.held.drop(row_id)

    def write_pages(self) -> None:
        """Write what the next one to open the memory need not read and index then, where no other
        process is writing."""
        places = self.held.unpaged()
        # Another may be writing, or the key may be retired: then it is left to the next one.
        with suppress(RecallError, CrystalError):
            if places:
                with self.rows.writing(wait=False):
                    self.held.follow()
                    for place in places:
                        self.held.write_page(place)

    def note(self, act: Act, agent: str, *row_ids: str, told: str = "") -> None:
        """Note an act of an agent, or of the owner where it is empty."""
        self.rows.note(Entry(act, self.clock(), agent, row_ids, told))
