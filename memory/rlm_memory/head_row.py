"""The one row in which the sealed head of a store stands."""

import sqlite3
from pathlib import Path
from typing import Final

from rlm_crystal.errors import SealError, WrongKey
from rlm_crystal.seal import PageContext, Sealer

from rlm_memory.database import PUT_BACK, told
from rlm_memory.errors import MemoryDamaged, MemoryLocked
from rlm_memory.head import Head

TABLE: Final = "CREATE TABLE header (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL)"


class HeadRow:
    """Reads and writes it; `scope` is the corpus the store belongs to."""

    def __init__(
        self, connection: sqlite3.Connection, sealer: Sealer, scope: str, path: Path
    ) -> None:
        self._connection = connection
        self._sealer = sealer
        self._context = PageContext(scope, "memory/header", 0)
        self._path = path

    def read(self) -> Head:
        """The head; MemoryLocked under another key, MemoryDamaged."""
        with told(self._path):
            row = self._connection.execute("SELECT sealed FROM header").fetchone()
        if row is None:
            raise MemoryDamaged(f"the memory {self._path} lost its header; {PUT_BACK}")
        try:
            return Head.decoded(self._sealer.open(row[0], context=self._context))
        except WrongKey as error:
            raise MemoryLocked(f"the memory {self._path} is locked: {error}") from error
        except SealError as error:
            raise MemoryDamaged(f"the header of {self._path}: {error}; {PUT_BACK}") from error

    def write(self, head: Head) -> None:
        """Within a transaction."""
        sealed = self._sealer.seal(head.encoded(), context=self._context)
        self._connection.execute("INSERT OR REPLACE INTO header VALUES (1, ?)", (sealed,))
