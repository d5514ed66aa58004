"""Frames: any message comes back whole, and whatever else arrives is refused."""

import json
from contextlib import suppress
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_sandbox import reports
from rlm_sandbox.errors import ProtocolError
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


real_frames = st.lists(st.tuples(json_values, texts), min_size=1, max_size=3).map(
    lambda contents: b"".join(
        frame
        for out in [writer()]
        for value, text in contents
        for frame in out.frames(Message(Kind.DONE, {"v": value}, text))  # type: ignore[dict-item]
    )
)
damage = st.lists(
    st.tuples(st.integers(0, 5000), st.sampled_from(["flip", "cut", "insert", "repeat"])),
    min_size=1,
    max_size=4,
)


@given(real_frames, damage, st.binary(max_size=8), st.integers(1, 400))
def test_damaged_streams_are_refused_and_hold_no_more_than_they_were_fed(
    stream: bytes, damages: list[tuple[int, str]], junk: bytes, piece: int
):
    whole = bytearray(stream)
    for position, kind in damages:
        at = position % max(1, len(whole))
        match kind:
            case "flip":
                whole[at : at + 1] = bytes(byte ^ 1 for byte in whole[at : at + 1])
            case "cut":
                del whole[at : at + 3]
            case "insert":
                whole[at:at] = junk
            case _:
                whole[at:at] = whole[:at]
    good = reader()
    good.feed(stream)
    expected = list(iter(good.next_message, None))
    into, received = reader(), 0
    with suppress(ProtocolError):
        for start in range(0, len(whole), piece):
            into.feed(bytes(whole[start : start + piece]))
            while (message := into.next_message()) is not None:
                assert message == expected[received]
                received += 1


@given(st.binary(max_size=300), st.booleans(), st.integers(0, 20))
def test_bodies_that_carry_a_right_tag_are_messages_or_protocol_errors(
    body: bytes, prefixed: bool, kind: int
):
    """What a cell that has found the key may send."""
    if prefixed:
        body = kind.to_bytes(1, "big") + len(body).to_bytes(4, "big") + body
    into = reader()
    into.feed(_framed(body))
    with suppress(ProtocolError):
        message = into.next_message()
        assert message is not None
        json.dumps([dict(message.fields), message.text], allow_nan=False).encode()


json_texts = st.recursive(
    st.sampled_from(
        ['"\\ud800"', "1e999", "-0.0", "NaN", "9" * 5000, "9" * 400 + ".5", '"\\u0000"']
    )
    | st.integers().map(str)
    | st.text(max_size=5).map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(inner, max_size=3).map(
            lambda items: "{" + ",".join(f'"k{n}":{item}' for n, item in enumerate(items)) + "}"
        )
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from([
            "name", "args", "kwargs", "from", "json", "value", "variables", "error", "truncated",
            "keeping", "lost", "kept", "layers", "kind", "line", "message", "layer", "reason",
        ]),
        json_texts,
        max_size=6,
    ),
    st.sampled_from(["", '"error": {"kind": %s, "line": %s, "message": %s, "hint": %s}']),
    json_texts,
)  # fmt: skip
def test_reports_of_any_shape_become_values_that_can_go_on_or_protocol_errors(
    fields: dict[str, str], nested: str, inner: str
):
    parts = [f'"{name}": {value}' for name, value in fields.items()]
    parts += [nested % ((inner,) * 4)] if nested else []
    packed = ("{" + ", ".join(parts) + "}").encode("utf-8", "replace")
    into = reader()
    into.feed(_framed(bytes([Kind.DONE]) + len(packed).to_bytes(4, "big") + packed))
    try:
        message = into.next_message()
    except ProtocolError:
        return
    assert message is not None
    for report in (
        lambda: reports.call(message),
        lambda: reports.final(message),
        lambda: reports.done(message, 100),
        lambda: reports.names(message, "lost"),
        lambda: reports.layers_of(message),
    ):
        with suppress(ProtocolError):
            str(report()).encode()


def _framed(body: bytes) -> bytes:
    tag = blake2b((0).to_bytes(8, "big") + b"\1", key=KEY, person=b"to-host", digest_size=16)
    tag.update(body)
    return len(body).to_bytes(4, "big") + b"\1" + tag.digest() + body
