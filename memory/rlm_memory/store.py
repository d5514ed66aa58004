"""Sealed rows in one SQLite database in WAL mode, shared by several processes.

    header(id = 1, sealed)                   the head
    keys(zone, version, sealed)              the data key of each zone, under the memory's key
    rows(id, zone, key_version, sealed)      one AES-256-GCM blob each, under its zone's key
    chain(seq, key_version, sealed)          one entry for each write
    pages(place, key_version, sealed)        the index of each zone and level, see `Pages`

In clear are only the random row id, a keyed handle of zone and level, and the number of the key.
A row opens in its own store, zone, level, id and key version; which revision of it is the current
one the sealed head says: the number of rows, the sum of a keyed mark of each row's tag, and the end
of the chain. It is written in the same transaction, and costs the same at any size.
"""

import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from typing import Final

from rlm_crystal.errors import SealError
from rlm_crystal.leave import Leave, always
from rlm_crystal.seal import PageContext, Sealer, sealed_tag

from rlm_memory import chain, head_row, pages, zone_keys
from rlm_memory.chain import Chain, Entry, Link
from rlm_memory.database import DATABASE, PUT_BACK, connect, data_version, patience, told
from rlm_memory.errors import MemoryDamaged, MemoryUnknown
from rlm_memory.head import MARKS, Head
from rlm_memory.head_row import HeadRow
from rlm_memory.pages import Pages
from rlm_memory.types import PLACES, STANDING, ZONES, Place, Zone
from rlm_memory.witness import WITNESS, Seen, Witness, refuse_anew
from rlm_memory.zone_keys import Keyed, ZoneKeys

PURPOSE: Final = "memory"
SCHEMA: Final = 3
_KEYED: Final[tuple[Keyed, ...]] = (*ZONES, "chain")
_SELECT: Final = "SELECT id, zone, key_version, sealed FROM rows"
_TABLES: Final = (
    *(head_row.TABLE, zone_keys.TABLE, chain.TABLE, pages.TABLE),
    "CREATE TABLE rows (id TEXT PRIMARY KEY, zone TEXT NOT NULL, key_version INTEGER NOT NULL,"
    " sealed BLOB NOT NULL) WITHOUT ROWID",
)


class RowStore:
    """Rows of bytes under random ids. Not for several threads at once."""

    def __init__(
        self,
        folder: Path,
        sealer: Sealer,
        scope: str,
        *,
        may_write: Leave = always,
        store: str | None = None,
    ) -> None:
        """Open or create, for who holds `opening`; MemoryLocked, MemoryDamaged or MemoryUnknown.

        `store` is the id of a store that is created; by default a random one.
        """
        self._sealer = sealer
        self._may_write = may_write
        self._path = folder / DATABASE
        if not self._path.exists():
            may_write()
        self._connection = connect(self._path)
        self._head_row = HeadRow(self._connection, sealer, scope, self._path)
        self._pending: Head | None = None
        self._known: Head | None = None  # the head at version `_known_at`; see `_catch_up`
        self._known_at = -1
        self._seen: list[Seen] | None = None
        self._mark_key = bytes.fromhex(sealer.handle("mark", scope))
        try:
            with told(self._path):
                self.store = self._prepared(store or token_hex(16))
                self._keys = ZoneKeys(self._connection, sealer, self.store)
                self._chain = Chain(self._connection, self.store)
                self._handles = {
                    place: sealer.handle("zone", self.store, place.zone, place.level)
                    for place in STANDING
                }
                self._places = {handle: place for place, handle in self._handles.items()}
                self.pages = Pages(self._connection, self._keys, self.store, self._handles)
                self._witness = Witness(folder / WITNESS, sealer, self.store)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        self._witness.close()
        self._connection.close()

    @contextmanager
    def writing(self, *, wait: bool = True) -> Generator[None, None, None]:
        """A transaction that no other writer shares: all of it is kept, or nothing.

        MemoryBusy where another does not end in 20 s, or at once where this is not to `wait`.
        """
        try:
            with self._transaction(wait=wait):
                self._catch_up()
                yield
                if self._pending is not None:
                    self._head_row.write(self._pending)
                    if self._pending.seq:
                        self._witness.write(Seen(self._pending.seq, self._pending.chain))
        except BaseException:  # of the commit too
            self._known_at = -1
            self._pending = None
            raise
        self._known, self._pending = self._pending or self._known, None

    @contextmanager
    def _transaction(self, *, wait: bool = True) -> Generator[None, None, None]:
        with told(self._path), patience(self._connection, wait=wait):
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
        with told(self._path):
            if self._connection.in_transaction:
                yield
                return
            # Before the rows: what others write in between must not look like a step back.
            self._seen = self._witness.read()
            self._connection.execute("BEGIN")
            try:
                self._catch_up()
                yield
            finally:
                self._seen = None
                self._connection.execute("COMMIT")

    def version(self) -> int:
        """A number that changes when another connection has written."""
        if self._connection.in_transaction:  # since it began nobody has
            return self._known_at
        return data_version(self._connection, self._path)

    def tags(self) -> dict[str, str]:
        """The tag of every row by its id; a row that was rewritten has another one."""
        with told(self._path):
            rows = self._connection.execute("SELECT id, substr(sealed, -16) FROM rows")
            return {row_id: tag.hex() for row_id, tag in rows}

    def unaltered(self, count: int, total: int) -> bool:
        """Whether so many rows, whose marks sum to this, are all rlm-mcp wrote, and none is undone.

        Within `reading`. What another process writes while this one has the store open counts.
        """
        head = self._head()
        try:
            total = (total + self._total_of_keys()) % MARKS
            return (head.count, head.total) == (count, total) and self._witnessed(head)
        except SealError:
            return False

    def read(self, row_ids: Iterable[str]) -> Iterator[tuple[str, bytes | SealError]]:
        """The id of each row and what it holds, or why it cannot be opened."""
        with told(self._path):
            for row_id in row_ids:
                yield from self._contents(
                    self._connection.execute(f"{_SELECT} WHERE id = ?", (row_id,))
                )

    def read_all(self) -> Iterator[tuple[str, bytes | SealError]]:
        """As `read` for every row, in no order."""
        with told(self._path):
            yield from self._contents(self._connection.execute(_SELECT))

    def put(self, row_id: str, place: Place, data: bytes, *, replaces: str | None) -> str:
        """Write a row within `writing`; `replaces` is the tag it has now. Returns its new tag."""
        version = self._key_version(place.zone)
        sealer = self._keys.sealer(place.zone, version)
        sealed = sealer.seal(data, context=self._context(row_id, place, version))
        self._connection.execute(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)",
            (row_id, self._handles[place], version, sealed),
        )
        tag = sealed_tag(sealed)
        removed = 0 if replaces is None else self.mark(row_id, replaces)
        self._move_head(0 if replaces else 1, self.mark(row_id, tag) - removed)
        return tag

    def delete(self, row_id: str, tag: str) -> None:
        """Delete a row within `writing`."""
        self._connection.execute("DELETE FROM rows WHERE id = ?", (row_id,))
        self._move_head(-1, -self.mark(row_id, tag))

    def note(self, entry: Entry) -> None:
        """Append to the chain of writes, within `writing`."""
        version = self._key_version("chain")
        head = self._pending or self._head()
        end = self._chain.append(
            entry,
            seq=head.seq + 1,
            before=head.chain,
            sealer=self._keys.sealer("chain", version),
            version=version,
        )
        self._pending = (self._pending or head).chained(end)

    def links(self, *, first: int = 1) -> list[Link]:
        """The entries of the chain of writes from number `first` on; MemoryDamaged."""
        with self.reading():
            version = self._keys.current("chain")
            if version is None:
                return []
            try:
                return list(self._chain.links(self._keys.sealer("chain", version), first=first))
            except SealError as error:
                raise MemoryDamaged(f"the chain of writes of {self._path}: {error}") from error

    def broken_link(self) -> int | None:
        """The first entry of the chain that is missing, changed or out of place; reads them all."""
        with self.reading():
            head, version = self._head(), self._keys.current("chain")
            if version is None:
                return None if not head.seq else 1
            sealer = self._keys.sealer("chain", version)
            return self._chain.broken_at(sealer, seq=head.seq, end=head.chain)

    def seq(self) -> int:
        """The number of the last write; within `writing`, with those of this transaction."""
        return (self._pending or self._head()).seq

    def accept(self, count: int, total: int) -> None:
        """Take the rows as they are for right, within `writing`; as for `unaltered`."""
        head = self._pending or self._head()
        total = (total + self._total_of_keys()) % MARKS
        self._pending = Head(self.store, count, total, head.seq, head.chain)

    def destroy_key(self, zone: Zone) -> None:
        """Make every row of the zone unreadable for good, within `writing`; delete them first."""
        tag = self._keys.destroy(zone)
        self.pages.drop(place for place in PLACES if place.zone == zone)
        if tag is not None:
            self._move_head(0, -self.mark(self._keys.handle(zone), tag))

    def copy_to(self, other: "RowStore", *, leave_damaged: bool) -> dict[str, SealError]:
        """Copy all into `other`, which is empty and of this store's id, within `writing`.

        The data keys are sealed under its key, the rows stay as they are. Where a row cannot be
        opened nothing is written, unless that is to be left out. What is wrong is returned; under
        an empty id, that rows were taken away or put back from outside.
        """
        tags, wrong = self.tags(), dict[str, SealError]()
        for row_id, content in self.read_all():
            if isinstance(content, SealError):
                wrong[row_id] = content
        if not self.unaltered(len(tags), sum(map(self.mark, tags.keys(), tags.values()))):
            wrong[""] = SealError("rows were removed, added or put back by something else")
        if not wrong or leave_damaged:
            with other.writing():
                self._copy_keys(other)
                self._copy_rows(other, wrong)
        return wrong

    def shed(self) -> None:
        """Have deleted rows leave the write-ahead log too, as far as readers allow."""
        with told(self._path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def vacuum(self) -> None:
        """Write the database anew without what was deleted."""
        with told(self._path):
            self._connection.execute("VACUUM")
        self.shed()

    def size_bytes(self) -> int:
        files = (self._path.with_name(DATABASE + suffix) for suffix in ("", "-wal"))
        return sum(path.stat().st_size for path in files if path.exists())

    def new_id(self) -> str:
        return token_hex(16)

    def id_for(self, zone: Zone, key: str) -> str:
        """The id of what is derived and may be made anew; without the key it tells nothing."""
        return self._sealer.handle("derived", self.store, zone, key)

    def _prepared(self, store: str) -> str:
        (schema,) = self._connection.execute("PRAGMA user_version").fetchone()
        if schema not in (0, SCHEMA):
            raise MemoryUnknown(
                f"the memory {self._path} has schema {schema} and this version reads {SCHEMA}; "
                + ("update rlm-mcp" if schema > SCHEMA else "move the file away to begin anew")
            )
        if schema == 0:
            refuse_anew(self._path)
            with self._transaction():
                for statement in _TABLES:
                    self._connection.execute(statement)
                self._head_row.write(Head(store))
                self._connection.execute(f"PRAGMA user_version = {SCHEMA}")
        return self._head_row.read().store

    def _catch_up(self) -> None:
        """Forget what is known of head and keys where another connection has written since."""
        version = data_version(self._connection, self._path)
        if version != self._known_at:
            self._known, self._known_at = None, version
            self._keys.let_go()

    def _head(self) -> Head:
        if not self._connection.in_transaction:
            self._catch_up()
        if self._known is None:
            self._known = self._head_row.read()
        return self._known

    def _move_head(self, rows: int, total: int) -> None:
        self._pending = (self._pending or self._head()).moved(rows, total)

    def _witnessed(self, head: Head) -> bool:
        """Whether the chain holds what the witness saw of it."""
        seen = self._witness.read() if self._seen is None else self._seen
        if not seen:
            return True
        now = Seen(head.seq, head.chain)
        if now in seen:
            return True
        if head.seq < seen[-1].seq:
            return False
        version = self._keys.current("chain")
        if version is None:
            return False
        sealer = self._keys.sealer("chain", version)
        return self._chain.before(seen[-1].seq + 1, sealer) == seen[-1].chain

    def _key_version(self, zone: Keyed) -> int:
        """The version of the zone's key, which is made where there is none."""
        try:
            version = self._keys.current(zone)
        except SealError as error:
            raise MemoryDamaged(f"a data key of {self._path}: {error}; {PUT_BACK}") from error
        if version is None:
            head = self._pending or self._head()
            # Higher than any before: what was sealed under a destroyed key names another.
            version = head.seq + 1
            tag = self._keys.create(zone, version)
            self._move_head(0, self.mark(self._keys.handle(zone), tag))
        return version

    def _contents(self, rows: sqlite3.Cursor) -> Iterator[tuple[str, bytes | SealError]]:
        for row in rows:
            yield row[0], self._content(*row)

    def _content(self, row_id: str, handle: str, version: int, sealed: bytes) -> bytes | SealError:
        place = self._places.get(handle)
        if place is None:
            return SealError("the row stands in no zone of this memory")
        try:
            sealer = self._keys.sealer(place.zone, version)
            return sealer.open(sealed, context=self._context(row_id, place, version))
        except SealError as error:
            return error

    def _copy_keys(self, other: "RowStore") -> None:
        for zone in _KEYED:
            with suppress(SealError):  # then its rows do not open either
                tag = self._keys.copy_to(other._keys, zone)
                if tag is not None:
                    other._move_head(0, other.mark(other._keys.handle(zone), tag))

    def _copy_rows(self, other: "RowStore", left_out: dict[str, SealError]) -> None:
        for row in self._connection.execute(_SELECT):
            if row[0] in left_out:
                continue
            handle = other._handles[self._places[row[1]]]
            other._connection.execute(
                "INSERT INTO rows VALUES (?, ?, ?, ?)", (row[0], handle, *row[2:])
            )
            other._move_head(1, other.mark(row[0], sealed_tag(row[3])))
        self._chain.copy_to(other._chain)
        head = self._head()
        moved = other._pending or other._head()
        other._pending = Head(other.store, moved.count, moved.total, head.seq, head.chain)

    def _total_of_keys(self) -> int:
        keys = self._keys.tags()
        return sum(map(self.mark, keys.keys(), keys.values()))

    def mark(self, name: str, tag: str) -> int:
        """A keyed number for a row in this revision; see `Head`."""
        marked = blake2b(f"{name}{tag}".encode(), digest_size=16, key=self._mark_key)
        return int.from_bytes(marked.digest())

    def _context(self, row_id: str, place: Place, version: int) -> PageContext:
        return PageContext(self.store, f"row/{place.zone}/{place.level}/{row_id}", 0, version)
