"""The crystal: one immutable snapshot of a corpus, and every question it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from rlm_crystal.asides import Aside, asides_of
from rlm_crystal.atlas import Atlas, atlas_of
from rlm_crystal.cluster import assign
from rlm_crystal.cluster_drift import ClusterDrift, cluster_drift
from rlm_crystal.clusters import Clusters
from rlm_crystal.embed import Embedder
from rlm_crystal.errors import UnknownPath
from rlm_crystal.filters import Asked, asked_in
from rlm_crystal.find import find
from rlm_crystal.graph import SymbolGraph
from rlm_crystal.history import History
from rlm_crystal.lazy import Lazy
from rlm_crystal.lines import split_lines
from rlm_crystal.long_question import question_in
from rlm_crystal.map import BUDGET_TOKENS, render_map
from rlm_crystal.scope import languages_of
from rlm_crystal.search import search
from rlm_crystal.segment import BoolArray, Segment
from rlm_crystal.survey import Layer, survey
from rlm_crystal.types import Definition, FileEntry, Found, Hit, Link, Mode, Reference, Skipped
from rlm_crystal.view import View
from rlm_crystal.words import Int32Array

CHARS_PER_TOKEN = 4
MAP_HITS = 50


@dataclass(frozen=True, eq=False)
class Crystal:
    """Safe to use from many threads; `segments` lie over each other as `alive` says.

    `alive[s][f]` tells whether file `f` of segment `s` is still that of the corpus. Of the files of
    the first segment `files_assigned` came after the last full build.
    """

    corpus_id: str
    generation: int
    roots: tuple[Path, ...]
    head: str | None
    skipped: tuple[Skipped, ...]
    segments: tuple[Segment, ...] = field(repr=False)
    alive: tuple[BoolArray, ...] = field(repr=False)
    clusters: Lazy[Clusters] = field(repr=False)
    history: Lazy[History] = field(repr=False)
    embedder: Embedder = field(repr=False)
    files_assigned: int = 0

    @cached_property
    def files(self) -> Sequence[FileEntry]:
        """All files in the order of their paths."""
        entries = [
            entry
            for segment, mask in zip(self.segments, self.alive, strict=True)
            for entry in _entries(segment, mask)
        ]
        return tuple(sorted(entries, key=lambda entry: entry.path))

    def entry(self, path: str) -> FileEntry | None:
        """What is known of one file; None where there is no such file."""
        for segment, mask in zip(self.segments, self.alive, strict=True):
            row = segment.paths.find(path)
            if row >= 0 and mask[row]:
                only = np.zeros(segment.file_count, dtype=np.bool_)
                only[row] = True
                return _entries(segment, only)[0]
        return None

    @cached_property
    def file_count(self) -> int:
        return sum(int(mask.sum()) for mask in self.alive)

    @cached_property
    def languages(self) -> Mapping[str, int]:
        """How many files there are in each language, the most frequent first."""
        return dict(languages_of(self.view).most_common())

    @cached_property
    def chunk_count(self) -> int:
        return sum(
            int(np.diff(segment.files.chunk_start)[mask].sum())
            for segment, mask in zip(self.segments, self.alive, strict=True)
        )

    @cached_property
    def tokens(self) -> int:
        """An estimate of the corpus in model tokens: its characters over four."""
        chars = sum(
            int(segment.files.chars[mask].sum(dtype=np.int64))
            for segment, mask in zip(self.segments, self.alive, strict=True)
        )
        return chars // CHARS_PER_TOKEN

    @cached_property
    def bytes_source(self) -> int:
        return sum(entry.size_bytes for entry in self.files)

    def text(self, path: str) -> str:
        """The whole text as it was indexed; UnknownPath tells the nearest paths."""
        segment, row = self._locate(path)
        return segment.texts.get(row)

    def read(self, path: str, start_line: int, end_line: int) -> str:
        """Lines `start_line` to `end_line`, both included, with their endings."""
        lines = split_lines(self.text(path))
        return "".join(lines[max(start_line, 1) - 1 : max(end_line, 0)])

    def search(self, query: str, *, limit: int = 10) -> list[Hit]:
        """The best hits for words, identifiers or paths, best first; filters as in `find`."""
        return list(self.find(query, limit=limit).hits)

    def find(
        self,
        query: str,
        *,
        limit: int = 10,
        path_glob: str = "",
        language: str = "",
        kind: str = "",
        mode: Mode = "words",
    ) -> Found:
        """What answers a query of words, identifiers or paths, with filters among them.

        `symbol:`, `path:`, `lang:` and `kind:` narrow (a leading `-` excludes), and list what
        there is where no word is left; `callers:`, `callees:` and `importers:` ask the graph. In
        the modes `literal` and `regex` all lines that match are counted, and what stands before
        the pattern may be filters. BadFilter and BadPattern tell what cannot be meant.
        """
        asked = asked_in(query, leading_only=mode != "words")
        filters = asked.filters.within(path_glob=path_glob, language=language, kind=kind)
        if limit < 1 or not self.chunk_count or not (asked.text.strip() or asked.filters):
            return Found(())
        asked = Asked(asked.text, filters)
        return find(self.view, self._graph, self._ranked, asked, limit=limit, mode=mode)

    def _ranked(self, text: str, allowed: BoolArray, limit: int) -> list[Hit]:
        question = question_in(text, self.view)
        vector = self.embedder.embed([question.english])[0]
        return search(self.view, question, vector, limit=limit, allowed=allowed)

    def symbol(self, name: str) -> list[Definition]:
        """Definitions of a name: as qualified, else by its last component, else in any case."""
        return self._graph.symbol(name)

    def outline(self, path: str) -> list[Definition]:
        """The definitions in a file, in order; UnknownPath where there is no such file."""
        self._locate(path)
        return self._graph.outline(path)

    def asides(self, path: str) -> list[Aside] | None:
        """The comments and strings of a file, parsed now; None where its language has no parser."""
        entry = self.entry(path)
        if entry is None:
            raise UnknownPath(self._unknown(path))
        return asides_of(self.text(path), entry.language)

    def callers(self, name: str, *, path: str = "") -> list[Link]:
        """The calls of a name, or of its definition in `path`, each with how sure it is."""
        return self._graph.callers(name, path=path)

    def calls(self, name: str) -> list[Reference]:
        """All calls of a name, whatever they mean."""
        return self._graph.calls(name)

    def callees(self, symbol: str, *, path: str = "") -> list[Link]:
        """The calls made inside a definition, each with the definition it means."""
        return self._graph.callees(symbol, path=path)

    def importers(self, name: str) -> list[Reference]:
        return self._graph.importers(name)

    def map(self, budget_tokens: int = BUDGET_TOKENS, query: str | None = None) -> str:
        """The corpus in so many tokens, best first; nearest to `query` where one is given.

        Files changed since the last full build are shown as they are now, in the nearest cluster.
        """
        asked = " ".join((query or "").split())
        hits = self.search(asked, limit=MAP_HITS) if asked else []
        view = survey(self._layers, self.clusters.get(), asked=asked, hits=hits)
        return render_map(view, budget_tokens=budget_tokens)

    def atlas(self) -> Atlas:
        """Files, clusters and what is alike, for drawing a picture of the corpus."""
        return atlas_of(self._layers, self.clusters.get())

    @property
    def cluster_count(self) -> int:
        return self.clusters.get().clustering.count

    @property
    def files_unclustered(self) -> int:
        """How many files came or changed since the last full build; costs nothing."""
        return self.files_assigned + sum(above.file_count for above in self.segments[1:])

    @cached_property
    def cluster_drift(self) -> ClusterDrift:
        """How far the clusters are from what a full build would find now."""
        newer = [(layer.segment, layer.nearest) for layer in self._layers[1:]]
        return cluster_drift(self.clusters.get().clustering, self.segments[0], self.alive[0], newer)

    def cluster_labels(self) -> Int32Array:
        """The cluster of every chunk, segment after segment; -1 for noise.

        Chunks that came after the last full build have that of the nearest centroid.
        """
        newer = [layer.nearest for layer in self._layers[1:]]
        return np.concatenate([self.clusters.get().clustering.labels, *newer])

    def load(self) -> None:
        """Reads every page that is still unread, so that the store may drop this generation."""
        self.clusters.get()
        self.history.get()
        for segment in self.segments:
            segment.graph.get()
            segment.postings.get()
            segment.vectors.get()
            for number in range(segment.texts.page_count):
                segment.texts.page(number)

    @cached_property
    def view(self) -> View:
        """What ranking looks at; for measuring other rankings over the same files."""
        return View(self.segments, self.alive, self.history.get())

    @cached_property
    def _graph(self) -> SymbolGraph:
        return SymbolGraph(self.segments, self.alive)

    @cached_property
    def _layers(self) -> Sequence[Layer]:
        """The segments with the nearest cluster of each chunk."""
        clustering = self.clusters.get().clustering
        nearest = [clustering.nearest]
        for segment in self.segments[1:]:
            nearest.append(assign(clustering.centroids, segment.vectors.get().dense()))
        return [Layer(*parts) for parts in zip(self.segments, self.alive, nearest, strict=True)]

    def _locate(self, path: str) -> tuple[Segment, int]:
        for segment, mask in zip(self.segments, self.alive, strict=True):
            row = segment.paths.find(path)
            if row >= 0 and mask[row]:
                return segment, row
        raise UnknownPath(self._unknown(path))

    def _unknown(self, path: str) -> str:
        from difflib import get_close_matches

        known = [entry.path for entry in self.files]
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        near = [other for other in known if other.rsplit("/", 1)[-1] == name][:3]
        near += [other for other in get_close_matches(path, known, n=3) if other not in near]
        hint = f"did you mean {', '.join(near)}?" if near else "give a path as a search shows it"
        return f"the crystal holds no file {path!r}; {hint}"


def _entries(segment: Segment, alive: BoolArray) -> list[FileEntry]:
    files = segment.files
    languages: list[int] = files.language.tolist()
    lines: list[int] = files.lines.tolist()
    sizes: list[int] = files.size_bytes.tolist()
    times: list[int] = files.mtime_ns.tolist()
    rows: list[int] = np.flatnonzero(alive).tolist()
    return [
        FileEntry(
            path=segment.paths[row],
            language=segment.languages[languages[row]],
            lines=lines[row],
            size_bytes=sizes[row],
            mtime_ns=times[row],
            content_hash=files.content_hash[row].tobytes().hex(),
        )
        for row in rows
    ]
