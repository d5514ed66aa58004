"""Reading the key file: only when nobody but its owner can."""

import os
import stat
import sys
from pathlib import Path

from rlm_crystal.errors import KeyExposed, KeyMalformed, KeyUnavailable

_BYTES_MAX = 4096


def read_private(path: Path) -> str:
    """The file's text; KeyExposed when others can read it or put another in its place.

    On Windows the access list of the user's own folder decides, and no mode is looked at.
    """
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()))
            data = file.read(_BYTES_MAX)
    except OSError as error:
        raise KeyUnavailable(f"the key file {path} cannot be read: {error.strerror}") from error
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise KeyMalformed(f"the key file {path} does not hold base64 text") from None


def _check_mode(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyMalformed(f"the key file {path} is not a plain file")
    if sys.platform == "win32":
        return
    if status.st_mode & 0o077:
        raise KeyExposed(
            f"the key file {path} can be read by other users (mode {status.st_mode & 0o777:04o}); "
            f"run: chmod 600 {path}"
        )
    if path.parent.stat().st_mode & 0o022:
        raise KeyExposed(
            f"other users can replace the key file {path}; run: chmod 700 {path.parent}"
        )
