"""What following the disk costs: no look without a reason, no walk for a save, bursts folded."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import pytest
from rlm_crystal import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.types import ProgressSink
from rlm_server import inotify, keeper, looking
from rlm_server.manner import Manner
from rlm_server.service import Service
from services import first_path, serving, silent
from small_repository import git

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells all before an answer")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, str], list[str]]:
    """Keeps a list of the calls of one function, which goes on to do its work."""

    def kept(module: object, name: str) -> list[str]:
        real, made = getattr(module, name), list[str]()

        def called(*arguments: object, **named: object) -> object:
            made.append(name)
            return real(*arguments, **named)

        monkeypatch.setattr(module, name, called)
        return made

    return kept


async def settled(service: Service) -> None:
    """Caught up, and nothing known of that would ask for another look."""
    while True:
        view = await service.view(silent)
        assert service.opened is not None
        if view.revision.caught_up and service.opened.keeper.current:
            return


@pytest.mark.usefixtures("indexed")
@linux
@pytest.mark.asyncio
async def test_answers_about_a_disk_at_rest_take_no_look_at_it(
    repository: Path, environ: dict[str, str], calls: Callable[[object, str], list[str]]
) -> None:
    async with serving(repository, environ) as service:
        await settled(service)
        looks = calls(keeper, "look")
        for _ in range(5):
            assert (await service.view(silent)).revision.caught_up
        assert looks == []


@pytest.mark.usefixtures("indexed")
@linux
@pytest.mark.parametrize("save", ["in place", "rename over", "backup"])
@pytest.mark.asyncio
async def test_a_saved_file_is_followed_without_a_walk(
    save: str, repository: Path, environ: dict[str, str], calls: Callable[[object, str], list[str]]
) -> None:
    cart, new = repository / "shop/cart.py", "def redeem_voucher():\n    return 1\n"
    async with serving(repository, environ) as service:
        await settled(service)
        walks = calls(build, "walk")
        if save == "in place":
            cart.write_text(new)
        elif save == "rename over":
            (repository / "shop/.cart.py.tmp").write_text(new)
            (repository / "shop/.cart.py.tmp").replace(cart)
        else:
            cart.rename(repository / "shop/cart.py~")
            cart.write_text(new)
            (repository / "shop/cart.py~").unlink()
        assert await first_path(service, "redeem voucher") == "shop/cart.py"
        assert walks == []


@pytest.mark.asyncio
async def test_two_thousand_changed_files_are_taken_together(
    repository: Path, environ: dict[str, str], calls: Callable[[object, str], list[str]]
) -> None:
    git(repository, "checkout", "-q", "-b", "parts")
    for number in range(2000):
        (repository / "shop" / f"part{number}.py").write_text(f"part_{number} = {number}\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Parts")
    git(repository, "checkout", "-q", "main")
    async with serving(repository, environ) as service:
        await settled(service)
        before = (await service.session_stats()).refreshes
        git(repository, "checkout", "-q", "parts")
        view = await service.view(silent)
        after = (await service.session_stats()).refreshes
    assert view.crystal.file_count == 2004
    assert view.revision.head == git(repository, "rev-parse", "HEAD")
    assert after - before <= 3


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_build_that_is_older_than_the_disk_is_not_served_before_it_was_compared(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cart, real = repository / "shop/cart.py", keeper.build_in_child

    async def built_and_then_changed(*arguments: Any) -> int:
        generation = await real(*arguments)
        cart.write_text("def redeem_voucher():\n    return 1\n")
        return generation

    monkeypatch.setattr(keeper, "build_in_child", built_and_then_changed)
    async with serving(repository, environ, Manner(ready_wait_s=60, fresh_wait_s=60)) as service:
        await settled(service)
        cart.write_text("def total():\n    return 1\n")
        await service.reindex("full", silent)
        view = await service.view(silent)
    assert "redeem_voucher" in view.crystal.text("shop/cart.py")
    assert view.revision.caught_up


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_looks_that_nobody_asked_for_take_a_small_share_of_the_time(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        await settled(service)
        assert service.opened is not None
        minding = service.opened.keeper
        assert minding._interval_s >= max(60.0, minding._look_s / 0.002)


@pytest.mark.usefixtures("indexed")
@linux
@pytest.mark.asyncio
async def test_a_limit_reached_while_watching_turns_events_into_looks(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(repository, environ) as service:
        await settled(service)
        watching = [(await service.status()).watching]
        monkeypatch.setattr(inotify, "FOLDERS_MAX", 1)
        (repository / "more").mkdir()
        (repository / "more/voucher.py").write_text("def redeem_voucher():\n    return 1\n")
        assert await first_path(service, "redeem voucher") == "more/voucher.py"
        watching.append((await service.status()).watching)
        (repository / "more/gift.py").write_text("def wrap_gift():\n    return 1\n")
        assert await first_path(service, "wrap gift") == "more/gift.py"
    assert watching[0] == "events"
    assert watching[1].startswith("looking before every answer (there are more than 1 folders")


@pytest.mark.usefixtures("indexed")
@linux
@pytest.mark.asyncio
async def test_nothing_rests_while_it_is_described_and_a_rest_in_a_look_is_not_lost(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate, rested, real = anyio.Event(), anyio.Event(), list[bool](), keeper.look

    async def describing(base: Crystal, _: ProgressSink) -> Crystal:
        begun.set()
        await gate.wait()
        return base

    def resting_within(*arguments: Any) -> looking.Look:
        seen = real(*arguments)
        if not rested:
            rested.append(anyio.from_thread.run(minding.rest))
        return seen

    async with serving(repository, environ) as service:
        await settled(service)
        assert service.opened is not None
        minding = service.opened.keeper
        monkeypatch.setattr(minding, "_inbox", replace(minding._inbox, describe=describing))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(minding._describe)
            await begun.wait()
            assert not await minding.rest()
            gate.set()
        monkeypatch.setattr(keeper, "look", resting_within)
        await minding._look(looking.Hearsay(everything=True))
        assert (rested, await minding.caught_up(5.0)) == ([True], True)
