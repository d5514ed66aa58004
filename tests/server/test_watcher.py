"""Which events matter, and that a real change is heard."""

import threading
from pathlib import Path, PurePosixPath

import pytest
from rlm_server.watcher import Watcher, matters


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


def test_a_written_file_is_heard_and_a_read_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("x = 1\n")
    heard = threading.Event()
    watcher = Watcher([tmp_path.resolve()], heard.set)
    assert watcher.start()
    try:
        (tmp_path / "new.py").write_text("y = 2\n")
        assert heard.wait(10)
        assert watcher.alive
    finally:
        watcher.stop()


def test_where_the_system_gives_no_watch_the_watcher_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers import Observer

    def no_space(_: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(Observer, "start", no_space)
    watcher = Watcher([tmp_path], lambda: None)
    assert not watcher.start()
    assert not watcher.alive
