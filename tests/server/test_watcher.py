"""Which events matter, and that a real change is heard."""

import sys
import threading
from pathlib import Path, PurePosixPath

import pytest
from rlm_server import inotify, watcher
from rlm_server.folders import WatchedFolders
from rlm_server.watcher import Watcher, matters

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's own")
KINDS = ["observer", pytest.param("inotify", marks=linux)]


@pytest.mark.parametrize(
    ("event", "path", "directory", "expected"),
    [
        ("modified", "src/app.py", False, True),
        ("created", "src", True, True),
        ("moved", "src", True, True),
        ("deleted", "src/app.py", False, True),
        ("modified", "src", True, False),
        ("opened", "src/app.py", False, False),
        ("closed_no_write", "src/app.py", False, False),
        ("modified", ".git/HEAD", False, True),
        ("created", ".git/refs/heads/main", False, True),
        ("created", ".git/refs/heads/main.lock", False, False),
        ("modified", ".git/index", False, False),
        ("created", ".git/objects/ab/cd", False, False),
        ("created", "node_modules/x/index.js", False, False),
        ("created", "pkg/__pycache__/a.pyc", False, False),
    ],
)
def test_only_what_can_change_the_index_matters(
    event: str, path: str, directory: bool, expected: bool
) -> None:
    assert matters(event, PurePosixPath(path), is_directory=directory) is expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_written_file_is_heard(kind: str, tmp_path: Path) -> None:
    heard = threading.Event()
    watch = watch_of(kind, tmp_path.resolve(), heard)
    try:
        (tmp_path / "new.py").write_text("y = 2\n")
        assert heard.wait(10)
        assert watch.alive
    finally:
        watch.stop()
    assert not watch.alive


@linux
def test_a_file_in_a_folder_made_just_now_is_heard(tmp_path: Path) -> None:
    heard = threading.Semaphore(0)
    seen: set[str] = set()

    def changed(change: inotify.Change) -> None:
        seen.add(change.path)
        heard.release()

    watch = inotify.InotifyWatch([tmp_path], changed)
    watch.start()
    try:
        (tmp_path / "a" / "b").mkdir(parents=True)
        while watch.folder_count < 3:
            assert heard.acquire(timeout=10)
        (tmp_path / "a" / "b" / "new.py").write_text("y = 2\n")
        while str(tmp_path / "a" / "b" / "new.py") not in seen:
            assert heard.acquire(timeout=10)
    finally:
        watch.stop()


def test_only_folders_that_may_be_indexed_get_a_watch(repository: Path) -> None:
    (repository / ".gitignore").write_text("out/\n")
    for name in (
        "node_modules/x/lib",
        ".venv/lib",
        "out/deep",
        "docs/guide",
        "vendor/y",
        "shop/sub",
    ):
        (repository / name).mkdir(parents=True)
    watched = {Path(path) for path in WatchedFolders(repository).below(str(repository))}
    assert {path.relative_to(repository).as_posix() for path in watched} == {
        ".", ".git", ".git/refs", ".git/refs/heads", "docs", "docs/guide", "shop", "shop/sub",
    }  # fmt: skip


@linux
def test_a_folder_that_is_no_longer_ignored_gets_a_watch(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("out/\n")
    (tmp_path / "out").mkdir()
    heard = threading.Semaphore(0)
    watch = inotify.InotifyWatch([tmp_path], lambda _: heard.release())
    watch.start()
    try:
        assert watch.folder_count == 1
        (tmp_path / ".gitignore").write_text("")
        while watch.folder_count == 1:
            assert heard.acquire(timeout=10)
    finally:
        watch.stop()


@linux
def test_where_there_are_too_many_folders_the_watcher_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inotify, "FOLDERS_MAX", 0)
    watcher = Watcher([tmp_path], lambda _: None)
    assert not watcher.start()
    assert not watcher.alive


@linux
def test_a_limit_reached_later_ends_the_watch_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = inotify.InotifyWatch([tmp_path], lambda _: None)
    watch.start()
    monkeypatch.setattr(inotify, "FOLDERS_MAX", 1)
    (tmp_path / "more").mkdir()
    watch.join(10)
    assert not watch.alive
    watch.stop()


def watch_of(kind: str, root: Path, heard: threading.Event) -> watcher.Watch:
    if kind == "observer":
        watch: watcher.Watch = watcher._ObserverWatch([root], lambda _: heard.set())
    else:
        watch = inotify.InotifyWatch([root], lambda _: heard.set())
    watch.start()
    return watch
