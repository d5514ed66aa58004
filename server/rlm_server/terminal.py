"""A progress bar for a person at a terminal; nobody else sees any of it."""

import os
import shutil
import sys
from time import monotonic
from typing import TextIO

from rlm_crystal.types import Progress

_SHOW_AFTER_S = 1.0
_REDRAW_S = 0.1
_BAR_CHARS = 24
_CLEAR = "\r\x1b[K"


class ProgressBar:
    """A progress sink that draws on a terminal once the work has lasted over a second."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = _can_redraw(self._stream)
        self._began_s = monotonic()
        self._drawn_s = 0.0
        self._drawn = False

    def __call__(self, progress: Progress) -> None:
        """Draw this step, at most ten times a second."""
        now_s = monotonic()
        early = now_s - self._began_s < _SHOW_AFTER_S or now_s - self._drawn_s < _REDRAW_S
        if not self._is_terminal or early:
            return
        self._drawn_s, self._drawn = now_s, True
        columns = shutil.get_terminal_size().columns
        self._stream.write(_CLEAR + bar_line(progress)[: columns - 1])
        self._stream.flush()

    def clear(self) -> None:
        """Wipe the bar, so that what follows begins on an empty line."""
        if self._drawn:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._drawn = False


def _can_redraw(stream: TextIO | None) -> bool:
    """Whether this is a terminal that can wipe a line; standard error may be closed, so None."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def bar_line(progress: Progress) -> str:
    """Return the step as one line: a bar and figures where the total is known."""
    if not progress.total:
        return f"{progress.stage} …"
    filled = _BAR_CHARS * min(progress.done, progress.total) // progress.total
    bar = "█" * filled + "░" * (_BAR_CHARS - filled)
    return f"{bar} {progress.done}/{progress.total} {progress.stage}"
