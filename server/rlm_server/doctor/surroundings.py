"""What the machine gives: a home for the sealed data, room on its disk, news of changes."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rlm_crystal.home import Home

from rlm_server.doctor.finding import Finding
from rlm_server.mounts import mount_table, shared_kind

_INOTIFY: Final = Path("/proc/sys/fs/inotify")
_WATCHES_WANTED: Final = 8_192
_INSTANCES_WANTED: Final = 64
_FREE_BYTES_WANTED: Final = 1 << 30
_OTHERS: Final = 0o077


def home(environ: Mapping[str, str]) -> Finding:
    """Whether what we seal can be written, and by nobody else."""
    found = Home.from_environ(environ)
    existing = _existing(found.data)
    if not os.access(existing, os.W_OK):
        fix = f"Make {existing} writable, or set RLM_HOME to a folder that is."
        return Finding("home", ok=False, seen=f"{existing} cannot be written", fix=fix)
    if sys.platform != "win32":
        for folder in (found.data, found.config):
            if folder.is_dir() and folder.stat().st_mode & _OTHERS:
                seen = f"other users of this machine may look into {folder}"
                return Finding("home", ok=False, seen=seen, fix=f"chmod 700 {folder}", needed=False)
    kind = shared_kind(existing.resolve(), mount_table())
    if kind:
        seen = f"{found.data} is on {kind}, where several machines must not write at once"
        fix = "Set RLM_HOME to a folder on a disk of this machine."
        return Finding("home", ok=False, seen=seen, fix=fix, needed=False)
    return Finding("home", ok=True, seen=str(found.data))


def disk(environ: Mapping[str, str]) -> Finding:
    """Room for an index and for its successor, which is written beside it."""
    folder = _existing(Home.from_environ(environ).data)
    free = shutil.disk_usage(folder).free
    fix = "Free some space, or set RLM_HOME to a folder on another disk."
    seen = f"{free / (1 << 30):.1f} GiB free at {folder}"
    return Finding("disk", ok=free >= _FREE_BYTES_WANTED, seen=seen, fix=fix, needed=False)


def watch(roots: Sequence[Path]) -> Finding:
    """How changes below the roots are noticed."""
    table = mount_table()
    for root in roots:
        kind = shared_kind(root.resolve(), table)
        if kind:
            seen = f"{root} is on {kind}, which others may write to: looked at before every answer"
            return Finding("watch", ok=True, seen=seen, needed=False)
    if not _INOTIFY.is_dir():
        return Finding("watch", ok=True, seen="by the system", needed=False)
    watches, instances = _limit("max_user_watches"), _limit("max_user_instances")
    wanted = {
        "max_user_watches": _WATCHES_WANTED * 16 if watches < _WATCHES_WANTED else 0,
        "max_user_instances": _INSTANCES_WANTED * 8 if instances < _INSTANCES_WANTED else 0,
    }
    raised = [f"fs.inotify.{name}={value}" for name, value in wanted.items() if value]
    return Finding(
        "watch",
        ok=not raised,
        seen=f"inotify gives {watches} watches in {instances} instances",
        fix=f"sudo sysctl {' '.join(raised)}" if raised else "",
        needed=False,
    )


def _limit(name: str) -> int:
    return int((_INOTIFY / name).read_text())


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(parent for parent in (folder, *folder.parents) if parent.exists())
