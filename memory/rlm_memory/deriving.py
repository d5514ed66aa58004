"""Writes what is derived from the episodes of a zone, and takes away what no longer is."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from rlm_memory.chain import Entry
from rlm_memory.consolidation import Consolidated, Derived, derived_of, matched, memo_of
from rlm_memory.holdings import Holdings
from rlm_memory.memo_codec import encode_memo
from rlm_memory.store import Place, RowStore
from rlm_memory.types import ZONES, Memo, Zone

# Rows a transaction: another process may write in between, and a stop loses no more.
_BATCH: Final = 32


class Deriving:
    """One consolidation of a memory whose lock the caller holds."""

    def __init__(
        self, rows: RowStore, held: Holdings, clock: Callable[[], float], stop: Callable[[], bool]
    ) -> None:
        self._rows = rows
        self._held = held
        self._clock = clock
        self._stop = stop
        self._written = self._removed = 0

    def run(self) -> Consolidated:
        """Bring every zone up to date, or as many as there is time for."""
        stopped = False
        counts = dict.fromkeys(("trace", "category", "domain", "episode"), 0)
        for zone in ZONES:
            memos = {i: m for i, m in self._held.memos.items() if m.episode.zone == zone}
            derived = derived_of(memos)
            for each in derived:
                counts[each.level] += 1
            stopped = stopped or not self._bring_up(zone, memos, derived)
        return Consolidated(
            counts["trace"], counts["category"], self._written, self._removed, stopped
        )

    def _bring_up(self, zone: Zone, memos: dict[str, Memo], derived: Sequence[Derived]) -> bool:
        """Write what changed; whether it came to the end."""
        ids = self._ids(zone, memos, derived)
        changed = self._changed(zone, derived, ids)
        while batch := list(islice(changed, _BATCH)):
            if self._stop():
                return False
            with self._rows.writing():
                self._held.follow()
                self._rows.note(
                    Entry("derive", self._clock(), rows=tuple(row_id for row_id, _ in batch))
                )
                for row_id, memo in batch:
                    self._put(row_id, memo)
        self._remove([i for i in memos if memos[i].level != "episode" and i not in ids.values()])
        return True

    def _ids(
        self, zone: Zone, memos: dict[str, Memo], derived: Sequence[Derived]
    ) -> dict[str, str]:
        """The row of each key; a category keeps that of the old one it grew out of."""
        ids = {each.key: self._rows.id_for(zone, each.key) for each in derived}
        old = {
            row_id: frozenset(edge.target for edge in memo.edges)
            for row_id, memo in memos.items()
            if memo.level == "category"
        }
        taken: set[str] = set()
        for each in derived:
            if each.level == "category":
                children = [ids[child] for child in each.children]
                free = {row_id: kept for row_id, kept in old.items() if row_id not in taken}
                ids[each.key] = matched(children, free) or ids[each.key]
                taken.add(ids[each.key])
        return ids

    def _changed(
        self, zone: Zone, derived: Sequence[Derived], ids: dict[str, str]
    ) -> Iterator[tuple[str, Memo]]:
        for each in derived:
            children = [ids.get(child, child) for child in each.children]
            memo = memo_of(each, zone, children, now_s=self._clock())
            known = self._held.memos.get(ids[each.key])
            same = known and (known.digest, known.edges, known.episode) == (
                memo.digest,
                memo.edges,
                memo.episode,
            )
            if not same:
                yield ids[each.key], memo

    def _remove(self, row_ids: Sequence[str]) -> None:
        if not row_ids:
            return
        with self._rows.writing():
            self._held.follow()
            self._rows.note(Entry("forget", self._clock(), rows=tuple(row_ids), told="derived"))
            for row_id in row_ids:
                tag = self._held.tags.get(row_id)
                if tag is not None:
                    self._rows.delete(row_id, tag)
        for row_id in row_ids:
            self._held.drop(row_id)
        self._removed += len(row_ids)

    def _put(self, row_id: str, memo: Memo) -> None:
        place, tag = Place(memo.episode.zone, memo.level), self._held.tags.get(row_id)
        tag = self._rows.put(row_id, place, encode_memo(memo), replaces=tag)
        self._held.take(row_id, tag, memo)
        self._written += 1
