"""What is told of a model: how it comes along, and never a key."""

import pytest
from rlm_engine.errors import ContextTooLong, ModelRefused
from rlm_engine.models.failures import model_error, reply_tokens_allowed
from rlm_engine.models.secrets import without_secrets
from rlm_engine.models.settings import ModelSettings
from rlm_engine.models.writing import Writing


def test_writing_is_told_at_its_beginning_and_once_a_second():
    now, told = [0.0], list[str]()
    writing = Writing("m", told.append, clock=lambda: now[0])
    writing.writes(" ")
    writing.thinks()
    for piece in ("Two wo", "rds and ", "more"):
        writing.writes(piece)
        now[0] += 0.6
    assert told == [
        "m is thinking", "m is writing: 2 words so far", "m is writing: 4 words so far",
    ]  # fmt: skip


def test_keys_of_the_environment_and_what_looks_like_one_are_struck_out(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("SOME_API_KEY", "plainlookingvalue")
    monkeypatch.setenv(
        "A_URL", "https://me:itspassword@host/v1/long-token-in-a-path?sig=signature1"
    )
    settings = ModelSettings("m", "https://other:itsown%21pass@host", "given-key")
    for secret in (
        "plainlookingvalue", "itspassword", "long-token-in-a-path", "signature1", "itsown%21pass",
        "itsown!pass", "given-key", "sk-abcdefgh123456", "Bearer xyz",
    ):  # fmt: skip
        shown = without_secrets(f"say {secret} again", settings=settings)
        assert shown == "say [key] again"
    assert without_secrets("at http://u:p@h/v1 ok", settings=settings) == "at http://h/v1 ok"


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("This model's maximum context length is 8192 tokens, you requested 300 + 9000", 8_192),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200_000),
        ("The input token count (1200000) exceeds the maximum number of tokens allowed (1,048,576)",
         1_048_576),
        ("Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
         32_768),
        ("the request exceeds the available context size (4096 tokens), try increasing it", 4_096),
        ("This model's maximum prompt length is 131072 but the request has 200000", 131_072),
        ("Trying to keep the first 5000 tokens; loaded with context length of only 4096", 4_096),
        ("Input is too long for requested model.", None),
        ("Please reduce the length of the messages", None),
    ],
)  # fmt: skip
def test_a_prompt_that_is_too_long_is_known_by_the_words_of_many(said: str, window: int | None):
    error = model_error(ValueError(said), settings=ModelSettings("m"))
    assert isinstance(error, ContextTooLong)
    assert error.tokens_max == window


@pytest.mark.parametrize("said", ["max_tokens: 8192 > 4096, the most for claude", "no such model"])
def test_other_refusals_are_not_taken_for_one_of_length(said: str):
    error = model_error(ValueError(said), settings=ModelSettings("m"))
    assert isinstance(error, ModelRefused)
    assert reply_tokens_allowed(error, 8_192) == (4_096 if "4096" in said else None)
