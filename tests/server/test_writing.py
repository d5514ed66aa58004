"""A root's reply as it is written: told to the client, and hung up on when nobody waits for it."""

from pathlib import Path

import anyio
import pytest
from anyio.to_thread import run_sync
from rlm_crystal.types import Progress
from rlm_sandbox.availability import available
from scripted_server import Reply, in_turn, scripted_server
from services import serving, silent

pytestmark = pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")

ENDS = "```repl\nprint(len(context))\nFINAL('done, see shop/cart.py:16')\n```"


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
@pytest.mark.parametrize("route", ["loop", "auto"])
async def test_progress_tells_that_the_model_thinks_and_writes(
    route: str, repository: Path, environ: dict[str, str]
) -> None:
    said: list[str] = []
    reply = Reply(ENDS if route == "loop" else "It is a sum, see shop/cart.py:16", thinking="hm")

    def hear(progress: Progress) -> None:
        said.append(progress.stage)

    with scripted_server(in_turn(reply)) as server:
        asked = {"RLM_MODEL": "own", "RLM_MODEL_URL": server.url, "RLM_ROUTE": route}
        async with serving(repository, environ | asked) as service:
            answer = await service.ask("what is the total price", hear)
    assert answer.route == ("loop" if route == "loop" else "direct")
    assert "openai/own is thinking" in said
    assert any(stage.startswith("openai/own is writing: ") for stage in said)


@pytest.mark.usefixtures("indexed")
@pytest.mark.asyncio
async def test_a_question_given_up_hangs_up_on_the_model_at_once(
    repository: Path, environ: dict[str, str]
) -> None:
    with scripted_server(in_turn(Reply("one two three", stall_after=2))) as server:
        asked = {"RLM_MODEL": "own", "RLM_MODEL_URL": server.url}
        async with serving(repository, environ | asked) as service:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(service.ask, "what is the total price", silent)
                assert await run_sync(server.stalled.wait, 60)
                tasks.cancel_scope.cancel()
            assert await run_sync(server.hung_up.wait, 5)
