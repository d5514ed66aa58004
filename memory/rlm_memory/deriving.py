"""Writes what is derived from the episodes of a zone, and takes away what no longer is."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from rlm_memory.consolidation import Consolidated, Derived, derived_of, matched, memo_of
from rlm_memory.summaries import SOURCE
from rlm_memory.types import Level, Memo, Zone
from rlm_memory.writer import Writer

# Rows a transaction: another process may write in between, and a stop loses no more.
_BATCH: Final = 32


class Deriving:
    """One consolidation of a memory whose lock the caller holds."""

    def __init__(self, writer: Writer, stop: Callable[[], bool]) -> None:
        self._writer = writer
        self._rows = writer.rows
        self._held = writer.held
        self._stop = stop
        self._written = self._removed = 0

    def run(self, zones: Sequence[Zone]) -> Consolidated:
        """Bring these zones up to date, or as many as there is time for."""
        counts, ended = Counter[Level](), True
        for zone in zones:
            memos = {i: m for i, m in self._held.memos.items() if m.episode.zone == zone}
            derived = derived_of(memos)
            counts.update(each.level for each in derived)
            ended = self._bring_up(zone, memos, derived)
            if not ended:
                break
        return Consolidated(
            counts["trace"], counts["category"], self._written, self._removed, not ended
        )

    def _bring_up(self, zone: Zone, memos: dict[str, Memo], derived: Sequence[Derived]) -> bool:
        """Write what changed; whether it came to the end."""
        ids = self._ids(zone, memos, derived)
        changed = self._changed(zone, derived, ids)
        while batch := list(islice(changed, _BATCH)):
            if self._stop():
                return False
            with self._writer.changing():
                self._writer.note("derive", "", *(row_id for row_id, _ in batch))
                for row_id, memo in batch:
                    self._writer.put(row_id, memo)
                    self._written += 1
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
            memo = memo_of(each, zone, children, now_s=self._writer.clock())
            known = self._held.memos.get(ids[each.key])
            if known is None or not _same(known, memo):
                yield ids[each.key], memo

    def _remove(self, row_ids: Sequence[str]) -> None:
        if not row_ids:
            return
        with self._writer.changing():
            gone = [row_id for row_id in row_ids if row_id in self._held.tags]
            self._writer.note("forget", "", *gone, told="derived")
            for row_id in gone:
                self._writer.delete(row_id)
        self._removed += len(gone)


def _same(known: Memo, memo: Memo) -> bool:
    """Whether a derived memo is what is kept; in the words of a model it may be told otherwise."""
    of_same = (known.digest, known.edges) == (memo.digest, memo.edges)
    return of_same and (known.episode.source != SOURCE or known.episode == memo.episode)
