import shutil
import subprocess
from pathlib import Path

import pytest
from rlm_crystal.revision import git_head

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(root: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=m"]
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init")
    git(root, "commit", "--allow-empty", "-m", "one")
    return root


def test_the_head_of_a_branch_is_what_git_says(repository):
    (repository / "sub").mkdir()
    assert git_head(repository) == git(repository, "rev-parse", "HEAD")
    assert git_head(repository / "sub") == git(repository, "rev-parse", "HEAD")


def test_a_packed_reference_is_found(repository):
    git(repository, "pack-refs", "--all")
    assert git_head(repository) == git(repository, "rev-parse", "HEAD")


def test_a_detached_head_is_found(repository):
    git(repository, "checkout", "--detach")
    assert git_head(repository) == git(repository, "rev-parse", "HEAD")


def test_a_linked_worktree_has_its_own_head(repository, tmp_path):
    git(repository, "worktree", "add", "-b", "other", str(tmp_path / "tree"))
    git(tmp_path / "tree", "commit", "--allow-empty", "-m", "two")
    git(repository, "pack-refs", "--all")
    assert git_head(tmp_path / "tree") == git(tmp_path / "tree", "rev-parse", "HEAD")
    assert git_head(tmp_path / "tree") != git_head(repository)


def test_no_repository_and_no_commit_have_no_head(tmp_path):
    assert git_head(tmp_path) is None
    git(tmp_path, "init")
    assert git_head(tmp_path) is None


def test_a_reference_cannot_lead_out_of_the_git_folder(repository, tmp_path):
    (tmp_path / "outside").write_text("a" * 40)
    (repository / ".git" / "HEAD").write_text("ref: ../../outside\n")
    assert git_head(repository) is None
