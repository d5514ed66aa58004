"""The whole measurement: plan, build at the old state, ask every ranking, sum up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.language import role
from rlm_crystal.localisation.baselines import (
    Ranking,
    dense_only,
    keyword_count,
    ours,
    plain_bm25,
)
from rlm_crystal.localisation.figures import Figures, figures_of
from rlm_crystal.localisation.past_state import Plan, plan, state_at
from rlm_crystal.localisation.queries import Query
from rlm_crystal.types import Progress, ProgressSink

RANKINGS: dict[str, Callable[[Crystal], Ranking]] = {
    "ripgrep-style count": keyword_count,
    "plain chunk BM25": plain_bm25,
    "dense only": dense_only,
    "ours": ours,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One ranking: as it ranks, among source files only, and where no file is named."""

    ranking: str
    everything: Figures
    source_only: Figures
    unnamed: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """One run: what was asked and what came of it."""

    plan: Plan
    files: int
    chunks: int
    rows: tuple[Row, ...]

    @property
    def named(self) -> int:
        return sum(query.names_file for query in self.plan.queries)


def localisation(root: Path, *, queries_max: int, progress: ProgressSink) -> Report:
    """Measure on the repository at `root`. Raises NoHistory where it has no usable commits.

    Nothing is stored: the crystal lives in this process, the old state in a temporary folder.
    """
    progress(Progress("reading history", 0, 0))
    chosen = plan(root, queries_max=queries_max)
    with state_at(root, chosen.base) as tree:
        crystal = build([tree], progress=progress, allow_wide=True)
    rows: list[Row] = []
    for name, make in RANKINGS.items():
        rank = make(crystal)
        rows.append(row_of(name, rank, chosen.queries, progress))
    return Report(chosen, len(crystal.files), crystal.chunk_count, tuple(rows))


def row_of(name: str, rank: Ranking, queries: Sequence[Query], progress: ProgressSink) -> Row:
    """The figures of one ranking over all queries."""
    outcomes: list[tuple[list[str], Query]] = []
    for done, query in enumerate(queries):
        progress(Progress(f"asking {name}", done, len(queries)))
        outcomes.append((list(rank(query.text)), query))
    return Row(
        name,
        figures_of((ranked, query.right) for ranked, query in outcomes),
        figures_of((_source(ranked), query.right) for ranked, query in outcomes),
        figures_of((ranked, query.right) for ranked, query in outcomes if not query.names_file),
    )


def _source(ranked: Sequence[str]) -> list[str]:
    return [path for path in ranked if role(path) == "source"]
