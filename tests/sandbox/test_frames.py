"""Frames: any message comes back whole, and whatever else arrives is refused."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_sandbox import ProtocolError
from rlm_sandbox.frames import (
    FRAME_BYTES_MAX,
    FROM_CHILD,
    Bounds,
    FrameReader,
    FrameWriter,
    Kind,
    Message,
    check_shape,
)

KEY = bytes(32)
SMALL = Bounds(message_bytes=5000, depth=8, values=200)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


def writer(key: bytes = KEY, bounds: Bounds = FROM_CHILD) -> FrameWriter:
    return FrameWriter(key, b"to-host", bounds)


def reader(key: bytes = KEY, bounds: Bounds = FROM_CHILD) -> FrameReader:
    return FrameReader(key, b"to-host", bounds)


@given(st.lists(st.tuples(json_values, texts), max_size=4), st.integers(1, 50))
def test_messages_come_back_whole_however_the_bytes_are_cut(
    contents: list[tuple[object, str]], piece: int
):
    sent = [Message(Kind.CALL, {"v": value}, text) for value, text in contents]  # type: ignore[dict-item]
    out, into = writer(), reader()
    data = b"".join(frame for message in sent for frame in out.frames(message))
    received: list[Message] = []
    for start in range(0, len(data), piece):
        into.feed(data[start : start + piece])
        while (message := into.next_message()) is not None:
            received.append(message)

    assert received == sent


def test_a_long_text_travels_in_frames_of_a_mebibyte():
    message = Message(Kind.DONE, {}, "x" * (2 * FRAME_BYTES_MAX))
    frames = writer().frames(message)
    into = reader()
    for frame in frames:
        into.feed(frame)

    assert [len(frame) - 21 for frame in frames][:2] == [FRAME_BYTES_MAX] * 2
    assert len(frames) == 3
    assert into.next_message() == message


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_found(position: int, change: int):
    (frame,) = writer().frames(Message(Kind.DONE, {"a": [1, "two"]}, "three"))
    damaged = bytearray(frame)
    damaged[position % len(damaged)] ^= change
    into = reader()
    into.feed(bytes(damaged))

    with suppress(ProtocolError):
        assert into.next_message() is None  # a longer length: it waits for more


def test_frames_of_another_key_direction_or_time_are_refused():
    message = Message(Kind.DONE)
    (frame,) = writer().frames(message)
    replayed = reader()
    replayed.feed(frame)
    replayed.next_message()
    for into in (
        reader(b"1" * 32),
        FrameReader(KEY, b"to-child", FROM_CHILD),
        replayed,
    ):
        into.feed(frame)
        with pytest.raises(ProtocolError, match="wrong tag"):
            into.next_message()


@given(st.binary(max_size=200))
def test_random_bytes_never_make_a_message(data: bytes):
    into = reader()
    into.feed(data)
    with suppress(ProtocolError):
        assert into.next_message() is None


@pytest.mark.parametrize(
    "fields",
    ["[" * 20 + "]" * 20, "[" + "1," * 300 + "1]", '{"a":' * 20 + "1" + "}" * 20],
    ids=["deep lists", "many values", "deep objects"],
)
def test_json_beyond_the_bounds_is_refused_unparsed(fields: str):
    with pytest.raises(ProtocolError):
        check_shape(fields.encode(), SMALL)


def test_brackets_and_commas_in_strings_do_not_count():
    check_shape(json.dumps(["[" * 500, "," * 500, '\\"[' * 500]).encode(), SMALL)


def test_unclosed_strings_are_read_once():
    check_shape(b'"\\' * 2_000_000, Bounds(message_bytes=0, depth=1, values=1))


@given(json_values)
def test_the_shape_of_small_json_is_accepted(value: object):
    check_shape(json.dumps(value).encode(), Bounds(message_bytes=0, depth=64, values=1000))


def test_a_message_too_long_is_refused_on_both_sides():
    message = Message(Kind.DONE, {}, "x" * 6000)
    into = reader(bounds=SMALL)
    into.feed(writer().frames(message)[0])

    with pytest.raises(ProtocolError, match="longer than 5000"):
        writer(bounds=SMALL).frames(message)
    with pytest.raises(ProtocolError, match="longer than 5000"):
        into.next_message()


def test_a_refused_message_leaves_the_stream_as_it_was():
    out, into = writer(bounds=SMALL), reader()
    with pytest.raises(ProtocolError):
        out.frames(Message(Kind.DONE, {}, "x" * 6000))
    with pytest.raises(ValueError, match="JSON compliant"):
        out.frames(Message(Kind.DONE, {"a": float("nan")}))
    into.feed(out.frames(Message(Kind.DONE))[0])

    assert into.next_message() == Message(Kind.DONE)
