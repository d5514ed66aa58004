import gc
from pathlib import Path

import pytest
from anyio.to_thread import run_sync
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_sandbox.context import SharedContext
from rlm_server import mapped
from rlm_server.mapped import Mapped


def made(root: Path, text: str) -> Crystal:
    return build([plant(root, {"a.py": text})], workers=0)


def content(context: SharedContext) -> bytes:
    with context:
        return b"".join(context.pieces())


@pytest.mark.asyncio
async def test_the_documents_of_one_crystal_are_mapped_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_of: list[Crystal] = []

    def counted(crystal: Crystal) -> SharedContext:
        made_of.append(crystal)
        return real(crystal)

    real = mapped._mapped
    monkeypatch.setattr(mapped, "_mapped", counted)
    keeps = Mapped()
    before, after = made(tmp_path, "old = 1\n"), made(tmp_path, "new = 2\n")
    first = await keeps.documents(before)
    assert b"old = 1" in content(await keeps.documents(before))
    assert b"new = 2" in content(await keeps.documents(after))
    assert made_of == [before, after]
    # A hold that was handed out outlives what it was taken from.
    keeps.close()
    assert b"old = 1" in content(first)


@pytest.mark.asyncio
async def test_what_is_too_large_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "KEPT_BYTES_MAX", 10)
    keeps, crystal = Mapped(), made(tmp_path, "x = 1\n")
    assert b"x = 1" in content(await keeps.documents(crystal))
    assert b"x = 1" in content(await keeps.documents(crystal))
    assert keeps._context is None


@pytest.mark.asyncio
async def test_a_crystal_is_not_held_by_what_was_mapped_of_it(tmp_path: Path) -> None:
    keeps, crystal = Mapped(), made(tmp_path, "x = 1\n")
    (await keeps.documents(crystal)).close()
    assert keeps._crystal is not None
    seen = keeps._crystal
    del crystal
    await run_sync(int)  # The thread that mapped lets go of what it was given before it takes more.
    gc.collect()
    assert seen() is None
    keeps.close()
