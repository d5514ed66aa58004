"""What was asked before: recalled for a run, and kept after it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from time import time
from typing import TYPE_CHECKING, TypeVar

from anyio.to_thread import run_sync
from rlm_tools.host import MemoryHeld

from rlm_server.archive import Archive
from rlm_server.explaining import explained
from rlm_server.memory_reach import MemoryReach
from rlm_server.principal import acting

if TYPE_CHECKING:
    from rlm_engine.answer import Answer
    from rlm_engine.json_value import JsonValue
    from rlm_memory.agent import AgentMemory
    from rlm_memory.memory import Memory
    from rlm_memory.staleness import ReadLines
    from rlm_memory.types import Episode, Recall, Zone

    from rlm_server.memory_telling import Teller

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Recollection:
    """The memory of one corpus, opened at first use. An answer does not fail for want of it."""

    def __init__(self, archive: Archive, reach: MemoryReach) -> None:
        self._archive = archive
        self._reach = reach
        self._memory: Memory | None = None
        self._key = ""
        self._turn = Lock()
        self.failure: Exception | None = None

    async def recall(
        self, query: str, limit: int, read: "ReadLines"
    ) -> "Sequence[Mapping[str, JsonValue]]":
        """Return what bears on the query, best first; nothing where the memory cannot be used.

        Each has `stale`: whether lines it rests on are not what `read` gives for them now.
        """
        from rlm_memory.staleness import is_stale

        found = await self._with_memory(lambda memory: self._recalled(memory, query, limit))
        recalled = found.found if found else ()
        return [
            each.to_json() | {"stale": is_stale(each.episode.citations, read)} for each in recalled
        ]

    async def keep(self, answer: "Answer", revision: str, read: "ReadLines") -> None:
        """Remember an answered question, and what the lines it cites say."""
        from rlm_memory.staleness import lines_digest
        from rlm_memory.types import Citation, Episode

        citations = tuple(
            Citation(*lines, cited.verified, lines_digest(*lines, read))
            for cited in answer.citations
            if (lines := (cited.path, cited.start_line, cited.end_line))
        )
        episode = Episode.of_answer(
            answer.question,
            answer.answer,
            time_s=time(),
            citations=citations,
            revision=revision,
        )
        await self._with_memory(lambda memory: _remember(memory, episode))

    async def as_caller(self, use: "Callable[[AgentMemory], T]") -> T:
        """Use the memory in the name of whoever acts; raises what it raises.

        The owner's client is an agent too: its model may have read hostile text.
        """

        def in_name(memory: "Memory") -> T:
            return use(self._agent(memory))

        return await self.as_owner(in_name)

    async def as_owner(self, use: "Callable[[Memory], T]") -> T:
        """Use the memory as its owner; raises what it raises."""
        return await run_sync(self._use, use)

    async def told_by(self, teller: "Teller", zones: "Sequence[Zone]") -> int:
        """Have a model tell what was derived in these zones; how many texts are its own now."""
        if not teller.asks:
            return 0
        shown: list[Zone] = [zone for zone in teller.reach.zones if zone in zones]
        drafts = await self.as_owner(lambda memory: memory.drafts(shown))
        if not drafts:
            return 0
        replies, model = await teller.replies(drafts)
        return await self.as_owner(lambda memory: memory.tell(replies, model))

    async def held(self) -> MemoryHeld | None:
        """How much there is, for the owner."""
        if not acting().is_owner:
            return None
        return await self._with_memory(_held)

    async def check(self) -> tuple[int, bool]:
        """Return how many rows are damaged, and whether rows were removed or put back."""
        stats = await self._with_memory(lambda memory: memory.stats())
        return (len(stats.damaged), stats.altered) if stats else (0, False)

    def close(self) -> None:
        """Close the database; what was remembered is on disk already."""
        with self._turn:
            self._shut()

    async def _with_memory(self, use: "Callable[[Memory], T]") -> T | None:
        from rlm_crystal.errors import CrystalError
        from rlm_memory.errors import AccessDenied, RecallError

        try:
            used = await self.as_owner(use)
        except AccessDenied as denied:  # to an agent, or beyond its quota: the memory is well
            _log.info("not remembered or recalled: %s", denied)
            return None
        except (RecallError, CrystalError, OSError) as error:
            _log.warning("the memory cannot be used: %s", explained(error))
            self.failure = error
            return None
        self.failure = None
        return used

    def _use(self, use: "Callable[[Memory], T]") -> T:
        from rlm_crystal.errors import KeyRetired

        with self._turn:
            try:
                return use(self._opened())
            except KeyRetired:  # rotated between opening and writing: nothing was written
                return use(self._opened())

    def _opened(self) -> "Memory":
        """The memory under the key of this moment."""
        from rlm_memory.memory import Memory

        estate, corpus = self._archive.estate, self._archive.corpus
        if self._memory is None or self._key != estate.keyring.check:
            self._shut()
            self._memory = Memory.open(
                estate.memory_folder(corpus),
                estate.keyring,
                scope=corpus.id,
                may_write=partial(estate.admit, corpus),
                embedder=self._archive.memory_embedder(),
            )
            self._key = estate.keyring.check
        return self._memory

    def _agent(self, memory: "Memory") -> "AgentMemory":
        if acting().is_owner:
            return memory.as_agent(self._reach.agent, standing=self._reach.standing)
        return memory.as_agent(acting().agent)

    def _recalled(self, memory: "Memory", query: str, limit: int) -> "Recall | None":
        """What whoever acts may show to a model; an agent without a grant has no memory."""
        from rlm_memory.types import Wanted

        wanted = Wanted(zones=self._reach.zones)
        if acting().is_owner:
            return memory.recall(query, limit=limit, wanted=wanted)
        mine = memory.as_agent(acting().agent)
        return mine.recall(query, limit=limit, wanted=wanted) if mine.zones("read") else None

    def _shut(self) -> None:
        if self._memory is not None:
            self._memory.close()
            self._memory = None


def _remember(memory: "Memory", episode: "Episode") -> None:
    if acting().is_owner:
        memory.remember(episode)
        return
    mine = memory.as_agent(acting().agent)
    if episode.zone in mine.zones("write"):
        mine.add(episode)


def _held(memory: "Memory") -> MemoryHeld:
    tally = memory.tally()
    return MemoryHeld(
        levels=tally.levels,
        superseded=tally.superseded,
        quarantined=tally.quarantined,
        conflicts=tally.conflicts,
        snapshots=len(memory.snapshots.all()),
        sealed_bytes=memory.size_bytes(),
    )
