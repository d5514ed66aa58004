"""Giving memory back when nobody asks for anything.

What was unpacked and computed to answer is made again at the next question, which costs some tenths
of a second; an editor that is left open over night should not pay for it with 100 MB.
"""

import ctypes
import gc
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
from anyio.to_thread import run_sync

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

    from rlm_server.opening import Opened
    from rlm_server.service import Service


async def rest_when_idle(service: "Service", opened: "Opened") -> None:
    """Rest each time nothing was asked for a while, and again once the disk changed; never ends."""
    rested: tuple[float, Callable[[], Crystal | None]] | None = None
    while True:
        asked_s = service.asked_s
        await anyio.sleep(service.manner.rest_after_s)
        if asked_s != service.asked_s:
            continue
        if rested and rested[0] == asked_s and rested[1]() is service.state.crystal:
            continue
        if await opened.rest() and (crystal := service.state.crystal) is not None:
            rested = asked_s, weakref.ref(crystal)
            del crystal  # held, it would keep all that the next question unpacks of it
            await run_sync(give_back)


def give_back() -> None:
    """Give the system what is free: glibc keeps freed memory, and cycles wait for a collection."""
    gc.collect()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # other C libraries have no such function
            ctypes.CDLL(None).malloc_trim(0)
