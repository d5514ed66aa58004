"""A memory held still while it is sealed again under another key."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rlm_crystal.errors import SealError
from rlm_crystal.keys import Keyring

from rlm_memory.database import DATABASE, opening
from rlm_memory.store import PURPOSE, RowStore


@contextmanager
def held_still(folder: Path, keyring: Keyring, *, scope: str) -> Generator[RowStore | None]:
    """The rows in `folder`, None where there is no memory; nobody writes or creates one within.

    What is raised within is raised again, but an OSError: it becomes a MemoryDamaged.
    """
    with opening(folder):
        if not (folder / DATABASE).exists():
            yield None
            return
        rows = RowStore(folder, keyring.sealer(PURPOSE), scope)
        try:
            with rows.writing():
                yield rows
        finally:
            rows.close()


def copy(
    rows: RowStore, folder: Path, keyring: Keyring, *, scope: str, leave_damaged: bool
) -> dict[str, SealError]:
    """Seal the rows again under `keyring` in `folder`, where there is no memory yet.

    Returns what is wrong by row, and under an empty id that rows were altered from outside; then
    nothing is written, unless that is to be left out.
    """
    with opening(folder):
        other = RowStore(folder, keyring.sealer(PURPOSE), scope, store=rows.store)
        try:
            return rows.copy_to(other, leave_damaged=leave_damaged)
        finally:
            other.close()
