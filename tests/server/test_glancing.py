"""A search that comes before the first index is done."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rlm_crystal.gate import Gate
from rlm_crystal.home import Home
from rlm_server.archive import Archive
from rlm_server.manner import AT_ONCE, Manner
from rlm_server.service import Service
from rlm_tools.search import SearchArguments, SearchReply, search
from services import serving, silent

SOON = Manner(ready_wait_s=60, fresh_wait_s=60, glance_after_s=0.0, watch=False)
PATIENT = replace(SOON, glance_after_s=60.0)


@contextmanager
def no_index_yet(repository: Path, environ: dict[str, str]) -> Generator[None]:
    """Keep the first index from being built, as another process that writes does."""
    home = Home.from_environ(environ)
    gate = Gate.open(environ, home)
    archive = Archive.of(home, lambda: gate.keyring, [repository.resolve()])
    with archive.store().lock(10):
        yield


def pages_below(home: str) -> list[Path]:
    return list(Path(home).rglob("*.page"))


async def searched(service: Service, query: str, **arguments: str) -> SearchReply:
    return await search(service, SearchArguments(query=query, **arguments), silent)


@pytest.mark.asyncio
async def test_before_the_first_index_a_search_is_answered_from_the_files(
    repository: Path, environ: dict[str, str]
) -> None:
    with no_index_yet(repository, environ):
        async with serving(repository, environ, SOON) as service:
            reply = await searched(service, "sum of all prices")
    assert reply.partial
    assert reply.results[0].path == "shop/cart.py"
    assert reply.coverage is not None
    assert (reply.coverage.files_read, reply.coverage.files_total) == (4, 4)
    assert not reply.revision.caught_up
    assert "4 of 4 files, without an index" in reply.text()


@pytest.mark.asyncio
async def test_before_the_first_index_filters_hold(
    repository: Path, environ: dict[str, str]
) -> None:
    with no_index_yet(repository, environ):
        async with serving(repository, environ, SOON) as service:
            by_glob = await searched(service, "cart", path_glob="*.md")
            by_language = await searched(service, "cart", language="python")
    assert {result.path for result in by_glob.results} == {"README.md"}
    assert {result.path for result in by_language.results} == {"shop/cart.py", "shop/checkout.py"}


@pytest.mark.asyncio
async def test_an_index_that_is_soon_done_is_waited_for(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, PATIENT) as service:
        reply = await searched(service, "sum of all prices")
    assert not reply.partial
    assert reply.coverage is None
    assert reply.revision.caught_up


@pytest.mark.asyncio
async def test_after_the_first_index_searches_are_whole(
    repository: Path, environ: dict[str, str]
) -> None:
    with no_index_yet(repository, environ):
        async with serving(repository, environ, SOON) as service:
            before = await searched(service, "cart")
    async with serving(repository, environ, SOON) as service:
        await service.view(silent)
        after = await searched(service, "cart")
    assert (before.partial, after.partial) == (True, False)


@pytest.mark.asyncio
async def test_a_question_waits_for_the_first_index_however_long_it_takes(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, replace(SOON, ready_wait_s=0.0)) as service:
        answer = await service.ask("how is the total price computed", silent)
    assert "shop/cart.py" in {citation.path for citation in answer.citations}


@pytest.mark.asyncio
async def test_an_answer_at_once_leaves_nothing_behind(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, AT_ONCE) as service:
        reply = await searched(service, "sum of all prices")
    assert (reply.partial, reply.results[0].path) == (True, "shop/cart.py")
    assert pages_below(environ["RLM_HOME"]) == []
