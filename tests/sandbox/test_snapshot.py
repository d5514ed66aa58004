"""Plain data goes into a snapshot and comes back equal; what is not plain is refused."""

import datetime
import json
import re
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_sandbox.plain import NotPlain, PlainDecoder, PlainEncoder, to_json
from rlm_sandbox.region import CONTENT_BYTES_MAX, REGION_BYTES, SLOT_BYTES, SnapshotRegion

atoms = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
)
hashables = atoms | st.tuples(atoms, atoms) | st.frozensets(atoms)
values = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.sets(hashables)
        | st.dictionaries(hashables, inner)
    ),
    max_leaves=20,
)


def through(value: Any) -> Any:
    return PlainDecoder().decode(json.loads(json.dumps(PlainEncoder().encode(value))))


@given(values)
def test_plain_data_comes_back_equal_and_of_the_same_type(value: Any):
    assert through(value) == value
    assert type(through(value)) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        Counter("aab"),
        OrderedDict([("b", 1), ("a", 2)]),
        defaultdict(list, {"a": [1]}),
        deque([1, 2], maxlen=3),
        Fraction(1, 3),
        Decimal("1.10"),
        complex(1, 2),
        range(1, 9, 2),
        bytearray(b"x"),
        datetime.time(1, 2),
        re.compile("a+", re.IGNORECASE),
        {"$": "tuple", "v": [1]},
        [{"$": "tuple"}, {"v": [1]}],
        [{"a": [1, {"b": None}]}, {}, [[2.5], "c"]],
        [(1, "a"), (), (None, True)],
        [(1, [2]), (3, (4,))],
        float("inf"),
    ],
    ids=repr,
)
def test_collections_and_numbers_come_back_equal(value: Any):
    assert through(value) == value


class Sneaky(list[int]):
    def __iter__(self) -> Any:
        raise AssertionError("encoding ran a method of the value")


@pytest.mark.parametrize(
    "value", [object(), open, lambda: 1, Sneaky(), defaultdict(lambda: 1), [Sneaky()]]
)
def test_what_is_not_plain_is_refused_without_running_it(value: Any):
    with pytest.raises(NotPlain):
        PlainEncoder().encode(value)


def test_a_list_that_holds_itself_is_refused():
    loop: list[Any] = []
    loop.append(loop)

    with pytest.raises(NotPlain, match="deeper"):
        PlainEncoder().encode(loop)
    with pytest.raises(NotPlain, match="deeper"):
        to_json(loop)


def test_a_region_gives_back_the_newest_snapshot():
    memory = bytearray(REGION_BYTES)
    region = SnapshotRegion(memory)
    empty = region.read()
    for data in (b"one", b"two", b"three"):
        region.write(data)

    assert (empty, SnapshotRegion(memory).read()) == (b"", b"three")


def test_a_write_cut_in_the_middle_leaves_the_snapshot_before_it():
    memory = bytearray(REGION_BYTES)
    region = SnapshotRegion(memory)
    region.write(b"one")
    region.write(b"two")
    newest = next(slot for slot in (0, 1) if memory[slot * SLOT_BYTES + 20 :][:3] == b"two")
    memory[newest * SLOT_BYTES + 20] ^= 1

    assert SnapshotRegion(memory).read() == b"one"


def test_a_snapshot_too_large_is_not_written():
    region = SnapshotRegion(bytearray(REGION_BYTES))

    assert not region.write(bytes(CONTENT_BYTES_MAX + 1))
    assert region.read() == b""
