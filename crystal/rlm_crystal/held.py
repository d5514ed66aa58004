"""A generation whose files are kept open, so that it can be read after it was replaced.

An open file outlives its removal; where the system refuses to remove an open file (Windows), the
writer leaves it for a later one. Nothing is in memory but what was read.
"""

import threading
import weakref
from collections.abc import Callable, Mapping
from io import FileIO
from pathlib import Path

from rlm_crystal.errors import PageMissing
from rlm_crystal.manifest import Generation

OpenPage = Callable[[str, bytes], bytes]


class HeldFiles:
    """Files by name, open for as long as somebody refers to this; `missing` were not there."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._files: dict[str, FileIO] = {}
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._files)
        self.missing: set[str] = set()
        for name, path in paths.items():
            try:
                self._files[name] = path.open("rb", buffering=0)
            except FileNotFoundError:
                self.missing.add(name)

    def read(self, name: str) -> bytes:
        """The whole file; KeyError for one that is not held."""
        file = self._files[name]
        with self._lock:
            file.seek(0)
            return file.readall()


class HeldGeneration:
    """One generation of a store; its pages can be read whatever is written after it."""

    def __init__(self, generation: Generation, files: HeldFiles, open_page: OpenPage) -> None:
        self.generation = generation
        self._files = files
        self._open_page = open_page

    def read(self, page: str) -> bytes:
        """The page; KeyError for a name the generation lacks, PageMissing where the file is."""
        if page in self._files.missing:
            raise PageMissing("a page of this crystal is missing; index again to write it anew")
        return self._open_page(page, self._files.read(page))


def _close(files: dict[str, FileIO]) -> None:
    for file in files.values():
        file.close()
