"""Standard input and output, claimed for the protocol before anything else may write to them.

Descriptor 1 is the wire, and native code of any library may print to it, at import too. So the
wire is moved to descriptors that nobody else knows: what is printed goes to standard error, and
who reads standard input finds its end. Children inherit neither. Light: imports nothing of ours.
"""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_ABOVE_STANDARD: Final = 3


@dataclass(frozen=True, slots=True)
class StandardStreams:
    """Private descriptors of what were standard input and output. Never closed: we leave first."""

    reading: int
    writing: int


def claimed() -> StandardStreams:
    """Take both for the protocol; from now on prints are heard on standard error."""
    streams = StandardStreams(_private(0), _private(1))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # there is no standard error
        os.dup2(nothing, 1)
    os.close(nothing)
    if sys.platform == "win32":
        _tell_windows()
    return streams


def _private(descriptor: int) -> int:
    """A duplicate above the standard ones that no child inherits."""
    if sys.platform != "win32":
        import fcntl

        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _ABOVE_STANDARD)
    import msvcrt

    duplicate = os.dup(descriptor)  # not inherited, by PEP 446
    msvcrt.setmode(duplicate, os.O_BINARY)
    return duplicate


def _tell_windows() -> None:
    """Native code asks for handles, not for descriptors."""
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        numbers = {0: -10, 1: -11}  # STD_INPUT_HANDLE, STD_OUTPUT_HANDLE
        for descriptor, number in numbers.items():
            with suppress(OSError):
                handle = msvcrt.get_osfhandle(descriptor)
                ctypes.windll.kernel32.SetStdHandle(number, ctypes.c_void_p(handle))
