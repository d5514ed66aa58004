"""A first answer where nothing is indexed yet: from the files themselves, as far as time allows.

Files are taken in the order in which they are likely to matter: source before tests and documents,
those whose path speaks of the question first. Nothing is asked of a file before its turn comes, so
that a very large corpus costs no more than the time allows. The words of the question are counted
in each; the few best are cut and searched as a crystal would be, without vectors and history. What
was read is kept in memory, up to a bound, for the next question; nothing is written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

import numpy as np

from rlm_crystal.assemble import assemble
from rlm_crystal.chunk import parse
from rlm_crystal.embed import Vectors
from rlm_crystal.filters import Filters, Terms
from rlm_crystal.history import assemble_history
from rlm_crystal.language import role
from rlm_crystal.needles import Needle, needles_of
from rlm_crystal.promise import Counted, most_promising, rarities, weighed_as_read
from rlm_crystal.query import understand
from rlm_crystal.reading import read
from rlm_crystal.scope import Scope, by_name
from rlm_crystal.search import role_losses, search
from rlm_crystal.terms import RAW_WORD
from rlm_crystal.types import Document, Hit, ParsedFile, Source
from rlm_crystal.view import View
from rlm_crystal.walk import Chooser, check_root, path_prefixes

KEPT_CHARS_MAX = 64 * 1024 * 1024
# However late it is, so much is read, and of so many files the places are found.
READ_MIN, CUT_MIN, CUT_MAX = 200, 12, 40
# Of the time: reading what is not source ends at the first share, reading source at the second,
# cutting the best files at the third.
OTHERS_UNTIL, READ_UNTIL, CUT_UNTIL = 0.6, 0.7, 0.9


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the files that may hold the answer were read.

    The total counts files by their names; some of those not reached may not be worth indexing.
    """

    files_read: int
    files_total: int


@dataclass(frozen=True, slots=True)
class Glance:
    """The places that say most of a question among the files that were read, best first."""

    hits: tuple[Hit, ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class _Listed:
    """A file by its name in the corpus and below its root, not looked at yet."""

    path: str
    below: str
    chooser: Chooser


class Glancer:
    """Looks at the files of some roots, which `check_roots` resolved; questions take turns."""

    def __init__(
        self,
        roots: Sequence[Path],
        *,
        kept_chars_max: int = KEPT_CHARS_MAX,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`clock` tells seconds; texts are kept as far as `kept_chars_max` has room for them."""
        self._roots = tuple(roots)
        self._clock = clock
        self._kept: dict[str, Document] = {}
        self._room_chars = kept_chars_max
        self._turn = threading.Lock()

    def look(
        self,
        question: str,
        *,
        within_s: float,
        limit: int,
        filters: Filters | None = None,
        over: Callable[[], bool] = lambda: False,
    ) -> Glance:
        """The best hits to be had in about `within_s`; `over()` says that nobody waits any more.

        RootMissing where a root has gone.
        """
        started_s = self._clock()

        def enough(share: float, done: int, least: int) -> bool:
            late = self._clock() - started_s > share * within_s
            return over() or (late and done >= least)

        filters = filters or Filters()
        needles = needles_of(question)
        words = frozenset(word.lower() for word in RAW_WORD.findall(question))
        with self._turn:
            listed = _in_order(self._listed(filters), needles, words)
            counted, sources, left = self._counted(listed, needles, enough)
            best = most_promising(counted, needles, words, most=CUT_MAX)
            cut = self._cut([sources[at] for at in best], partial(enough, CUT_UNTIL))
        hits = _ranked(cut, question, needles, rarities(counted, needles), limit, filters)
        return Glance(tuple(hits), Coverage(len(counted), len(counted) + left))

    def _counted(
        self,
        listed: Sequence[_Listed],
        needles: Sequence[Needle],
        enough: Callable[[float, int, int], bool],
    ) -> tuple[list[Counted], list[Source], int]:
        """What is counted in the files until that is enough, the files, and how many are left."""
        counted: list[Counted] = []
        sources: list[Source] = []
        for at, each in enumerate(listed):
            share = READ_UNTIL if role(each.path) == "source" else OTHERS_UNTIL
            if enough(share, len(counted), READ_MIN):
                return counted, sources, len(listed) - at
            source = each.chooser.choose(each.below)
            document = self._document(source) if source else None
            if source and document:
                sources.append(source)
                counted.append(_count(document, needles))
        return counted, sources, 0

    def _listed(self, filters: Filters) -> Iterator[_Listed]:
        """The files there are now that may be found."""
        allowed = by_name(filters)
        for root, prefix in zip(self._roots, path_prefixes(self._roots), strict=True):
            chooser = Chooser(check_root(root, allow_wide=True), prefix)
            for below in chooser.paths:
                path = prefix + below
                if allowed(path):
                    yield _Listed(path, below, chooser)

    def _cut(
        self, sources: Sequence[Source], enough: Callable[[int, int], bool]
    ) -> list[ParsedFile]:
        """The files cut into chunks, until that is enough."""
        cut: list[ParsedFile] = []
        for source in sources:
            if enough(len(cut), CUT_MIN):
                break
            document = self._document(source)
            if document is not None:
                cut.append(parse(document))
        return cut

    def _document(self, source: Source) -> Document | None:
        """The file as it is on disk; None where it is not worth indexing."""
        kept = self._kept.get(source.path)
        stamp = (source.size_bytes, source.mtime_ns)
        if kept is not None and (kept.size_bytes, kept.mtime_ns) == stamp:
            return kept
        document = read(source)
        if not isinstance(document, Document):
            return None
        if kept is not None:
            self._room_chars += len(self._kept.pop(source.path).text)
        if self._room_chars > len(document.text):
            self._kept[source.path] = document
            self._room_chars -= len(document.text)
        return document


class _NoVectors:
    """Stands for an embedder where the time is better spent on reading."""

    identity = "none"
    dimensions = 1

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Nothing of any text."""
        return np.zeros((len(texts), 1), dtype=np.float32)


def _in_order(
    listed: Iterator[_Listed], needles: Sequence[Needle], words: frozenset[str]
) -> list[_Listed]:
    """The most promising first, as far as their names tell."""
    losses = role_losses(words)

    def place(each: _Listed) -> tuple[float, float, int, str]:
        lowered = each.path.lower()
        named = sum(needle.weight for needle in needles if needle.count(lowered))
        return losses[role(each.path)], -named, lowered.count("/"), each.path

    return sorted(listed, key=place)


def _count(document: Document, needles: Sequence[Needle]) -> Counted:
    lowered = document.text.lower()
    return Counted(
        document.path,
        len(lowered),
        tuple(needle.count_in_path(document.path) for needle in needles),
        tuple(needle.count(lowered) for needle in needles),
    )


def _ranked(
    cut: Sequence[ParsedFile],
    question: str,
    needles: Sequence[Needle],
    idf: Sequence[float],
    limit: int,
    filters: Filters,
) -> list[Hit]:
    if not cut:
        return []
    segment = assemble(cut, _NoVectors())
    every = np.ones(segment.file_count, dtype=np.bool_)
    view = View((segment,), (every,), assemble_history((), ()))
    understood = understand(question, view.vocabulary)
    asked = weighed_as_read(understood, view, needles, idf)
    return search(view, asked, None, limit=limit, allowed=Scope(view, _within(filters)).chunks)


def _within(filters: Filters) -> Filters:
    """What is still to be asked of the files that were chosen by their names."""
    wanted, unwanted = filters.wanted, filters.unwanted
    return Filters(
        Terms(kinds=wanted.kinds, symbols=wanted.symbols),
        Terms(kinds=unwanted.kinds, symbols=unwanted.symbols),
    )
