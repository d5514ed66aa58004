"""A repository as it was some commits ago, in a folder that does not outlive its use."""

import os
import re
from bisect import bisect_left
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rlm_crystal import history
from rlm_crystal.errors import NoHistory
from rlm_crystal.git import run_git
from rlm_crystal.git_log import Commit, read_log
from rlm_crystal.localisation.own_texts import OwnText
from rlm_crystal.localisation.queries import Query, queries_of, query_for

COMMITS_MAX = 40_000
_COMMITS_A_QUERY = 10
_TIMEOUT_S = 120.0
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, oldest first, and the log that tells what was said before, newest first.

    `left_out` counts the texts of one's own whose commits cannot be asked for.
    """

    queries: tuple[Query, ...]
    log: tuple[Commit, ...]
    left_out: int = 0


def plan(root: Path, *, queries_max: int) -> Plan:
    """The newest commits that can be asked for. NoHistory where there is none."""
    among = _COMMITS_A_QUERY * queries_max
    while True:
        commits_max = among + history.COMMITS_MAX
        log = read_log(root, revisions="HEAD", commits_max=commits_max, timeout_s=_TIMEOUT_S)
        if log is None:
            raise _unreadable(root)
        queries = queries_of(log[:among])
        if len(queries) >= queries_max or len(log) < commits_max or among >= COMMITS_MAX:
            break
        among *= 3
    if not queries:
        raise NoHistory(
            f"no commit of {root} can be asked for: each question needs a message of five words or "
            "more and one to three source files changed; give the root of a git repository with "
            "some history"
        )
    return Plan(tuple(reversed(queries[:queries_max])), tuple(log))


def plan_of_texts(root: Path, texts: Sequence[OwnText]) -> Plan:
    """Each text asked before its commit. NoHistory where a commit is unknown, or none can be asked.

    Left out are texts whose commit changed no or more than three source files that were there.
    """
    log = read_log(root, revisions="HEAD", commits_max=COMMITS_MAX, timeout_s=_TIMEOUT_S)
    if log is None:
        raise _unreadable(root)
    numbers = sorted((commit.id, number) for number, commit in enumerate(log))
    found: list[tuple[int, Query]] = []
    for own in texts:
        at = bisect_left(numbers, (own.commit, 0))
        if at == len(numbers) or not numbers[at][0].startswith(own.commit):
            raise NoHistory(
                f"{own.commit} is none of the newest {len(log):,} commits of {root} that are no "
                "merges; give the commit that holds the change, on the branch that is checked out"
            )
        number = numbers[at][1]
        query = query_for(log[number], own.text)
        if query is not None:
            found.append((number, query))
    if not found:
        raise NoHistory("none of these commits changed one to three source files that were there")
    found.sort(key=lambda pair: -pair[0])
    return Plan(tuple(query for _, query in found), tuple(log), len(texts) - len(found))


@contextmanager
def state_at(root: Path, commit: str) -> Generator[Path]:
    """A work tree of that commit, outside the repository; removed at the end, whatever happens.

    It borrows the repository's objects and writes nothing there.
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


def move(tree: Path, commit: str) -> list[Path]:
    """Puts the work tree to another commit; the files that differ, those gone included."""
    out = _git(tree, "diff", "--name-only", "--no-renames", "-z", "HEAD", commit, "--")
    _git(tree, "checkout", "--quiet", "--detach", commit)
    return [tree / os.fsdecode(path) for path in out.split(b"\0") if path]


class Ancestry:
    """Which commits lie behind a commit: what could be known when it was made."""

    def __init__(self, root: Path) -> None:
        self._parents: dict[str, list[str]] = {}
        for line in _git(root, "rev-list", "--parents", "HEAD").decode().splitlines():
            commit, *parents = _COMMIT.findall(line)
            self._parents[commit] = parents

    def up_to(self, commit: str) -> set[str]:
        """The commit and all its ancestors."""
        found: set[str] = set()
        todo = [commit]
        while todo:
            at = todo.pop()
            if at not in found:
                found.add(at)
                todo.extend(self._parents.get(at, ()))
        return found


def _inside(root: Path, part: str) -> Path:
    out = _git(root, "rev-parse", "--git-path", part)
    return (root / os.fsdecode(out.rstrip(b"\n"))).resolve()


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
