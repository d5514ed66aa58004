"""Summaries by a model through the whole service, the model a scripted server on loopback."""

import gc
from pathlib import Path

import pytest
from rlm_engine.models.litellm_model import close_clients
from rlm_memory.types import Episode, Zone
from rlm_server.manner import Manner
from scripted_server import Reply, Request, scripted_server
from services import first_path, serving, silent

PARTS = ("oven", "dough", "bread")
NOTES: tuple[tuple[Zone, str], ...] = (
    ("internal", "The oven is preheated to 230 degrees."),
    ("internal", "Rye dough rests for two hours."),
    ("secret", "The vault code is 4711."),
    ("secret", "The vault is in the cellar."),
)
ENDS_SOON = Manner(ready_wait_s=60, fresh_wait_s=60, watch=False, persist=True)


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    root = tmp_path / "bakery"
    for part in PARTS:
        for at in range(8):
            path = root / part / f"{part}_{at}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                f'"""Handles the {part} of batch {at}."""\n\nPASSWORD = "Xk9vQ2mLp4Rt"\n'
                f"\n\ndef {part}_{at}():\n    return {at}\n",
                encoding="utf-8",
            )
    return root


def reply(request: Request) -> Reply:
    part = next(part for part in PARTS if f"{part}_" in request.last)
    return Reply(f"Told by a model: the {part}.")


async def map_of(root: Path, environ: dict[str, str]) -> tuple[str, float, int]:
    async with serving(root, environ, ENDS_SOON) as service:
        await first_path(service, "dough")
        assert (await service.reindex("full", silent)).state == "done"
        crystal = (await service.view(silent)).crystal
        stats = await service.session_stats()
        return crystal.map(2_000), stats.cost_usd, sum(one.calls for one in stats.models.values())


@pytest.mark.asyncio
async def test_a_full_index_asks_the_model_once_for_each_cluster_and_keeps_what_it_said(
    bakery: Path, environ: dict[str, str]
) -> None:
    with scripted_server(reply) as server:
        paid = environ | {
            "RLM_MODEL": "openai/fake", "RLM_MODEL_URL": server.url, "RLM_SUMMARY_USD": "0.1",
        }  # fmt: skip
        try:
            text, _, calls = await map_of(bakery, paid)
            asked = len(server.requests)
            assert calls == asked > 0
            assert "Told by a model" in text
            assert all("Xk9vQ2mLp4Rt" not in request.last for request in server.requests)

            (bakery / "notes.md").write_text("# Notes\n\nNothing of the bakery.\n")
            again, _, _ = await map_of(bakery, paid)
            assert "Told by a model" in again
            assert len(server.requests) <= asked + 1
        finally:
            await close_clients()
            gc.collect()


@pytest.mark.asyncio
async def test_without_a_budget_of_its_own_nothing_is_asked(
    bakery: Path, environ: dict[str, str]
) -> None:
    with scripted_server(reply) as server:
        named = environ | {"RLM_MODEL": "openai/fake", "RLM_MODEL_URL": server.url}
        text, cost, calls = await map_of(bakery, named)
        assert (cost, calls, server.requests) == (0.0, 0, [])
        assert "Told by" not in text


@pytest.mark.asyncio
async def test_a_model_that_fails_leaves_the_extractive_summaries(
    bakery: Path, environ: dict[str, str]
) -> None:
    with scripted_server(lambda _: Reply(status=401, text="wrong key")) as server:
        paid = environ | {
            "RLM_MODEL": "openai/fake", "RLM_MODEL_URL": server.url, "RLM_SUMMARY_USD": "0.1",
        }  # fmt: skip
        try:
            text, _, _ = await map_of(bakery, paid)
            assert server.requests
            assert "Told by" not in text
        finally:
            await close_clients()
            gc.collect()


@pytest.mark.asyncio
async def test_a_consolidation_is_told_by_the_model_within_its_zones_and_budget(
    bakery: Path, environ: dict[str, str]
) -> None:
    def of_notes(request: Request) -> Reply:
        assert "vault" not in request.last
        return Reply("The oven is preheated to 230 degrees. [1]")

    with scripted_server(of_notes) as server:
        paid = environ | {
            "RLM_MODEL": "openai/fake", "RLM_MODEL_URL": server.url, "RLM_MEMORY_USD": "0.1",
        }  # fmt: skip
        try:
            async with serving(bakery, paid, ENDS_SOON) as service:
                for minute, (zone, text) in enumerate(NOTES):
                    episode = Episode(text, time_s=60.0 * minute, zone=zone, session="a")
                    recollection = (await service.use()).recollection
                    await recollection.as_owner(lambda memory, said=episode: memory.add(said))
                first = await service.memory.consolidate()
                again = await service.memory.consolidate()
            assert (first.traces, first.by_model, again.by_model) == (1, 1, 0)
            assert len(server.requests) == 1
        finally:
            await close_clients()
            gc.collect()
