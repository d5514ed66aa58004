"""Linux's own way to tell of changes, with a watch on the folders that matter and no others.

watchdog would watch every folder there is: a repository with its dependencies installed takes tens
of thousands of watches. The constants are those of <sys/inotify.h>, the same on every machine.
"""

import ctypes
import errno
import logging
import os
import select
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_server.folders import IGNORE_FILES, WatchedFolders

_log = logging.getLogger(__name__)

FOLDERS_MAX = 20_000
_MODIFY, _CLOSE_WRITE = 0x2, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _OVERFLOW, _IGNORED = 0x400, 0x800, 0x4000, 0x8000
_ONLY_FOLDERS, _NO_LINKS, _NOT_UNLINKED = 0x0100_0000, 0x0200_0000, 0x0400_0000
_IS_FOLDER = 0x4000_0000
_ASKED = (
    _MODIFY | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
) | (_ONLY_FOLDERS | _NO_LINKS | _NOT_UNLINKED)  # fmt: skip
_KINDS = {
    _MODIFY: "modified", _CLOSE_WRITE: "closed", _MOVED_FROM: "moved", _MOVED_TO: "moved",
    _CREATE: "created", _DELETE: "deleted", _DELETE_SELF: "deleted", _MOVE_SELF: "moved",
}  # fmt: skip
_HEADER = struct.Struct("iIII")
_BUFFER_BYTES = 1 << 16
_STOP_S = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to which absolute path."""

    kind: str
    path: str
    is_folder: bool


class InotifyWatch:
    """Watches the folders of some roots in a thread of its own, in which `on_change` is called."""

    def __init__(self, roots: Sequence[Path], on_change: Callable[[Change], None]) -> None:
        self._roots = roots
        self._on_change = on_change
        self._folders: dict[int, str] = {}
        self._thread: threading.Thread | None = None
        self._stop_reader, self._stop_writer = -1, -1

    @property
    def folder_count(self) -> int:
        """How many folders are watched."""
        return len(self._folders)

    @property
    def alive(self) -> bool:
        """Whether changes are told; a limit of the system can end that at any time."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Watch, or raise OSError where the system has no watch left to give."""
        libc = ctypes.CDLL(None, use_errno=True)
        inotify = _checked(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            self._watch_all(libc, inotify)
        except OSError:
            os.close(inotify)
            raise
        self._stop_reader, self._stop_writer = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(
            target=self._run, args=(libc, inotify), name="inotify", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread, which closes what it held."""
        if self._thread is not None:
            os.close(self._stop_writer)
            self._thread.join(_STOP_S)
            self._thread = None

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end by itself."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self, libc: ctypes.CDLL, inotify: int) -> None:
        ready = select.poll()
        ready.register(inotify, select.POLLIN)
        ready.register(self._stop_reader, select.POLLIN)
        try:
            while self._stop_reader not in {fd for fd, _ in ready.poll()}:
                self._take(libc, inotify, os.read(inotify, _BUFFER_BYTES))
        except OSError as error:
            _log.warning("changes are no longer told by the system: %s", error)
        finally:
            os.close(inotify)
            os.close(self._stop_reader)

    def _take(self, libc: ctypes.CDLL, inotify: int, events: bytes) -> None:
        for watch, mask, name in _parsed(events):
            if mask & _OVERFLOW:
                self._watch_all(libc, inotify)
                self._on_change(Change("modified", str(self._roots[0]), is_folder=False))
            elif mask & _IGNORED:
                self._folders.pop(watch, None)
            elif watch in self._folders:
                path = os.path.join(self._folders[watch], name) if name else self._folders[watch]  # noqa: PTH118
                self._follow(libc, inotify, mask, path)

    def _follow(self, libc: ctypes.CDLL, inotify: int, mask: int, path: str) -> None:
        is_folder = bool(mask & (_IS_FOLDER | _DELETE_SELF | _MOVE_SELF))
        if is_folder and mask & (_CREATE | _MOVED_TO):
            self._watch_below(libc, inotify, path)
        elif path.endswith(IGNORE_FILES):
            self._watch_all(libc, inotify)
        for bit, kind in _KINDS.items():
            if mask & bit:
                self._on_change(Change(kind, path, is_folder))

    def _watch_all(self, libc: ctypes.CDLL, inotify: int) -> None:
        for root in self._roots:
            self._watch_below(libc, inotify, str(root))

    def _watch_below(self, libc: ctypes.CDLL, inotify: int, path: str) -> None:
        for root in self._roots:
            if Path(path).is_relative_to(root):
                for folder in WatchedFolders(root).below(path):
                    self._watch(libc, inotify, folder)

    def _watch(self, libc: ctypes.CDLL, inotify: int, folder: str) -> None:
        if len(self._folders) >= FOLDERS_MAX:
            raise OSError(errno.ENOSPC, f"there are more than {FOLDERS_MAX} folders to watch")
        try:
            watch = _checked(libc.inotify_add_watch(inotify, os.fsencode(folder), _ASKED))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                raise
            return  # it went away, or nothing in it can be read
        self._folders[watch] = folder


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _parsed(events: bytes) -> Iterator[tuple[int, int, str]]:
    start = 0
    while start + _HEADER.size <= len(events):
        watch, mask, _, length = _HEADER.unpack_from(events, start)
        name = events[start + _HEADER.size : start + _HEADER.size + length].rstrip(b"\0")
        yield watch, mask, os.fsdecode(name)
        start += _HEADER.size + length
