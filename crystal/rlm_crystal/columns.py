"""A page of named columns: a JSON head and raw little-endian arrays after it. No pickle.

    magic "RLMC" | head length, 4 bytes | head | padding | array | padding | array …

Every array begins at a multiple of eight bytes from the start of the page, so it is used in place.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from rlm_crystal.errors import PageDamaged

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
AnyArray: TypeAlias = npt.NDArray[np.generic]

_MAGIC: Final = b"RLMC"
_ALIGN: Final = 8
_DTYPES: Final = frozenset({"|i1", "|u1", "<u2", "<i4", "<i8", "<f4"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What a page holds: small things in `meta`, arrays by name."""

    meta: Mapping[str, Json]
    arrays: Mapping[str, AnyArray]


def pack(meta: Mapping[str, Json], arrays: Mapping[str, AnyArray]) -> bytes:
    """The page; equal contents give equal bytes."""
    plain = {name: _little_endian(array) for name, array in arrays.items()}
    described = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
    head = json.dumps(
        {"meta": meta, "arrays": described}, separators=(",", ":"), sort_keys=True
    ).encode()
    pieces = [_MAGIC, struct.pack("<I", len(head)), head]
    size = 8 + len(head)
    for array in plain.values():
        padding = -size % _ALIGN
        pieces += [bytes(padding), array.tobytes()]
        size += padding + array.nbytes
    return b"".join(pieces)


def unpack(page: bytes) -> Columns:
    """The contents of a page; its arrays are read-only views into it."""
    if page[:4] != _MAGIC or len(page) < 8:
        raise PageDamaged("a page does not begin as one of ours; index again")
    (head_bytes,) = struct.unpack_from("<I", page, 4)
    head = json.loads(page[8 : 8 + head_bytes])
    arrays: dict[str, AnyArray] = {}
    at = 8 + head_bytes
    for name, dtype, shape in head["arrays"]:
        if dtype not in _DTYPES:
            raise PageDamaged(f"a page holds a column of unknown type {dtype!r}; index again")
        at += -at % _ALIGN
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(page, dtype=dtype, count=count, offset=at)
        arrays[name] = array.reshape(shape)
        at += array.nbytes
    return Columns(head["meta"], arrays)


def _little_endian(array: AnyArray) -> AnyArray:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
