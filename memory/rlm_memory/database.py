"""The SQLite file of a memory: opened by one process at a time, used by several."""

import os
import sqlite3
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from rlm_crystal.atomic import private_folder

from rlm_memory.errors import MemoryBusy, MemoryDamaged

DATABASE: Final = "memory.sqlite3"
PUT_BACK: Final = "put it back from a copy, or move the file away to begin anew"

_BUSY_S: Final = 20.0


def opening(folder: Path) -> AbstractContextManager[None]:
    """Be the only one who opens or creates the store of `folder`; MemoryBusy after 20 s.

    SQLite's own lock does not wait where two connections turn a new file to WAL.
    """
    private_folder(folder)
    return sole(folder, "open.lock", wait_s=_BUSY_S)


@contextmanager
def sole(folder: Path, name: str, *, wait_s: float = 0.0) -> Generator[None, None, None]:
    """Hold a lock beside the store, which goes with the process; else MemoryBusy."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / name, mode=0o600)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:
        raise MemoryBusy(f"another process is at work in {folder} ({name}); try again") from None
    try:
        yield
    finally:
        lock.release()


def connect(path: Path) -> sqlite3.Connection:
    """A connection in WAL mode whose commits reach the disk; the file is its owner's only."""
    with told(path):
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


def data_version(connection: sqlite3.Connection, path: Path) -> int:
    """A number that changes when another connection has written."""
    with told(path):
        (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


@contextmanager
def patience(connection: sqlite3.Connection, *, wait: bool) -> Generator[None, None, None]:
    """Within, locks of others are waited for as usual, or not at all."""
    if wait:
        yield
        return
    connection.execute("PRAGMA busy_timeout=0")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_S * 1e3:.0f}")


@contextmanager
def told(path: Path) -> Generator[None, None, None]:
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
        raise MemoryDamaged(f"{path} is no sound database ({error}); {PUT_BACK}") from error
    except OSError as error:
        raise MemoryDamaged(f"{path} cannot be opened: {error.strerror or error}") from error
