import json
from pathlib import Path
from typing import Any

import pytest
from rlm_engine.errors import ModelNotConfigured
from rlm_engine.model_fields import name_parts
from rlm_engine.model_table import UNKNOWN_WINDOW, ModelTable, table_from_environ
from rlm_engine.prices import Price


def own(tmp_path: Path, **models: Any) -> dict[str, str]:
    path = tmp_path / "models.json"
    path.write_text(json.dumps({"models": models}))
    return {"RLM_MODEL_TABLE": str(path)}


def test_prices_and_windows_of_known_models_come_from_litellms_own_file():
    card = ModelTable().card("openai/gpt-4o-mini")
    assert card.price == Price(0.15, 0.6, cached_usd=0.075)
    assert (card.window, card.reply_max) == (128_000, 16_384)
    assert card.price_from == card.window_from == "litellm's map"


def test_without_litellm_the_shipped_table_answers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rlm_engine.model_table._litellm_entry", dict[str, None]().get)
    card = ModelTable().card("anthropic/claude-sonnet-4-5-20250929")
    assert card.price == Price(3.0, 15.0, cached_usd=0.3, written_usd=3.75)
    assert (card.window, card.price_from) == (200_000, "table of 2026-11-21")
    assert ModelTable().card("gpt-5.4").price == Price(
        2.5, 15.0, cached_usd=0.25, over_tokens=272_000, over=Price(5.0, 22.5, cached_usd=0.5)
    )


def test_what_the_user_gives_wins_field_by_field(tmp_path: Path):
    environ = own(
        tmp_path,
        **{
            "gpt-4o": {"window": 9_000},
            "My/Own": {"input_usd": 1, "output_usd": 2, "q0": 0.9, "lambda_per_million": 4},
        },
    )
    table = table_from_environ(environ | {"RLM_PRICES": '{"my/own": [5, 6]}'})
    card = table.card("openai/gpt-4o")
    assert (card.window, card.window_from) == (9_000, "RLM_MODEL_TABLE")
    assert (card.price_from, card.reply_max) == ("litellm's map", 16_384)
    assert card.effective_window == 9_000
    mine = table.card("openai/my/own")
    assert (mine.price, mine.price_from) == (Price(5.0, 6.0), "RLM_PRICES")
    assert mine.quality.at(50_000) == pytest.approx(0.9 * 2.718281828**-0.2)


def test_prices_by_themselves_hold_with_and_without_the_provider():
    table = table_from_environ({"RLM_PRICES": '{"gpt-4o": [1, 2], "openai/mine": [0.5, 1.5]}'})
    assert table.find("gpt-4o") == table.find("openai/gpt-4o") == Price(1.0, 2.0)
    assert table.find("openai/mine") == Price(0.5, 1.5)


def test_an_unknown_model_has_no_price_and_a_low_window():
    card = ModelTable().card("openai/never-heard-of")
    assert (card.price, card.price_from, card.window) == (None, "nowhere", UNKNOWN_WINDOW)
    assert card.effective_window == 19_110
    assert "not measured" in card.quality_from


def test_a_model_on_the_own_machine_costs_nothing():
    assert ModelTable().find("ollama_chat/qwen3") == Price(0.0, 0.0)
    assert ModelTable().find("hosted_vllm/openai/gpt-4o") == Price(0.0, 0.0)


def test_the_extractive_provider_has_no_window():
    card = ModelTable().card("extractive")
    assert (card.price, card.window, card.effective_window) == (Price(0.0, 0.0), None, None)


@pytest.mark.parametrize(
    ("model", "told", "effective"),
    [
        ("openai/gpt-4-1106-preview", "gpt-4-1106-preview: 96.6 at 4K", 86_352),
        ("groq/meta-llama/llama-4-scout", "Llama 3.1 70B: 96.5 at 4K", 32_768),
        ("anthropic/claude-opus-4.5", "no figure published", 39_952),
        ("gemini/gemini-2.5-pro", "gemini-1.5-pro", 131_072),
    ],
)
def test_the_effective_window_is_that_of_the_family_and_names_its_source(
    model: str, told: str, effective: int
):
    card = ModelTable().card(model)
    assert told in card.quality_from
    assert card.effective_window == effective


def test_a_name_is_looked_up_without_provider_date_and_dots():
    assert name_parts("OpenRouter/anthropic/claude-opus-4.5-20251101") == (
        "openrouter/anthropic/claude-opus-4.5-20251101",
        "anthropic/claude-opus-4.5-20251101",
        "claude-opus-4.5-20251101",
        "claude-opus-4.5",
        "claude-opus-4-5",
    )


@pytest.mark.parametrize("text", ["x", "[]", '{"m": 1}', '{"m": [1]}', '{"m": [1, -2]}'])
def test_prices_that_cannot_be_read_are_refused(text: str):
    with pytest.raises(ModelNotConfigured, match="RLM_PRICES must be"):
        table_from_environ({"RLM_PRICES": text})


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ([], "it must be an object"),
        ({"window": -1}, "window must be a whole number"),
        ({"window": True}, "window must be a whole number"),
        ({"input_usd": 1}, "a price needs input_usd and output_usd"),
        ({"input_usd": 1, "output_usd": "2"}, "output_usd must be a number"),
        ({"input_usd": 1, "output_usd": float("nan")}, "output_usd must be a number"),
        ({"price": 1}, "'price' is not known; there are cached_usd"),
        ({"q0": 0.9}, "quality needs q0 and lambda_per_million"),
        ({"q0": 0.9, "lambda_per_million": 1, "epsilon": 0.2}, ".* q0 \\+ epsilon is 1 at most"),
        ({"input_usd": 1, "output_usd": 2, "over": [1]}, "over must be an object"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, entry: object, told: str):
    with pytest.raises(ModelNotConfigured, match=f"RLM_MODEL_TABLE: .*: m(: over)?: {told}"):
        table_from_environ(own(tmp_path, m=entry))


def test_a_table_must_be_a_file_that_is_named_in_full(tmp_path: Path):
    for path, told in (
        ("models.json", "give an absolute path"),
        (str(tmp_path / "none.json"), "cannot be read"),
    ):
        with pytest.raises(ModelNotConfigured, match=told):
            table_from_environ({"RLM_MODEL_TABLE": path})
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ModelNotConfigured, match="an object of objects"):
        table_from_environ({"RLM_MODEL_TABLE": str(tmp_path / "list.json")})
