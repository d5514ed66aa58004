"""What a map keeps: its compression, whether the right file is found in it, how near its evidence.

    python benchmarks/map.py <git repository> [<git repository> …]

The queries are those of `rlm-mcp bench localisation`; what is mapped is the state before all of
them, and only those count whose right file was there. A query is searched for in the map alone,
every file a document of the lines that name it, by plain BM25; it is found where a right file is
among the first ten. Beside it, the same over the full text. `cosine` is that between the mean
vectors of the first ten places found in the map and in the full text by the product's own search;
`of another` is the same with the evidence for another question, which says what such a figure is
worth. Cosines, and maps drawn for a question, are of every third query.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rlm_crystal.build import build
from rlm_crystal.crystal import CHARS_PER_TOKEN, Crystal
from rlm_crystal.language import role
from rlm_crystal.localisation.baselines import ours, plain_bm25
from rlm_crystal.localisation.past_state import plan, state_at
from rlm_crystal.localisation.queries import Query
from rlm_crystal.postings import inverse_frequency
from rlm_crystal.terms import RAW_WORD, STOP_WORDS, parts, stem

BUDGETS = (1_000, 2_000, 4_000, 8_000, 16_000, 64_000)
ASKED_BUDGET = 1_000
PLACES = 10
EVERY = 3

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Point:
    """One map: how many times smaller it is, and what is still found; shares of the queries."""

    budget: int
    times_smaller: float
    found: float
    found_source: float
    cosine: float
    cosine_other: float


def main() -> None:
    parser = argparse.ArgumentParser(description="compression and fidelity of the map")
    parser.add_argument("roots", nargs="+", type=Path, metavar="ROOT")
    parser.add_argument("--queries", type=int, default=150)
    options = parser.parse_args()
    for root in options.roots:
        asked = plan(root, queries_max=options.queries).queries
        with state_at(root, asked[0].parent) as tree:
            crystal = build([tree], allow_wide=True)
        there = {entry.path for entry in crystal.files}
        report(root.name, crystal, [q for q in asked if not there.isdisjoint(q.right)])


def report(name: str, crystal: Crystal, queries: Sequence[Query]) -> list[Point]:
    """Prints one repository's table."""
    plain = shares_found(partial(plain_bm25, crystal), queries)
    product = shares_found(partial(ours, crystal), queries)
    _say(
        f"\n{name}: {len(crystal.files):,} files, {crystal.tokens:,} tokens, {len(queries)} queries"
        f"; found in the full text by plain BM25 {plain[0]:.2f} / {plain[1]:.2f}, by our search"
        f" {product[0]:.2f} / {product[1]:.2f}; in a map of {ASKED_BUDGET:,} tokens drawn for the"
        f" question {found_when_asked(crystal, queries[::EVERY]):.2f}"
    )
    _say("| tokens | times smaller | found, all / source only | cosine | of another |")
    _say("|---|---|---|---|---|")
    full = [evidence_in_full(crystal, query.text) for query in queries[::EVERY]]
    points: list[Point] = []
    for budget in BUDGETS:
        point = point_of(crystal, queries, full, budget)
        points.append(point)
        _say(
            f"| {budget:,} | {point.times_smaller:,.0f} | {point.found:.2f} / "
            f"{point.found_source:.2f} | {point.cosine:.2f} | {point.cosine_other:.2f} |"
        )
    return points


def point_of(
    crystal: Crystal, queries: Sequence[Query], full: Sequence[Vector], budget: int
) -> Point:
    text = crystal.map(budget)
    index = MapIndex(text)
    every, source = shares_found(index.rank, queries)
    mapped = [_mean(crystal, [index.text_of(path) for path in index.rank(q.text)[:PLACES]])
              for q in queries[::EVERY]]  # fmt: skip
    return Point(
        budget,
        crystal.tokens / max(len(text) / CHARS_PER_TOKEN, 1),
        every,
        source,
        statistics.fmean(float(a @ b) for a, b in zip(mapped, full, strict=True)),
        statistics.fmean(float(a @ b) for a, b in zip(mapped, [*full[1:], *full[:1]], strict=True)),
    )


def shares_found(
    rank: Callable[[str], Sequence[str]], queries: Sequence[Query]
) -> tuple[float, float]:
    """Of how many queries a right file is among the first ten: of all files, of source files."""
    hits = [0, 0]
    for query in queries:
        ranked = list(rank(query.text))
        source = [path for path in ranked if role(path) == "source"]
        for at, paths in enumerate((ranked, source)):
            hits[at] += not set(query.right).isdisjoint(paths[:PLACES])
    return hits[0] / len(queries), hits[1] / len(queries)


def found_when_asked(crystal: Crystal, queries: Sequence[Query]) -> float:
    """Of how many queries a right file is named in a small map drawn for it."""
    named = (set(MapIndex(crystal.map(ASKED_BUDGET, q.text)).paths) for q in queries)
    return statistics.fmean(
        not found.isdisjoint(query.right) for found, query in zip(named, queries, strict=True)
    )


def evidence_in_full(crystal: Crystal, question: str) -> Vector:
    """The mean vector of the first places that the product's search finds."""
    hits = crystal.search(question, limit=PLACES)
    return _mean(crystal, [f"{hit.path} {hit.symbol}\n{hit.snippet}" for hit in hits])


def _mean(crystal: Crystal, texts: Sequence[str]) -> Vector:
    if not texts:
        return np.zeros(crystal.embedder.dimensions, dtype=np.float32)
    mean = crystal.embedder.embed(texts).mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)


class MapIndex:
    """The text of a map, searched as it stands: nothing but what a reader of it sees."""

    def __init__(self, text: str) -> None:
        self._texts = _texts_of(text)
        self.paths = list(self._texts)
        documents = [_terms(f"{path} {own}") for path, own in self._texts.items()]
        self._lengths = np.asarray([max(len(words), 1) for words in documents], dtype=np.float64)
        self._lists: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, words in enumerate(documents):
            for word, times in Counter(words).items():
                self._lists[word].append((at, times))

    def text_of(self, path: str) -> str:
        return f"{path} {self._texts[path]}"

    def rank(self, question: str, k1: float = 1.2, b: float = 0.75) -> list[str]:
        """The files that the map names, by plain BM25 over the lines about each."""
        if not self.paths:
            return []
        scores, norm = np.zeros(len(self.paths)), self._lengths / self._lengths.mean()
        for word in sorted(set(_terms(question))):
            found = self._lists.get(word, [])
            rarity = inverse_frequency(len(found), len(scores))
            for at, times in found:
                scores[at] += rarity * times * (k1 + 1) / (times + k1 * (1 - b + b * norm[at]))
        order = np.argsort(-scores, kind="stable")
        return [self.paths[at] for at in order.tolist() if scores[at] > 0]


def _texts_of(text: str) -> dict[str, str]:
    """For each path that a map names, the lines about it and the title of their cluster."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    folder, title, about = "", "", [""]
    for line in text.split("\n")[2:]:
        if line.startswith("## "):
            folder, title = line[3:].removeprefix("(root)"), ""
        elif line.startswith("### "):
            title = line[4:].partition(" \u2014 ")[0]
        elif line.startswith("  "):
            for path in about:
                found[path].append(line)
        elif line.startswith("- "):
            head, _, told = line[2:].partition(": ")
            head, _, words = head.partition(" | ")
            about = [_whole(folder, path) for path in head.split(", ")]
            for path in about:
                found[path].append(f"{title} {told} {words}")
    return {path: " ".join(lines) for path, lines in found.items()}


def _whole(folder: str, path: str) -> str:
    if path.startswith("/") or not folder:
        return path.removeprefix("/")
    return f"{folder}/{path}"


def _terms(text: str) -> list[str]:
    cut = (part for word in RAW_WORD.findall(text) for part in parts(word))
    return [stem(part) for part in cut if part not in STOP_WORDS]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
