"""Whoever acts sees the memory that is theirs to see."""

from functools import partial
from pathlib import Path

import pytest
from over_http import NOT_INDEXED
from rlm_engine.answer import Answer
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


@pytest.mark.asyncio
async def test_an_agent_that_is_denied_to_remember_does_not_make_the_memory_fail(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_memory.agent.WRITES_A_DAY_MAX", 0)
    answer = Answer("q", "a b c", (), "m", 1, 0, 1, 1, 0.0, 0.1, None, "t")
    async with serving(repository, environ, NOT_INDEXED) as service:
        recollection = (await service.use()).recollection
        given = Grant("reviewer", "internal", frozenset({"read", "write"}))
        await recollection.as_owner(lambda memory: memory.grant(given))
        with calls_by(Principal("reviewer")):
            await recollection.keep(answer, "r", lambda *_: "")
        assert recollection.failure is None
        assert (await recalled(service), await recollection.check()) == ([], (0, False))
