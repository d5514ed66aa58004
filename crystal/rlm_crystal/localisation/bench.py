"""The whole measurement: plan, step from state to state, ask every ranking, sum up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rlm_crystal.build import build, refresh
from rlm_crystal.crystal import Crystal
from rlm_crystal.history import Chronicle
from rlm_crystal.language import role
from rlm_crystal.lazy import ready
from rlm_crystal.localisation.baselines import (
    KeywordCount,
    Ranking,
    dense_only,
    ours,
    plain_bm25,
)
from rlm_crystal.localisation.figures import Figures, figures_of
from rlm_crystal.localisation.own_texts import OwnText
from rlm_crystal.localisation.past_state import (
    Ancestry,
    Plan,
    move,
    plan,
    plan_of_texts,
    state_at,
)
from rlm_crystal.localisation.peer import PeerRecipe
from rlm_crystal.localisation.queries import Query
from rlm_crystal.types import Progress, ProgressSink


@dataclass(frozen=True, slots=True)
class Row:
    """One ranking: as it ranks, among source files only, and where no file is named."""

    ranking: str
    everything: Figures
    source_only: Figures
    unnamed: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """One run; `files` and `chunks` are those of the newest state.

    `left_out` counts the texts of one's own that could not be asked.
    """

    queries: tuple[Query, ...]
    files: int
    chunks: int
    rows: tuple[Row, ...]
    left_out: int = 0

    @property
    def named(self) -> int:
        return sum(query.names_file for query in self.queries)


def rankings() -> dict[str, Ranking]:
    """What is compared, by name."""
    return {
        "ripgrep-style count": KeywordCount(),
        "plain chunk BM25": plain_bm25,
        "dense only": dense_only,
        "peers' recipe": PeerRecipe(),
        "ours": ours,
    }


def localisation(
    root: Path, *, queries_max: int, progress: ProgressSink, texts: Sequence[OwnText] = ()
) -> Report:
    """Measure on the repository at `root`: by these texts, or by its newest messages.

    Raises NoHistory where it has no usable commits. Nothing is stored: the crystal lives in this
    process, the old states in a temporary folder.
    """
    progress(Progress("reading history", 0, 0))
    chosen = plan_of_texts(root, texts) if texts else plan(root, queries_max=queries_max)
    return compare(root, rankings(), chosen, progress=progress)


def compare(
    root: Path, asked: Mapping[str, Ranking], chosen: Plan, *, progress: ProgressSink
) -> Report:
    """Each query asked of each ranking over the state of the query's parent."""
    ranked: dict[str, list[list[str]]] = {name: [] for name in asked}
    files = chunks = 0
    for done, (query, crystal) in enumerate(before_each(root, chosen, progress)):
        progress(Progress("asking", done, len(chosen.queries)))
        for name, rank in asked.items():
            ranked[name].append(list(rank(crystal, query.text)))
        files, chunks = len(crystal.files), crystal.chunk_count
    rows = tuple(_row(name, lists, chosen.queries) for name, lists in ranked.items())
    return Report(chosen.queries, files, chunks, rows, chosen.left_out)


def before_each(
    root: Path, chosen: Plan, progress: ProgressSink
) -> Iterator[tuple[Query, Crystal]]:
    """Each query with the crystal of the state before its commit, history included."""
    chronicle, ancestry = Chronicle(chosen.log), Ancestry(root)
    with state_at(root, chosen.queries[0].parent) as tree:
        crystal = build([tree], progress=progress, allow_wide=True)
        for query in chosen.queries:
            crystal = refresh(crystal, paths=move(tree, query.parent))
            known = chronicle.among(ancestry.up_to(query.parent))
            yield query, replace(crystal, history=ready(known))


def _row(name: str, ranked: Sequence[Sequence[str]], queries: Sequence[Query]) -> Row:
    outcomes = list(zip(ranked, queries, strict=True))
    return Row(
        name,
        figures_of((paths, query.right) for paths, query in outcomes),
        figures_of((_source(paths), query.right) for paths, query in outcomes),
        figures_of((paths, query.right) for paths, query in outcomes if not query.names_file),
    )


def _source(ranked: Sequence[str]) -> list[str]:
    return [path for path in ranked if role(path) == "source"]
