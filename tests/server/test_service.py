"""The service in this process: what it serves is what is on disk, or says that it is not."""

import socket
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from rlm_crystal.errors import HaltError, RootMissing
from rlm_crystal.types import Progress
from rlm_engine.errors import ModelUnavailable
from rlm_server.completions import completed
from rlm_server.errors import Indexing
from rlm_server.manner import COMMAND, Manner
from services import SERVER, first_path, serving, silent
from small_repository import git


def damage_one_page(home: Path) -> None:
    page = max(home.rglob("*.page"), key=lambda path: path.name)
    sealed = bytearray(page.read_bytes())
    sealed[-20] ^= 1
    page.write_bytes(sealed)


@pytest.mark.asyncio
async def test_the_first_index_tells_its_progress(
    repository: Path, environ: dict[str, str]
) -> None:
    seen: list[Progress] = []
    async with serving(repository, environ) as service:
        view = await service.view(seen.append)
    assert len(view.crystal.files) == 4
    assert "reading files" in [progress.stage for progress in seen]


@pytest.mark.asyncio
async def test_while_the_first_index_runs_a_caller_is_told_how_far_it_is(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, Manner(ready_wait_s=0)) as service:
        with pytest.raises(Indexing, match="Try again in"):
            await service.view(silent)
        status = await service.status()
    assert status.state == "indexing"


@pytest.mark.asyncio
async def test_a_restarted_service_serves_what_was_sealed(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        await service.view(silent)
    (repository / "shop" / "cart.py").unlink()
    async with serving(repository, environ, Manner(ready_wait_s=60, fresh_wait_s=60)) as service:
        # Asked at once, it waits for the index that is there rather than tell of none.
        assert (await service.status()).state == "secure"
        view = await service.view(silent)
        paths = [entry.path for entry in view.crystal.files]
    assert paths == ["README.md", "shop/__init__.py", "shop/checkout.py"]


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("manner", [SERVER, COMMAND], ids=["server", "command"])
@pytest.mark.asyncio
async def test_a_branch_switch_and_back_is_served_right(
    repository: Path, environ: dict[str, str], manner: Manner
) -> None:
    git(repository, "checkout", "-q", "-b", "vouchers")
    (repository / "shop" / "voucher.py").write_text("def redeem_voucher():\n    return True\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Vouchers")
    async with serving(repository, environ, manner) as service:
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"
        git(repository, "checkout", "-q", "main")
        view = await service.view(silent)
        assert "shop/voucher.py" not in [entry.path for entry in view.crystal.files]
        assert view.revision.head == git(repository, "rev-parse", "HEAD")
        git(repository, "checkout", "-q", "vouchers")
        assert await first_path(service, "redeem voucher") == "shop/voucher.py"
        assert (await service.view(silent)).revision.head == git(repository, "rev-parse", "HEAD")


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_view_taken_before_a_change_stays_what_it_was(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        before = await service.view(silent)
        (repository / "shop" / "cart.py").write_text("def nothing():\n    pass\n")
        after = await service.view(silent)
    assert "class Cart" in before.crystal.text("shop/cart.py")
    assert after.crystal.text("shop/cart.py") == "def nothing():\n    pass\n"


@pytest.mark.asyncio
async def test_two_services_share_one_crystal(repository: Path, environ: dict[str, str]) -> None:
    async with serving(repository, environ) as one, serving(repository, environ) as other:
        first, second = await one.view(silent), await other.view(silent)
    assert [entry.content_hash for entry in first.crystal.files] == [
        entry.content_hash for entry in second.crystal.files
    ]


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_root_that_went_away_is_told(repository: Path, environ: dict[str, str]) -> None:
    async with serving(repository, environ, COMMAND) as service:
        await service.view(silent)
        moved = await anyio.Path(repository).rename(repository.with_name("moved"))
        with pytest.raises(RootMissing, match="does not exist"):
            await service.view(silent)
        await moved.rename(repository)
        assert await first_path(service, "total price") == "shop/cart.py"


@pytest.mark.asyncio
async def test_after_a_halt_every_method_raises_the_same_error(
    repository: Path, environ: dict[str, str]
) -> None:
    errors: set[str] = set()
    async with serving(repository, {**environ, "RLM_KEY": "no key"}) as service:
        for call in (
            lambda: service.view(silent),
            lambda: service.ask("what", silent),
            lambda: service.reindex("full", silent),
            service.status,
            service.session_stats,
            service.validate,
            service.settings,
            lambda: service.change_setting("watch", "off"),
        ):
            with pytest.raises(HaltError) as raised:
                await call()
            errors.add(str(raised.value))
    assert len(errors) == 1


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_sound_service_has_no_error_to_tell(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        await service.view(silent)
        issues = await service.validate()
    assert [issue for issue in issues if issue.severity == "error"] == []


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_validate_tells_the_drift_of_the_clusters_until_a_full_index(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        await service.view(silent)
        (repository / "shop" / "refund.py").write_text("def refund(cart):\n    return cart\n")
        await service.view(silent)
        drifted, status = await service.validate(), await service.status()
        await service.reindex("full", silent)
        repaired, after = await service.validate(), await service.status()
    assert [issue.severity for issue in drifted if issue.check == "clusters"] == ["note"]
    assert status.files_unclustered == 1
    assert [issue for issue in repaired if issue.check == "clusters"] == []
    assert after.files_unclustered == 0


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_validate_names_the_damaged_page_and_the_fix(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        await service.view(silent)
        damage_one_page(Path(environ["RLM_HOME"]))
        issues = await service.validate()
    assert [issue.check for issue in issues if issue.severity == "error"] == ["crystal"]
    assert "rlm_reindex" in issues[0].fix


@pytest.mark.asyncio
async def test_an_index_made_anew_over_a_damaged_one_is_the_next_generation(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, COMMAND) as service:
        first = await service.reindex("full", silent)
    damage_one_page(Path(environ["RLM_HOME"]))
    async with serving(repository, environ, COMMAND) as service:
        healed = await service.reindex("full", silent)
        status = await service.status()
        assert service.opened is not None
        sealed = service.opened.archive.store().current()
    assert (first.generation, healed.generation) == (sealed - 1, sealed)
    assert status.generation == sealed


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_changed_setting_holds_in_the_next_process(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        changed = await service.change_setting("max_iterations", "9")
    async with serving(repository, environ) as service:
        kept = {setting.key: setting.value for setting in await service.settings()}
    assert (changed.value, kept["max_iterations"]) == (9, 9)


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_service_that_only_reads_remembers_no_answer(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, replace(SERVER, read_only=True)) as service:
        answer = await service.ask("how is the total price computed", silent)
        assert service.opened is not None
        read = (await service.view(silent)).crystal.read
        recalled = await service.opened.recollection.recall("total price", 3, read)
    assert not answer.partial
    assert list(recalled) == []


def other_lines(path: str, start_line: int, end_line: int) -> str:
    return f"{path}: something else by now"


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_an_answer_is_counted_traced_and_recalled(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ) as service:
        answer = await service.ask("how is the total price computed", silent)
        stats = await service.session_stats()
        assert service.opened is not None
        crystal = service.state.crystal
        assert crystal is not None
        recollection = service.opened.recollection
        recalled = await recollection.recall("total price", 3, crystal.read)
        elsewhere = await recollection.recall("total price", 3, other_lines)
        traces = service.opened.archive.traces().names()
    assert (stats.questions, stats.depth) == (1, answer.depth)
    assert {name: took.calls for name, took in stats.models.items()} == {
        name: took.calls for name, took in answer.models.items()
    }
    assert answer.models["extractive"].calls >= answer.iterations
    assert [row["question"] for row in recalled] == ["how is the total price computed"]
    assert ([row["stale"] for row in recalled], [row["stale"] for row in elsewhere]) == (
        [False],
        [True],
    )
    assert [name for name in traces if name.startswith("trace-")] == [f"trace-{answer.trace_id}"]


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_what_a_failed_question_took_is_counted(
    repository: Path, environ: dict[str, str]
) -> None:
    with socket.socket() as taken:  # bound and not listened to, so nothing answers there
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        asked = environ | {"RLM_MODEL": "fake", "RLM_MODEL_URL": base, "RLM_MODEL_KEY": "any"}
        async with serving(repository, asked) as service:
            with pytest.raises(ModelUnavailable):
                await service.ask("how is the total price computed", silent)
            stats = await service.session_stats()
    assert stats.questions == 0
    assert (stats.models["openai/fake"].calls, stats.models["openai/fake"].failed > 0) == (0, True)


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_root_that_went_away_is_not_called_caught_up(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, COMMAND) as service:
        await service.view(silent)
        assert await completed(service, "path", "cart") == ["shop/cart.py"]
        await anyio.Path(repository).rename(repository.with_name("moved"))
        with pytest.raises(RootMissing):
            await service.view(silent)
        status, offered = await service.status(), await completed(service, "path", "cart")
    assert offered == []
    assert (status.state, status.revision.caught_up) == ("secure", False)
    assert "does not exist" in status.message


@pytest.mark.asyncio
async def test_the_first_index_is_no_fault_of_the_index(
    repository: Path, environ: dict[str, str]
) -> None:
    async with serving(repository, environ, Manner(ready_wait_s=0)) as service:
        with pytest.raises(Indexing):
            await service.view(silent)
        status, issues = await service.status(), await service.validate()
    assert status.stage
    assert [(issue.check, issue.severity) for issue in issues if issue.check == "crystal"] == [
        ("crystal", "note")
    ]
    assert [issue for issue in issues if issue.check == "watch"] == []
