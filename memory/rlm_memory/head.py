"""What the rows of a memory must add up to, and where the chain of its writes ends."""

import json
from dataclasses import dataclass, replace
from typing import Final

MARKS: Final = 1 << 128


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
        return replace(self, count=self.count + rows, total=(self.total + total) % MARKS)

    def chained(self, chain: str) -> "Head":
        return replace(self, seq=self.seq + 1, chain=chain)

    def encoded(self) -> bytes:
        stored = {
            "store": self.store,
            "count": self.count,
            "total": f"{self.total:x}",
            "seq": self.seq,
            "chain": self.chain,
        }
        return json.dumps(stored).encode()

    @classmethod
    def decoded(cls, data: bytes) -> "Head":
        stored = json.loads(data)
        return cls(
            stored["store"],
            stored["count"],
            int(stored["total"], 16),
            stored["seq"],
            stored["chain"],
        )
