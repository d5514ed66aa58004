"""What was said of each file when it was changed: the messages of past commits, made searchable.

A message tells in a person's words what the code tells in its own. One list of terms a commit, and
which files each commit changed under the names they have now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rlm_crystal.counting import Int64Array, WordCounter
from rlm_crystal.git_log import Commit, read_log
from rlm_crystal.postings import Postings, merge_postings, postings_of
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
    kept = [commit for commit in commits if _speaks(commit)]
    return _with_files(heads, kept, _messages_of(kept))


class Chronicle:
    """One long log, from which the history that was known at a past commit is cut.

    The messages are counted once, so a cut costs some 50 ms of CPU where a history costs a second.
    """

    def __init__(self, log: Sequence[Commit]) -> None:
        """`log` is newest first, with paths as they were called then."""
        self._log = tuple(log)
        self._messages = _messages_of(self._log)

    def among(self, ids: Set[str]) -> History:
        """The newest 5,000 commits of these, with paths as they are called after the last."""
        known = [at for at, commit in enumerate(self._log) if commit.id in ids][:COMMITS_MAX]
        called = list(_now_called([self._log[at] for at in known]))
        kept = [at for at, commit in zip(known, called, strict=True) if _speaks(commit)]
        numbers = np.full(len(self._log), -1, dtype=np.int32)
        numbers[kept] = np.arange(len(kept), dtype=np.int32)
        messages = merge_postings([self._messages], [numbers], len(kept))
        return _with_files((), [commit for commit in called if _speaks(commit)], messages)


def _speaks(commit: Commit) -> bool:
    return 0 < len(commit.paths) <= FILES_MAX


def _messages_of(commits: Sequence[Commit]) -> Postings:
    counter = WordCounter(fields=3)
    for commit in commits:
        counter.add("", "", commit.message)
    return postings_of(counter)


def _with_files(heads: tuple[str, ...], commits: Sequence[Commit], messages: Postings) -> History:
    paths = Words.of(path for commit in commits for path in commit.paths)
    number = {path: at for at, path in enumerate(paths)}
    changed = [sorted({number[path] for path in commit.paths}) for commit in commits]
    return History(
        heads,
        paths,
        np.cumsum([0, *map(len, changed)], dtype=np.int64),
        np.asarray([at for files in changed for at in files], dtype=np.int32),
        messages,
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
    return replace(commit, paths=tuple(paths), renamed=(), added=frozenset())
