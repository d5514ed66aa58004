"""The chain of writes: one sealed entry for each, every one bound to the one before.

It is the audit trail of the memory. An entry says who did what to which rows and when; it is
written in the transaction of the act, so an act that cannot be noted is not done.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from rlm_crystal.errors import SealError
from rlm_crystal.seal import PageContext, Sealer, sealed_tag

Act = Literal[
    "create", "remember", "use", "supersede", "derive", "resolve", "quarantine", "promote",
    "forget", "erase", "settle", "grant", "revoke", "denied", "restore", "snapshot",
    "rollback", "retain",
]  # fmt: skip

_END_BYTES: Final = 16

TABLE: Final = """
CREATE TABLE chain (
    seq INTEGER PRIMARY KEY, key_version INTEGER NOT NULL, sealed BLOB NOT NULL
)
"""


_encoded = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `agent` is empty for the owner of the memory; `rows` are ids, never texts."""

    act: Act
    time_s: float
    agent: str = ""
    rows: tuple[str, ...] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry in its place: `before` is where the chain ended until then."""

    seq: int
    before: str
    entry: Entry


class Chain:
    """Reads and appends entries; what is raised is SQLite's, or a SealError."""

    def __init__(self, connection: sqlite3.Connection, store: str) -> None:
        self._connection = connection
        self._store = store

    def append(self, entry: Entry, *, seq: int, before: str, sealer: Sealer, version: int) -> str:
        """Write the entry as number `seq`; where the chain ends now."""
        stored: dict[str, object] = {"act": entry.act, "time_s": entry.time_s}
        for name, value in (("agent", entry.agent), ("rows", entry.rows), ("told", entry.told)):
            if value:
                stored[name] = value
        data = bytes.fromhex(before).rjust(_END_BYTES, b"\0")
        data += _encoded(stored).encode()
        sealed = sealer.seal(data, context=self._context(seq, version))
        self._connection.execute("INSERT INTO chain VALUES (?, ?, ?)", (seq, version, sealed))
        return sealer.handle("chain", before, sealed_tag(sealed))

    def before(self, seq: int, sealer: Sealer) -> str | None:
        """Where the chain ended before this entry; None where there is no such entry."""
        row = self._connection.execute(
            "SELECT seq, key_version, sealed FROM chain WHERE seq = ?", (seq,)
        ).fetchone()
        return None if row is None else self._opened(row, sealer).before

    def links(self, sealer: Sealer, *, first: int = 1) -> Iterator[Link]:
        """All entries in order from number `first` on; SealError at one that does not open."""
        rows = self._connection.execute(
            "SELECT seq, key_version, sealed FROM chain WHERE seq >= ? ORDER BY seq", (first,)
        )
        for row in rows:
            yield self._opened(row, sealer)

    def broken_at(self, sealer: Sealer, *, seq: int, end: str) -> int | None:
        """The number of the first entry that is missing, changed or out of place, or None."""
        chain = ""
        rows = self._connection.execute("SELECT seq, key_version, sealed FROM chain ORDER BY seq")
        expected = 0
        for row in rows:
            expected += 1
            try:
                link = self._opened(row, sealer)
            except SealError:
                return expected
            if (link.seq, link.before) != (expected, chain):
                return expected
            chain = sealer.handle("chain", chain, sealed_tag(row[2]))
        return None if (expected, chain) == (seq, end) else expected + 1

    def copy_to(self, other: "Chain") -> None:
        """Copy the entries as they are sealed."""
        rows = self._connection.execute("SELECT seq, key_version, sealed FROM chain")
        other._connection.executemany("INSERT INTO chain VALUES (?, ?, ?)", rows)

    def _opened(self, row: tuple[int, int, bytes], sealer: Sealer) -> Link:
        seq, version, sealed = row
        data = sealer.open(sealed, context=self._context(seq, version))
        before = data[:_END_BYTES].hex() if seq > 1 else ""
        stored = json.loads(data[_END_BYTES:])
        rows = tuple(stored.pop("rows", ()))
        return Link(seq, before, Entry(rows=rows, **stored))

    def _context(self, seq: int, version: int) -> PageContext:
        return PageContext(self._store, "memory/chain", seq, version)
