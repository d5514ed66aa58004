"""Remembering and recalling.

The store on disk is the truth; the index over it lives in memory, is rebuilt at open, and follows
what other processes write.
"""

import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rlm_crystal.keys import Keyring
from rlm_crystal.leave import Leave, always

from rlm_memory.admission import all_told, check, without_secrets
from rlm_memory.agent import AgentMemory
from rlm_memory.chain import Link
from rlm_memory.conflicts import Added, Verdict, overtaken, repeated
from rlm_memory.consolidation import Consolidated
from rlm_memory.database import opening, sole
from rlm_memory.deriving import Deriving
from rlm_memory.exchange import renamed
from rlm_memory.forgetting import Asked, Forgotten, forget, left_by
from rlm_memory.grants import Grant, Right
from rlm_memory.holdings import Holdings
from rlm_memory.ledger import Ledger
from rlm_memory.quarantine import instruction_in
from rlm_memory.recall import recalled
from rlm_memory.retention import Retention
from rlm_memory.settling import resolve, settle
from rlm_memory.snapshots import Snapshots
from rlm_memory.store import PURPOSE, RowStore
from rlm_memory.summaries import Draft, drafts_of
from rlm_memory.telling import keep_told
from rlm_memory.types import ZONES, Episode, Memo, MemoryStats, Place, Recall, Tally, Wanted, Zone
from rlm_memory.writer import Writer

if TYPE_CHECKING:
    from rlm_crystal.embed import Embedder

DEFAULT = Wanted()

SOURCES_MIN = 2
FORGET_WAIT_S = 60.0


class Memory:
    """One corpus' memory. Threads and processes may share it."""

    def __init__(
        self,
        rows: RowStore,
        folder: Path,
        clock: Callable[[], float],
        embedder: "Embedder | None" = None,
    ) -> None:
        self._folder = folder
        self._rows = rows
        self._clock = clock
        self._lock = threading.RLock()
        self._held = Holdings(rows, embedder)
        self._writer = Writer(rows, self._held, clock)
        self._ledger = Ledger()
        self.snapshots = Snapshots(self._writer, self._lock, self._alone)

    @classmethod
    def open(
        cls,
        folder: Path,
        keyring: Keyring,
        *,
        scope: str = "",
        clock: Callable[[], float] = time.time,
        may_write: Leave = always,
        embedder: "Embedder | None" = None,
    ) -> "Memory":
        """The memory in `folder`, created if there is none; `scope` is the corpus it belongs to.

        With an embedder what is near the question in meaning is recalled too. MemoryLocked under
        another key, MemoryDamaged, MemoryUnknown, MemoryBusy.
        """
        with opening(folder):
            rows = RowStore(folder, keyring.sealer(PURPOSE), scope, may_write=may_write)
        try:
            return cls(rows, folder, clock, embedder)
        except BaseException:
            rows.close()
            raise

    def close(self) -> None:
        with self._lock:
            try:
                self._writer.write_pages()
            finally:
                self._held.let_go()
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
            check(episode)
        with self._changing():
            return [self._remembered(episode)[0] for episode in episodes]

    def add(self, episode: Episode) -> Added:
        """Keep a stated fact as `remember` does, and settle what it says of what is believed.

        What cannot be settled without a person is told and stays open; see `conflicts`. Secrets
        are taken out. What reads like an instruction, and was not said by a person, is kept in
        quarantine: `release` lets it out. ValueError as for `remember`.
        """
        check(episode)
        with self._changing():
            row_id, known = self._remembered(without_secrets(episode))
            held = self._held.memos[row_id]
            if known or held.quarantine:
                return Added(row_id, quarantine=held.quarantine)
            return Added(row_id, settle(self._writer, row_id, held.episode))

    def conflicts(self, zones: Collection[Zone] = ZONES) -> list[tuple[str, str]]:
        """Ids of newer and older of what contradicts each other there and was not settled."""
        with self._lock:
            self._held.follow()
            return self._held.disputes(zones)

    def resolve(self, new_id: str, old_id: str, verdict: Verdict, *, agent: str = "") -> None:
        """Settle a conflict: the newer repeats the older (`merge`), takes its place (`supersede`),
        holds beside it (`keep`), or is wrong (`reject`). KeyError without such memos."""
        with self._changing():
            resolve(self._writer, new_id, old_id, verdict, agent)

    def release(self, row_id: str) -> None:
        """Let a memo out of quarantine, for a person who read it; KeyError without one."""
        with self._changing():
            memo = self._held.memos[row_id]
            self._writer.note("resolve", "", row_id, told="release")
            self._writer.put(row_id, replace(memo, quarantine=""))

    def promote(self, row_id: str) -> None:
        """Trust what two sources said as what an agent said; ValueError where they are fewer."""
        with self._changing():
            memo = self._held.memos[row_id]
            if len(memo.sources) < SOURCES_MIN:
                raise ValueError(f"{row_id} was said by one source only; another has to say it too")
            self._writer.note("promote", "", row_id)
            self._writer.put(row_id, replace(memo, episode=replace(memo.episode, trust="agent")))

    def consolidate(
        self, *, stop: Callable[[], bool] = lambda: False, zones: Sequence[Zone] = ZONES
    ) -> Consolidated:
        """Derive traces, categories and the domain of each zone from its episodes, or bring them up
        to date, after what the rules of retention end is forgotten; MemoryBusy while another
        process does. `stop` ends it early, without loss."""
        with sole(self._folder, "consolidate.lock"), self._lock:
            rules = tuple(rule for rule in self._laid_down().rules() if rule.zone in zones)
            if rules:
                up = Asked(rules=rules, now_s=self._clock())
                forget(self._writer, self._folder, up, agent="")
            self._held.follow()
            return Deriving(self._writer, stop).run(zones)

    def drafts(self, zones: Sequence[Zone]) -> list[Draft]:
        """What is derived there and was told by no model yet."""
        with self._lock:
            self._held.follow()
            return drafts_of(self._held.memos, zones)

    def tell(self, replies: Mapping[Draft, str], model: str) -> int:
        """Keep what a model replied to drafts, as far as it is borne out; how many it told."""
        with self._changing():
            return keep_told(self._writer, replies, model)

    def retain(self, rule: Retention) -> None:
        """Lay down how long memos of a zone are kept, in place of the rule for that trust there."""
        with self._changing():
            self._writer.note("retain", "", told=rule.encoded())

    def retained(self) -> list[Retention]:
        """The rules of retention in force."""
        with self._lock:
            return self._laid_down().rules()

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
            meant = self._held.meant(query)
            places = [Place(zone, level) for zone in wanted.zones for level in wanted.levels]
            found = recalled(
                query,
                [self._held.searched(place) for place in places],
                self._held.memos,
                wanted,
                limit=limit,
                tokens_max=tokens_max,
                now_s=self._clock() if now_s is None else now_s,
                meant=meant,
            )
            self._writer.write_pages()
            return found

    def get(self, row_id: str) -> Memo | None:
        """The memo of this id, whatever its zone, trust or validity."""
        with self._lock:
            self._held.follow()
            return self._held.memos.get(row_id)

    def memos(self) -> dict[str, Memo]:
        """All memos by id, of every zone and level: for their owner."""
        with self._lock:
            self._held.follow()
            return dict(self._held.memos.items())

    def restore(self, memos: Mapping[str, Memo]) -> int:
        """Keep episodes that were exported, under ids of their own; how many are new."""
        with self._changing():
            known = {each: self._held.same(memo.episode) for each, memo in memos.items()}
            ids = {each: same or self._rows.new_id() for each, same in known.items()}
            fresh = {each: memo for each, memo in memos.items() if known[each] is None}
            renewed = renamed(fresh, ids)
            for row_id, memo in renewed.items():
                self._writer.note("restore", "", row_id)
                self._writer.put(row_id, replace(memo, seq=self._rows.seq()))
            return len(renewed)

    def forget(
        self, row_id: str = "", *, subject: str = "", writer: str = "", agent: str = ""
    ) -> Forgotten:
        """Delete one memo, or all of a subject or an agent, with what repeats or summarises them.

        What was derived from them goes too, and is made anew without them at once; what they took
        the place of holds again. With `agent`, who asks then, what others said stays. See `erase`
        for a zone.
        """
        asked = Asked(row_id, subject, writer)
        with self._alone(), self._lock:
            gone = forget(self._writer, self._folder, asked, agent=agent)
            if gone.derived:
                Deriving(self._writer, lambda: False).run(ZONES)
            return gone

    def erase(self, zone: Zone) -> int:
        """Delete all of a zone, in snapshots too, and destroy its key, so no copy opens either.

        Also what cannot be opened and so may have stood there. How many memos there were.
        """
        with self._alone(), self._lock:
            with self._writer.changing():
                held = self._held
                gone = [row_id for row_id, memo in held.memos.items() if memo.episode.zone == zone]
                gone += held.damaged
                points = [row_id for row_id, point in held.points.items() if point.zone == zone]
                for row_id, memo in left_by(dict(held.memos.items()), set(gone)).items():
                    self._writer.put(row_id, memo)
                for row_id in (*gone, *points):
                    self._writer.delete(row_id)
                self._rows.destroy_key(zone)
                self._writer.note("erase", "", *gone, told=zone)
            self._rows.vacuum()
        return len(gone)

    def settle(self) -> int:
        """Drop rows that cannot be opened, take the rest for right; how many were dropped."""
        with self._changing():
            dropped = list(self._held.damaged)
            for row_id in dropped:
                self._writer.delete(row_id)
            self._writer.note("settle", "", *dropped)
            self._rows.accept(len(self._held.tags), self._held.total)
            self._held.altered = False
        return len(dropped)

    def as_agent(self, agent: str, *, standing: Collection[tuple[Zone, Right]] = ()) -> AgentMemory:
        """The memory as this agent may use it: nothing, until `grant` gives it something.

        `standing` is what whoever calls vouches for besides.
        """
        return AgentMemory(self, agent, frozenset(standing))

    def grant(self, grant: Grant) -> None:
        """Give an agent rights in a zone, in place of those it had there; the owner only."""
        self._change_rights("grant", grant)

    def revoke(self, agent: str, zone: Zone) -> None:
        """Take all rights in a zone from an agent; its next act finds them gone."""
        self._change_rights("revoke", Grant(agent, zone, frozenset()))

    def grants(self) -> list[Grant]:
        """The grants that hold now."""
        with self._lock:
            return self._laid_down().grants(now_s=self._clock())

    def allows(self, agent: str, zone: Zone, right: Right) -> bool:
        """Whether an agent has this right now."""
        with self._lock:
            return self._laid_down().allows(agent, zone, right, now_s=self._clock())

    def wrote(self, agent: str) -> int:
        """How many memos an agent wrote in the last day."""
        with self._lock:
            return self._laid_down().wrote(agent, now_s=self._clock())

    def deny(self, agent: str, act: str, row_id: str = "") -> None:
        """Note an act that was denied."""
        with self._lock, self._rows.writing():
            self._writer.note("denied", agent, *filter(None, (row_id,)), told=act)

    def writes(self, *, first: int = 1) -> list[Link]:
        """The chain of writes: who did what to which rows, from number `first` on."""
        with self._lock:
            return self._rows.links(first=first)

    def broken_write(self) -> int | None:
        """The number of the first entry of the chain that was cut or changed; reads all of it."""
        with self._lock:
            return self._rows.broken_link()

    def tally(self, zones: Collection[Zone] = ZONES) -> Tally:
        """How much these zones hold; cheap."""
        with self._lock:
            self._held.follow()
            return self._held.tally(zones)

    def stats(self) -> MemoryStats:
        """How all of it stands; every row is opened once for it."""
        with self._lock:
            self._held.follow()
            return MemoryStats(
                damaged=tuple(sorted(self._held.damaged)),
                altered=self._held.altered,
                tally=self._held.tally(ZONES),
            )

    def size_bytes(self) -> int:
        """How much the database takes on disk."""
        with self._lock:
            return self._rows.size_bytes()

    def _alone(self) -> AbstractContextManager[None]:
        """Be the only process that derives, forgets or rolls back."""
        return sole(self._folder, "consolidate.lock", wait_s=FORGET_WAIT_S)

    @contextmanager
    def _changing(self) -> Generator[None]:
        with self._lock, self._writer.changing():
            yield

    def _laid_down(self) -> Ledger:
        self._ledger.follow(self._rows.links(first=self._ledger.seq + 1))
        return self._ledger

    def _change_rights(self, act: Literal["grant", "revoke"], grant: Grant) -> None:
        if not grant.agent:
            raise ValueError("rights are given to an agent by its name")
        with self._lock, self._rows.writing():
            self._writer.note(act, "", told=grant.encoded())

    def _remembered(self, episode: Episode) -> tuple[str, bool]:
        """The id, and whether it was known."""
        row_id = self._held.same(episode)
        if row_id is None or overtaken(self._held.memos, row_id):
            row_id = self._rows.new_id()
            self._writer.note("remember", episode.agent, row_id)
            memo = Memo(
                episode,
                "episode",
                uses=1,
                last_used_s=episode.time_s,
                recorded_s=self._clock(),
                seq=self._rows.seq(),
                quarantine="" if episode.trust == "user" else instruction_in(all_told(episode)),
            )
            self._writer.put(row_id, memo)
            return row_id, False
        self._writer.note("use", episode.agent, row_id)
        self._writer.put(row_id, repeated(self._held.memos[row_id], episode))
        return row_id, True
