"""What the rows of a memory must add up to, and where the chain of its writes ends."""

import struct
from dataclasses import dataclass
from typing import Final

MARKS: Final = 1 << 128

_FIELDS: Final = struct.Struct(">16sQQ16s16s")


@dataclass(frozen=True, slots=True)
class Head:
    """`count` rows whose keyed marks, with those of the data keys, sum to `total` modulo `MARKS`.

    `seq` is the number of the last entry of the chain of writes, `chain` the handle it ends in.
    """

    store: str
    count: int = 0
    total: int = 0
    seq: int = 0
    chain: str = ""

    def moved(self, rows: int, total: int) -> "Head":
        total = (self.total + total) % MARKS
        return Head(self.store, self.count + rows, total, self.seq, self.chain)

    def chained(self, chain: str) -> "Head":
        return Head(self.store, self.count, self.total, self.seq + 1, chain)

    def encoded(self) -> bytes:
        numbers = self.total.to_bytes(16), bytes.fromhex(self.chain)
        return _FIELDS.pack(bytes.fromhex(self.store), self.count, self.seq, *numbers)

    @classmethod
    def decoded(cls, data: bytes) -> "Head":
        store, count, seq, total, chain = _FIELDS.unpack(data)
        return cls(store.hex(), count, int.from_bytes(total), seq, chain.hex() if seq else "")
