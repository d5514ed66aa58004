"""A whole home put back to an older state of its own: what that does, and what it does not."""

import shutil
from pathlib import Path

import pytest
from rlm_server.manner import Manner
from services import first_path, serving, silent

UNWATCHED = Manner(ready_wait_s=60, fresh_wait_s=60, watch=False)


@pytest.mark.asyncio
async def test_a_home_put_back_answers_from_the_disk_and_only_its_memory_is_older(
    repository: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    home, kept = Path(environ["RLM_HOME"]), tmp_path / "kept"
    async with serving(repository, environ, UNWATCHED) as service:
        await service.ask("where is the total price computed", silent)
    shutil.copytree(home, kept)
    (repository / "shop" / "voucher.py").write_text("def redeem_voucher():\n    return 1\n")
    (repository / "shop" / "checkout.py").unlink()
    async with serving(repository, environ, UNWATCHED) as service:
        await service.ask("where is a voucher redeemed", silent)
    shutil.rmtree(home)
    shutil.copytree(kept, home)
    async with serving(repository, environ, UNWATCHED) as service:
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"
        crystal = (await service.view(silent)).crystal
        paths = [entry.path for entry in crystal.files]
        issues = await service.validate()
        assert service.opened is not None
        recalled = await service.opened.recollection.recall(
            "total price voucher redeemed", 5, service.state.crystal.read
        )
    assert "shop/checkout.py" not in paths
    # The gap that docs/sealed-format.md names: what was remembered since is gone, and nobody says.
    assert len(recalled) == 1
    assert [issue for issue in issues if issue.severity != "note"] == []
