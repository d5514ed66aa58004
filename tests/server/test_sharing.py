"""Two services on one store: each follows the other, one writes at a time, a restart goes on."""

from pathlib import Path

import anyio
import pytest
from rlm_crystal.build import build
from rlm_crystal.codec import to_pages
from rlm_server import scribe
from rlm_server.manner import COMMAND, Manner
from rlm_server.service import Service
from services import first_path, serving, silent
from small_repository import git

UNWATCHED = Manner(ready_wait_s=60, fresh_wait_s=60, watch=False)


def write_generations(service: Service, count: int) -> None:
    """Write the corpus anew, every page of it, as a busy process does."""
    assert service.opened is not None
    archive = service.opened.archive
    pages = to_pages(build(archive.roots, workers=0))
    for _ in range(count):
        archive.store().write_generation(pages, carry=False)


def sealed_paths(service: Service) -> list[str]:
    assert service.opened is not None
    return [entry.path for entry in service.opened.archive.crystal().files]


async def sealed_with(service: Service, path: str) -> None:
    while True:
        if path in await anyio.to_thread.run_sync(sealed_paths, service):
            return
        await anyio.sleep(0.02)


def pages_below(home: str) -> set[str]:
    return {page.name for page in Path(home).rglob("*.page")}


@pytest.mark.asyncio
async def test_a_view_outlives_any_number_of_generations_by_others(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, UNWATCHED) as reader:
        view = await reader.view(silent)
        await anyio.to_thread.run_sync(write_generations, reader, 4)
        found = view.crystal.search("sum of all prices", limit=1)[0].path
        text = view.crystal.text("shop/cart.py")
        callers = view.crystal.callers("total_price")
        issues = await reader.validate()
    assert found == "shop/cart.py"
    assert "class Cart" in text
    assert callers
    assert [issue for issue in issues if issue.severity == "error"] == []


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_reader_takes_over_what_another_process_built(
    repository: Path, environ: dict[str, str]
) -> None:
    async with (
        serving(repository, environ, UNWATCHED) as reader,
        serving(repository, environ, UNWATCHED) as writer,
    ):
        before = await reader.view(silent)
        (repository / "shop" / "voucher.py").write_text("def redeem_voucher():\n    return 1\n")
        await writer.reindex("full", silent)
        after = await reader.view(silent)
        stats = await reader.session_stats()
    assert len(before.crystal.segments) == len(after.crystal.segments) == 1
    assert "shop/voucher.py" in [entry.path for entry in after.crystal.files]
    assert stats.rebuilds == 1


@pytest.mark.asyncio
async def test_two_first_indexes_at_once_build_one_generation(
    repository: Path, environ: dict[str, str]
) -> None:
    async with (
        serving(repository, environ, UNWATCHED) as one,
        serving(repository, environ, UNWATCHED) as other,
    ):
        await one.view(silent)
        await other.view(silent)
        assert one.opened is not None
        generation = one.opened.archive.store().current()
    assert generation == 1


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_refreshed_crystal_is_written_down_once_it_is_quiet(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scribe, "QUIET_S", 0)
    async with serving(repository, environ) as service:
        await service.view(silent)
        (repository / "shop" / "voucher.py").write_text("def redeem_voucher():\n    return 1\n")
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"
        await sealed_with(service, "shop/voucher.py")


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("manner", [UNWATCHED, COMMAND], ids=["server", "command"])
@pytest.mark.asyncio
async def test_what_was_refreshed_is_there_after_a_restart(
    repository: Path, environ: dict[str, str], manner: Manner
) -> None:
    async with serving(repository, environ, manner) as service:
        await service.view(silent)
        (repository / "shop" / "voucher.py").write_text("def redeem_voucher():\n    return 1\n")
        git(repository, "add", ".")
        git(repository, "commit", "-q", "-m", "Vouchers")
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"
    async with serving(repository, environ, manner) as service:
        await service.view(silent)
        stats = await service.session_stats()
        assert "shop/voucher.py" in sealed_paths(service)
    assert (stats.refreshes, stats.rebuilds) == (0, 1)


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_refresh_writes_only_what_it_changed(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, UNWATCHED) as service:
        await service.view(silent)
    before = pages_below(environ["RLM_HOME"])
    (repository / "shop" / "voucher.py").write_text("def redeem_voucher():\n    return 1\n")
    async with serving(repository, environ, UNWATCHED) as service:
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"
    after = pages_below(environ["RLM_HOME"])
    # The manifest, and the files, graph, postings, vectors and texts of one small segment.
    assert before < after
    assert len(after - before) == 6


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_writers_take_turns_and_neither_loses_the_others_change(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scribe, "QUIET_S", 0)
    async with (
        serving(repository, environ) as one,
        serving(repository, environ) as other,
    ):
        await one.view(silent)
        for number, service in enumerate((one, other, one, other)):
            name = f"shop/part{number}.py"
            (repository / name).write_text(f"def part_{number}():\n    return {number}\n")
            await first_path(service, f"part {number}")
            await sealed_with(service, name)
        paths = [entry.path for entry in (await one.view(silent)).crystal.files]
    assert [path for path in paths if "part" in path] == [f"shop/part{n}.py" for n in range(4)]
