import pytest
from rlm_engine.prices import Price


def test_a_cost_is_counted_by_the_million():
    assert Price(1.0, 10.0).cost_usd(500_000, 100_000) == pytest.approx(1.5)


def test_what_the_provider_kept_costs_its_own_price():
    price = Price(1.0, 10.0, cached_usd=0.1, written_usd=1.25)
    assert price.cost_usd(1_000_000, 0, cached=600_000, written=200_000) == pytest.approx(0.51)
    assert Price(1.0, 10.0).cost_usd(1_000_000, 0, cached=600_000) == pytest.approx(1.0)


def test_a_long_prompt_is_billed_at_its_own_rate():
    price = Price(1.0, 10.0, over_tokens=200_000, over=Price(2.0, 15.0))
    assert price.cost_usd(200_000, 0) == pytest.approx(0.2)
    assert price.cost_usd(200_001, 100_000) == pytest.approx(0.400002 + 1.5)


def test_the_worst_case_is_never_below_what_is_billed():
    price = Price(3.0, 15.0, cached_usd=0.3, written_usd=3.75)
    assert price.worst_usd(1_000_000, 0) == pytest.approx(3.75)
    assert Price(3.0, 15.0, cached_usd=0.3).worst_usd(1_000_000, 0) == pytest.approx(3.0)
