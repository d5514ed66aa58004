"""Leaving for good when it is time, whatever hangs."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn


def leave_on_signals(stop: Callable[[], object], over: threading.Event, *, within_s: float) -> None:
    """Call `stop` in the running loop when a signal says to end, and leave when `over` is set.

    If the clean-up hangs, the process leaves `within_s` after the signal all the same.
    """
    loop = asyncio.get_running_loop()

    def on_signal(number: int, _: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)
        leave_then = threading.Thread(
            target=_leave_when, args=(over, within_s, 128 + number), daemon=True
        )
        leave_then.start()

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_signal)


def leave(exit_code: int) -> NoReturn:
    """End the process now; buffers of standard output must not reach the protocol's pipe."""
    sys.stderr.flush()
    os._exit(exit_code)


def _leave_when(over: threading.Event, within_s: float, exit_code: int) -> None:
    over.wait(within_s)
    leave(exit_code)
