"""A file beside the database that saw how far its chain of writes had come.

The database alone cannot tell that all of it was put back to an older state of its own: its head
is the right one for what it then holds. Two slots, written in turn within each transaction, hold
the numbers and the ends of the last two writes. A database that is behind both was put back. One
write may be ahead of the database, where a process died between the two. The file is not synced:
after a loss of power it may be older than the database, which says nothing against it.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rlm_crystal.errors import SealError
from rlm_crystal.seal import OVERHEAD_BYTES, PageContext, Sealer

from rlm_memory.errors import MemoryDamaged

WITNESS: Final = "memory.witness"

_SEEN = struct.Struct(">Q16s")
_SLOT_BYTES: Final = _SEEN.size + OVERHEAD_BYTES
_SLOTS: Final = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """The chain ended in `chain` after its write number `seq`."""

    seq: int
    chain: str


def refuse_anew(database: Path) -> None:
    """MemoryDamaged where the database to be created was there before, and was written to."""
    witness = database.with_name(WITNESS)
    if witness.exists() and witness.stat().st_size:
        raise MemoryDamaged(
            f"the memory {database} is gone or empty, and {WITNESS} beside it saw it written;"
            f" put it back from a copy, or move {WITNESS} away too to begin anew"
        )


class Witness:
    """The two slots of one store."""

    def __init__(self, path: Path, sealer: Sealer, store: str) -> None:
        self._sealer = sealer
        self._store = store
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)

    def close(self) -> None:
        self._file.close()

    def write(self, seen: Seen) -> None:
        """Within a transaction, so that writers do so in turn."""
        slot = seen.seq % _SLOTS
        packed = _SEEN.pack(seen.seq, bytes.fromhex(seen.chain))
        self._file.seek(slot * _SLOT_BYTES)
        self._file.write(self._sealer.seal(packed, context=self._context(slot)))

    def read(self) -> list[Seen]:
        """The slots that open, the older first."""
        self._file.seek(0)
        stored = self._file.read(_SLOTS * _SLOT_BYTES)
        found: list[Seen] = []
        for slot in range(_SLOTS):
            sealed = stored[slot * _SLOT_BYTES : (slot + 1) * _SLOT_BYTES]
            try:
                packed = self._sealer.open(sealed, context=self._context(slot))
            except SealError:
                continue
            seq, chain = _SEEN.unpack(packed)
            found.append(Seen(seq, chain.hex()))
        return sorted(found, key=lambda seen: seen.seq)

    def _context(self, slot: int) -> PageContext:
        return PageContext(self._store, f"memory/witness/{slot}", 0)
