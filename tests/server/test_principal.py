"""Whoever acts sees the memory that is theirs to see."""

from functools import partial
from pathlib import Path

import pytest
from over_http import NOT_INDEXED
from rlm_memory.grants import Grant
from rlm_memory.memory import Memory
from rlm_memory.types import Episode
from rlm_server.principal import Principal, calls_by
from rlm_server.service import Service
from services import serving
from workspace import archive_of


async def recalled(service: Service) -> list[object]:
    opened = await service.use()
    found = await opened.recollection.recall("staging port", 5, lambda *_: None)
    return [each["text"] for each in found]


@pytest.mark.asyncio
async def test_an_agent_recalls_what_was_granted_to_it_and_nothing_before(
    repository: Path, environ: dict[str, str]
) -> None:
    archive, fact = archive_of(Path(environ["RLM_HOME"]), repository), "The staging port is 8080."
    memory = Memory.open(
        archive.estate.memory_folder(archive.corpus),
        archive.keyring,
        scope=archive.corpus.id,
        may_write=partial(archive.estate.admit, archive.corpus),
    )
    memory.remember(Episode(fact, time_s=0.0))
    async with serving(repository, environ, NOT_INDEXED) as service:
        assert await recalled(service) == [fact]
        with calls_by(Principal("reviewer")):
            assert await recalled(service) == []
            memory.grant(Grant("reviewer", "internal", frozenset({"read"})))
            assert await recalled(service) == [fact]
        with calls_by(Principal("another")):
            assert await recalled(service) == []
    memory.close()
