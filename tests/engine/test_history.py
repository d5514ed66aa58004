from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.clip import clip
from rlm_engine.history import DROPPED, compact
from rlm_engine.model import Message


def turns(*sizes: int) -> tuple[Message, ...]:
    return tuple(
        Message("user" if index % 2 else "assistant", f"{index:03}" + "x" * size)
        for index, size in enumerate(sizes)
    )


def test_a_history_that_fits_is_left_alone():
    history = turns(10, 10, 10)
    assert compact(history, 100) is history


def test_old_turns_are_cut_short_before_any_is_dropped():
    history = turns(*[2_000] * 8)
    kept = compact(history, 12_000)
    assert len(kept) == 8
    assert "characters cut" in kept[0].content
    assert kept[-4:] == history[-4:]


def test_dropped_turns_are_told_once():
    history = turns(*[1_000] * 40)
    kept = compact(compact(history, 8_000) + turns(1_000, 1_000), 8_000)
    assert sum(DROPPED in message.content for message in kept) == 1


@given(st.lists(st.integers(0, 3_000), max_size=30), st.integers(2_000, 10_000))
def test_what_is_kept_fits_and_ends_with_the_latest_turn(sizes: list[int], chars: int):
    history = turns(*sizes)
    kept = compact(history, chars)
    assert sum(len(message.content) for message in kept) <= chars + 200
    assert [m.role for m in kept[-2:]] == [m.role for m in history[-2:]]
    if history:
        assert kept[-1].content[:3] == history[-1].content[:3]


@given(st.text(max_size=300), st.integers(0, 200))
def test_a_clipped_text_has_at_most_the_size_asked_for(text: str, chars: int):
    assert len(clip(text, chars)) <= chars or len(text) <= chars
