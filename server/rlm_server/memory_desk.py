"""The memory as its tools see it, for whoever the transport says calls."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import anyio
from rlm_crystal.errors import NoCrystal
from rlm_crystal.types import ProgressSink
from rlm_tools.clip import clip
from rlm_tools.memory.desk import (
    Consolidation,
    Contradiction,
    Fact,
    Kept,
    MemoryFound,
    MemoryShown,
    MemoryStanding,
    Question,
    Verdict,
)

from rlm_server.errors import Indexing
from rlm_server.memory_telling import Teller

if TYPE_CHECKING:
    from rlm_memory.agent import AgentMemory
    from rlm_memory.conflicts import Conflict
    from rlm_memory.staleness import ReadLines
    from rlm_memory.types import Citation, Episode, Memo

    from rlm_server.service import Service

T = TypeVar("T")
_OLD_CHARS = 300
_INDEX_WAIT_S = 3.0


class Desk:
    """Acts in the caller's name; `rlm_tools.memory.desk.MemoryDesk` says the rest."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    async def add(self, fact: Fact, progress: ProgressSink) -> Kept:
        """Keep a fact, with a digest of the lines that it names."""
        read = await self._reader(progress)

        def add(mine: "AgentMemory") -> Kept:
            from rlm_memory.staleness import citations_in

            cited = citations_in(fact.text, read) if read else ()
            added = mine.add(_episode(fact, mine.agent, cited))
            told = tuple(_contradiction(mine, each) for each in added.conflicts)
            return Kept(added.id, told, added.quarantine, tuple(map(str, cited)))

        return await self._mine(add)

    async def search(self, question: Question, progress: ProgressSink) -> MemoryFound:
        """Recall, and check what cites lines against the corpus of this moment."""
        read = await self._reader(progress)

        def search(mine: "AgentMemory") -> MemoryFound:
            from rlm_memory.types import ZONES, Wanted

            wanted = Wanted(
                zones=(question.zone,) if question.zone else ZONES,
                levels=(question.level,),
                speaker=question.speaker or None,
                as_of_s=question.as_of_s,
                trust_min="untrusted" if question.untrusted else "agent",
            )
            found = mine.recall(question.query, limit=question.limit, wanted=wanted)
            shown = [
                _shown(each.id, each.memo, read, score=each.score, why=each.why)
                for each in found.found
            ]
            return MemoryFound(tuple(shown), found.reason)

        return await self._mine(search)

    async def get(self, row_id: str, progress: ProgressSink) -> MemoryShown:
        """One memory, checked as `search` does."""
        read = await self._reader(progress)
        return await self._mine(lambda mine: _shown(row_id, mine.get(row_id), read))

    async def resolve(self, new_id: str, old_id: str, verdict: Verdict) -> None:
        """Settle a contradiction."""
        await self._mine(lambda mine: mine.resolve(new_id, old_id, verdict))

    async def forget(self, row_id: str) -> tuple[int, int]:
        """Delete a memory."""
        gone = await self._mine(lambda mine: mine.forget(row_id))
        return gone.memos, gone.derived

    async def consolidate(self) -> Consolidation:
        """Bring the higher levels up to date."""
        done, zones = await self._mine(lambda mine: (mine.consolidate(), mine.zones("consolidate")))
        opened, book = await self._service.use(), self._service.state.book
        async with self._service.metered() as meter:
            teller = Teller(book.operator.memory, book.settings, self._service.environ, meter)
            by_model = await opened.recollection.told_by(teller, zones)
        return Consolidation(done.traces, done.categories, done.written, done.removed, by_model)

    async def standing(self) -> MemoryStanding:
        """What the caller may do, and what there is where it may read."""
        return await self._mine(_standing)

    async def _mine(self, use: "Callable[[AgentMemory], T]") -> T:
        opened = await self._service.use()
        return await opened.recollection.as_caller(use)

    async def _reader(self, progress: ProgressSink) -> "ReadLines | None":
        """What reads lines of the corpus; None where there is no index within a moment."""
        opened = await self._service.use()
        with anyio.move_on_after(_INDEX_WAIT_S), suppress(Indexing, NoCrystal):
            return (await opened.viewer.view(progress)).crystal.read
        return None


def _episode(fact: Fact, agent: str, cited: "tuple[Citation, ...]") -> "Episode":
    from rlm_memory.types import Episode

    return Episode(
        fact.text,
        time_s=time.time(),
        speaker=agent,
        source=fact.source,
        citations=cited,
        zone=fact.zone,
        trust=fact.trust,
        subject=fact.subject,
        attribute=fact.attribute,
        value=fact.value,
        supersedes=fact.supersedes,
        valid_from_s=fact.valid_from_s,
        valid_to_s=fact.valid_to_s,
    )


def _contradiction(mine: "AgentMemory", conflict: "Conflict") -> Contradiction:
    return Contradiction(
        conflict.new,
        conflict.old,
        clip(mine.get(conflict.old).episode.text, _OLD_CHARS),
        conflict.relation,
        round(conflict.likely, 3),
        conflict.settled,
        conflict.why,
    )


def _standing(mine: "AgentMemory") -> MemoryStanding:
    from rlm_memory.grants import RIGHTS
    from rlm_memory.types import ZONES

    rights = {zone: tuple(r for r in RIGHTS if zone in mine.zones(r)) for zone in ZONES}
    tally = mine.tally()
    open_pairs = tuple(
        Contradiction(
            new,
            old,
            clip(mine.get(old).episode.text, _OLD_CHARS),
            "supersede",
            0.0,
            settled=False,
            why=f"left open: {clip(mine.get(new).episode.text, _OLD_CHARS)}",
        )
        for new, old in mine.conflicts()
    )
    return MemoryStanding(
        mine.agent,
        {zone: held for zone, held in rights.items() if held},
        tally.levels,
        tally.quarantined,
        open_pairs,
    )


def _shown(
    row_id: str, memo: "Memo", read: "ReadLines | None", *, score: float = 0.0, why: str = ""
) -> MemoryShown:
    from rlm_memory.staleness import is_stale
    from rlm_memory.types import iso

    episode = memo.episode
    looked = read is not None and any(cited.digest for cited in episode.citations)
    return MemoryShown(
        id=row_id,
        level=memo.level,
        text=episode.text,
        speaker=episode.speaker,
        agent=episode.agent,
        time=iso(episode.time_s) or "",
        zone=episode.zone,
        trust=episode.trust,
        sources=memo.all_sources,
        cites=tuple(map(str, episode.citations)),
        stale=is_stale(episode.citations, read) if looked and read else None,
        subject=episode.subject,
        attribute=episode.attribute,
        value=episode.value,
        valid_from=iso(episode.valid_from_s) or "",
        valid_to=iso(episode.valid_to_s) or "",
        superseded_by=memo.superseded_by,
        quarantine=memo.quarantine,
        score=round(score, 4),
        why=why,
    )
