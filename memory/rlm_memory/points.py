"""A point in time of one zone as bytes: what it is called, and all memos as they were.

point <header, one line of JSON>\\n<zstd of lines: id, space, memo>
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from rlm_memory.memo_codec import decode_memo, encode_memo
from rlm_memory.types import Memo, Zone

_MAGIC: Final = b"point "


@dataclass(frozen=True, slots=True)
class Point:
    """The part of a snapshot that holds one zone; `seq` is the last write it saw."""

    name: str
    zone: Zone
    time_s: float
    seq: int
    memos: int


def is_point(data: bytes) -> bool:
    """Whether the bytes of a row are a point, and no memo."""
    return data.startswith(_MAGIC)


def encode_point(point: Point, memos: Mapping[str, Memo]) -> bytes:
    """The point with its memos as bytes to be sealed."""
    import zstandard

    header = json.dumps(asdict(point), separators=(",", ":")).encode()
    lines = [row_id.encode() + b" " + encode_memo(memos[row_id]) for row_id in sorted(memos)]
    return _MAGIC + header + b"\n" + zstandard.ZstdCompressor().compress(b"\n".join(lines))


def point_of(data: bytes) -> Point:
    """What a point is called and how much it holds, without opening that."""
    return Point(**json.loads(data[len(_MAGIC) : data.index(b"\n")]))


def memos_of(data: bytes) -> dict[str, Memo]:
    """The memos of a point by id."""
    import zstandard

    body = zstandard.ZstdDecompressor().decompress(data[data.index(b"\n") + 1 :])
    split = (line.partition(b" ") for line in body.split(b"\n") if line)
    return {row_id.decode(): decode_memo(memo) for row_id, _, memo in split}
