"""How a process that builds treats its memory."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

BUILDING_ENVIRON: Final = {
    # A second BLAS thread spins while it waits and makes nothing here faster.
    "OPENBLAS_NUM_THREADS": "1",
    # glibc gives the memory of each batch back only to be handed it again, page by page.
    "MALLOC_TRIM_THRESHOLD_": str(256 * 1024 * 1024),
    "MALLOC_MMAP_THRESHOLD_": str(256 * 1024 * 1024),
}
"""The environment to start such a process with; what it builds is the same without."""


@contextmanager
def collection_paused() -> Generator[None]:
    """Nothing is looked through for reference cycles inside.

    A build makes millions of small values and no cycles; looking at them again and again costs a
    tenth of its CPU.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
