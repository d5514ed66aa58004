"""The memos of a store by id, each opened when it is first looked at."""

from collections import OrderedDict
from collections.abc import Callable, Collection, ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Final

from rlm_crystal.errors import SealError

from rlm_memory.memo_codec import decode_memo
from rlm_memory.store import RowStore
from rlm_memory.types import Memo

# Kept open: about 2 KB each.
_OPEN_MAX: Final = 4_096
# From so many on, to read all rows is faster than these one by one.
_SCAN_FROM: Final = 64


class Memos(Mapping[str, Memo]):
    """Looking at one whose row does not open is a KeyError, of which `damaged` is told.

    To go through all of them opens each, some ten thousand a second.
    """

    def __init__(self, rows: RowStore, damaged: Callable[[str, SealError], None]) -> None:
        self._rows = rows
        self._damaged = damaged
        self._ids: dict[str, None] = {}
        self._unread: set[str] = set()
        self._open = OrderedDict[str, Memo]()

    def __getitem__(self, row_id: str) -> Memo:
        memo = self._open.get(row_id)
        if memo is not None:
            self._open.move_to_end(row_id)
            return memo
        if row_id not in self._ids:
            raise KeyError(row_id)
        return self._read([row_id])[row_id]

    def __iter__(self) -> Iterator[str]:
        self.read_all()
        return iter(list(self._ids))

    def __len__(self) -> int:
        self.read_all()
        return len(self._ids)

    def items(self) -> ItemsView[str, Memo]:
        return _Items(self)

    def values(self) -> ValuesView[Memo]:
        return _Values(self)

    def ids(self) -> list[str]:
        """All ids, also of rows that were not looked at and may be damaged."""
        return list(self._ids)

    def read_all(self) -> None:
        """Open what was not looked at yet, and so tell of all that is damaged."""
        if len(self._unread) < _SCAN_FROM:
            self._read(list(self._unread))
            return
        for row_id, content in self._rows.read_all():
            if row_id in self._unread and isinstance(content, SealError):
                self.drop(row_id)
                self._damaged(row_id, content)
        self._unread.clear()

    def opened(self, row_id: str) -> Memo | None:
        """A memo that is open already."""
        return self._open.get(row_id)

    def expect(self, row_ids: Collection[str]) -> None:
        """Hold ids whose rows are there to be read."""
        self._ids |= dict.fromkeys(row_ids)
        self._unread.update(row_ids)

    def hold(self, row_id: str, memo: Memo) -> None:
        """Hold a memo that was read or written just now."""
        self._ids[row_id] = None
        self._keep(row_id, memo)

    def drop(self, row_id: str) -> None:
        self._ids.pop(row_id, None)
        self._unread.discard(row_id)
        self._open.pop(row_id, None)

    def let_go(self) -> None:
        self._ids.clear()
        self._unread.clear()
        self._open.clear()

    def _read(self, row_ids: Iterable[str]) -> dict[str, Memo]:
        found: dict[str, Memo] = {}
        for row_id, content in self._rows.read(row_ids):
            if isinstance(content, SealError):
                self.drop(row_id)
                self._damaged(row_id, content)
            else:
                found[row_id] = decode_memo(content)
                self._keep(row_id, found[row_id])
        return found

    def _keep(self, row_id: str, memo: Memo) -> None:
        self._unread.discard(row_id)
        if len(self._open) >= _OPEN_MAX:
            self._open.popitem(last=False)
        self._open[row_id] = memo


class _Items(ItemsView[str, Memo]):
    """Those that open; each row is read once."""

    def __init__(self, memos: Memos) -> None:
        super().__init__(memos)
        self._memos = memos

    def __iter__(self) -> Iterator[tuple[str, Memo]]:
        for row_id in self._memos.ids():
            memo = self._memos.get(row_id)
            if memo is not None:
                yield row_id, memo


class _Values(ValuesView[Memo]):
    def __init__(self, memos: Memos) -> None:
        super().__init__(memos)
        self._memos = memos

    def __iter__(self) -> Iterator[Memo]:
        for _, memo in self._memos.items():
            yield memo
