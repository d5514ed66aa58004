"""Sealed rows in one SQLite database in WAL mode, shared by several processes.

    header(id = 1, sealed)                   schema, store id, and the head
    rows(id, zone, key_version, sealed)      one AES-256-GCM blob each

In clear are only the random row id, a keyed handle of zone and level, and the number of the key.
A row opens in its own store, zone, level, id and key version. Which revision of a row is the
current one its associated data cannot say, as whoever puts an old row back puts its columns back
too: the sealed head does. It holds the number of rows and the sum of a keyed mark of each row's
tag, is written in the same transaction, and costs the same at any size.
"""

import json
import os
import secrets
import sqlite3
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rlm_crystal.atomic import private_folder
from rlm_crystal.errors import SealError, WrongKey
from rlm_crystal.leave import Leave, always
from rlm_crystal.seal import PageContext, Sealer

from rlm_memory.errors import MemoryBusy, MemoryDamaged, MemoryLocked, MemoryNewer
from rlm_memory.types import Level

DATABASE: Final = "memory.sqlite3"
PURPOSE: Final = "memory"
SCHEMA: Final = 1

_KEY_VERSION: Final = 1
_ZONE: Final = "project"
_BUSY_S: Final = 20.0
_TAG_BYTES: Final = 16
_MARKS: Final = 1 << 128

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS header (id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS rows (
    id TEXT PRIMARY KEY, zone TEXT NOT NULL, key_version INTEGER NOT NULL, sealed BLOB NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Head:
    """What the rows must add up to."""

    store: str
    count: int
    total: int


class RowStore:
    """Rows of bytes under random ids. Not for several threads at once."""

    def __init__(
        self, folder: Path, sealer: Sealer, scope: str, *, may_write: Leave = always
    ) -> None:
        """Open or create, for who holds `opening`; MemoryLocked, MemoryDamaged or MemoryNewer."""
        self._sealer = sealer
        self._scope = scope
        self._may_write = may_write
        self._path = folder / DATABASE
        if not self._path.exists():
            may_write()
        self._connection = _connect(self._path)
        self._store = self._prepared()
        self._zone = self._zone_of("episode")

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def writing(self) -> Generator[None, None, None]:
        """A transaction that no other writer shares: all of it is kept, or nothing."""
        with _told(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._may_write()
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Generator[None, None, None]:
        """All that is read within belongs to one moment; within `writing` it does already."""
        with _told(self._path):
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def version(self) -> int:
        """A number that changes when another connection has written."""
        with _told(self._path):
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def tags(self) -> dict[str, bytes]:
        """The tag of every row by its id; a row that was rewritten has another one."""
        with _told(self._path):
            return dict(
                self._connection.execute(
                    "SELECT id, substr(sealed, ?) FROM rows WHERE zone = ?",
                    (-_TAG_BYTES, self._zone),
                )
            )

    def head_holds(self, tags: dict[str, bytes]) -> bool:
        """Whether these are all the rows rlm-mcp wrote, each in its last revision."""
        head = self._head()
        total = sum(self._mark(row_id, tag) for row_id, tag in tags.items()) % _MARKS
        return (head.count, head.total) == (len(tags), total)

    def read(self, row_ids: Iterable[str]) -> dict[str, bytes | SealError]:
        """What each row holds, or why it cannot be opened."""
        with _told(self._path):
            return {row_id: self._opened(row_id) for row_id in row_ids}

    def put(self, row_id: str, data: bytes, *, replaces: bytes | None) -> bytes:
        """Write a row within `writing`; `replaces` is the tag it has now. Returns its new tag."""
        sealed = self._sealer.seal(data, context=self._context(row_id))
        self._connection.execute(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)",
            (row_id, self._zone, _KEY_VERSION, sealed),
        )
        tag = sealed[-_TAG_BYTES:]
        removed = 0 if replaces is None else self._mark(row_id, replaces)
        self._move_head(0 if replaces else 1, self._mark(row_id, tag) - removed)
        return tag

    def delete(self, row_id: str, tag: bytes) -> None:
        """Delete a row within `writing`."""
        self._connection.execute("DELETE FROM rows WHERE id = ?", (row_id,))
        self._move_head(-1, -self._mark(row_id, tag))

    def accept(self, tags: dict[str, bytes]) -> None:
        """Take the rows as they are for right, within `writing`."""
        total = sum(self._mark(row_id, tag) for row_id, tag in tags.items()) % _MARKS
        self._write_head(Head(self._store, len(tags), total))

    def copy_to(self, other: "RowStore", *, leave_damaged: bool) -> dict[str, SealError]:
        """Seal every row again in `other`, which is empty, within `writing`.

        Where a row cannot be opened nothing is written, unless that is to be left out. What is
        wrong is returned; under an empty id, that rows were taken away or put back from outside.
        """
        tags = self.tags()
        opened = self.read(tags)
        wrong = {row_id: data for row_id, data in opened.items() if isinstance(data, SealError)}
        if not self.head_holds(tags):
            wrong[""] = SealError("rows were removed, added or put back by something else")
        if not wrong or leave_damaged:
            with other.writing():
                for row_id, data in opened.items():
                    if isinstance(data, bytes):
                        other.put(row_id, data, replaces=None)
        return wrong

    def shed(self) -> None:
        """Have deleted rows leave the write-ahead log too, as far as readers allow."""
        with _told(self._path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def size_bytes(self) -> int:
        companions = (self._path.with_name(DATABASE + suffix) for suffix in ("", "-wal"))
        return sum(path.stat().st_size for path in companions if path.exists())

    def new_id(self) -> str:
        return secrets.token_hex(16)

    def _prepared(self) -> str:
        try:
            with _told(self._path):
                return self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> str:
        (schema,) = self._connection.execute("PRAGMA user_version").fetchone()
        if schema > SCHEMA:
            raise MemoryNewer(
                f"the memory {self._path} has schema {schema} and this version reads {SCHEMA}; "
                "update rlm-mcp"
            )
        if schema < SCHEMA:
            self._create()
        return self._head().store

    def _create(self) -> None:
        with self.writing():
            for statement in _TABLES.split(";"):
                self._connection.execute(statement)
            if self._connection.execute("SELECT 1 FROM header").fetchone() is None:
                self._write_head(Head(secrets.token_hex(16), 0, 0))
            self._connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def _head(self) -> Head:
        with _told(self._path):
            row = self._connection.execute("SELECT sealed FROM header").fetchone()
        if row is None:
            raise MemoryDamaged(f"the memory {self._path} lost its header; {_PUT_BACK}")
        try:
            stored = json.loads(self._sealer.open(row[0], context=self._head_context()))
        except WrongKey as error:
            raise MemoryLocked(f"the memory {self._path} is locked: {error}") from error
        except SealError as error:
            raise MemoryDamaged(f"the header of {self._path}: {error}; {_PUT_BACK}") from error
        return Head(stored["store"], stored["count"], int(stored["total"], 16))

    def _move_head(self, rows: int, total: int) -> None:
        head = self._head()
        self._write_head(Head(head.store, head.count + rows, (head.total + total) % _MARKS))

    def _write_head(self, head: Head) -> None:
        stored = {"store": head.store, "count": head.count, "total": f"{head.total:x}"}
        sealed = self._sealer.seal(json.dumps(stored).encode(), context=self._head_context())
        self._connection.execute("INSERT OR REPLACE INTO header VALUES (1, ?)", (sealed,))

    def _opened(self, row_id: str) -> bytes | SealError:
        found = self._connection.execute("SELECT sealed FROM rows WHERE id = ?", (row_id,))
        (sealed,) = found.fetchone()
        try:
            return self._sealer.open(sealed, context=self._context(row_id))
        except SealError as error:
            return error

    def _mark(self, row_id: str, tag: bytes) -> int:
        return int(self._sealer.handle("row", row_id, tag.hex()), 16)

    def _zone_of(self, level: Level) -> str:
        return self._sealer.handle("zone", self._store, _ZONE, level)

    def _context(self, row_id: str) -> PageContext:
        return PageContext(self._store, f"row/{self._zone}/{row_id}", 0, _KEY_VERSION)

    def _head_context(self) -> PageContext:
        return PageContext(self._scope, "memory/header", 0)


@contextmanager
def opening(folder: Path) -> Generator[None, None, None]:
    """Be the only one who opens or creates the store of `folder`; MemoryBusy after 20 s.

    SQLite's own lock does not wait where two connections turn a new file to WAL.
    """
    from filelock import FileLock, Timeout

    private_folder(folder)
    lock = FileLock(folder / "open.lock", mode=0o600)
    try:
        lock.acquire(timeout=_BUSY_S)
    except Timeout:
        raise MemoryBusy(f"another process has been opening {folder}; try again") from None
    try:
        yield
    finally:
        lock.release()


_PUT_BACK: Final = "put it back from a copy, or move the file away to begin anew"


def _connect(path: Path) -> sqlite3.Connection:
    with _told(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                connection.execute(f"PRAGMA {setting}").fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def _told(path: Path) -> Generator[None, None, None]:
    """Turn what SQLite raises into the errors of this room."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise MemoryBusy(
                f"another process has been writing {path} for over {_BUSY_S:g} s; try again"
            ) from error
        raise MemoryDamaged(f"the memory {path} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise MemoryDamaged(f"{path} is no sound database ({error}); {_PUT_BACK}") from error
    except OSError as error:
        raise MemoryDamaged(f"{path} cannot be opened: {error.strerror or error}") from error
