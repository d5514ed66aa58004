import pytest
from rlm_engine.prices import Price, PriceList, prices_from_environ


def test_a_price_given_by_the_user_wins_over_those_shipped():
    prices = prices_from_environ({"RLM_PRICES": '{"gpt-4o": [1, 2], "openai/mine": [0.5, 1.5]}'})
    assert prices.find("gpt-4o") == Price(1.0, 2.0)
    assert prices.find("openai/gpt-4o") == Price(1.0, 2.0)
    assert prices.find("openai/mine") == Price(0.5, 1.5)


def test_dated_names_have_the_price_of_their_family():
    assert PriceList().find("openai/gpt-4o-mini-2024-07-18") is not None


def test_a_model_on_the_own_machine_costs_nothing():
    assert PriceList().find("ollama_chat/qwen3") == Price(0.0, 0.0)


def test_an_unknown_model_has_no_price():
    assert PriceList().find("openai/never-heard-of") is None


@pytest.mark.parametrize("text", ["x", "[]", '{"m": 1}', '{"m": [1]}', '{"m": [1, -2]}'])
def test_prices_that_cannot_be_read_are_refused(text: str):
    with pytest.raises(ValueError, match="RLM_PRICES must be"):
        prices_from_environ({"RLM_PRICES": text})


def test_a_cost_is_counted_by_the_million():
    assert Price(1.0, 10.0).cost_usd(500_000, 100_000) == pytest.approx(1.5)
