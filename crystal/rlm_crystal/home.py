"""Where things lie: sealed data, the key and nothing else, in the user's own folders.

`RLM_HOME` puts both below one folder; otherwise the system's data and config folders are used.
The workspace that is indexed is never among them.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.errors import StoreError

_APPLICATION = "rlm-mcp"


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
        """Says which key sealed the data here, so that no other one is put beside it."""
        return self.data / "keycheck"

    def holds_data(self) -> bool:
        """Whether anything was ever sealed here, marked or not."""
        kinds = (self.crystal_dir(""), self.memory_dir(""), self.records_dir(""))
        return self.key_marker.exists() or any(kind.exists() for kind in kinds)

    def crystal_dir(self, corpus: str) -> Path:
        return self.data / "crystals" / corpus

    def memory_dir(self, corpus: str) -> Path:
        return self.data / "memories" / corpus

    def records_dir(self, corpus: str) -> Path:
        return self.data / "records" / corpus


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
