import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.quality import GOOD_ENOUGH, MEASURED_TO_TOKENS, Quality


def test_quality_falls_to_its_floor():
    quality = Quality(0.9, 1e-5, floor=0.1)
    assert quality.at(0) == pytest.approx(1.0)
    assert quality.at(100_000) == pytest.approx(0.9 * 0.36787944 + 0.1)
    assert quality.at(10_000_000) == pytest.approx(0.1)


@given(st.floats(0, 1), st.floats(0, 1e-3), st.floats(0, 0.5))
def test_within_the_effective_window_quality_is_good_enough_and_beyond_it_is_not(
    q0: float, decay: float, floor: float
):
    quality = Quality(q0, decay, floor)
    effective = quality.effective_tokens()
    assert 0 <= effective <= MEASURED_TO_TOKENS
    if effective:
        assert quality.at(effective) >= GOOD_ENOUGH - 1e-9
    if effective < MEASURED_TO_TOKENS:
        assert quality.at(effective + 1) <= GOOD_ENOUGH + 1e-9
