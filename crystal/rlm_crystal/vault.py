"""Named sealed records in a folder: settings, traces.

A record's name is its file name and is seen by whoever lists the folder, so it is never made from
the corpus. Each record opens under its own scope and name only. A record put back to an older
state of its own is not noticed.
"""

import re
from pathlib import Path
from typing import Final

from rlm_crystal.atomic import private_folder, replace_file
from rlm_crystal.seal import PageContext, Sealer

_SUFFIX: Final = ".sealed"
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME_CHARS_MAX: Final = 80


class Vault:
    """Records of one scope (a corpus, or the whole home). The last writer of a name wins."""

    def __init__(self, folder: Path, sealer: Sealer, scope: str) -> None:
        self._folder = folder
        self._sealer = sealer
        self._scope = scope

    def put(self, name: str, data: bytes) -> None:
        """Write the record whole or not at all. ValueError unless `name` is `[a-z0-9-]+`."""
        path = self._path(name)
        private_folder(self._folder)
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

    def delete(self, name: str) -> bool:
        """Remove the record; whether there was one."""
        path = self._path(name)
        existed = path.exists()
        path.unlink(missing_ok=True)
        return existed

    def _path(self, name: str) -> Path:
        if not _is_name(name):
            raise ValueError(f"{name!r} is no record name: use a-z, 0-9 and single hyphens")
        return self._folder / (name + _SUFFIX)

    def _context(self, name: str) -> PageContext:
        return PageContext(self._scope, f"record/{name}", 0)


def _is_name(name: str) -> bool:
    return len(name) <= _NAME_CHARS_MAX and _NAME.fullmatch(name) is not None
