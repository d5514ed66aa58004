"""Telling that something below the roots changed, as it happens or by looking now and then.

Events only say where to compare the disk with the crystal; what changed is found by that
comparison, so a surplus event costs time and never a wrong answer. Where the system has no
watch left to give, or others write to the disk too, the disk is looked at before every answer
instead. On Linux, where every folder takes a watch, those never indexed get none; elsewhere one
watch holds for all below a root.
"""

import errno
import logging
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rlm_server.folders import WatchedFolders
from rlm_server.mounts import mount_table, shared_kind

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

_log = logging.getLogger(__name__)


class Watch(Protocol):
    """One way of the system to tell of changes; `start` raises OSError where it cannot."""

    @property
    def alive(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def settle(self, done: Callable[[], None]) -> bool:
        """Call `done` once everything that happened until now was told; False where it cannot."""
        ...

    def cover(self, folders: Collection[str], done: Callable[[bool], None]) -> bool:
        """Watch these folders too; `done` hears whether any was not watched before."""
        ...


class Watcher:
    """Watches folders through the system; `on_change` hears of each path in a thread of its own."""

    def __init__(self, roots: Sequence[Path], on_change: Callable[[Path], None]) -> None:
        self._roots = roots
        self._on_change = on_change
        self._watch: Watch | None = None
        self._stood: list[tuple[int, int]] = []
        self.problem = ""

    def start(self) -> bool:
        """Begin; False where the system gives no watch and polling has to do, for `problem`."""
        try:
            _check_all_is_told(self._roots)
            watch = _watch_of_this_system(self._roots, self._on_change)
            self._stood = _identities(self._roots)
            watch.start()
        except OSError as error:
            self.problem = _problem(error)
            _log.warning("changes are not told but looked for: %s", self.problem)
            return False
        self._watch = watch
        return True

    @property
    def alive(self) -> bool:
        """Whether every watch still works; one can die of a limit reached later on."""
        return self._watch is not None and self._watch.alive

    def still_there(self) -> bool:
        """Whether the roots are the folders that are watched, not others of their names."""
        try:
            return self.alive and _identities(self._roots) == self._stood
        except OSError:
            return False

    def settle(self, done: Callable[[], None]) -> bool:
        """Call `done` once all that happened until now was told; False where nobody can tell."""
        return self._watch is not None and self._watch.settle(done)

    def cover(self, folders: Collection[str], done: Callable[[bool], None]) -> bool:
        """Watch these folders too, whatever ignore files say; `done` hears if any was new."""
        return self._watch is not None and self._watch.cover(folders, done)

    def stop(self) -> None:
        """End the watch."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None


def _check_all_is_told(roots: Sequence[Path]) -> None:
    table = mount_table()
    for root in roots:
        kind = shared_kind(root, table)
        if kind:
            told = f"{root} is on {kind}, which does not tell of changes made elsewhere"
            raise OSError(errno.ENOTSUP, told)


def _identities(roots: Sequence[Path]) -> list[tuple[int, int]]:
    found = [root.stat() for root in roots]
    return [(status.st_dev, status.st_ino) for status in found]


def _watch_of_this_system(roots: Sequence[Path], on_change: Callable[[Path], None]) -> Watch:
    if sys.platform != "linux":
        return ObserverWatch(roots, on_change)
    from rlm_server.inotify import InotifyWatch

    return InotifyWatch(roots, lambda change: on_change(Path(change.path)))


class ObserverWatch:
    """What watchdog knows for this system; its threads are daemons and leave by themselves."""

    def __init__(self, roots: Sequence[Path], on_change: Callable[[Path], None]) -> None:
        self._roots = roots
        self._on_change = on_change
        self._observer: BaseObserver | None = None

    def start(self) -> None:
        from watchdog.observers import Observer

        observer = Observer()
        handler = _handler(self._roots, self._on_change)
        try:
            for root in self._roots:
                observer.schedule(handler, str(root), recursive=True)
            observer.start()
        except OSError:
            observer.unschedule_all()
            raise
        self._observer = observer

    @property
    def alive(self) -> bool:
        observer = self._observer
        return observer is not None and all(emitter.is_alive() for emitter in observer.emitters)

    def settle(self, done: Callable[[], None]) -> bool:
        """Events come when they come here."""
        del done
        return False

    def cover(self, folders: Collection[str], done: Callable[[bool], None]) -> bool:
        """Every folder below a root is watched already."""
        del folders, done
        return False

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer = None


def _handler(roots: Sequence[Path], on_change: Callable[[Path], None]) -> "FileSystemEventHandler":
    from watchdog.events import FileSystemEventHandler

    territory = [WatchedFolders(root) for root in roots]

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: "FileSystemEvent") -> None:
            for path in (str(event.src_path), str(event.dest_path)):
                if path and any(
                    folders.concerns(
                        event.event_type, path, is_directory=event.is_directory, all_told=True
                    )
                    for folders in territory
                ):
                    on_change(Path(path))

    return Handler()


def _problem(error: OSError) -> str:
    """What keeps the system from telling, and what to do about it."""
    told = error.strerror or str(error)
    if error.errno == errno.ENOSPC:
        return f"{told}; raise fs.inotify.max_user_watches or ignore folders that need no index"
    if error.errno == errno.EMFILE:
        return f"{told}; raise fs.inotify.max_user_instances or end other watching programs"
    return told
