import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import JSONRPCNotification, JSONRPCRequest, JSONRPCResponse
from rlm_server.message_line import Refused, message_of

PING: dict[str, Any] = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
ANY_JSON = st.sampled_from([None, True, 0, -1.5, 10**30, "", "2.0", [], [{}], {}, {"a": None}])
FIELDS = st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"])


def refused(message: object) -> Refused:
    line = message if isinstance(message, bytes) else json.dumps(message).encode()
    with pytest.raises(Refused) as caught:
        message_of(line)
    return caught.value


def told(message: object) -> tuple[int, str | int | None]:
    answer = refused(message).answer
    assert answer is not None
    return answer.error.code, answer.id


def test_messages_of_each_kind_are_taken() -> None:
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answer = {"jsonrpc": "2.0", "id": "a", "result": {}}
    assert message_of(json.dumps(PING).encode()) == JSONRPCRequest(**PING)
    assert message_of(json.dumps(notification).encode()) == JSONRPCNotification(**notification)
    assert message_of(json.dumps(answer).encode()) == JSONRPCResponse(**answer)


@pytest.mark.parametrize(
    "wrong",
    [{"params": []}, {"params": 1}, {"method": 5}, {"method": None}, {"jsonrpc": "1.0"}],
)
def test_a_request_with_a_wrong_field_is_answered_under_its_id(wrong: dict[str, Any]) -> None:
    assert told(PING | wrong) == (-32600, 7)


def test_a_request_without_a_method_is_answered_under_its_id() -> None:
    assert told({"jsonrpc": "2.0", "id": "x", "params": {}}) == (-32600, "x")


@pytest.mark.parametrize("id_", [None, True, 1.5, [], {}])
def test_an_id_that_is_none_is_answered_under_null(id_: object) -> None:
    assert told(PING | {"id": id_}) == (-32600, None)


def test_what_is_no_message_is_answered_under_null() -> None:
    assert told([PING]) == (-32600, None)
    assert told(3) == (-32600, None)
    assert told(b"{") == (-32700, None)
    assert told(b"[" * 200_000) == (-32700, None)


def test_nobody_is_told_of_a_wrong_notification_or_a_wrong_answer() -> None:
    assert refused({"method": "notifications/initialized"}).answer is None
    assert refused({"jsonrpc": "2.0", "id": 1, "result": 3}).answer is None
    assert refused({"jsonrpc": "2.0", "id": 1, "error": "no"}).answer is None


def test_text_that_was_cut_in_the_midst_of_a_character_is_still_asked() -> None:
    for bad in (b"\xf0\x9f", b"\\ud83d"):
        line = json.dumps(PING | {"params": {"q": "@"}}).encode().replace(b"@", bad)
        message = message_of(line)
        assert isinstance(message, JSONRPCRequest)
        assert message.params is not None
        assert set(message.params["q"]) <= {"?", "\ufffd"}


@given(st.binary(max_size=40) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_a_message_or_refused(line: bytes) -> None:
    with suppress(Refused):
        message_of(line)


@given(st.dictionaries(FIELDS, ANY_JSON), st.integers() | st.text())
def test_whoever_sent_an_id_with_a_method_hears_of_it(
    fields: dict[str, Any], id_: str | int
) -> None:
    message = {"method": "ping", **fields, "id": id_}
    try:
        taken = message_of(json.dumps(message).encode())
    except Refused as error:
        assert error.answer is not None
        assert error.answer.id == id_
    else:
        assert isinstance(taken, JSONRPCRequest)
        assert taken.id == id_
