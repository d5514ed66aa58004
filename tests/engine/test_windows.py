"""Limits, prompts and a whole run that fit the windows of their models."""

from pathlib import Path

import anyio
import pytest
from planting import plant
from rlm_crystal.build import build
from rlm_engine.equipment import Equipment
from rlm_engine.limits import RunLimits
from rlm_engine.loop import ask
from rlm_engine.model_table import ModelTable
from rlm_engine.models.litellm_model import close_clients, models_from_environ
from rlm_engine.retry import RetryPolicy
from rlm_engine.windows import fitted
from rlm_sandbox.availability import available
from scripted_server import Reply, Request, scripted_server

TABLE = ModelTable()
UNKNOWN = TABLE.card("openai/never-heard-of")
NARROW_TOKENS = 6_000


def test_limits_that_fit_are_left_alone():
    gpt = TABLE.card("openai/gpt-5")
    assert fitted(RunLimits(), gpt, gpt) == RunLimits()
    without_window = TABLE.card("extractive")
    assert fitted(RunLimits(), without_window, without_window) == RunLimits()


def test_limits_are_cut_to_the_windows_of_root_and_sub_calls():
    limits = fitted(RunLimits(), UNKNOWN, UNKNOWN)
    assert (limits.reply_tokens, limits.subcall_reply_tokens) == (8_192, 4_096)
    assert (limits.output_chars, limits.prompt_chars) == (6_144, 42_108)
    turbo = TABLE.card("gpt-4-turbo")
    assert fitted(RunLimits(), turbo, turbo).reply_tokens == 4_096


@pytest.mark.asyncio
@pytest.mark.skipif(not available().ok, reason="no sandbox on this machine")
async def test_a_run_goes_on_in_a_window_that_is_smaller_than_was_known(tmp_path: Path):
    refused: list[int] = []

    def narrow(request: Request) -> Reply:
        tokens = sum(len(message["content"]) for message in request.messages) // 4
        if tokens > NARROW_TOKENS:
            refused.append(tokens)
            told = (
                f"This model's maximum context length is {NARROW_TOKENS} tokens. However, your "
                f"messages resulted in {tokens} tokens. Please reduce the length of the messages."
            )
            return Reply(told, status=400)
        turn = sum(message["role"] == "assistant" for message in request.messages)
        seen = "still in the REPL: " in "".join(one["content"] for one in request.messages)
        if refused and seen:
            return Reply("```repl\nFINAL(f'{len(rows)} rows, {len(context)} documents')\n```")
        code = "rows = context.search('handler')\nprint(context[0].text * 9)"
        return Reply(f"Turn {turn}.\n```repl\n{code}\n```", tokens_in=tokens)

    crystal = build(
        [plant(tmp_path, {"a.py": "def handler():\n    return 1\n" * 40, "b.md": "# Text\n"})],
        workers=0,
    )
    with scripted_server(narrow) as server:
        environ = {"RLM_MODEL": "root", "RLM_MODEL_URL": server.url, "RLM_MODEL_KEY": "any"}
        root, sub = models_from_environ(environ)
        try:
            with anyio.fail_after(60):
                answer = await ask(
                    "Which handlers are there?", crystal=crystal, root=root, sub=sub,
                    equipment=Equipment(retry=RetryPolicy(attempts=1)),
                )  # fmt: skip
        finally:
            await close_clients()
    assert (answer.answer, answer.limit_hit) == ("40 rows, 2 documents", None)
    # The model asks for a shorter reply first, with the same prompt; the run then cuts the prompt.
    assert len(set(refused)) == 1
