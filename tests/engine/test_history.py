import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.clip import clip
from rlm_engine.history import Room, compact
from rlm_engine.model import Message
from rlm_engine.prompt import data_in, fenced
from rlm_engine.tokens import TokenCounter, estimated_tokens

MARK = "[Earlier turns were shortened or left out to save room"


def turns(*sizes: int) -> tuple[Message, ...]:
    return tuple(
        Message("user" if index % 2 else "assistant", f"{index:03}" + "x" * size)
        for index, size in enumerate(sizes)
    )


def turn(code: str, output: str) -> tuple[Message, ...]:
    said = f"I look further. {'Because. ' * 40}\n```repl\n{code}\n```"
    return Message("assistant", said), Message("user", fenced(output, "f00"))


def test_a_history_that_fits_is_left_alone():
    history = turns(10, 10, 10)
    assert compact(history, Room(100)) is history


def test_old_turns_keep_their_code_and_the_beginning_of_their_output():
    history = tuple(one for n in range(6) for one in turn(f"x{n} = find({n})", f"out {n} " * 500))
    kept = compact(history, Room(14_000))
    assert len(kept) == 12
    assert all(f"x{n} = find({n})" in kept[2 * n].content for n in range(6))
    assert len(kept[0].content) < 200
    (output,) = data_in(kept[3])
    assert output.startswith("out 1 out 1")
    assert len(output) <= 200
    assert kept[-4:] == history[-4:]


def test_turns_that_are_left_out_are_told_once_with_the_variables_that_are_still_there():
    history = turns(*[1_000] * 40)
    room = Room(8_000)
    once = compact(history, room, variables=["rows", "not a name"])
    again = compact(once + turns(1_000, 1_000), room, variables=["rows", "total"])
    assert f"{MARK}; still in the REPL: rows]\n" in "".join(one.content for one in once)
    assert "".join(one.content for one in again).count(MARK) == 1
    assert f"{MARK}; still in the REPL: rows, total]\n" in "".join(one.content for one in again)


def test_an_output_that_alone_is_too_long_is_cut_inside_of_its_fence():
    history = turn("print(x)", "word " * 4_000)
    kept = compact(history, Room(100_000, tokens=2_000))
    (output,) = data_in(kept[1])
    assert "characters cut" in output
    assert Room(0).tokens_of(kept) <= 2_000


@given(
    st.lists(st.integers(0, 3_000), max_size=30), st.integers(500, 10_000), st.integers(0, 5_000)
)
def test_what_is_kept_fits_and_ends_with_the_latest_message(
    sizes: list[int], tokens: int, head_tokens: int
):
    history, room = turns(*sizes), Room(20_000, tokens=head_tokens + tokens)
    kept = compact(history, room, head_tokens=head_tokens)
    assert sum(len(message.content) for message in kept) <= 20_000
    assert room.tokens_of(kept) <= tokens
    assert [m.role for m in kept[-1:]] == [m.role for m in history[-1:]]


def test_an_estimate_learns_from_what_the_provider_counted():
    prompt = turns(4_000, 4_000)
    room = Room(10**6, tokens=10**6)
    counted = room.tokens_of(prompt)
    assert room.learnt(prompt, counted // 2).scale == pytest.approx(0.55, abs=0.01)
    assert room.learnt(prompt, 0) is room
    assert room.learnt(prompt, 10 * counted).scale == 1.0
    exact = Room(10**6, 10**6, TokenCounter("tokenizer", True, estimated_tokens))
    assert exact.learnt(prompt, counted // 2) is exact


def test_after_a_refusal_the_room_is_what_the_provider_told_or_half_of_the_history():
    head, history = turns(1_000), turns(4_000, 4_000)
    room = Room(10**6, tokens=10**6, scale=0.5)
    told = room.narrowed(head, history, reply_tokens=100, tokens_max=2_000)
    assert (told.tokens, told.scale) == (2_000, 1.0)
    half = Room(0).tokens_of(head) + Room(0).tokens_of(history) // 2 + 100
    assert room.narrowed(head, history, reply_tokens=100, tokens_max=None).tokens == half
    assert room.narrowed(head, history, reply_tokens=100, tokens_max=10**6).tokens == half


@given(st.text(max_size=300), st.integers(0, 200))
def test_a_clipped_text_has_at_most_the_size_asked_for(text: str, chars: int):
    assert len(clip(text, chars)) <= chars or len(text) <= chars
