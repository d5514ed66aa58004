import itertools

from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.breaker import REST_S, TRIPS_AT, Breaker


def silenced(times: int, *, now_s: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker = breaker.silent(now_s)
    return breaker


def test_a_model_may_be_asked_until_the_third_silence_in_a_row():
    assert silenced(TRIPS_AT - 1).rest_s(0.0) == 0.0
    assert silenced(TRIPS_AT).rest_s(10.0) == REST_S - 10.0
    assert silenced(TRIPS_AT - 1).answered().silent(0.0).rest_s(0.0) == 0.0


def test_after_its_rest_one_call_is_let_through_and_an_answer_to_it_opens_the_way():
    rested = silenced(TRIPS_AT)
    assert rested.rest_s(REST_S) == 0.0
    tried = rested.asked(REST_S)
    assert tried.rest_s(REST_S + 1.0) == REST_S - 1.0
    assert tried.silent(REST_S + 2.0).rest_s(REST_S + 2.0) == REST_S
    assert tried.answered().rest_s(REST_S + 2.0) == 0.0


@given(st.lists(st.integers(0, 20), max_size=60))
def test_a_silent_model_is_asked_three_times_and_then_once_a_rest(pauses_s: list[int]):
    breaker, now_s = Breaker(), 0.0
    asked: list[float] = []
    for pause_s in pauses_s:
        now_s += pause_s
        if breaker.rest_s(now_s) == 0.0:
            asked.append(now_s)
            breaker = breaker.asked(now_s).silent(now_s)
    late = asked[TRIPS_AT - 1 :]
    assert all(after - before >= REST_S for before, after in itertools.pairwise(late))
