"""What is derived from the episodes of a zone: traces, categories, the domain.

Same children, same text: a derived memo's text is a matter of its children only, and it carries
their digest, so one whose digest did not change is not written again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rlm_memory.categories import Category, categories_of
from rlm_memory.summaries import SOURCE
from rlm_memory.tracing import Trace, day_of, digest_of, headline, told, traces_of
from rlm_memory.types import Edge, Episode, Level, Memo, Trust, Zone, least_trust

_NAMED_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Derived:
    """A memo to be: `children` are ids of episodes, or keys of what is derived below it."""

    level: Level
    key: str
    digest: str
    text: str
    children: tuple[str, ...]
    trust: Trust
    time_s: float


@dataclass(frozen=True, slots=True)
class Consolidated:
    """What a consolidation did. `stopped` says that it was ended early and goes on next time."""

    traces: int
    categories: int
    written: int
    removed: int
    stopped: bool


def derived_of(memos: Mapping[str, Memo]) -> list[Derived]:
    """All that is to be derived from the episodes of one zone, the lower levels first."""
    traces = traces_of(memos)
    if not traces:
        return []
    categories = categories_of(traces)
    found = [_of_trace(trace) for trace in traces]
    found += [_of_category(category) for category in categories]
    return [*found, _of_domain(traces, categories)]


def memo_of(derived: Derived, zone: Zone, children: Sequence[str], *, now_s: float) -> Memo:
    """The memo of what is derived, its children being rows of these ids."""
    episode = Episode(
        derived.text,
        time_s=derived.time_s,
        speaker="rlm-mcp",
        zone=zone,
        trust=derived.trust,
        source=SOURCE,
    )
    return Memo(
        episode,
        derived.level,
        uses=1,
        last_used_s=derived.time_s,
        recorded_s=now_s,
        edges=tuple(Edge("derived_from", child) for child in children),
        digest=derived.digest,
    )


def matched(children: Sequence[str], old: Mapping[str, frozenset[str]]) -> str | None:
    """The id of the old category that shares most children with a new one, where that is most."""
    mine = frozenset(children)
    best = max(old, key=lambda row_id: (len(mine & old[row_id]), row_id), default=None)
    if best is None or 2 * len(mine & old[best]) <= min(len(mine), len(old[best])):
        return None
    return best


def _of_trace(trace: Trace) -> Derived:
    children = tuple(turn.id for turn in trace.turns)
    ended_s = trace.times_s[1]
    return Derived(
        "trace", f"trace {trace.key}", trace.digest, told(trace), children, trace.trust, ended_s
    )


def _of_category(category: Category) -> Derived:
    first = category.traces[0]
    lines = [", ".join(category.words), *map(headline, category.traces[-_NAMED_MAX:])]
    return Derived(
        "category",
        f"category {first.key}",
        category.digest,
        "\n".join(lines),
        tuple(f"trace {trace.key}" for trace in category.traces),
        least_trust(trace.trust for trace in category.traces),
        max(trace.times_s[1] for trace in category.traces),
    )


def _of_domain(traces: Sequence[Trace], categories: Sequence[Category]) -> Derived:
    lines = [f"{len(traces)} traces, {_days(traces)}, in {len(categories)} categories"]
    lines += [
        f"{', '.join(each.words)}: {len(each.traces)} traces, {_days(each.traces)}"
        for each in categories[:_NAMED_MAX]
    ]
    alone = {trace.key for trace in traces}
    alone -= {trace.key for each in categories for trace in each.traces}
    children = [f"category {each.traces[0].key}" for each in categories]
    children += [f"trace {trace.key}" for trace in traces if trace.key in alone]
    return Derived(
        "domain",
        "domain",
        digest_of([*(each.digest for each in categories), *(trace.digest for trace in traces)]),
        "\n".join(lines),
        tuple(children),
        least_trust(trace.trust for trace in traces),
        max(trace.times_s[1] for trace in traces),
    )


def _days(traces: Sequence[Trace]) -> str:
    first = day_of(min(trace.times_s[0] for trace in traces))
    last = day_of(max(trace.times_s[1] for trace in traces))
    return first if first == last else f"{first} to {last}"
