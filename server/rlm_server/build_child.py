"""The process that builds a crystal: reads one job, tells its progress, seals what it built.

It runs apart from the server because a build takes seconds of CPU and hundreds of MiB that would
otherwise stay with the server. The job comes as one JSON line on standard input (the key in it is
nowhere else); progress and the outcome leave as JSON lines on what was standard output, and
anything else that prints goes to standard error.
"""

import base64
import json
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO

from rlm_crystal.errors import CrystalError, NoCrystal, SealError, StoreBusy, WrongKey
from rlm_crystal.home import Home
from rlm_crystal.keys import Keyring
from rlm_crystal.types import Progress

from rlm_server.archive import Archive
from rlm_server.explaining import explained
from rlm_server.lifetime import die_with_parent

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

_LOCK_WAIT_S = 600.0
_PROGRESS_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class BuildJob:
    """What to build, and where it is sealed.

    `unless_done`: a sound crystal that somebody else sealed before our turn came is good enough.
    """

    archive: Archive
    allow_wide: bool = False
    unless_done: bool = False

    def to_line(self) -> bytes:
        """The job as one JSON line; it holds the key and goes through a pipe only."""
        archive = self.archive
        job = {
            "data": str(archive.home.data),
            "config": str(archive.home.config),
            "key_source": archive.keyring.source,
            "key": base64.b64encode(archive.keyring.master).decode(),
            "roots": [str(root) for root in archive.roots],
            "embedder": archive.embedder,
            "allow_wide": self.allow_wide,
            "unless_done": self.unless_done,
        }
        return json.dumps(job).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "BuildJob":
        """The job that `to_line` wrote."""
        job: dict[str, Any] = json.loads(line)
        keyring = Keyring(job["key_source"], base64.b64decode(job["key"]))
        archive = Archive.of(
            Home(Path(job["data"]), Path(job["config"])),
            lambda: keyring,
            [Path(root) for root in job["roots"]],
            embedder=job["embedder"],
        )
        return cls(archive, job["allow_wide"], job["unless_done"])


def main() -> None:
    """Run one job; exits 0 when the crystal is sealed, 1 after an error was told."""
    wire = _take_stdout()
    job = BuildJob.from_line(sys.stdin.buffer.readline())
    die_with_parent(sys.stdin.buffer)
    _be_nice()
    try:
        outcome: dict[str, Any] = {"generation": _build(job, _Teller(wire))}
    except (CrystalError, OSError) as error:
        outcome = {"error": type(error).__name__, "message": explained(error)}
    except MemoryError:
        outcome = {"error": "BuildFailed", "message": "Memory ran out while building."}
    except Exception as error:  # the boundary of a process: it must end with a word
        outcome = {"error": "BuildFailed", "message": explained(error)}
    _tell(wire, outcome)
    os._exit(0 if "generation" in outcome else 1)  # the watching thread blocks a clean exit


def _build(job: BuildJob, teller: "_Teller") -> int:
    from rlm_crystal.build import build
    from rlm_crystal.codec import PagesInTurn
    from rlm_crystal.embed import embedder_named

    store = job.archive.store()
    with ExitStack() as held:
        try:
            held.enter_context(store.lock(0.0))
        except StoreBusy:
            teller(Progress("waiting for another writer", 0, 0))
            held.enter_context(store.lock(_LOCK_WAIT_S))
        previous = _previous(job.archive)
        if previous is not None and job.unless_done:
            return store.current()
        crystal = build(
            job.archive.roots,
            previous=previous,
            progress=teller,
            allow_wide=job.allow_wide,
            embedder=embedder_named(job.archive.embedder),
        )
        teller(Progress("sealing", 0, 1))
        return store.write_generation(PagesInTurn(crystal), carry=previous is not None)


def _previous(archive: Archive) -> "Crystal | None":
    """What can be re-used: a crystal whose every page opens. One under another key is an error."""
    try:
        return None if archive.store().verify() else archive.crystal()
    except WrongKey:
        raise
    except (NoCrystal, SealError):
        return None


class _Teller:
    """A progress sink that writes at most ten lines a second, and each new stage at once."""

    def __init__(self, wire: BinaryIO) -> None:
        self._wire = wire
        self._stage = ""
        self._last_s = 0.0

    def __call__(self, progress: Progress) -> None:
        now_s = monotonic()
        if progress.stage == self._stage and now_s - self._last_s < _PROGRESS_EVERY_S:
            return
        self._stage, self._last_s = progress.stage, now_s
        _tell(self._wire, asdict(progress))


def _take_stdout() -> BinaryIO:
    """Keep standard output for ourselves and point it at standard error for everyone else."""
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return wire


def _tell(wire: BinaryIO, message: dict[str, Any]) -> None:
    wire.write(json.dumps(message).encode() + b"\n")
    wire.flush()


def _be_nice() -> None:
    if sys.platform != "win32":
        os.nice(5)


if __name__ == "__main__":
    main()
