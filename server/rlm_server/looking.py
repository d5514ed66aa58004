"""One look at the disk and at what other processes sealed; in a thread, deciding nothing else."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_crystal.errors import NoCrystal, SealError, StoreError

from rlm_server.archive import Archive, Sealed

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_log = logging.getLogger(__name__)


# Beyond this a look at everything costs less than one at each.
PATHS_TOLD_MAX = 256
_PATHS_KEPT_MAX = 10_000


@dataclass(slots=True)
class Hearsay:
    """What may have changed on disk: these paths, or `everything`, and these paths surely."""

    everything: bool = False
    paths: set[Path] = field(default_factory=set[Path])

    def add(self, path: Path | None) -> None:
        """This may have changed; anything may, where no path is given."""
        if path is None:
            self.everything = True
        elif len(self.paths) < _PATHS_KEPT_MAX:
            self.paths.add(path)
        self.everything |= len(self.paths) > PATHS_TOLD_MAX

    def look_again(self, heard: "Hearsay") -> None:
        """What was heard was not taken over; meanwhile more may have changed."""
        self.everything = True
        for path in heard.paths:
            self.add(path)


@dataclass(frozen=True, slots=True)
class Look:
    """The crystal as it should be served, and what another process had sealed, if anything.

    `taken_over` says that the crystal grew out of that, not out of the one served before; `stamp`
    is that of the store when it was read.
    """

    crystal: "Crystal"
    stamp: tuple[int, int, int]
    newer: Sealed | None = None
    taken_over: bool = False


def look(archive: Archive, base: "Crystal | None", known: int, heard: Hearsay) -> Look:
    """Bring `base` up to the disk, or what was sealed after generation `known` where that is more.

    CrystalError where there is nothing to begin with, or a root is gone.
    """
    from rlm_crystal.build import refresh

    stamp = archive.store().stamp()
    newer = _newer(archive, known, needed=base is None)
    if newer is not None and (base is None or says_more(newer.crystal, base)):
        return Look(refresh(newer.crystal, doubted=heard.paths), stamp, newer, taken_over=True)
    if base is None:
        raise NoCrystal("Nothing has been indexed yet; call rlm_reindex or run rlm-mcp index.")
    if heard.everything:
        return Look(refresh(base, doubted=heard.paths), stamp, newer)
    return Look(refresh(base, paths=heard.paths), stamp, newer)


def says_more(theirs: "Crystal", ours: "Crystal") -> bool:
    """Whether a crystal of the same corpus holds other files, or was put in order since."""
    return (
        theirs.head != ours.head
        or len(theirs.segments) < len(ours.segments)
        or theirs.files != ours.files
    )


def _newer(archive: Archive, known: int, *, needed: bool) -> Sealed | None:
    """What another process sealed; one that cannot be opened does not touch what we have."""
    try:
        return archive.newer(known)
    except (SealError, StoreError) as error:
        if needed:
            raise
        _log.info("what another process sealed is not taken over: %s", error)
        return None
