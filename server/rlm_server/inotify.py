"""Linux's own way to tell of changes, with a watch on the folders that matter and no others.

watchdog would watch every folder there is: a repository with its dependencies installed takes tens
of thousands of watches. The kernel queues an event before the call that caused it returns, so that
a queue read empty after a question tells of everything that was done before it. The constants are
those of <sys/inotify.h>, the same on every machine.
"""

import ctypes
import errno
import logging
import os
import select
import struct
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.exclusions import ENVIRONMENT_MARKS

from rlm_server.folders import IGNORE_FILES, WatchedFolders

_log = logging.getLogger(__name__)

FOLDERS_MAX = 20_000
_MODIFY, _ATTRIBUTES, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _UNMOUNT, _OVERFLOW, _IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
_ONLY_FOLDERS, _NO_LINKS, _NOT_UNLINKED = 0x0100_0000, 0x0200_0000, 0x0400_0000
_IS_FOLDER = 0x4000_0000
_ASKED = (
    _MODIFY | _ATTRIBUTES | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
    | _DELETE_SELF | _MOVE_SELF | _ONLY_FOLDERS | _NO_LINKS | _NOT_UNLINKED
)  # fmt: skip
_KINDS = {
    _MODIFY: "modified", _ATTRIBUTES: "attributes", _CLOSE_WRITE: "closed", _MOVED_FROM: "moved",
    _MOVED_TO: "moved", _CREATE: "created", _DELETE: "deleted",
}  # fmt: skip
_GONE = _DELETE_SELF | _MOVE_SELF | _UNMOUNT | _IGNORED
_DECIDING = (*IGNORE_FILES, *ENVIRONMENT_MARKS, "/.git")
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
    """Watches the folders of some roots in a thread of its own, in which `on_change` is called
    with what can change the index.

    Only that thread touches the watches once it runs; others hand it what to do.
    """

    def __init__(self, roots: Sequence[Path], on_change: Callable[[Change], None]) -> None:
        self._roots = roots
        self._on_change = on_change
        self._territory = [WatchedFolders(root) for root in roots]
        self._folder_of: dict[int, str] = {}
        self._watch_of: dict[str, int] = {}
        self._errands: deque[Callable[[], None]] = deque()
        self._hand_over = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = self._rules_changed = False
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inotify = self._wake_reader = self._wake_writer = -1

    @property
    def folder_count(self) -> int:
        """How many folders are watched."""
        return len(self._folder_of)

    @property
    def alive(self) -> bool:
        """Whether changes are told; a limit of the system can end that at any time."""
        return self._thread is not None and self._thread.is_alive() and not self._ended

    def start(self) -> None:
        """Watch, or raise OSError where the system has no watch left to give."""
        self._inotify = _checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            self._watch_all()
        except OSError:
            os.close(self._inotify)
            raise
        self._wake_reader, self._wake_writer = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="inotify", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, which closes what it held."""
        if self._thread is not None:
            self._do(self._end)
            self._thread.join(_STOP_S)
            self._thread = None

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end by itself."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def settle(self, done: Callable[[], None]) -> bool:
        """Call `done` once everything that happened until now was told; False where it cannot."""
        return self._do(done)

    def cover(self, folders: Collection[str], done: Callable[[bool], None]) -> bool:
        """Watch these folders too; `done` hears whether one of them was not watched before."""

        def watch() -> None:
            before = len(self._folder_of)
            for folder in folders:
                # Behind a link it would take the watch of the folder the link leads to.
                if folder not in self._watch_of and os.path.realpath(folder) == folder:
                    self._watch(folder)
            done(len(self._folder_of) > before)

        return self._do(watch)

    def _do(self, errand: Callable[[], None]) -> bool:
        with self._hand_over:
            if self._thread is None or self._ended:
                return False
            self._errands.append(errand)
            os.write(self._wake_writer, b"x")
        return True

    def _end(self) -> None:
        self._ended = True

    def _run(self) -> None:
        ready = select.poll()
        ready.register(self._inotify, select.POLLIN)
        ready.register(self._wake_reader, select.POLLIN)
        try:
            while not self._ended:
                woken = self._wake_reader in {fd for fd, _ in ready.poll()}
                self._read_all()
                if woken:
                    os.read(self._wake_reader, _BUFFER_BYTES)
                    self._run_errands()
        except OSError as error:
            _log.warning("changes are no longer told by the system: %s", error)
            self._end()
            self._tell_everything_may_differ()
        finally:
            self._close()

    def _run_errands(self) -> None:
        while self._errands:
            # What came while an errand was handed over is told before it is done.
            errand = self._errands.popleft()
            self._read_all()
            errand()

    def _close(self) -> None:
        with self._hand_over:
            self._ended = True
        for descriptor in (self._inotify, self._wake_reader, self._wake_writer):
            os.close(descriptor)

    def _tell_everything_may_differ(self) -> None:
        self._on_change(Change("modified", str(self._roots[0]), is_folder=False))

    def _read_all(self) -> None:
        while True:
            try:
                events = os.read(self._inotify, _BUFFER_BYTES)
            except BlockingIOError:
                break
            for watch, mask, name in _parsed(events):
                self._take(watch, mask, name)
        if self._rules_changed:
            self._watch_all()

    def _take(self, watch: int, mask: int, name: str) -> None:
        folder = self._folder_of.get(watch)
        if mask & _OVERFLOW:
            self._rules_changed = True
            self._tell_everything_may_differ()
        elif folder is None:
            return
        elif mask & _GONE and not name:
            self._gone(watch, mask, folder)
        else:
            path = os.path.join(folder, name) if name else folder  # noqa: PTH118
            self._follow(mask, path)

    def _gone(self, watch: int, mask: int, folder: str) -> None:
        if any(folder == str(root) for root in self._roots):
            raise OSError(errno.ENOENT, f"{folder} was moved or removed")
        if mask & (_IGNORED | _UNMOUNT):
            del self._folder_of[watch]
            if self._watch_of.get(folder) == watch:
                del self._watch_of[folder]

    def _follow(self, mask: int, path: str) -> None:
        is_folder = bool(mask & _IS_FOLDER)
        if is_folder and mask & (_MOVED_FROM | _DELETE):
            self._forget_below(path)
        came = mask & (_CREATE | _MOVED_TO)
        if is_folder and (came or (mask & _ATTRIBUTES and path not in self._watch_of)):
            self._watch_below(path)
        if path.endswith(_DECIDING):
            self._rules_changed = True
        for bit, kind in _KINDS.items():
            if mask & bit and self._concerns(kind, path, is_folder):
                self._on_change(Change(kind, path, is_folder))

    def _concerns(self, kind: str, path: str, is_folder: bool) -> bool:
        return any(
            folders.concerns(kind, path, is_directory=is_folder, all_told=False)
            for folders in self._territory
        )

    def _watch_all(self) -> None:
        self._rules_changed = False
        self._territory = [WatchedFolders(root) for root in self._roots]
        for territory in self._territory:
            for folder in territory.all():
                self._watch(folder)

    def _watch_below(self, path: str) -> None:
        for territory in self._territory:
            for folder in territory.below(path):
                self._watch(folder)

    def _forget_below(self, path: str) -> None:
        """The folder went elsewhere with all in it: its watches would tell of it by old names."""
        inside = path + os.sep
        for folder, watch in list(self._watch_of.items()):
            if folder == path or folder.startswith(inside):
                self._libc.inotify_rm_watch(self._inotify, watch)
                del self._watch_of[folder]
                self._folder_of.pop(watch, None)

    def _watch(self, folder: str) -> None:
        if folder not in self._watch_of and len(self._folder_of) >= FOLDERS_MAX:
            raise OSError(errno.ENOSPC, f"there are more than {FOLDERS_MAX} folders to watch")
        name = os.fsencode(folder)
        try:
            watch = _checked(self._libc.inotify_add_watch(self._inotify, name, _ASKED))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP):
                raise
            return  # it went away, is a link, or nothing in it can be read
        # A folder that was renamed keeps its watch, and loses the name it had.
        before = self._folder_of.get(watch, folder)
        if before != folder and self._watch_of.get(before) == watch:
            del self._watch_of[before]
        self._folder_of[watch] = folder
        self._watch_of[folder] = watch


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
