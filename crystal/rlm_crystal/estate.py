"""All that is sealed under one key, in one folder named by the key's check value.

    settings/                        records of the home
    corpora/<handle>/label           which corpus this is: its id and roots, sealed
    corpora/<handle>/crystal/        a `PageStore`
    corpora/<handle>/memory/         what was asked before (`rlm_memory`)
    corpora/<handle>/traces/         records of runs, and replies of models

A handle is made with the key: whoever lists the folder learns nothing of the roots. Whoever writes
asks for leave first, so nothing is written under a key that was rotated, and no corpus comes into
being while a rotation copies those it found.
"""

import json
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from rlm_crystal.atomic import private_folder, replace_file
from rlm_crystal.errors import PageMissing, SealError, StoreBusy
from rlm_crystal.gate import require_current
from rlm_crystal.home import Home
from rlm_crystal.keys import Keyring
from rlm_crystal.seal import PageContext
from rlm_crystal.store import PageStore
from rlm_crystal.vault import Vault

_SCOPE: Final = "home"
_LABEL: Final = "label"
# A rotation of some GiB; builds are waited for before anything is copied.
_WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Corpus:
    """One set of roots, by the id that `home.corpus_id` gives it."""

    id: str
    roots: tuple[Path, ...]


class Estate:
    """The places of everything in a home; making one costs nothing until something is read.

    `folder` is where it lies: its own, or while a rotation writes it an unfinished one.
    """

    def __init__(self, home: Home, keyring: Keyring, *, folder: Path | None = None) -> None:
        self.home = home
        self.keyring = keyring
        self.folder = folder or home.estate_dir(keyring.check)
        self._being_written = folder is not None

    def crystal(self, corpus: Corpus) -> PageStore:
        """The pages of the crystal."""
        return PageStore(
            self._folder_of(corpus) / "crystal",
            self.keyring.sealer("crystal"),
            corpus.id,
            may_write=partial(self.admit, corpus),
        )

    def traces(self, corpus: Corpus) -> Vault:
        """The records of runs."""
        return Vault(
            self._folder_of(corpus) / "traces",
            self.keyring.sealer("traces"),
            corpus.id,
            may_write=partial(self.admit, corpus),
        )

    def memory_folder(self, corpus: Corpus) -> Path:
        """Where the episodes lie."""
        return self._folder_of(corpus) / "memory"

    def settings(self) -> Vault:
        """The settings; one set for all corpora of the home."""
        return Vault(
            self.folder / "settings",
            self.keyring.sealer("settings"),
            _SCOPE,
            may_write=self._require_current,
        )

    def admit(self, corpus: Corpus) -> None:
        """Leave to write for this corpus, which is enrolled if it was not; KeyRetired."""
        self._require_current()
        label = self._folder_of(corpus) / _LABEL
        if label.exists():
            return
        # Who writes a new estate holds the lock already.
        with nullcontext() if self._being_written else self.lock(_WAIT_S):
            self._require_current()
            private_folder(label.parent)
            if not label.exists():
                replace_file(label, self._sealed_label(corpus))

    def corpora(self) -> "tuple[list[Corpus], dict[str, SealError]]":
        """All corpora, and what is wrong with the label of which other folder."""
        found: list[Corpus] = []
        wrong: dict[str, SealError] = {}
        for folder in sorted((self.folder / "corpora").glob("*/")):
            try:
                corpus = self._read_label(folder)
            except SealError as error:
                wrong[folder.name] = error
            else:
                found += [] if corpus is None else [corpus]
        return found, wrong

    @contextmanager
    def lock(self, timeout_s: float) -> Generator[None, None, None]:
        """The lock of the home: who has it sees all corpora that there are; else StoreBusy."""
        from filelock import FileLock, Timeout

        private_folder(self.home.data)
        lock = FileLock(self.home.lock, mode=0o600)
        try:
            lock.acquire(timeout=timeout_s)
        except Timeout:
            raise StoreBusy(
                "the key of this data is being rotated; try again in a minute"
                f" ({self.home.lock} is held by another process)"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _require_current(self) -> None:
        if not self._being_written:
            require_current(self.home, self.keyring)

    def _folder_of(self, corpus: Corpus) -> Path:
        return self.folder / "corpora" / self.keyring.handle(corpus.id)

    def _sealed_label(self, corpus: Corpus) -> bytes:
        text = json.dumps({"corpus": corpus.id, "roots": [str(root) for root in corpus.roots]})
        context = _label_context(self._folder_of(corpus).name)
        return self.keyring.sealer(_LABEL).seal(text.encode(), context=context)

    def _read_label(self, folder: Path) -> Corpus | None:
        """The corpus of this folder; None where nothing was written into it yet."""
        try:
            sealed = (folder / _LABEL).read_bytes()
        except FileNotFoundError:
            if not any(path.is_dir() for path in folder.glob("*")):
                return None
            raise PageMissing("the label that says which corpus this is is missing") from None
        stored = json.loads(
            self.keyring.sealer(_LABEL).open(sealed, context=_label_context(folder.name))
        )
        return Corpus(stored["corpus"], tuple(Path(root) for root in stored["roots"]))


def _label_context(handle: str) -> PageContext:
    return PageContext(_SCOPE, f"{_LABEL}/{handle}", 0)
