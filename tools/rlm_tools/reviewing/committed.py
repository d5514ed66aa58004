"""The text of a file at the last commit, from git's object store.

Only `git cat-file` and `git ls-tree` are run: unlike `git diff`, they run no filter, text
conversion or hook that a hostile repository may have configured.
"""

import os
from hashlib import sha1, sha256
from pathlib import Path

from rlm_crystal.git import run_git
from rlm_crystal.reading import decode

_TIMEOUT_S = 30


def text_at_head(root: Path, relative: str) -> str | None:
    """The file's text at HEAD; None where git does not know it."""
    data = run_git(root, "cat-file", "blob", f"HEAD:./{relative}", timeout_s=_TIMEOUT_S)
    return decode(data) if data is not None else None


def blobs_at_head(root: Path) -> dict[str, str] | None:
    """Path below `root` to object id for every file of HEAD; None without git or a commit."""
    listing = run_git(root, "ls-tree", "-r", "-z", "HEAD", "--", ".", timeout_s=_TIMEOUT_S)
    if listing is None:
        return None
    blobs: dict[str, str] = {}
    for row in listing.split(b"\0"):
        head, _, path = row.partition(b"\t")
        fields = head.split()
        if len(fields) == 3 and fields[1] == b"blob":
            blobs[os.fsdecode(path)] = fields[2].decode("ascii")
    return blobs


def is_blob(data: bytes, object_id: str) -> bool:
    """Whether `data` is the object, as it is or with its CRLF turned into LF as git may do."""
    digest = sha256 if len(object_id) == 64 else sha1
    for content in (data, data.replace(b"\r\n", b"\n")):
        if digest(b"blob %d\0" % len(content) + content).hexdigest() == object_id:
            return True
    return False
