"""File systems that other machines write to: Linux tells of what is done here, not of that."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

TABLE = Path("/proc/self/mountinfo")
_SHARED = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "ocfs2", "gfs2",
    "vboxsf", "vmhgfs", "prl_fs", "virtiofs", "drvfs", "fuse",
})  # fmt: skip
_OURS_ALONE = frozenset({"fuse.fuse-overlayfs", "fuse.mergerfs", "fuse.bindfs"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


def shared_kind(root: Path, table: str) -> str:
    """The kind of file system at or below `root` that others may write to, or "".

    `table` is what /proc/self/mountinfo holds (proc(5)).
    """
    wanted, around, kind = PurePosixPath(root), PurePosixPath("/"), ""
    for place, its_kind in _mounts(table):
        if place.is_relative_to(wanted) and place != wanted:
            if _is_shared(its_kind):
                return its_kind
        elif wanted.is_relative_to(place) and place.is_relative_to(around):
            around, kind = place, its_kind  # the nearest, and of one place the last mounted
    return kind if _is_shared(kind) else ""


def mount_table() -> str:
    """What is mounted, or "" where the system does not say."""
    try:
        return TABLE.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def _is_shared(kind: str) -> bool:
    return kind in _SHARED or (kind.startswith("fuse.") and kind not in _OURS_ALONE)


def _mounts(table: str) -> Iterator[tuple[PurePosixPath, str]]:
    for line in table.splitlines():
        front, _, back = line.partition(" - ")
        fields, kind = front.split(" "), back.partition(" ")[0]
        if len(fields) > 4 and kind:
            place = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4])
            yield PurePosixPath(place), kind
