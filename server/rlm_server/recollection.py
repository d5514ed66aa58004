"""What was asked before: recalled for a run, and kept after it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from time import time
from typing import TYPE_CHECKING, TypeVar

from anyio.to_thread import run_sync

from rlm_server.archive import Archive
from rlm_server.explaining import explained

if TYPE_CHECKING:
    from rlm_engine.answer import Answer
    from rlm_engine.json_value import JsonValue
    from rlm_memory.memory import Memory

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Recollection:
    """The memory of one corpus, opened at first use. An answer does not fail for want of it."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._memory: Memory | None = None
        self._opening = Lock()
        self.failure: Exception | None = None

    async def recall(self, query: str, limit: int) -> "Sequence[Mapping[str, JsonValue]]":
        """Return what bears on the query, best first; nothing where the memory cannot be used."""
        found = await self._with_memory(lambda memory: memory.recall(query, limit=limit))
        return [recalled.to_json() for recalled in found or ()]

    async def keep(self, answer: "Answer", revision: str) -> None:
        """Remember an answered question."""
        from rlm_memory.types import Citation, Episode

        citations = tuple(
            Citation(cited.path, cited.start_line, cited.end_line, cited.verified)
            for cited in answer.citations
        )
        episode = Episode.of_answer(
            answer.question,
            answer.answer,
            time_s=time(),
            citations=citations,
            revision=revision,
        )
        await self._with_memory(lambda memory: memory.remember(episode))

    async def check(self) -> tuple[int, bool]:
        """Return how many rows are damaged, and whether rows were removed or put back."""
        stats = await self._with_memory(lambda memory: memory.stats())
        return (len(stats.damaged), stats.altered) if stats else (0, False)

    def close(self) -> None:
        """Close the database; what was remembered is on disk already."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    async def _with_memory(self, use: "Callable[[Memory], T]") -> T | None:
        from rlm_memory.errors import RecallError

        try:
            return await run_sync(self._use, use)
        except (RecallError, OSError) as error:
            _log.warning("the memory cannot be used: %s", explained(error))
            self.failure = error
            return None

    def _use(self, use: "Callable[[Memory], T]") -> T:
        from rlm_memory.memory import Memory

        with self._opening:
            if self._memory is None:
                archive = self._archive
                self._memory = Memory.open(
                    archive.memory_folder(), archive.keyring, scope=archive.corpus
                )
        return use(self._memory)
