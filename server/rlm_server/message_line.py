"""From one line of the wire to a message, or to what its sender is told instead.

JSON-RPC asks that whoever sent an id hears of it: a request with one wrong field is answered under
its id, what is no message at all under none. Notifications and answers are never answered.
"""

import json
from typing import Any, Final, cast

from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError
from pydantic_core import from_json

FRAME_BYTES_MAX: Final = 32 << 20
TOO_LONG: Final = f"A message may have {FRAME_BYTES_MAX >> 20} MiB at most."


class Refused(Exception):
    """This is no message that can be taken; `answer` is for its sender, if one waits for it."""

    def __init__(self, code: int, why: str, id_: str | int | None = None) -> None:
        super().__init__(why)
        self.answer: JSONRPCError | None = refusal(code, why, id_)


class Dropped(Refused):
    """The same where nobody waits for an answer."""

    def __init__(self, why: str) -> None:
        super().__init__(INVALID_REQUEST, why)
        self.answer = None


def refusal(code: int, why: str, id_: str | int | None = None) -> JSONRPCError:
    """An error in the words of JSON-RPC."""
    return JSONRPCError(jsonrpc="2.0", id=id_, error=ErrorData(code=code, message=why))


def message_of(line: bytes) -> JSONRPCMessage:
    """The message in a line; Refused where there is none."""
    parsed = _parsed(line)
    if isinstance(parsed, list):
        raise Refused(
            INVALID_REQUEST, "Batches are no part of MCP since 2025-06-18; send one message a line."
        )
    if not isinstance(parsed, dict):
        raise Refused(INVALID_REQUEST, "A message is a JSON object.")
    fields = cast("dict[str, Any]", parsed)
    if "method" in fields:
        return _request(fields) if "id" in fields else _notification(fields)
    if "result" in fields or "error" in fields:
        return _response(fields)
    raise Refused(INVALID_REQUEST, "A request needs a method.", _id_of(fields))


def _parsed(line: bytes) -> Any:
    try:
        return from_json(line)
    except ValueError:
        return _parsed_leniently(line)


def _parsed_leniently(line: bytes) -> Any:
    """Bytes that are no UTF-8 and halves of surrogate pairs, which clients send that cut texts in
    the middle, become question marks: better than a call that nobody answers."""
    try:
        whole = json.dumps(json.loads(line.decode("utf-8", "replace")), ensure_ascii=False)
        return from_json(whole.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Refused(PARSE_ERROR, "This line is not JSON, or is nested too deeply.") from None


def _request(fields: dict[str, Any]) -> JSONRPCRequest:
    id_ = _id_of(fields)
    if id_ is None:
        raise Refused(INVALID_REQUEST, "The id of a request is a string or a whole number.")
    try:
        return JSONRPCRequest.model_validate(fields, by_name=False)
    except ValidationError as error:
        raise Refused(INVALID_REQUEST, _what_is_wrong(error), id_) from None


def _notification(fields: dict[str, Any]) -> JSONRPCNotification:
    try:
        return JSONRPCNotification.model_validate(fields, by_name=False)
    except ValidationError as error:
        raise Dropped(_what_is_wrong(error)) from None


def _response(fields: dict[str, Any]) -> JSONRPCResponse | JSONRPCError:
    kind = JSONRPCResponse if "result" in fields else JSONRPCError
    try:
        return kind.model_validate(fields, by_name=False)
    except ValidationError as error:
        raise Dropped(_what_is_wrong(error)) from None


def _id_of(fields: dict[str, Any]) -> str | int | None:
    id_ = fields.get("id")
    return id_ if isinstance(id_, str | int) and not isinstance(id_, bool) else None


def _what_is_wrong(error: ValidationError) -> str:
    fields = sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})
    return f"This is no JSON-RPC 2.0 message of MCP: look at {', '.join(fields)}."
