"""Which events matter, and that a real change is heard."""

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rlm_server import inotify, mounts, watcher
from rlm_server.folders import WatchedFolders
from rlm_server.mounts import shared_kind
from rlm_server.watcher import Watcher

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
        ("moved", ".git/index", False, True),
        ("moved", ".git/index.lock", False, False),
        ("modified", ".git/info/exclude", False, True),
        ("created", ".git/refs/remotes/origin/main", False, False),
        ("created", ".git/objects/ab/cd", False, False),
        ("created", "node_modules/x/index.js", False, False),
        ("created", "pkg/__pycache__/a.pyc", False, False),
        ("created", "pkg/__pycache__", True, False),
        ("created", "pkg/venv", False, True),
    ],
)
def test_only_what_can_change_the_index_matters(
    event: str, path: str, directory: bool, expected: bool, tmp_path: Path
) -> None:
    folders = WatchedFolders(tmp_path)
    absolute = str(tmp_path / path)
    told = folders.concerns(event, absolute, is_directory=directory, all_told=True)
    assert told is expected


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
        ".", ".git", ".git/info", ".git/refs", ".git/refs/heads", "docs", "docs/guide", "shop",
        "shop/sub",
    }  # fmt: skip


@linux
def test_a_folder_that_is_no_longer_ignored_gets_a_watch(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("out/\n")
    (tmp_path / "out").mkdir()
    with started(tmp_path) as watch:
        assert watch.folder_count == 1
        (tmp_path / ".gitignore").write_text("")
        settle(watch)
        assert watch.folder_count == 2


@linux
def test_all_that_was_done_before_is_told_before_the_watch_has_settled(tmp_path: Path) -> None:
    seen: set[str] = set()
    with started(tmp_path, lambda change: seen.add(change.path)) as watch:
        for round_ in range(20):
            (tmp_path / f"{round_}.py").write_text("y = 2\n")
            settle(watch)
            assert str(tmp_path / f"{round_}.py") in seen


@linux
def test_a_folder_moved_away_is_watched_no_more(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    (root / "a" / "b").mkdir(parents=True)
    with started(root) as watch:
        assert watch.folder_count == 3
        (root / "a").rename(elsewhere)
        settle(watch)
        assert watch.folder_count == 1
        elsewhere.rename(root / "c")
        settle(watch)
        assert watch.folder_count == 3


@linux
def test_a_folder_renamed_beside_an_ignore_file_that_changed_stays_watched(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    heard: set[str] = set()
    with started(tmp_path, lambda change: heard.add(change.path)) as watch:
        for name in ("c", "d", "e"):
            # Both in one batch: the rules are read again when the folder has its new name.
            (tmp_path / ".gitignore").write_text(f"{name}.log\n")
            next(tmp_path.glob("*/b")).parent.rename(tmp_path / name)
            settle(watch)
            (tmp_path / name / "b" / "new.py").write_text(name)
            settle(watch)
            assert str(tmp_path / name / "b" / "new.py") in heard
        assert watch.folder_count == 3


@linux
def test_a_folder_behind_a_link_does_not_take_the_watch_of_the_real_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    heard: set[str] = set()
    with started(tmp_path, lambda change: heard.add(change.path)) as watch:
        answers: list[bool] = []
        assert watch.cover([str(tmp_path / "link" / "a")], answers.append)
        settle(watch)
        assert answers == [False]
        (tmp_path / "a" / "new.py").write_text("x = 1\n")
        settle(watch)
    assert str(tmp_path / "a" / "new.py") in heard


@linux
def test_a_watch_whose_root_is_moved_or_removed_ends(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with started(root) as watch:
        root.rename(tmp_path / "moved")
        watch.join(10)
        assert not watch.alive
        assert not watch.settle(lambda: None)


@linux
@pytest.mark.parametrize(
    ("code", "advice"), [(errno.ENOSPC, "max_user_watches"), (errno.EMFILE, "max_user_instances")]
)
def test_a_limit_of_the_system_is_told_with_what_to_do(
    code: int, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(result: int) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(inotify, "_checked", exhausted)
    watcher = Watcher([tmp_path], lambda _: None)
    assert not watcher.start()
    assert advice in watcher.problem


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /srv/far\\040away rw,relatime - nfs4 server:/export rw
31 22 0:41 / /home/me/sshfs rw - fuse.sshfs me@host: rw
32 22 0:42 / /layers rw - fuse.fuse-overlayfs overlay rw
33 30 254:9 / /srv/far\\040away/disk rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        ("/srv", "nfs4"),
        ("/srv/near", ""),
        ("/srv/far away/project", "nfs4"),
        ("/srv/far away/disk/project", ""),
        ("/home/me/sshfs", "fuse.sshfs"),
        ("/home/me", "fuse.sshfs"),
        ("/layers/project", ""),
    ],
)
def test_a_file_system_that_others_write_to_is_known_by_its_kind(root: str, kind: str) -> None:
    assert shared_kind(Path(root), MOUNTS) == kind


@linux
def test_a_root_on_a_shared_file_system_is_looked_at_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"22 1 0:40 / {tmp_path.resolve()} rw - nfs4 server:/export rw\n")
    monkeypatch.setattr(mounts, "TABLE", table)
    watcher = Watcher([tmp_path.resolve()], lambda _: None)
    assert not watcher.start()
    assert "nfs4" in watcher.problem


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


@contextmanager
def started(
    root: Path, on_change: Callable[[inotify.Change], None] = lambda _: None
) -> Iterator[inotify.InotifyWatch]:
    watch = inotify.InotifyWatch([root], on_change)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def settle(watch: inotify.InotifyWatch) -> None:
    settled = threading.Event()
    assert watch.settle(settled.set)
    assert settled.wait(10)


def watch_of(kind: str, root: Path, heard: threading.Event) -> watcher.Watch:
    if kind == "observer":
        watch: watcher.Watch = watcher.ObserverWatch([root], lambda _: heard.set())
    else:
        watch = inotify.InotifyWatch([root], lambda _: heard.set())
    watch.start()
    return watch
