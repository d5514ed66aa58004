"""Commits made into questions with known answers. No files, no git: commits in, queries out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rlm_crystal.git_log import Commit
from rlm_crystal.language import role
from rlm_crystal.terms import STOP_WORDS, parts

WORDS_MIN = 5
FILES_MAX = 3

_REFERENCE = re.compile(r"\s*\((?:[\w./-]*#\d+(?:,\s*)?)+\)|\s*\b(?:GH-|#)\d+\b")
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_BOT_AUTHOR = re.compile(
    r"\[bot\]|\bbot$|-bot\b|^(?:dependabot|renovate|pre-commit|github.actions)", re.IGNORECASE
)
_BOT_SUBJECT = re.compile(
    r"^(?:\S+:\s*|\[\S+\]\s*)?(?:bump \S+ from \S+ to \S+|update dependency \S+|"
    r"pre-commit autoupdate|merge (?:branch|pull request|remote|tag)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """A commit's first line or a text of one's own, the source files that the commit changed, and
    whether the text names one of them.

    `right` are called as in the state of `parent`, which is what is searched.
    """

    commit: str
    parent: str
    text: str
    right: tuple[str, ...]
    names_file: bool


def queries_of(commits: Iterable[Commit]) -> list[Query]:
    """The usable commits as queries, in the order given.

    Left out: bots, merges, fewer than five words, no or more than three source files changed, and
    commits all of whose source files are new. Messages that differ in their numbers only
    ("release 1.2", "release 1.3") count once.
    """
    found: dict[str, Query] = {}
    for commit in commits:
        query = _query(commit)
        if query is not None:
            found.setdefault(_NUMBER.sub("", query.text.lower()), query)
    return list(found.values())


def _query(commit: Commit) -> Query | None:
    text = _REFERENCE.sub("", commit.subject).strip()
    if len(text.split()) < WORDS_MIN or _BOT_SUBJECT.search(text):
        return None
    return None if _BOT_AUTHOR.search(commit.author) else query_for(commit, text)


def query_for(commit: Commit, text: str) -> Query | None:
    """The text as a query for the files of the commit; None where those cannot be asked for."""
    if not commit.parent:
        return None
    called = {new: old for old, new in commit.renamed}
    changed = [path for path in commit.paths if role(path) == "source"]
    right = tuple(sorted({called.get(path, path) for path in changed if path not in commit.added}))
    if not right or len(changed) > FILES_MAX:
        return None
    return Query(commit.id, commit.parent, text, right, any(_names(text, path) for path in right))


def _names(text: str, path: str) -> bool:
    """Whether the text spells out the file's path or every word of its name."""
    if path in text:
        return True
    said = {part for word in re.findall(r"\w+", text) for part in parts(word)}
    name = path.rpartition("/")[2].partition(".")[0]
    own = [part for part in parts(name) if part not in STOP_WORDS]
    return bool(own) and said.issuperset(own)
