"""Commits asked of a real git."""

import shutil
import subprocess
from pathlib import Path

import pytest
from planting import plant
from rlm_crystal.commit_search import commits_about

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git on this machine")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    _git(root, "init", "-q")
    for path, message in (
        ("src/cache.py", "Add a cache of recipes\n\nThey took too long to parse."),
        ("src/dry.py", "Do not execute commands during a dry run"),
        ("docs/guide.md", "Explain the cache"),
    ):
        plant(root, {path: f"{message}\n"})
        _git(root, "add", ".")
        _git(root, "commit", "-qm", message)
    return root


def _git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.invalid")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_the_commit_that_has_most_of_the_words_comes_first_with_its_files(repository: Path):
    best, *_ = commits_about([repository], ["commands", "executed", "dry", "run"], limit=3)
    assert best.subject == "Do not execute commands during a dry run"
    assert (best.share, best.paths) == (1.0, ("src/dry.py",))


def test_a_word_counts_less_below_the_subject_and_the_rest_comes_newest_first(repository: Path):
    found = commits_about([repository], ["cache", "parse"], limit=3)
    assert [one.paths for one in found] == [("src/cache.py",), ("docs/guide.md",)]
    assert found[0].share > found[1].share > 0


def test_a_folder_of_a_repository_knows_the_commits_that_touched_it(repository: Path):
    [only] = commits_about([repository / "docs"], ["cache"], limit=3)
    assert only.paths == ("guide.md",)


def test_without_git_and_without_words_there_are_no_commits(tmp_path: Path, repository: Path):
    assert commits_about([tmp_path], ["cache"], limit=3) == []
    assert commits_about([repository], [], limit=3) == []
