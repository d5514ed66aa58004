"""Frames between host and child: bytes in, messages out; opens nothing and awaits nothing.

    frame   = body length u32 | flags u8 | tag 16 bytes | body, at most 1 MiB
    message = one frame or several, the last marked; bodies joined =
              kind u8 | json length u32 | json object (UTF-8) | text (UTF-8)

The tag is a keyed BLAKE2b over direction, sequence number, flags and body, with a key that is new
for every child. It finds stray, replayed and damaged frames. It cannot tell a cell from the
runner that shares its process: a hostile cell can find the key. So the host takes every message
as untrusted data (bounded in bytes, depth and number of values, never unpickled), and what a
forged message can reach is only what the cell may do anyway by calling FINAL or a host function.
"""

import json
import math
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import blake2b
from typing import Final, Literal, cast

from rlm_sandbox.errors import ProtocolError
from rlm_sandbox.types import JsonValue

FRAME_BYTES_MAX: Final = 1 << 20
KEY_BYTES: Final = 32

Direction = Literal[b"to-child", b"to-host"]

_HEADER: Final = struct.Struct(">IB16s")
_SEQUENCE: Final = struct.Struct(">QB")
_PREFIX: Final = struct.Struct(">BI")
_LAST: Final = 1
_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

# Possessive, and ended by the end of the data too: one pass whatever the bytes are.
_JSON_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_JSON_BRACKET: Final = re.compile(rb"[\[\]{}]")


class Kind(IntEnum):
    """What a message is about; the first five go to the child, the others to the host."""

    SETUP = 1
    CELL = 2
    REPLY = 3
    RESTORE = 4
    SEALED = 11
    BROKEN = 12
    CALL = 13
    FINAL = 14
    DONE = 15
    RESTORED = 16
    KEEP = 17
    KEPT = 18


@dataclass(frozen=True, slots=True)
class Message:
    """One message: a JSON object, and a text that is not escaped into it."""

    kind: Kind
    fields: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    text: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one message may hold before it is refused unparsed."""

    message_bytes: int
    depth: int
    values: int


FROM_CHILD: Final = Bounds(message_bytes=4 << 20, depth=64, values=30_000)
"""Python needs up to 230 bytes for a JSON value: 30,000 of them stay under 10 MB in the host."""

FROM_HOST: Final = Bounds(message_bytes=256 << 20, depth=200, values=10_000_000)
"""What the child accepts; its own memory limit is narrower."""


class FrameWriter:
    """Turns messages into the bytes of frames, one direction, one key."""

    def __init__(self, key: bytes, direction: Direction, bounds: Bounds) -> None:
        self._tag = _Tag(key, direction)
        self._bounds = bounds

    def frames(self, message: Message) -> list[bytes]:
        """The frames of one message, in order, all to be sent.

        Raises ProtocolError for what the other side would refuse, TypeError or ValueError for
        fields that are no JSON; the stream is then as it was.
        """
        packed = b"{}"
        if message.fields:
            packed = compact(message.fields).encode("utf-8", "replace")
        return self.frames_of(message.kind, packed, message.text.encode("utf-8", "replace"))

    def frames_of(self, kind: int, packed: bytes, text: bytes) -> list[bytes]:
        """The same for a message whose fields are JSON already."""
        check_shape(packed, self._bounds)
        body = b"".join((_PREFIX.pack(kind, len(packed)), packed, text))
        if len(body) > self._bounds.message_bytes:
            raise ProtocolError(f"a message longer than {self._bounds.message_bytes} bytes")
        return list(self._cut(body))

    def _cut(self, body: bytes) -> Iterator[bytes]:
        for start in range(0, len(body), FRAME_BYTES_MAX):
            part = body[start : start + FRAME_BYTES_MAX]
            flags = _LAST if start + FRAME_BYTES_MAX >= len(body) else 0
            yield _HEADER.pack(len(part), flags, self._tag.next(flags, part)) + part


class FrameReader:
    """Turns bytes, in pieces of any size, into messages; raises ProtocolError and then is done."""

    def __init__(self, key: bytes, direction: Direction, bounds: Bounds) -> None:
        self._tag = _Tag(key, direction)
        self._bounds = bounds
        self._buffer = bytearray()
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what was read from the pipe."""
        self._buffer += data

    @property
    def empty(self) -> bool:
        """Whether all that was fed has been taken."""
        return not self._buffer and not self._body

    def next_message(self) -> Message | None:
        """The next whole message, or None until more bytes are fed."""
        body = self.next_body()
        return None if body is None else _decode(body, self._bounds)

    def next_body(self) -> bytearray | None:
        """The same as it was sent, for `split`."""
        while (last := self._take_frame()) is not None:
            if last:
                body, self._body = self._body, bytearray()
                return body
        return None

    def _take_frame(self) -> bool | None:
        if len(self._buffer) < _HEADER.size:
            return None
        length, flags, tag = _HEADER.unpack_from(self._buffer)
        # Only the last frame may be short: empty ones in an endless row would never be a message.
        if length > FRAME_BYTES_MAX or flags > _LAST or (not flags and length < FRAME_BYTES_MAX):
            raise ProtocolError(f"a frame of {length} bytes with flags {flags}")
        if len(self._body) + length > self._bounds.message_bytes:
            raise ProtocolError(f"a message longer than {self._bounds.message_bytes} bytes")
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        part = bytes(memoryview(self._buffer)[_HEADER.size : end])
        del self._buffer[:end]
        if tag != self._tag.next(flags, part):
            raise ProtocolError("a frame with a wrong tag: forged, replayed or damaged")
        self._body += part
        return flags == _LAST


class _Tag:
    """The tags of one direction; every frame has the next sequence number."""

    def __init__(self, key: bytes, direction: Direction) -> None:
        self._key = key
        self._direction = direction
        self._sequence = 0

    def next(self, flags: int, body: bytes) -> bytes:
        digest = blake2b(
            _SEQUENCE.pack(self._sequence, flags),
            key=self._key,
            person=self._direction,
            digest_size=16,
        )
        digest.update(body)
        self._sequence += 1
        return digest.digest()


def check_shape(raw: bytes, bounds: Bounds) -> None:
    """Refuse JSON that is too deep or has too many values, without building any of them."""
    opened = raw.count(b"[") + raw.count(b"{")
    if opened <= bounds.depth and raw.count(b",") + 2 * opened < bounds.values:
        return  # whatever of it is inside of strings
    skeleton = _JSON_STRING.sub(b"", raw)
    values = skeleton.count(b",") + 2 * (skeleton.count(b"[") + skeleton.count(b"{")) + 1
    if values > bounds.values:
        raise ProtocolError(f"JSON with more than {bounds.values} values")
    depth = 0
    for match in _JSON_BRACKET.finditer(skeleton):
        depth += 1 if match.group() in b"[{" else -1
        if depth > bounds.depth:
            raise ProtocolError(f"JSON deeper than {bounds.depth} levels")


def compact(fields: Mapping[str, JsonValue]) -> str:
    """The fields as JSON; raises TypeError or ValueError for what is none."""
    return _COMPACT.encode(fields)


def split(body: bytearray) -> tuple[int, bytes, memoryview]:
    """Kind, JSON and text of a message, none of them looked at; raises ProtocolError."""
    if len(body) < _PREFIX.size:
        raise ProtocolError("a message without its prefix")
    kind, length = _PREFIX.unpack_from(body)
    end = _PREFIX.size + length
    if end > len(body):
        raise ProtocolError("a message shorter than it says")
    whole = memoryview(body)
    return kind, bytes(whole[_PREFIX.size : end]), whole[end:]


def _decode(body: bytearray, bounds: Bounds) -> Message:
    kind, packed, rest = split(body)
    check_shape(packed, bounds)
    try:
        fields = cast("JsonValue", _STRICT.decode(str(packed, "utf-8")))
        if _SURROGATE.search(packed):
            _COMPACT.encode(fields).encode()  # halves of pairs can be escaped, but not written
        text = str(rest, "utf-8")
        known = Kind(kind)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a message that cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise ProtocolError("a message whose fields are no JSON object")
    return Message(known, fields, text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number beyond all floats, which could not be written again")
    return number


# Made once: to make a decoder costs more than most messages.
_STRICT: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
