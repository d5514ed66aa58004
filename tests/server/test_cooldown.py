"""Seed definition 6.3: allowed(t) = t - last >= tau."""

from hypothesis import given
from hypothesis import strategies as st
from rlm_server.cooldown import Cooldown


def test_the_first_turn_is_allowed() -> None:
    assert Cooldown(now=lambda: 5.0).seconds_left() == 0


def test_a_turn_right_after_another_waits_the_whole_interval() -> None:
    assert Cooldown(tau_s=60, now=lambda: 5.0).taken().seconds_left() == 60


@given(st.floats(0, 1e6), st.floats(0, 1e4), st.floats(0.1, 600))
def test_a_turn_is_allowed_exactly_when_tau_has_passed(
    last_s: float, passed_s: float, tau_s: float
) -> None:
    now_s = last_s + passed_s
    limiter = Cooldown(tau_s=tau_s, last_s=last_s, now=lambda: now_s)
    assert (limiter.seconds_left() == 0) == (tau_s - (now_s - last_s) <= 0)
