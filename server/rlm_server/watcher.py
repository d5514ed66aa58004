"""Telling that something below the roots changed, as it happens or by looking now and then.

Events only say where to compare the disk with the crystal; what changed is found by that
comparison, so a surplus event costs time and never a wrong answer. Where the system has no
watch left to give, the disk is looked at every few seconds instead. On Linux, where every folder
takes a watch, those never indexed get none; elsewhere one watch holds for all below a root.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol

from rlm_server.folders import NEVER_INDEXED

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

    from rlm_server.inotify import Change

_log = logging.getLogger(__name__)

POLL_S = 2.0
_CHANGES = frozenset({"created", "modified", "deleted", "moved", "closed"})


class Watch(Protocol):
    """One way of the system to tell of changes; `start` raises OSError where it cannot."""

    @property
    def alive(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Watcher:
    """Watches folders through the system; `on_change` hears of each path in a thread of its own."""

    def __init__(self, roots: Sequence[Path], on_change: Callable[[Path], None]) -> None:
        self._roots = roots
        self._on_change = on_change
        self._watch: Watch | None = None

    def start(self) -> bool:
        """Begin; return False where the system gives no watch, and polling has to do."""
        watch = _watch_of_this_system(self._roots, self._on_change)
        try:
            watch.start()
        except OSError as error:
            _log.warning("changes are looked for every %g s: %s", POLL_S, _advice(error))
            return False
        self._watch = watch
        return True

    @property
    def alive(self) -> bool:
        """Whether every watch still works; one can die of a limit reached later on."""
        return self._watch is not None and self._watch.alive

    def stop(self) -> None:
        """End the watch."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None


def matters(event_type: str, path: PurePath, *, is_directory: bool) -> bool:
    """Whether an event below a root can change what is indexed; `path` is relative to the root."""
    if event_type not in _CHANGES or (is_directory and event_type == "modified"):
        return False
    if ".git" in path.parts:
        return _moves_head(path.parts[path.parts.index(".git") + 1 :])
    return not NEVER_INDEXED.intersection(path.parts)


def _moves_head(inside_git: tuple[str, ...]) -> bool:
    """Whether a file of git's own says that HEAD moved: a commit, a checkout, a branch."""
    if not inside_git or inside_git[-1].endswith(".lock"):
        return False
    return inside_git[0] in {"HEAD", "refs", "packed-refs"}


def _watch_of_this_system(roots: Sequence[Path], on_change: Callable[[Path], None]) -> Watch:
    if sys.platform != "linux":
        return _ObserverWatch(roots, on_change)
    from rlm_server.inotify import InotifyWatch

    def changed(change: "Change") -> None:
        if _concerns(roots, change.kind, change.path, is_directory=change.is_folder):
            on_change(Path(change.path))

    return InotifyWatch(roots, changed)


class _ObserverWatch:
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

    def stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer = None


def _handler(roots: Sequence[Path], on_change: Callable[[Path], None]) -> "FileSystemEventHandler":
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: "FileSystemEvent") -> None:
            for path in (event.src_path, event.dest_path):
                directory = event.is_directory
                if path and _concerns(roots, event.event_type, str(path), is_directory=directory):
                    on_change(Path(str(path)))

    return Handler()


def _concerns(roots: Sequence[Path], kind: str, path: str, *, is_directory: bool) -> bool:
    changed = PurePath(path)
    return any(
        matters(kind, changed.relative_to(root), is_directory=is_directory)
        for root in roots
        if changed.is_relative_to(root)
    )


def _advice(error: OSError) -> str:
    return f"{error.strerror or error}; on Linux raise fs.inotify.max_user_watches to be told"
