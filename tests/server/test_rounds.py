"""Requests to a client of the 2026 era, gathered into rounds."""

from typing import Any

import anyio
import pytest
from mcp.types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    InputRequiredResult,
    SamplingMessage,
    TextContent,
)
from rlm_engine.errors import ModelRefused
from rlm_engine.limits import RunLimits
from rlm_server.lending import lender_for, lent_by
from rlm_server.rounds import ROUNDS_MAX, Exchanges, Rounds
from rlm_server.settings import Settings
from rlm_server.tool_call import Outcome


def params(text: str) -> CreateMessageRequestParams:
    said = SamplingMessage(role="user", content=TextContent(type="text", text=text))
    return CreateMessageRequestParams(messages=[said], max_tokens=5)


def answers(asked: InputRequiredResult) -> dict[str, CreateMessageResult]:
    return {
        key: CreateMessageResult(
            role="assistant",
            model="m",
            content=TextContent(
                type="text", text=request.params.messages[0].content.text.upper()
            ),
        )
        for key, request in (asked.input_requests or {}).items()
    }  # fmt: skip


@pytest.mark.asyncio
async def test_what_waits_at_once_is_one_round_and_what_comes_later_the_next():
    rounds, heard = Rounds(), dict[str, str]()

    async def ask(text: str) -> None:
        result = await rounds.ask(params(text), of_root=False)
        heard[text] = result.content.text

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for text in ("a", "b"):
                tasks.start_soon(ask, text)
            await anyio.wait_all_tasks_blocked()
            first = rounds.round("state")
            tasks.start_soon(ask, "late")
            await anyio.wait_all_tasks_blocked()
            rounds.answer(answers(first))
            await anyio.wait_all_tasks_blocked()
            assert heard == {"a": "A", "b": "B"}
            assert rounds.news.is_set()
            second = rounds.round("state")
            rounds.answer(answers(second))
    assert heard["late"] == "LATE"
    assert rounds.left == ROUNDS_MAX - 2
    assert not rounds.news.is_set()


@pytest.mark.asyncio
async def test_the_last_round_is_the_roots_and_what_is_left_out_is_refused():
    rounds = Rounds()
    rounds.left = 1
    with pytest.raises(ModelRefused, match="10 rounds"):
        await rounds.ask(params("sub"), of_root=False)
    with anyio.fail_after(5), pytest.raises(ExceptionGroup) as refused:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: rounds.ask(params("root"), of_root=True))
            await anyio.wait_all_tasks_blocked()
            rounds.round("state")
            rounds.answer({})
    assert refused.group_contains(ModelRefused)
    with pytest.raises(ModelRefused):
        await rounds.ask(params("root"), of_root=True)


def test_a_run_in_rounds_has_few_turns_and_wide_batches():
    limits = Rounds().limits(RunLimits(max_iterations=3))
    assert (limits.max_iterations, limits.parallel_calls) == (3, 64)
    assert Rounds().limits(RunLimits()).max_iterations == 5


@pytest.mark.asyncio
async def test_a_call_given_up_in_the_midst_of_a_leg_ends_its_work():
    exchanges, ended = Exchanges(), anyio.Event()

    async def call(_: object, __: object) -> Outcome:
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as service, anyio.create_task_group() as client:

            async def leg() -> None:
                await exchanges.leg(service, "q", call, lambda _: None, state=None, responses={})

            client.start_soon(leg)
            await anyio.wait_all_tasks_blocked()
            client.cancel_scope.cancel()
        assert ended.is_set()


@pytest.mark.asyncio
async def test_the_state_of_one_call_is_no_way_into_another():
    exchanges = Exchanges()

    async def call(*_: object) -> Outcome:
        lender = lender_for(Settings(), {})
        assert lender is not None
        said = await lender.ask(params("a"), of_root=True)
        return Outcome(said.content.text, None)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as service:

            async def leg(about: str, state: str | None, answered: dict[str, Any]) -> Any:
                return await exchanges.leg(
                    service, about, call, lambda _: None, state=state, responses=answered
                )

            first = await leg("one", None, {})
            other = await leg("another", first.request_state, answers(first))
            assert other.request_state not in {None, first.request_state}
            ended = await leg("one", first.request_state, answers(first))
            assert ended == Outcome("A", None)
            service.cancel_scope.cancel()


def test_the_clients_model_is_used_only_where_nothing_else_was_chosen():
    rounds = Rounds()
    assert lender_for(Settings(), {}) is None
    with lent_by(rounds):
        assert lender_for(Settings(), {}) is rounds
        assert lender_for(Settings(), {"RLM_MODEL": "extractive"}) is None
        assert lender_for(Settings(), {"RLM_SUB_MODEL": "ollama/b"}) is None
        assert lender_for(Settings(model="openai/a"), {}) is None
    assert lender_for(Settings(), {}) is None
