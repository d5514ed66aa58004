"""Pages beside the rows of a store: one for each zone and level, sealed under the zone's key.

A page saves work and is no truth: one that is missing or does not open is as good as none.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

from rlm_crystal.errors import SealError
from rlm_crystal.seal import PageContext

from rlm_memory.types import PLACES, Place
from rlm_memory.zone_keys import ZoneKeys

TABLE: Final = """
CREATE TABLE pages (place TEXT PRIMARY KEY, key_version INTEGER NOT NULL, sealed BLOB NOT NULL)
"""


class Pages:
    """The pages of one store. What is raised is SQLite's."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        keys: ZoneKeys,
        store: str,
        handles: Mapping[Place, str],
    ) -> None:
        """`handles` stand for the places in the database and tell nothing of them."""
        self._connection = connection
        self._keys = keys
        self._store = store
        self._handles = handles

    def read(self, place: Place) -> bytes | None:
        """The page of a place, None where there is none or it does not open."""
        found = self._connection.execute(
            "SELECT key_version, sealed FROM pages WHERE place = ?", (self._handles[place],)
        ).fetchone()
        if found is None:
            return None
        version, sealed = found
        try:
            sealer = self._keys.sealer(place.zone, version)
            return sealer.open(sealed, context=self._context(place, version))
        except SealError:
            return None

    def write(self, place: Place, data: bytes) -> None:
        """Put a page in place of the one before, within a transaction; its zone has a key."""
        version = self._keys.current(place.zone)
        if version is None:
            raise ValueError(f"the zone {place.zone} has no key")
        sealer = self._keys.sealer(place.zone, version)
        sealed = sealer.seal(data, context=self._context(place, version))
        self._connection.execute(
            "INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", (self._handles[place], version, sealed)
        )

    def drop(self, places: Iterable[Place] = PLACES) -> None:
        """Delete pages within a transaction."""
        handles = [(self._handles[place],) for place in places]
        self._connection.executemany("DELETE FROM pages WHERE place = ?", handles)

    def tags(self) -> set[str]:
        """The tags of all pages."""
        found = self._connection.execute("SELECT substr(sealed, -16) FROM pages")
        return {tag.hex() for (tag,) in found}

    def _context(self, place: Place, version: int) -> PageContext:
        return PageContext(self._store, f"memory/index/{place.zone}/{place.level}", 0, version)
