"""Which files were changed by past commits whose messages speak of the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_crystal.history import History
from rlm_crystal.postings import inverse_frequency
from rlm_crystal.query import Group

K1, B = 1.5, 0.75
# What a file's best commit, its second best and so on count for.
SHARES = (1.0, 0.6, 0.4, 0.3, 0.2)
# After so many later commits a change counts half as much for where the next one will be.
HALF_LIFE_COMMITS = 20.0
# Of the commits most like a question so many vote; by so much more BM25 one votes e times as much.
VOTERS = 50
VOTE_SPREAD = 2.0
# What a commit loses whenever twice as many came after it.
VOTE_AGE = 0.2

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Said:
    """What commits say of each file: BM25 of its best five, and the votes of those most like the
    question, from 0 to about 2.4; 0 for a file of which no commit speaks.
    """

    best: Float64Array
    votes: Float64Array


class Precedents:
    """BM25 over commits; each file takes its best five, each less the more files it changed.

    Measured on five repositories: better than one document of all messages of a file, and than
    the best commit alone. Votes tell which files belong to the subject by how many of the nearest
    commits changed them, where the best tell how near a single one comes.
    """

    def __init__(self, history: History, file_numbers: Mapping[str, int], file_count: int) -> None:
        """`file_numbers` maps the paths of today to numbers; other paths are passed over."""
        self._messages = history.messages
        self._file_count = file_count
        self._commit_count = history.commit_count
        files = np.fromiter(
            (file_numbers.get(path, -1) for path in history.paths),
            dtype=np.int64,
            count=len(history.paths),
        )[history.changed]
        sizes = np.diff(history.starts)
        commits = np.repeat(np.arange(self._commit_count), sizes)
        self._files = files[files >= 0]
        self._commits = commits[files >= 0]
        self._weights = 1.0 / np.sqrt(sizes[self._commits])
        age = np.exp2(-self._commits / HALF_LIFE_COMMITS) * self._weights
        self._recent = np.log1p(10 * np.bincount(self._files, weights=age, minlength=file_count))
        length = history.messages.lengths[2]
        mean = float(length.mean()) if len(length) else 1.0
        self._norms = 1.0 - B + B * length / max(mean, 1.0)

    @property
    def recent(self) -> Float64Array:
        """How much each file was changed by the newest commits: about 0 to 5, mostly 0."""
        return self._recent

    def said(self, groups: Sequence[Group]) -> Said:
        """Two scores a file. Words count as they are."""
        commits = np.zeros(self._commit_count)
        for group in groups:
            counts = self._counts(group.exact)
            held = int(np.count_nonzero(counts))
            if held:
                idf = inverse_frequency(held, self._commit_count)
                commits += group.weight * idf * counts / (counts + K1)
        return Said(self._of_files(commits), self._votes(commits))

    def _votes(self, commits: Float64Array) -> Float64Array:
        """The shares that the nearest commits give to what they changed, damped.

        Commits are numbered from the newest.
        """
        alike = np.flatnonzero(commits)
        if not len(alike):
            return np.zeros(self._file_count)
        near = commits[alike] - VOTE_AGE * np.log2(1.0 + alike)
        if len(alike) > VOTERS:
            chosen = np.sort(np.argpartition(-near, VOTERS)[:VOTERS])
            alike, near = alike[chosen], near[chosen]
        shares = np.zeros(self._commit_count)
        shares[alike] = np.exp((near - near.max()) / VOTE_SPREAD)
        shares /= shares.sum()
        given = shares[self._commits] * self._weights
        return np.log1p(10 * np.bincount(self._files, weights=given, minlength=self._file_count))

    def _counts(self, terms: Sequence[str]) -> Float64Array:
        counts = np.zeros(self._commit_count)
        for term in terms:
            at = self._messages.words.find(term)
            if at >= 0:
                rows = self._messages.rows(at)
                counts[self._messages.docs[rows]] += self._messages.counts[2][rows]
        return counts / self._norms

    def _of_files(self, commits: Float64Array) -> Float64Array:
        told = commits[self._commits] * self._weights
        some = np.flatnonzero(told)
        order = some[np.lexsort((-told[some], self._files[some]))]
        files, told = self._files[order], told[order]
        starts = np.flatnonzero(np.concatenate(([True], files[1:] != files[:-1])))
        place = np.arange(len(files)) - np.repeat(starts, np.diff(np.append(starts, len(files))))
        summed = np.zeros(self._file_count)
        for at, share in enumerate(SHARES):
            chosen = place == at
            summed[files[chosen]] += share * told[chosen]
        return summed
