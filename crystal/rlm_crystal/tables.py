"""The columns of a segment: files, chunks, definitions, references, vectors.

Each table is a frozen set of arrays of one length, so it can be cut, joined and written to a
page column by column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import Int64Array
from rlm_crystal.language import Role
from rlm_crystal.postings import UInt8Array
from rlm_crystal.types import Kind, ReferenceKind
from rlm_crystal.words import Int32Array

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ROLES: Final[tuple[Role, ...]] = get_args(Role)
REFERENCE_KINDS: Final[tuple[ReferenceKind, ...]] = get_args(ReferenceKind)

KIND_CODE: Final = {kind: code for code, kind in enumerate(KINDS)}
ROLE_CODE: Final = {role: code for code, role in enumerate(ROLES)}
REFERENCE_CODE: Final = {kind: code for code, kind in enumerate(REFERENCE_KINDS)}

_LINE_BITS: Final = 32


def place_key(file: Int32Array, line: Int32Array) -> Int64Array:
    """One number for each place, which runs by file and then by line."""
    return (file.astype(np.int64) << _LINE_BITS) + line


@dataclass(frozen=True, slots=True)
class FileTable:
    """One row a file, in the order of paths; `language` counts in the segment's own list.

    `content_hash` has shape (files, 16); `chunk_start` has one entry more than there are files.
    """

    language: Int32Array
    role: UInt8Array
    lines: Int32Array
    chars: Int32Array
    size_bytes: Int64Array
    mtime_ns: Int64Array
    content_hash: UInt8Array
    chunk_start: Int32Array


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """One row a chunk, in the order of file and line.

    `symbol` counts in the segment's names; `signature` and `doc` in its prose.
    """

    file: Int32Array
    start_line: Int32Array
    end_line: Int32Array
    kind: UInt8Array
    symbol: Int32Array
    signature: Int32Array
    doc: Int32Array


@dataclass(frozen=True, slots=True)
class DefinitionTable:
    """One row a definition, in the order of file and line."""

    file: Int32Array
    start_line: Int32Array
    end_line: Int32Array
    kind: UInt8Array
    symbol: Int32Array
    signature: Int32Array
    doc: Int32Array


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """One row a reference, in the order of name, file and line; `name` and `within` are names."""

    file: Int32Array
    line: Int32Array
    name: Int32Array
    kind: UInt8Array
    within: Int32Array


@dataclass(frozen=True, slots=True)
class Vectors:
    """One L2-normalised vector a chunk in int8: row `i` is `values[i] * scales[i]`."""

    values: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]

    @classmethod
    def of(cls, dense: npt.NDArray[np.float32]) -> Vectors:
        peak = np.abs(dense).max(axis=1, initial=0.0)
        scales = (np.maximum(peak, 1e-12) / 127.0).astype(np.float32)
        values = np.rint(dense / scales[:, None]).astype(np.int8)
        return cls(values, scales)

    def dense(self, rows: Int64Array | slice = slice(None)) -> npt.NDArray[np.float32]:
        """The chosen rows as float32, shape (rows, dimensions)."""
        return self.values[rows].astype(np.float32) * self.scales[rows][:, None]
