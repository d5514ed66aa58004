import asyncio
import gc
import weakref
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from rlm_server import resting
from services import SERVER, first_path, serving, silent


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_when_nobody_asks_what_was_unpacked_is_let_go_and_the_next_answer_is_right(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, replace(SERVER, rest_after_s=0.05)) as service:
        assert await first_path(service, "total price") == "shop/cart.py"
        loop, gone = asyncio.get_running_loop(), anyio.Event()
        crystal = (await service.view(silent)).crystal
        seen = weakref.ref(crystal, lambda _: loop.call_soon_threadsafe(gone.set))
        del crystal
        await gone.wait()
        assert seen() is None
        assert await first_path(service, "total price") == "shop/cart.py"
        (repository / "shop" / "voucher.py").write_text("def redeem_voucher():\n    return 1\n")
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_nothing_that_is_let_go_of_stays_when_memory_is_given_back(
    repository: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stayed: list[bool] = []
    loop, given = asyncio.get_running_loop(), asyncio.Event()

    def give_back() -> None:
        gc.collect()
        crystal = seen()
        stayed.append(crystal is not None and crystal is not service.state.crystal)
        loop.call_soon_threadsafe(given.set)

    async with serving(repository, environ, replace(SERVER, rest_after_s=0.2)) as service:
        seen = weakref.ref((await service.view(silent)).crystal)
        monkeypatch.setattr(resting, "give_back", give_back)
        for _ in range(2):  # the second time, what it came to rest with the first time
            assert await first_path(service, "total price") == "shop/cart.py"
            seen = weakref.ref((await service.view(silent)).crystal)
            given.clear()
            await given.wait()
    assert len(stayed) >= 2
    assert not any(stayed)
