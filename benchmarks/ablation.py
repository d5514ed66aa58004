"""What each feature of the ranking brings: commit message to changed file with one left out.

    python benchmarks/ablation.py <git repository> [<git repository> …]

The queries are those of `rlm-mcp bench localisation`, and so are the rankings of others that stand
above ours. Figures are MRR over all files, and over source files only.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rlm_crystal.crystal import Crystal
from rlm_crystal.localisation.baselines import Ranking, ours
from rlm_crystal.localisation.bench import compare, rankings
from rlm_crystal.localisation.past_state import plan
from rlm_crystal.query import Question, understand
from rlm_crystal.rank import DEFAULT, Weights
from rlm_crystal.search import rank

PLACES = 100


@dataclass(frozen=True, slots=True)
class Variant:
    """The ranking with something left out."""

    weights: Weights = DEFAULT
    asked: Callable[[Question], Question] = lambda question: question
    messages: bool = True


def only_the_word(question: Question) -> Question:
    """Each word stands for itself alone: no stems, compounds or abbreviations."""
    groups = [
        replace(group, variants={group.word: 1.0})
        for group in question.groups
        if group.word in group.variants
    ]
    return replace(question, groups=tuple(groups))


_ROLES = ("test", "doc", "config", "generated", "vendor", "test_asked", "doc_asked", "config_asked")
NO_DEMOTION = replace(DEFAULT, **dict.fromkeys(_ROLES, 0.0))

VARIANTS = {
    "all": Variant(),
    "without the file level": Variant(replace(DEFAULT, file=0.0)),
    "without the fields path and names": Variant(
        replace(DEFAULT, path=0.0, name=0.0, path_alone=0.0, names_stated=0.0)
    ),
    "without path and names by themselves": Variant(
        replace(DEFAULT, path_alone=0.0, names_stated=0.0)
    ),
    "without stems, compounds, abbreviations": Variant(asked=only_the_word),
    "without the share held word for word": Variant(replace(DEFAULT, covered=0.0)),
    "without dense vectors": Variant(replace(DEFAULT, dense=0.0)),
    "without demotion of tests, docs, vendored": Variant(NO_DEMOTION),
    "without the boost of exact names": Variant(replace(DEFAULT, exact_name=0.0, named_path=0.0)),
    "without commit messages": Variant(replace(DEFAULT, history=0.0, votes=0.0), messages=False),
    "without the votes of the nearest commits": Variant(replace(DEFAULT, votes=0.0)),
    "without what was changed lately": Variant(replace(DEFAULT, recent=0.0)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="MRR with one feature left out")
    parser.add_argument("roots", nargs="+", type=Path, metavar="ROOT")
    parser.add_argument("--queries", type=int, default=150)
    options = parser.parse_args()
    columns: list[dict[str, tuple[float, float]]] = []
    for root in options.roots:
        times_ms: list[float] = []
        asked_of = others() | {name: _ranking(variant) for name, variant in VARIANTS.items()}
        asked_of["all"] = _timed(asked_of["all"], times_ms)
        asked = plan(root, queries_max=options.queries)
        report = compare(root, asked_of, asked, progress=lambda _: None)
        columns.append({row.ranking: (row.everything.mrr, row.source_only.mrr)
                        for row in report.rows})  # fmt: skip
        _say(
            f"{root}: {len(report.queries)} queries, {report.files:,} files, "
            f"{report.chunks:,} chunks; ranking {statistics.median(times_ms):.0f} ms of CPU, median"
        )
    _say("| | " + " | ".join(str(root) for root in options.roots) + " | mean |")
    _say("|---|" + "---|" * (len(options.roots) + 1))
    for name in (*others(), *VARIANTS):
        pairs = [column[name] for column in columns]
        mean = tuple(statistics.fmean(pair[at] for pair in pairs) for at in (0, 1))
        cells = " | ".join(f"{every:.3f} / {source:.3f}" for every, source in (*pairs, mean))
        _say(f"| {name} | {cells} |")


def others() -> dict[str, Ranking]:
    """What ours is compared with."""
    return {name: ranking for name, ranking in rankings().items() if ranking is not ours}


def _ranking(variant: Variant) -> Ranking:
    def ranked(crystal: Crystal, text: str) -> list[str]:
        view = crystal.view
        told = view.told if variant.messages else None
        question = variant.asked(understand(text, view.vocabulary, told=told))
        vector = crystal.embedder.embed([text])[0]
        hits = rank(view, question, vector, limit=PLACES, weights=variant.weights)
        return list(dict.fromkeys(view.paths[hit.file] for hit in hits))

    return ranked


def _timed(ranking: Ranking, times_ms: list[float]) -> Ranking:
    def ranked(crystal: Crystal, text: str) -> Sequence[str]:
        _ = crystal.view
        started = time.process_time()
        found = ranking(crystal, text)
        times_ms.append((time.process_time() - started) * 1000)
        return found

    return ranked


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
