"""Where things lie: sealed data, the key and nothing else, in the user's own folders.

`RLM_HOME` puts both below one folder; otherwise the system's data and config folders are used.
The workspace that is indexed is never among them.

    <data>/keycheck    the check value of the key of this data
    <data>/<check>/    all that is sealed under the key of that check value, see `estate.py`
    <data>/lock        taken by who rotates the key or enrols a corpus
    <config>/          the key, where it is kept in a file, or the salt of a passphrase
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.errors import StoreError
from rlm_crystal.header import KEY_CHECK_BYTES

_APPLICATION = "rlm-mcp"
_UNFINISHED = ".new"


@dataclass(frozen=True, slots=True)
class Home:
    """The data folder (sealed pages and the key marker) and the config folder (the key)."""

    data: Path
    config: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Home":
        """StoreError when `RLM_HOME` is relative: it would move with the working directory."""
        given = environ.get("RLM_HOME", "")
        if not given:
            return _system_home()
        folder = Path(given).expanduser()
        if not folder.is_absolute():
            raise StoreError(f"RLM_HOME is {given!r}; give an absolute path")
        return cls(data=folder / "data", config=folder / "config")

    @property
    def key_marker(self) -> Path:
        """Names the key of this data by its check value; replacing it is what rotates the key."""
        return self.data / "keycheck"

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    def estate_dir(self, check: str) -> Path:
        """What is sealed under the key of this check value."""
        return self.data / check

    def unfinished_dir(self, check: str) -> Path:
        """The same while a rotation writes it."""
        return self.data / (check + _UNFINISHED)

    def estates(self) -> tuple[str, ...]:
        """The check values of the keys that anything whole here is sealed under; one, or two for
        a moment after a rotation."""
        return tuple(name for name in self._entries() if is_check(name))

    def unfinished(self) -> tuple[Path, ...]:
        """What rotations that were killed left behind, or the one that is running has so far."""
        return tuple(self.data / name for name in self._entries() if name.endswith(_UNFINISHED))

    def holds_data(self) -> bool:
        """Whether anything was ever sealed here, marked or not."""
        return self.key_marker.exists() or bool(self.estates())

    def _entries(self) -> list[str]:
        try:
            return sorted(path.name for path in self.data.iterdir())
        except FileNotFoundError:
            return []


def cache_folder(environ: Mapping[str, str]) -> Path:
    """For what can be made again and holds nothing of any corpus; below `RLM_HOME` if it is set."""
    if environ.get("RLM_HOME"):
        return Home.from_environ(environ).data.parent / "cache"
    import platformdirs

    return platformdirs.user_cache_path(_APPLICATION, appauthor=False)


def is_check(text: str) -> bool:
    """Whether this is how the check value of a key is written: 16 hex digits."""
    return len(text) == 2 * KEY_CHECK_BYTES and set(text) <= set("0123456789abcdef")


def corpus_id(roots: Iterable[Path]) -> str:
    """32 hex digits that stand for the resolved roots, in whichever order they come.

    Who knows a path can compute it, so a folder on disk is named by `Keyring.handle(corpus_id)`.
    """
    names = sorted({os.path.normcase(root.resolve()) for root in roots})
    return hashlib.blake2b("\0".join(names).encode(), digest_size=16).hexdigest()


def _system_home() -> Home:
    import platformdirs

    return Home(
        data=platformdirs.user_data_path(_APPLICATION, appauthor=False),
        config=platformdirs.user_config_path(_APPLICATION, appauthor=False),
    )
