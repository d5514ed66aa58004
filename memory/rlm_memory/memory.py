"""Remembering and recalling.

The store on disk is the truth; the index over it lives in memory, is rebuilt at open, and follows
what other processes write.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rlm_crystal.keys import Keyring
from rlm_crystal.leave import Leave, always

from rlm_memory.chain import Act, Entry, Link
from rlm_memory.conflicts import (
    Added,
    Conflict,
    Verdict,
    disputed,
    judged,
    merged,
    open_disputes,
    settled,
    superseded,
    undisputed,
)
from rlm_memory.consolidation import Consolidated
from rlm_memory.cues import asks
from rlm_memory.database import opening, sole
from rlm_memory.deriving import Deriving
from rlm_memory.holdings import Holdings
from rlm_memory.memo_codec import encode_memo
from rlm_memory.recall import recalled
from rlm_memory.store import PURPOSE, Place, RowStore
from rlm_memory.types import Episode, Memo, MemoryStats, Recall, Wanted, Zone

TEXT_CHARS_MAX = 1_000_000
DEFAULT = Wanted()

_COMPARED_MAX = 8


class Memory:
    """One corpus' memory. Threads and processes may share it."""

    def __init__(self, rows: RowStore, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._rows = rows
        self._clock = clock
        self._lock = threading.RLock()
        self._held = Holdings(rows)

    @classmethod
    def open(
        cls,
        folder: Path,
        keyring: Keyring,
        *,
        scope: str = "",
        clock: Callable[[], float] = time.time,
        may_write: Leave = always,
    ) -> "Memory":
        """The memory in `folder`, created if there is none; `scope` is the corpus it belongs to.

        MemoryLocked under another key, MemoryDamaged, MemoryUnknown, MemoryBusy.
        """
        with opening(folder):
            rows = RowStore(folder, keyring.sealer(PURPOSE), scope, may_write=may_write)
        try:
            return cls(rows, folder, clock)
        except BaseException:
            rows.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._rows.close()

    def remember(self, episode: Episode) -> str:
        """Keep the episode and return its id; once returned it survives a crash.

        One that says the same as an earlier one counts as another use of that, whose time,
        citations and revision it renews. ValueError without text or with too much.
        """
        return self.remember_all([episode])[0]

    def remember_all(self, episodes: Sequence[Episode]) -> list[str]:
        """Keep all of them or none, as `remember` does; their ids in the same order."""
        for episode in episodes:
            if not episode.text.strip() or len(episode.text) > TEXT_CHARS_MAX:
                raise ValueError(f"an episode has 1 to {TEXT_CHARS_MAX} characters of text")
        with self._lock:
            try:
                with self._rows.writing():
                    self._held.follow()
                    return [self._remembered(episode)[0] for episode in episodes]
            except BaseException:
                self._held.let_go()
                raise

    def add(self, episode: Episode) -> Added:
        """Keep a stated fact as `remember` does, and settle what it says of what is believed.

        What cannot be settled without a person is told and stays open; see `conflicts`.
        """
        with self._lock:
            try:
                with self._rows.writing():
                    self._held.follow()
                    row_id, known = self._remembered(episode)
                    return Added(row_id) if known else self._settled(row_id, episode)
            except BaseException:
                self._held.let_go()
                raise

    def conflicts(self) -> list[tuple[str, str]]:
        """Ids of newer and older of what contradicts each other and was not settled."""
        with self._lock:
            self._held.follow()
            return list(open_disputes(self._held.memos))

    def resolve(self, new_id: str, old_id: str, verdict: Verdict, *, agent: str = "") -> None:
        """Settle a conflict: the newer repeats the older (`merge`), takes its place (`supersede`),
        holds beside it (`keep`), or is wrong (`reject`). KeyError without such memos."""
        with self._lock, self._rows.writing():
            self._held.follow()
            old = self._held.memos[old_id]
            new = undisputed(self._held.memos[new_id], old_id)
            if verdict == "merge":
                new, old = merged(new, old_id, old)
            elif verdict == "supersede":
                new, old = superseded(new_id, new, old_id, old)
            elif verdict == "reject":
                old, new = superseded(old_id, old, new_id, new)
            self._note("resolve", agent, new_id, old_id, told=verdict)
            self._put(new_id, new)
            self._put(old_id, old)

    def consolidate(self, *, stop: Callable[[], bool] = lambda: False) -> Consolidated:
        """Derive traces, categories and the domain of each zone from its episodes, or bring them up
        to date; MemoryBusy while another process does. `stop` ends it early, without loss."""
        with sole(self._folder, "consolidate.lock"), self._lock:
            self._held.follow()
            return Deriving(self._rows, self._held, self._clock, stop).run()

    def recall(
        self,
        query: str,
        *,
        limit: int = 5,
        wanted: Wanted = DEFAULT,
        tokens_max: int | None = None,
        now_s: float | None = None,
    ) -> Recall:
        """What bears on the query, best first, and a reason where nothing does."""
        with self._lock:
            self._held.follow()
            places = [Place(zone, level) for zone in wanted.zones for level in wanted.levels]
            return recalled(
                query,
                [self._held.index(place) for place in places],
                self._held.memos,
                wanted,
                limit=limit,
                tokens_max=tokens_max,
                now_s=self._clock() if now_s is None else now_s,
            )

    def get(self, row_id: str) -> Memo | None:
        """The memo of this id, whatever its zone, trust or validity."""
        with self._lock:
            self._held.follow()
            return self._held.memos.get(row_id)

    def forget(self, row_id: str) -> bool:
        """Delete the episode, damaged or not; whether there was one."""
        with self._lock:
            with self._rows.writing():
                self._held.follow()
                tag = self._held.tags.get(row_id)
                if tag is not None:
                    self._note("forget", "", row_id)
                    self._rows.delete(row_id, tag)
            self._held.drop(row_id)
            self._rows.shed()
        return tag is not None

    def erase(self, zone: Zone) -> int:
        """Delete all of a zone and destroy its key, so no copy opens either; how many there were.

        Also what cannot be opened and so may have stood there.
        """
        with self._lock:
            with self._rows.writing():
                self._held.follow()
                memos = self._held.memos
                gone = [row_id for row_id, memo in memos.items() if memo.episode.zone == zone]
                gone += self._held.damaged
                for row_id in gone:
                    self._rows.delete(row_id, self._held.tags[row_id])
                self._rows.destroy_key(zone)
                self._note("erase", "", *gone, told=zone)
            for row_id in gone:
                self._held.drop(row_id)
            self._rows.vacuum()
        return len(gone)

    def settle(self) -> int:
        """Drop rows that cannot be opened, take the rest for right; how many were dropped."""
        with self._lock:
            with self._rows.writing():
                self._held.follow()
                dropped = list(self._held.damaged)
                for row_id in dropped:
                    self._rows.delete(row_id, self._held.tags[row_id])
                tags = self._held.tags.items()
                self._note("settle", "", *dropped)
                self._rows.accept({i: tag for i, tag in tags if i not in self._held.damaged})
            for row_id in dropped:
                self._held.drop(row_id)
            self._held.altered = False
        return len(dropped)

    def writes(self, *, first: int = 1) -> list[Link]:
        """The chain of writes: who did what to which rows, from number `first` on."""
        with self._lock:
            return self._rows.links(first=first)

    def broken_write(self) -> int | None:
        """The number of the first entry of the chain that was cut or changed; reads all of it."""
        with self._lock:
            return self._rows.broken_link()

    def stats(self) -> MemoryStats:
        with self._lock:
            self._held.follow()
            return MemoryStats(
                episodes=sum(memo.level == "episode" for memo in self._held.memos.values()),
                damaged=tuple(sorted(self._held.damaged)),
                altered=self._held.altered,
                size_bytes=self._rows.size_bytes(),
                counts=self._held.counts(),
            )

    def _settled(self, row_id: str, episode: Episode) -> Added:
        """Compare a new episode with what is believed in its zone, and act where that is sure."""
        index = self._held.index(Place(episode.zone, "episode"))
        near = [] if asks(episode.text) else index.nearest(episode.text, limit=_COMPARED_MAX)
        others = dict.fromkeys((episode.supersedes, *sorted(self._held.slotted(episode)), *near))
        found: list[Conflict] = []
        for old_id in others:
            old = self._held.memos.get(old_id)
            if old is None or old_id == row_id or old.superseded_by or old.quarantine:
                continue
            conflict = judged(row_id, episode, old_id, old)
            if conflict is None:
                continue
            found.append(conflict)
            self._act_on(conflict)
            if conflict.settled and conflict.relation == "merge":
                break
        return Added(row_id, tuple(found))

    def _act_on(self, conflict: Conflict) -> None:
        new, old = self._held.memos[conflict.new], self._held.memos[conflict.old]
        if not conflict.settled:
            self._put(conflict.new, disputed(new, conflict.old))
            return
        new, old = settled(conflict, new, old)
        self._note("supersede", new.episode.agent, conflict.new, conflict.old)
        self._put(conflict.new, new)
        self._put(conflict.old, old)

    def _remembered(self, episode: Episode) -> tuple[str, bool]:
        """The id, and whether it was known."""
        now_s = self._clock()
        memo = Memo(episode, "episode", 1, episode.time_s, recorded_s=now_s)
        row_id = self._held.same(memo)
        if row_id is None:
            row_id = self._rows.new_id()
            self._note("remember", episode.agent, row_id)
            self._put(row_id, replace(memo, seq=self._rows.seq()))
            return row_id, False
        self._note("use", episode.agent, row_id)
        self._put(row_id, _again(self._held.memos[row_id], episode))
        return row_id, True

    def _put(self, row_id: str, memo: Memo) -> None:
        """Write a row and hold it."""
        place, tag = Place(memo.episode.zone, memo.level), self._held.tags.get(row_id)
        tag = self._rows.put(row_id, place, encode_memo(memo), replaces=tag)
        self._held.take(row_id, tag, memo)

    def _note(self, act: Act, agent: str, *row_ids: str, told: str = "") -> None:
        self._rows.note(Entry(act, self._clock(), agent, row_ids, told))


def _again(memo: Memo, episode: Episode) -> Memo:
    newer = episode if episode.time_s >= memo.episode.time_s else memo.episode
    last_used_s = max(memo.last_used_s, episode.time_s)
    return replace(memo, episode=newer, uses=memo.uses + 1, last_used_s=last_used_s)
