"""Writes memos and notes what was done, within a transaction that the caller began."""

from collections.abc import Callable

from rlm_memory.chain import Act, Entry
from rlm_memory.holdings import Holdings
from rlm_memory.memo_codec import encode_memo
from rlm_memory.store import Place, RowStore
from rlm_memory.types import Memo


class Writer:
    """A store with what it holds, kept in step."""

    def __init__(self, rows: RowStore, held: Holdings, clock: Callable[[], float]) -> None:
        self.rows = rows
        self.held = held
        self.clock = clock

    def put(self, row_id: str, memo: Memo) -> None:
        """Write a row and hold it, in place of what it was."""
        place, tag = Place(memo.episode.zone, memo.level), self.held.tags.get(row_id)
        tag = self.rows.put(row_id, place, encode_memo(memo), replaces=tag)
        self.held.take(row_id, tag, memo)

    def note(self, act: Act, agent: str, *row_ids: str, told: str = "") -> None:
        """Note an act of an agent, or of the owner where it is empty."""
        self.rows.note(Entry(act, self.clock(), agent, row_ids, told))
