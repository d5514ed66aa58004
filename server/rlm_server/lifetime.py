"""Children that never outlive us, however we end.

A child gets a pipe as its standard input and leaves when the pipe closes, which the system does
even when we are killed; on Linux the kernel ends it as well, as native code may hold the child's
interpreter for seconds. Each child leads its own process group: ending it ends its children.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import BinaryIO

from anyio.abc import Process

_PASSED_ON = (
    "HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "USERPROFILE",
    "HF_HOME", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
)  # fmt: skip
_PR_SET_PDEATHSIG = 1


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a child: no key, no credential, nothing that alters Python."""
    return {name: environ[name] for name in _PASSED_ON if name in environ}


def end_group(process: Process) -> None:
    """Kill the child and every process of its group; one that is gone already is fine."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def die_with_parent(stdin: BinaryIO) -> None:
    """In the child: leave as soon as the parent is gone. `stdin` must be read by nobody else."""
    if sys.platform == "linux":
        _ask_the_kernel()
    threading.Thread(target=_leave_at_end_of, args=(stdin,), daemon=True).start()


def _leave_at_end_of(stdin: BinaryIO) -> None:
    while stdin.read(4096):
        pass
    os._exit(1)


def _ask_the_kernel() -> None:
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
