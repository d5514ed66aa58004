"""Files that are whole or not there: private modes, fsync, one rename.

What is written here is readable by its owner only (mode 0600 in folders of mode 0700; on Windows
the folder's own access list decides). A process killed at any instant leaves the old file or the
new one, and perhaps a `*.tmp` that holds nothing the finished file would not hold.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path

TEMPORARY_SUFFIX = ".tmp"

# Another process that has the target open makes a rename fail on Windows, for a moment.
_WINDOWS_TRIES = 40
_WINDOWS_WAIT_S = 0.025


def private_folder(folder: Path) -> Path:
    """`folder`, created with its parents for its owner only where it was missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet, and have it reach the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        _write_all(descriptor, data)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` at `path`: whoever reads it sees the old file or the new one, never a part."""
    temporary = path.with_name(secrets.token_hex(8) + TEMPORARY_SUFFIX)
    write_new(temporary, data)
    try:
        _rename(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def create_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; where it is missing, `make()` is written first.

    Processes that race end with the same file: only the holder of the lock beside it creates.
    """
    from filelock import FileLock

    if not path.exists():
        private_folder(path.parent)
        with FileLock(path.with_name(path.name + ".lock"), timeout=30, mode=0o600):
            if not path.exists():
                replace_file(path, make())
    return path.read_bytes()


def sync_folder(folder: Path) -> None:
    """Have the folder's own entries reach the disk; Windows has no such call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rename(source: Path, target: Path) -> None:
    for _ in range(_WINDOWS_TRIES if sys.platform == "win32" else 0):
        try:
            source.replace(target)
        except PermissionError:
            time.sleep(_WINDOWS_WAIT_S)
        else:
            return
    source.replace(target)
