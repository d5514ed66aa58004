"""A repository as it was some commits ago, in a folder that does not outlive its use."""

import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rlm_crystal.errors import NoHistory
from rlm_crystal.git import run_git
from rlm_crystal.git_log import Commit, read_log
from rlm_crystal.localisation.queries import Query, queries_of, spread

COMMITS_MAX = 20_000
_TIMEOUT_S = 120.0
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, and the commit whose state is searched: an ancestor of none of the asked."""

    base: str
    behind: int
    queries: tuple[Query, ...]


def plan(root: Path, *, queries_max: int) -> Plan:
    """The newest base that lies before enough usable commits. NoHistory where there is none.

    Commits after the base are the questions, so nothing of them is in what is searched.
    """
    line = _lines(root, "rev-list", "--first-parent", f"--max-count={COMMITS_MAX}", "HEAD")
    steps, best = queries_max, None
    while len(line) > 1:
        steps = min(steps, len(line) - 1)
        base = line[steps]
        queries = queries_of(_between(root, base), _files_at(root, base))
        best = Plan(base, steps, tuple(spread(queries, queries_max)))
        if len(queries) >= queries_max or steps == len(line) - 1:
            break
        steps = max(steps + 1, int(steps * max(1.2, min(2.5, queries_max / (len(queries) + 1)))))
    if best is None or not best.queries:
        raise NoHistory(
            f"no commit of {root} can be asked for: each question needs a message of five words or "
            "more and one to three source files changed; give the root of a git repository with "
            "some history"
        )
    return best


@contextmanager
def state_at(root: Path, commit: str) -> Generator[Path]:
    """A work tree of that commit, outside the repository; removed at the end, whatever happens.

    It borrows the repository's objects and writes nothing there. Its HEAD stands at the commit, so
    what reads its history reads nothing later.
    """
    with TemporaryDirectory(prefix="rlm-bench-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder) / "tree"
        tree.mkdir(mode=0o700)
        _git(tree, "init", "--quiet", "--template=")
        objects = tree / ".git" / "objects" / "info" / "alternates"
        objects.parent.mkdir(parents=True, exist_ok=True)
        objects.write_text(f"{_inside(root, 'objects')}\n", encoding="utf-8")
        shallow = _inside(root, "shallow")
        if shallow.is_file():
            (tree / ".git" / "shallow").write_bytes(shallow.read_bytes())
        _git(tree, "checkout", "--quiet", "--detach", commit)
        yield tree


def _between(root: Path, base: str) -> list[Commit]:
    commits = read_log(
        root, revisions=f"{base}..HEAD", commits_max=COMMITS_MAX, timeout_s=_TIMEOUT_S
    )
    if commits is None:
        raise _unreadable(root)
    return commits


def _files_at(root: Path, commit: str) -> frozenset[str]:
    out = _git(root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    return frozenset(os.fsdecode(path) for path in out.split(b"\0") if path)


def _inside(root: Path, part: str) -> Path:
    out = _git(root, "rev-parse", "--git-path", part)
    return (root / os.fsdecode(out.rstrip(b"\n"))).resolve()


def _lines(root: Path, *arguments: str) -> list[str]:
    return [line for line in _git(root, *arguments).decode().split("\n") if _COMMIT.fullmatch(line)]


def _git(folder: Path, *arguments: str) -> bytes:
    out = run_git(folder, *arguments, timeout_s=_TIMEOUT_S)
    if out is None:
        raise _unreadable(folder)
    return out


def _unreadable(folder: Path) -> NoHistory:
    return NoHistory(
        f"git cannot read the history of {folder}; give the root of a git repository (a partial "
        "clone lacks the old files: fetch them first)"
    )
