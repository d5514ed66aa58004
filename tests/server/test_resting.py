import asyncio
import weakref
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
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
