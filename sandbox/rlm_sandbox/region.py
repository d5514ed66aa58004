"""The memory that a snapshot lies in: a memfd of the host's, mapped by one child after the other.

Two slots are written in turn, so a kill in the middle of a write leaves the snapshot before it.
"""

import struct
import zlib
from typing import Any, Final

SLOT_BYTES: Final = 32 << 20
REGION_BYTES: Final = 2 * SLOT_BYTES

_HEADER: Final = struct.Struct("<QQI")  # sequence, length, CRC-32; sequence 0 means never written
HEADER_BYTES: Final = _HEADER.size
CONTENT_BYTES_MAX: Final = SLOT_BYTES - HEADER_BYTES
_SEQUENCE_MAX: Final = 1 << 62


class SnapshotRegion:
    """The two slots; the caller owns the mapping."""

    def __init__(self, memory: Any) -> None:
        self._memory = memory
        self._sequence = max(self._header(slot)[0] for slot in (0, 1))

    def write(self, data: bytes) -> bool:
        """Store data as the newest; False where it does not fit."""
        if len(data) > CONTENT_BYTES_MAX:
            return False
        sequence = self._sequence + 1
        start = (sequence % 2) * SLOT_BYTES
        self._memory[start : start + _HEADER.size] = bytes(_HEADER.size)
        body = start + _HEADER.size
        self._memory[body : body + len(data)] = data
        self._memory[start:body] = _HEADER.pack(sequence, len(data), zlib.crc32(data))
        self._sequence = sequence
        return True

    def read(self) -> bytes:
        """The newest whole data; empty where there is none."""
        for slot in sorted((0, 1), key=lambda slot: -self._header(slot)[0]):
            sequence, length, checksum = self._header(slot)
            start = slot * SLOT_BYTES + _HEADER.size
            if not sequence or length > CONTENT_BYTES_MAX:
                continue
            data = bytes(self._memory[start : start + length])
            if zlib.crc32(data) == checksum:
                return data
        return b""

    def _header(self, slot: int) -> tuple[int, int, int]:
        header = _HEADER.unpack_from(self._memory, slot * SLOT_BYTES)
        # No child writes so often: a hostile one made it up, and there must be a number after it.
        return header if header[0] < _SEQUENCE_MAX else (0, 0, 0)
