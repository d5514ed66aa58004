"""Remembering and recalling episodes.

The store on disk is the truth; the index over it lives in memory, is rebuilt at open, and follows
what other processes write. The hierarchy of levels above episodes comes to this same store.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rlm_crystal.errors import SealError
from rlm_crystal.keys import Keyring
from rlm_crystal.leave import Leave, always

from rlm_memory.chain import Act, Entry, Link
from rlm_memory.database import opening
from rlm_memory.lexical import LexicalIndex, Match
from rlm_memory.memo_codec import decode_memo, encode_memo, sameness
from rlm_memory.store import PURPOSE, Place, RowStore
from rlm_memory.types import Episode, Memo, MemoryStats, Recalled, Zone

TEXT_CHARS_MAX = 1_000_000

# Tie-breaks: multiplied into the score, a decay costs 13 points of recall (measured).
_RECENCY_WEIGHT = 0.02
_USE_WEIGHT = 0.01
_HALF_LIFE_S = 30 * 86_400.0

_log = logging.getLogger(__name__)


class Memory:
    """One corpus' memory. Threads and processes may share it."""

    def __init__(self, rows: RowStore, clock: Callable[[], float]) -> None:
        self._rows = rows
        self._clock = clock
        self._lock = threading.RLock()
        self._index = LexicalIndex()
        self._memos: dict[str, Memo] = {}
        self._tags: dict[str, str] = {}
        self._same: dict[str, str] = {}
        self._damaged: dict[str, str] = {}
        self._altered = False
        self._version = rows.version()
        self._load()

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
            return cls(rows, clock)
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
                    self._follow()
                    return [self._remembered(episode) for episode in episodes]
            except BaseException:
                self._forget_index()
                raise

    def recall(self, query: str, *, limit: int = 5, now_s: float | None = None) -> list[Recalled]:
        """Episodes that share telling words with the query, best first; empty if none does."""
        with self._lock:
            self._follow()
            now_s = self._clock() if now_s is None else now_s
            found = [
                _recalled(row_id, self._memos[row_id], match, now_s)
                for row_id, match in self._index.search(query).items()
            ]
        found.sort(key=lambda recalled: (-recalled.score, recalled.id))
        return found[: max(0, limit)]

    def forget(self, row_id: str) -> bool:
        """Delete the episode, damaged or not; whether there was one."""
        with self._lock:
            with self._rows.writing():
                self._follow()
                tag = self._tags.get(row_id)
                if tag is not None:
                    self._note("forget", "", row_id)
                    self._rows.delete(row_id, tag)
            self._drop(row_id)
            self._rows.shed()
        return tag is not None

    def erase(self, zone: Zone) -> int:
        """Delete all of a zone and destroy its key, so no copy opens either; how many there were.

        Also what cannot be opened and so may have stood there.
        """
        with self._lock:
            with self._rows.writing():
                self._follow()
                gone = [i for i, memo in self._memos.items() if memo.episode.zone == zone]
                gone += self._damaged
                for row_id in gone:
                    self._rows.delete(row_id, self._tags[row_id])
                self._rows.destroy_key(zone)
                self._note("erase", "", *gone, told=zone)
            for row_id in gone:
                self._drop(row_id)
            self._rows.vacuum()
        return len(gone)

    def settle(self) -> int:
        """Drop rows that cannot be opened, take the rest for right; how many were dropped."""
        with self._lock:
            with self._rows.writing():
                self._follow()
                dropped = list(self._damaged)
                for row_id in dropped:
                    self._rows.delete(row_id, self._tags[row_id])
                kept = {i: tag for i, tag in self._tags.items() if i not in self._damaged}
                self._note("settle", "", *dropped)
                self._rows.accept(kept)
            for row_id in dropped:
                self._drop(row_id)
            self._altered = False
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
            self._follow()
            return MemoryStats(
                episodes=len(self._memos),
                damaged=tuple(sorted(self._damaged)),
                altered=self._altered,
                size_bytes=self._rows.size_bytes(),
            )

    def _follow(self) -> None:
        version = self._rows.version()
        if version != self._version:
            self._load()
            self._version = version

    def _load(self) -> None:
        """Take over every row that is new or was rewritten, and drop those that are gone."""
        with self._rows.reading():
            tags = self._rows.tags()
            changed = [row_id for row_id, tag in tags.items() if self._tags.get(row_id) != tag]
            opened = self._rows.read(changed)
            self._altered = not self._rows.unaltered(tags)
        for row_id in self._tags.keys() - tags.keys():
            self._drop(row_id)
        for row_id, content in opened.items():
            self._drop(row_id)
            if isinstance(content, SealError):
                self._tags[row_id] = tags[row_id]
                self._damaged[row_id] = str(content)
            else:
                self._take(row_id, tags[row_id], decode_memo(content[1]))
        if self._damaged or self._altered:
            _log.warning(
                "memory: %d rows cannot be opened; rows removed or put back: %s",
                len(self._damaged),
                self._altered,
            )

    def _forget_index(self) -> None:
        """Read all anew at the next call: what was indexed may not have been kept."""
        for row_id in list(self._tags):
            self._drop(row_id)
        self._version = -1

    def _remembered(self, episode: Episode) -> str:
        row_id = self._same.get(sameness(episode))
        act: Act = "use" if row_id else "remember"
        memo = _again(self._memos[row_id], episode) if row_id else self._first(episode)
        row_id = row_id or self._rows.new_id()
        self._note(act, episode.agent, row_id)
        self._take(row_id, self._put(row_id, memo), memo)
        return row_id

    def _first(self, episode: Episode) -> Memo:
        return Memo(episode, "episode", 1, episode.time_s, recorded_s=self._clock())

    def _put(self, row_id: str, memo: Memo) -> str:
        place = Place(memo.episode.zone, memo.level)
        return self._rows.put(row_id, place, encode_memo(memo), replaces=self._tags.get(row_id))

    def _note(self, act: Act, agent: str, *row_ids: str, told: str = "") -> None:
        self._rows.note(Entry(act, self._clock(), agent, row_ids, told))

    def _take(self, row_id: str, tag: str, memo: Memo) -> None:
        self._index.add(row_id, memo.episode.text)
        self._damaged.pop(row_id, None)
        self._memos[row_id] = memo
        self._tags[row_id] = tag
        self._same[sameness(memo.episode)] = row_id

    def _drop(self, row_id: str) -> None:
        memo = self._memos.pop(row_id, None)
        if memo is not None:
            self._index.remove(row_id)
            self._same.pop(sameness(memo.episode), None)
        self._tags.pop(row_id, None)
        self._damaged.pop(row_id, None)


def _again(memo: Memo, episode: Episode) -> Memo:
    newer = episode if episode.time_s >= memo.episode.time_s else memo.episode
    last_used_s = max(memo.last_used_s, episode.time_s)
    return replace(memo, episode=newer, uses=memo.uses + 1, last_used_s=last_used_s)


def _recalled(row_id: str, memo: Memo, match: Match, now_s: float) -> Recalled:
    age_s = max(0.0, now_s - memo.last_used_s)
    recency = 0.5 ** (age_s / _HALF_LIFE_S)
    use = min(1.0, math.log1p(memo.uses) / 5)
    return Recalled(
        id=row_id,
        episode=memo.episode,
        score=match.score + _RECENCY_WEIGHT * recency + _USE_WEIGHT * use,
        why=f"shares {', '.join(match.words)}; {_times(memo.uses)}, {_ago(age_s)}",
    )


def _times(uses: int) -> str:
    return "said once" if uses == 1 else f"said {uses} times"


def _ago(age_s: float) -> str:
    if age_s < 3_600:
        return "within the hour"
    if age_s < 86_400:
        return f"{age_s / 3_600:.0f} h ago"
    return f"{age_s / 86_400:.0f} days ago"
