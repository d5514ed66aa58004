import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from planting import plant
from rlm_crystal.errors import RootMissing, RootRefused
from rlm_crystal.exclusions import is_system_folder
from rlm_crystal.ignore import IgnoreRules
from rlm_crystal.types import FileEntry, Skipped
from rlm_crystal.walk import Drift, WalkOptions, drift, walk

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(root: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=m"]
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)


def chosen(root: Path, **options) -> list[str]:
    return [source.path for source in walk([root], **options).sources]


def reasons(root: Path) -> dict[str, str]:
    return {skip.path: skip.reason for skip in walk([root]).skipped}


RULES = {
    ".gitignore": "*.log\n/build/\n!keep.log\n",
    "a.py": "1",
    "keep.log": "1",
    "x.log": "1",
    "build/out.py": "1",
    "sub/build/in.py": "1",
    "sub/.gitignore": "local.py\n!x.log\n",
    "sub/local.py": "1",
    "sub/x.log": "1",
}
KEPT = [".gitignore", "a.py", "keep.log", "sub/.gitignore", "sub/build/in.py", "sub/x.log"]


def test_nested_gitignore_files_hold_without_git(tmp_path):
    plant(tmp_path, RULES)
    assert chosen(tmp_path) == KEPT
    assert reasons(tmp_path)["build/"] == "ignored by .gitignore"


@needs_git
def test_git_and_our_own_scan_choose_the_same_files(tmp_path):
    plant(tmp_path, RULES)
    git(tmp_path, "init")
    assert chosen(tmp_path) == KEPT
    assert reasons(tmp_path)["build/"] == "ignored by .gitignore"


@needs_git
def test_a_file_deleted_from_the_work_tree_is_not_a_source(tmp_path):
    plant(tmp_path, {"a.py": "1", "b.py": "1"})
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    (tmp_path / "b.py").unlink()
    assert chosen(tmp_path) == ["a.py"]


@needs_git
def test_a_repository_inside_the_repository_is_walked_with_its_own_rules(tmp_path):
    plant(tmp_path, {"a.py": "1", "inner/.gitignore": "no.py\n", "inner/yes.py": "1"})
    plant(tmp_path, {"inner/no.py": "1"})
    git(tmp_path / "inner", "init")
    git(tmp_path, "init")
    assert chosen(tmp_path) == ["a.py", "inner/.gitignore", "inner/yes.py"]


@needs_git
def test_a_file_git_knows_that_became_a_folder_is_walked_with_the_rules_around_it(tmp_path):
    plant(tmp_path, {".gitignore": "*.log\n", "a.py": "1", "b.py": "1"})
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    (tmp_path / "a.py").unlink()
    (tmp_path / "b.py").unlink()
    plant(tmp_path, {"a.py/in.py": "1", "a.py/no.log": "1", "b.py/no.log": "1"})
    assert chosen(tmp_path) == [".gitignore", "a.py/in.py"]


@needs_git
def test_a_folder_git_knows_that_became_a_file_is_that_file(tmp_path):
    plant(tmp_path, {"a/b.py": "1"})
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    shutil.rmtree(tmp_path / "a")
    plant(tmp_path, {"a": "text"})
    assert chosen(tmp_path) == ["a"]
    assert reasons(tmp_path) == {}


@needs_git
def test_files_git_knows_are_not_looked_for_behind_a_link(tmp_path):
    root = plant(tmp_path / "root", {"a.py": "1", "sub/deep/b.py": "1"})
    git(root, "init")
    git(root, "add", ".")
    (root / "sub").rename(tmp_path / "outside")
    try:
        (root / "sub").symlink_to(tmp_path / "outside", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no symbolic links")
    assert chosen(root) == ["a.py"]
    assert reasons(root) == {"sub": "symbolic link"}


@needs_git
def test_a_submodule_without_a_git_folder_of_its_own_is_walked(tmp_path):
    root = plant(tmp_path / "root", {"a.py": "1"})
    library = plant(tmp_path / "library", {"b.py": "1"})
    for folder in (library, root):
        git(folder, "init")
        git(folder, "add", ".")
        git(folder, "commit", "-m", "one")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", str(library), "library")
    (root / "library" / ".git").unlink()
    assert chosen(root) == [".gitmodules", "a.py", "library/b.py"]


@needs_git
def test_a_root_that_the_repository_around_it_ignores_is_walked_all_the_same(tmp_path):
    plant(tmp_path, {".gitignore": "corpus/\n", "corpus/a.py": "1"})
    git(tmp_path, "init")
    assert chosen(tmp_path / "corpus") == ["a.py"]


@needs_git
def test_settings_of_a_hostile_repository_run_nothing(tmp_path):
    marker = tmp_path / "marker"
    root = plant(tmp_path / "repo", {"a.py": "1"})
    git(root, "init")
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    script.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(script))
    git(root, "config", "core.hooksPath", str(tmp_path))
    assert chosen(root) == ["a.py"]
    assert not marker.exists()


def test_rlmignore_leaves_out_and_takes_back(tmp_path):
    plant(
        tmp_path,
        {
            ".rlmignore": "drafts/\n!vendor/ours/**\n",
            "drafts/a.md": "x",
            "vendor/ours/a.py": "1",
            "vendor/theirs/a.py": "1",
            "deep/.rlmignore": "b.py\n",
            "deep/b.py": "1",
        },
    )
    assert chosen(tmp_path) == [".rlmignore", "deep/.rlmignore", "vendor/ours/a.py"]
    assert reasons(tmp_path)["drafts/a.md"] == "ignored by .rlmignore"


def test_every_file_left_out_has_its_reason(tmp_path):
    plant(
        tmp_path,
        {
            "a.py": "1",
            "logo.png": "x",
            "yarn.lock": "x",
            "node_modules/a/b.js": "1",
            "node_modules/a/c.js": "1",
            ".env": "KEY=1",
            "api_pb2.py": "1",
            "env/pyvenv.cfg": "",
            "env/lib/x.py": "1",
            "big.txt": "x" * 200,
        },
    )
    result = walk([tmp_path], options=WalkOptions(size_bytes_max=100))
    assert [source.path for source in result.sources] == ["a.py"]
    assert {skip.path: skip.reason for skip in result.skipped} == {
        "logo.png": "binary (.png)",
        "yarn.lock": "lock file",
        "node_modules/": "vendored",
        ".env": "may hold secrets (.env)",
        "api_pb2.py": "generated",
        "env/": "a cache or an environment",
        "big.txt": "too large (200 bytes)",
    }


def test_symbolic_links_are_never_followed(tmp_path):
    outside = plant(tmp_path / "outside", {"secret.py": "1"})
    root = plant(tmp_path / "root", {"a.py": "1"})
    try:
        (root / "out").symlink_to(outside, target_is_directory=True)
        (root / "loop").symlink_to(root, target_is_directory=True)
        (root / "link.py").symlink_to(outside / "secret.py")
    except OSError:
        pytest.skip("this system makes no symbolic links")
    assert chosen(root) == ["a.py"]
    assert reasons(root) == dict.fromkeys(("link.py", "loop", "out"), "symbolic link")


def test_a_pipe_is_left_out_and_does_not_block(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe.py")
    assert reasons(tmp_path) == {"pipe.py": "not a regular file"}


def test_paths_of_several_roots_begin_with_the_name_of_their_root(tmp_path):
    one = plant(tmp_path / "x" / "app", {"a.py": "1"})
    two = plant(tmp_path / "y" / "app", {"a.py": "1"})
    paths = [source.path for source in walk([one, two]).sources]
    assert paths == ["app-2/a.py", "app/a.py"]


def test_a_missing_root_and_a_file_as_root_are_refused(tmp_path):
    plant(tmp_path, {"a.py": "1"})
    with pytest.raises(RootMissing, match="does not exist"):
        walk([tmp_path / "nowhere"])
    with pytest.raises(RootMissing, match="is a file"):
        walk([tmp_path / "a.py"])


def test_several_roots_are_named_the_same_in_any_order_and_each_once(tmp_path):
    one, two = (
        plant(tmp_path / "one/app", {"a.py": "a"}),
        plant(tmp_path / "two/app", {"b.py": "b"}),
    )
    names = [source.path for source in walk([one, two]).sources]
    assert names == ["app-2/b.py", "app/a.py"]
    assert [source.path for source in walk([two, one, one]).sources] == names


def test_a_root_inside_another_is_refused(tmp_path):
    inner = plant(tmp_path / "app/inner", {"a.py": "a"})
    with pytest.raises(RootRefused, match="which is a root too; give one of them"):
        walk([inner, tmp_path / "app"])


def test_roots_too_wide_to_be_meant_are_refused(tmp_path, monkeypatch):
    home = plant(tmp_path / "home" / "me", {"a.py": "1"})
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for root in (home, home.parent, Path(home.anchor)):
        with pytest.raises(RootRefused, match="too wide"):
            walk([root])
    assert chosen(home, allow_wide=True) == ["a.py"]


@pytest.mark.parametrize(
    "folder", [PurePosixPath("/usr"), PureWindowsPath("C:/Windows"), PureWindowsPath("D:/users")]
)
def test_a_folder_of_the_system_is_one_but_not_what_lies_in_it(folder):
    assert is_system_folder(folder)
    assert not is_system_folder(folder / "mine")


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are text there")
def test_a_root_whose_name_is_no_text_is_refused(tmp_path):
    root = tmp_path / os.fsdecode(b"not-utf8-\xff")
    root.mkdir()
    with pytest.raises(RootRefused, match="not valid text; rename it"):
        walk([root])


def test_drift_tells_changed_added_and_removed(tmp_path):
    plant(tmp_path, {"same.py": "1", "changed.py": "1", "gone.py": "1", "binary": "1"})
    before = walk([tmp_path]).sources
    entries = [FileEntry(s.path, "python", 1, s.size_bytes, s.mtime_ns, "") for s in before[1:]]
    left_out = [Skipped(s.path, "binary", s.size_bytes, s.mtime_ns) for s in before[:1]]
    assert not drift(entries, walk([tmp_path]), left_out)
    plant(tmp_path, {"changed.py": "22", "new.py": "1"})
    (tmp_path / "gone.py").unlink()
    found = drift(entries, walk([tmp_path]), left_out)
    assert found == Drift(("changed.py",), ("new.py",), ("gone.py",))
    plant(tmp_path, {"binary": "now text"})
    assert "binary" in drift(entries, walk([tmp_path]), left_out).added


def test_rules_reach_into_folders_deeper_than_python_recurses(tmp_path):
    plant(tmp_path, {".gitignore": "*.log\n"})
    rules = IgnoreRules(tmp_path, ".gitignore")
    assert rules.verdict("d/" * 1500 + "x.log") is True
    assert rules.verdict("d/" * 1500 + "x.py") is None


@pytest.fixture
def closed_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    return folder


@pytest.fixture
def nobody() -> Iterator[None]:
    """A user whom file modes hold back."""
    if sys.platform == "win32":
        pytest.skip("modes do not hold anyone back here")
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_a_root_that_may_not_be_read_is_told_with_what_to_do(
    closed_folder: Path, nobody: None
) -> None:
    with pytest.raises(RootMissing, match="give this user the right to list it"):
        walk([closed_folder])
