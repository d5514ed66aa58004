"""The data keys of a memory: one for each zone and one for the chain of writes.

A data key is 32 random bytes, sealed under the key of the memory. To give the memory another
master key is to seal these few again; to erase a zone is to destroy its key.
"""

import secrets
import sqlite3
from typing import Final, Literal

from rlm_crystal.errors import SealError
from rlm_crystal.seal import KEY_BYTES, PageContext, Sealer, sealed_tag

from rlm_memory.types import Zone

Keyed = Zone | Literal["chain"]

TABLE: Final = """
CREATE TABLE keys (
    zone TEXT PRIMARY KEY, version INTEGER NOT NULL, sealed BLOB NOT NULL
) WITHOUT ROWID
"""


class ZoneKeys:
    """Sealers by zone, opened at first use. What is raised is SQLite's, or a SealError."""

    def __init__(self, connection: sqlite3.Connection, sealer: Sealer, store: str) -> None:
        self._connection = connection
        self._sealer = sealer
        self._store = store
        self._opened: dict[tuple[Keyed, int], Sealer] = {}
        self._versions: dict[Keyed, int | None] = {}

    def let_go(self) -> None:
        """Ask the database again which keys there are: another may have made or destroyed one."""
        self._versions.clear()

    def handle(self, zone: Keyed) -> str:
        return self._sealer.handle("key", self._store, zone)

    def sealer(self, zone: Keyed, version: int) -> Sealer:
        """The sealer of what was sealed under this version; SealError without that key."""
        sealer = self._opened.get((zone, version))
        if sealer is None:
            found = self.current(zone)
            if found != version:
                raise SealError(f"the data key {version} of this zone is gone")
            sealer = self._opened[zone, version]
        return sealer

    def current(self, zone: Keyed) -> int | None:
        """The version of the key there is, which is opened then."""
        if zone not in self._versions:
            row = self._row(zone)
            if row is not None and (zone, row[0]) not in self._opened:
                key = self._sealer.open(row[1], context=self._context(zone, row[0]))
                self._opened[zone, row[0]] = Sealer(key)
            self._versions[zone] = row[0] if row else None
        return self._versions[zone]

    def create(self, zone: Keyed, version: int) -> str:
        """Make the key of a zone that has none, within a transaction; the tag of what is kept."""
        return self._keep(zone, version, secrets.token_bytes(KEY_BYTES))

    def destroy(self, zone: Zone) -> str | None:
        """Remove the key of a zone, within a transaction; the tag it was kept under."""
        row = self._row(zone)
        if row is None:
            return None
        self._connection.execute("DELETE FROM keys WHERE zone = ?", (self.handle(zone),))
        self._opened = {key: sealer for key, sealer in self._opened.items() if key[0] != zone}
        self._versions[zone] = None
        return sealed_tag(row[1])

    def tags(self) -> dict[str, str]:
        """The tag of every data key by the handle of its zone."""
        rows = self._connection.execute("SELECT zone, sealed FROM keys")
        return {handle: sealed_tag(sealed) for handle, sealed in rows}

    def copy_to(self, other: "ZoneKeys", zone: Keyed) -> str | None:
        """Keep this zone's key in `other` too, under its sealer; the tag it is kept under there."""
        row = self._row(zone)
        if row is None:
            return None
        version, sealed = row
        key = self._sealer.open(sealed, context=self._context(zone, version))
        return other._keep(zone, version, key)

    def _keep(self, zone: Keyed, version: int, key: bytes) -> str:
        sealed = self._sealer.seal(key, context=self._context(zone, version))
        self._connection.execute(
            "INSERT INTO keys VALUES (?, ?, ?)", (self.handle(zone), version, sealed)
        )
        self._opened[zone, version] = Sealer(key)
        self._versions[zone] = version
        return sealed_tag(sealed)

    def _row(self, zone: Keyed) -> tuple[int, bytes] | None:
        found = self._connection.execute(
            "SELECT version, sealed FROM keys WHERE zone = ?", (self.handle(zone),)
        )
        return found.fetchone()

    def _context(self, zone: Keyed, version: int) -> PageContext:
        return PageContext(self._store, f"memory/key/{zone}", 0, version)
