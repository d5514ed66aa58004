"""What was said of each file when it was changed: the messages of past commits, made searchable.

A message tells in a person's words what the code tells in its own. One list of terms a commit, and
which files each commit changed under the names they have now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rlm_crystal.counting import Int64Array, WordCounter
from rlm_crystal.git_log import Commit, read_log
from rlm_crystal.postings import Postings, postings_of
from rlm_crystal.revision import git_head
from rlm_crystal.walk import path_prefixes
from rlm_crystal.words import Int32Array, Words

COMMITS_MAX = 5_000
# A commit that touches more says little of each: a reformatting, a move, an import of a tree.
FILES_MAX = 20
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class History:
    """Commit `c` has the terms of document `c` of `messages`, and changed
    `paths[changed[starts[c]:starts[c + 1]]]`. `heads` are the commits it was read at, a root each.
    """

    heads: tuple[str, ...]
    paths: Words
    starts: Int64Array
    changed: Int32Array
    messages: Postings

    @property
    def commit_count(self) -> int:
        return len(self.starts) - 1


def history_of(roots: Sequence[Path], *, previous: History | None = None) -> History:
    """The newest 5,000 commits of each root up to its HEAD; `previous` where no HEAD moved.

    Costs 1 to 2 s of CPU, nearly all of it git's; nothing where there is no git, and what git
    cannot tell within 20 s is left out.
    """
    roots = list(dict.fromkeys(root.resolve() for root in roots))
    heads = tuple(git_head(root) or "" for root in roots)
    if previous is not None and previous.heads == heads:
        return previous
    commits = (
        _within(prefix, commit)
        for root, prefix, head in zip(roots, path_prefixes(roots), heads, strict=True)
        if head
        for commit in _now_called(
            read_log(root, revisions=head, commits_max=COMMITS_MAX, timeout_s=TIMEOUT_S) or ()
        )
    )
    return assemble_history(heads, commits)


def assemble_history(heads: tuple[str, ...], commits: Iterable[Commit]) -> History:
    """The commits made searchable; those without files or with more than twenty are left out."""
    kept = [commit for commit in commits if 0 < len(commit.paths) <= FILES_MAX]
    paths = Words.of(path for commit in kept for path in commit.paths)
    number = {path: at for at, path in enumerate(paths)}
    counter = WordCounter(fields=3)
    for commit in kept:
        counter.add("", "", commit.message)
    changed = [sorted({number[path] for path in commit.paths}) for commit in kept]
    return History(
        heads,
        paths,
        np.cumsum([0, *map(len, changed)], dtype=np.int64),
        np.asarray([at for files in changed for at in files], dtype=np.int32),
        postings_of(counter),
    )


def _now_called(commits: Iterable[Commit]) -> Iterable[Commit]:
    """The commits, newest first, with each path as its file is called after later renames."""
    later: dict[str, str] = {}
    for commit in commits:
        yield _with_paths(commit, [later.get(path, path) for path in commit.paths])
        for old, new in commit.renamed:
            later[old] = later.get(new, new)


def _within(prefix: str, commit: Commit) -> Commit:
    return _with_paths(commit, [prefix + path for path in commit.paths]) if prefix else commit


def _with_paths(commit: Commit, paths: Sequence[str]) -> Commit:
    return Commit(commit.id, commit.author, commit.message, tuple(paths))
