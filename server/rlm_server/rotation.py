"""Another key for everything that is sealed: `rlm-mcp key rotate`.

All that lies under the old key is sealed again beside it, in a folder nobody reads yet, while every
writer is held off. Then one rename makes it the data (`rlm_crystal.succession`). Killed at any
instant, this leaves everything under the old key or everything under the new one.
"""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rlm_crystal.atomic import private_folder, sync_folder
from rlm_crystal.errors import KeyRetired, NoCrystal, SealError
from rlm_crystal.estate import Corpus, Estate
from rlm_crystal.gate import Gate, require_current
from rlm_crystal.home import Home
from rlm_crystal.keys import Keyring, KeySource
from rlm_crystal.succession import clear, commit, finish, prepared
from rlm_crystal.types import Progress, ProgressSink
from rlm_memory.copying import copy, held_still
from rlm_memory.errors import MemoryBusy, RecallError

from rlm_server.errors import RotationRefused

if TYPE_CHECKING:
    from rlm_memory.store import RowStore

# Where the owner of the data chooses the key, and it is not made here.
CHOSEN: Final = frozenset[KeySource]({"env", "passphrase"})

# A build holds the lock of its crystal until it has sealed it.
_WRITERS_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done. `left_out` says what could not be opened and is not under the new key."""

    before: Keyring
    now: Keyring
    corpora: int
    left_out: tuple[str, ...]


def rotate(
    environ: Mapping[str, str],
    *,
    to: KeySource | None,
    secret: Callable[[KeySource], str],
    leave_damaged: bool,
    progress: ProgressSink,
) -> Rotated:
    """Seal everything under another key, kept in `to` (default: where the key is kept now).

    `secret` is asked for the new key or passphrase where its owner chooses it. RotationRefused
    where something cannot be opened that `leave_damaged` does not give up, HaltError without a
    key, StoreBusy while somebody writes for longer than ten minutes.
    """
    home = Home.from_environ(environ)
    old = Estate(home, Gate.open(environ, home).keyring)
    source = to or old.keyring.source
    chosen = secret(source) if source in CHOSEN else ""
    progress(Progress("waiting for other processes", 0, 0))
    with old.lock(_WRITERS_WAIT_S):
        require_current(home, old.keyring)
        finish(home, old.keyring, environ)
        clear(home, old.keyring, environ)
        new = prepared(source, chosen, environ, home.config)
        if new.check == old.keyring.check:
            raise RotationRefused("The new key is the one in use; give another.")
        try:
            rotated = _Rotation(old, new, leave_damaged, progress).run()
        except BaseException:
            _take_back(old, new, environ)
            raise
        finish(home, new, environ)
    return rotated


class _Rotation:
    """One rotation up to its commit; `wrong` says what cannot be opened."""

    def __init__(
        self, old: Estate, keyring: Keyring, leave_damaged: bool, progress: ProgressSink
    ) -> None:
        self._old = old
        self._folder = old.home.unfinished_dir(keyring.check)
        self._new = Estate(old.home, keyring, folder=self._folder)
        self._leave_damaged = leave_damaged
        self._progress = progress
        self.wrong: list[str] = []

    def run(self) -> Rotated:
        """Seal all again and commit. Nobody can write under the old key until that is done."""
        home, keyring = self._old.home, self._new.keyring
        corpora, damaged = self._old.corpora()
        self.wrong += [f"{folder}: {error}" for folder, error in damaged.items()]
        with ExitStack() as held:
            memories = self._held_still(corpora, held)
            self._refuse_damage()
            try:
                self._copy(corpora, memories)
                _sync_folders(self._folder)
            except OSError as error:
                raise RotationRefused(
                    f"{error.filename or self._folder} cannot be written:"
                    f" {error.strerror or error}. A rotation needs as much room again as the data"
                    " takes. Nothing was changed."
                ) from error
            self._refuse_damage()
            self._folder.rename(home.estate_dir(keyring.check))
            sync_folder(home.data)
            commit(home, keyring)
        return Rotated(self._old.keyring, keyring, len(corpora), tuple(self.wrong))

    def _held_still(
        self, corpora: Sequence[Corpus], held: ExitStack
    ) -> "dict[Corpus, RowStore | None]":
        """Take every lock: first those that are held for long, then those that hold others up."""
        for corpus in corpora:
            held.enter_context(self._old.crystal(corpus).lock(_WRITERS_WAIT_S))
        for corpus in corpora:
            held.enter_context(self._old.traces(corpus).lock())
        held.enter_context(self._old.settings().lock())
        memories: dict[Corpus, RowStore | None] = {}
        for corpus in corpora:
            try:
                memories[corpus] = held.enter_context(
                    held_still(self._old.memory_folder(corpus), self._old.keyring, scope=corpus.id)
                )
            except MemoryBusy:
                raise
            except RecallError as error:
                self.wrong.append(f"memory of {_name(corpus)}: {error}")
        return memories

    def _copy(
        self, corpora: Sequence[Corpus], memories: "Mapping[Corpus, RowStore | None]"
    ) -> None:
        private_folder(self._folder)
        self._note("settings", self._old.settings().copy_to(self._new.settings()))
        for done, corpus in enumerate(corpora):
            self._progress(Progress("sealing under the new key", done, len(corpora)))
            name = _name(corpus)
            self._new.admit(corpus)
            with suppress(NoCrystal):
                self._note(f"crystal of {name}", self._copied_crystal(corpus))
            traces = self._old.traces(corpus).copy_to(self._new.traces(corpus))
            self._note(f"traces of {name}", traces)
            rows = memories.get(corpus)
            if rows is not None:
                self._note(f"memory of {name}", self._copied_memory(corpus, rows))

    def _copied_crystal(self, corpus: Corpus) -> Mapping[str, SealError]:
        try:
            return self._old.crystal(corpus).copy_to(self._new.crystal(corpus))
        except SealError as error:
            return {"manifest": error}

    def _copied_memory(self, corpus: Corpus, rows: "RowStore") -> Mapping[str, SealError]:
        return copy(
            rows,
            self._new.memory_folder(corpus),
            self._new.keyring,
            scope=corpus.id,
            leave_damaged=self._leave_damaged,
        )

    def _note(self, what: str, wrong: Mapping[str, SealError]) -> None:
        self.wrong += [f"{what}: {part or 'altered'}: {error}" for part, error in wrong.items()]

    def _refuse_damage(self) -> None:
        if self.wrong and not self._leave_damaged:
            raise RotationRefused(
                "Some of what is sealed cannot be opened, and would be lost: "
                + "; ".join(self.wrong)
                + ". Put it back, or leave it out with --leave-damaged. Nothing was changed."
            )


def _take_back(old: Estate, new: Keyring, environ: Mapping[str, str]) -> None:
    """Remove what a rotation that failed had made; one that was committed stays."""
    home = old.home
    with suppress(KeyRetired):
        require_current(home, old.keyring)
        clear(home, old.keyring, environ)
        shutil.rmtree(home.estate_dir(new.check), ignore_errors=True)


def _sync_folders(folder: Path) -> None:
    for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        sync_folder(inner)


def _name(corpus: Corpus) -> str:
    return os.pathsep.join(str(root) for root in corpus.roots)
