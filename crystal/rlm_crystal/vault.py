"""Named sealed records in a folder: settings, traces.

A record's name is its file name and is seen by whoever lists the folder, so it is never made from
the corpus. Each record opens under its own scope and name only. A record put back to an older
state of its own is not noticed.

    *.sealed    the records
    lock        taken to write; readers never wait
"""

import math
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rlm_crystal.atomic import private_folder, replace_file
from rlm_crystal.errors import SealError, StoreBusy
from rlm_crystal.leave import Leave, always
from rlm_crystal.seal import PageContext, Sealer

_SUFFIX: Final = ".sealed"
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME_CHARS_MAX: Final = 80
_LOCK: Final = "lock"
_WAIT_S: Final = 20.0


class Vault:
    """Records of one scope (a corpus, or the whole home). The last writer of a name wins."""

    def __init__(
        self, folder: Path, sealer: Sealer, scope: str, *, may_write: Leave = always
    ) -> None:
        self._folder = folder
        self._sealer = sealer
        self._scope = scope
        self._may_write = may_write

    def put(self, name: str, data: bytes) -> None:
        """Write the record whole or not at all. ValueError unless `name` is `[a-z0-9-]+`."""
        path = self._path(name)
        with self.lock():
            replace_file(path, self._sealer.seal(data, context=self._context(name)))

    def get(self, name: str) -> bytes | None:
        """The record, or None where there is none; SealError when it cannot be opened."""
        try:
            sealed = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        return self._sealer.open(sealed, context=self._context(name))

    def names(self) -> tuple[str, ...]:
        """The names of all records, sorted."""
        found = (path.name.removesuffix(_SUFFIX) for path in self._folder.glob("*" + _SUFFIX))
        return tuple(sorted(name for name in found if _is_name(name)))

    def written_before(self, moment_s: float) -> tuple[str, ...]:
        """The names of the records last written before a moment in seconds since the epoch."""
        return tuple(name for name in self.names() if self._written_s(name) < moment_s)

    def delete(self, name: str) -> bool:
        """Remove the record; whether there was one."""
        path = self._path(name)
        if not path.exists():
            return False
        with self.lock():
            path.unlink(missing_ok=True)
        return True

    @contextmanager
    def lock(self, timeout_s: float = _WAIT_S) -> Generator[None, None, None]:
        """Let nobody else write; StoreBusy when somebody does for longer than `timeout_s`."""
        from filelock import FileLock, Timeout

        self._may_write()
        private_folder(self._folder)
        try:
            with FileLock(self._folder / _LOCK, timeout=timeout_s, mode=0o600):
                self._may_write()
                yield
        except Timeout:
            raise StoreBusy(
                f"another rlm-mcp process has been writing here for over {timeout_s:g} s; wait for "
                f"it, or end it if it hangs ({self._folder / _LOCK})"
            ) from None

    def copy_to(self, other: "Vault") -> dict[str, SealError]:
        """Seal every record again in `other`, as old as it is here, for who holds the lock; those
        that cannot be opened are named and left out."""
        wrong: dict[str, SealError] = {}
        for name in self.names():
            try:
                data = self.get(name)
            except SealError as error:
                wrong[name] = error
                continue
            assert data is not None  # it was listed, and nobody else writes
            other.put(name, data)
            written_s = self._written_s(name)
            os.utime(other._path(name), (written_s, written_s))
        return wrong

    def _written_s(self, name: str) -> float:
        try:
            return self._path(name).stat().st_mtime
        except FileNotFoundError:  # another process has deleted it
            return math.inf

    def _path(self, name: str) -> Path:
        if not _is_name(name):
            raise ValueError(f"{name!r} is no record name: use a-z, 0-9 and single hyphens")
        return self._folder / (name + _SUFFIX)

    def _context(self, name: str) -> PageContext:
        return PageContext(self._scope, f"record/{name}", 0)


def _is_name(name: str) -> bool:
    return len(name) <= _NAME_CHARS_MAX and _NAME.fullmatch(name) is not None
