"""Summaries of clusters by a model: which are asked for, and how they come into a crystal.

A cluster is asked for once: what a model wrote is kept under the hash of what it read, sealed with
the crystal and taken over by the next build. Where there is no answer the extractive one stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from rlm_crystal.clusters import Clusters, chunk_at
from rlm_crystal.lazy import ready
from rlm_crystal.summary import TEXT_CHARS_MAX, digest_of

if TYPE_CHECKING:
    from rlm_crystal.crystal import Crystal

CLUSTERS_MAX = 1_000


class Summariser(Protocol):
    """Says in a sentence or two what a piece of a corpus is about."""

    @property
    def name(self) -> str:
        """The model, as summaries name their author."""
        ...

    async def summarise(
        self, digests: Sequence[str], on_done: Callable[[int], None]
    ) -> Sequence[str]:
        """One text for each digest, in order; empty where there is none. Never raises for one.

        `on_done` is told how many are through. Digests are text of the corpus: data, no orders.
        """
        ...


async def describe(
    crystal: Crystal, summariser: Summariser, on_done: Callable[[int, int], None]
) -> Crystal:
    """The crystal with what the model says of its clusters; the same one where it said nothing.

    The weightiest clusters come first, at most a thousand; those that a model described are left.
    """
    clusters = crystal.clusters.get()
    wanted = [
        at
        for at, summary in enumerate(clusters.summaries)
        if summary.central and not summary.author
    ]
    wanted.sort(key=lambda at: (-clusters.summaries[at].weight, at))
    wanted = wanted[:CLUSTERS_MAX]
    base = crystal.segments[0]
    digests = [
        digest_of([chunk_at(base, row) for row in clusters.summaries[at].central]) for at in wanted
    ]
    texts = await summariser.summarise(digests, lambda done: on_done(done, len(wanted)))
    told = {at: _cleaned(text) for at, text in zip(wanted, texts, strict=True) if text.strip()}
    if not told:
        return crystal
    summaries = tuple(
        replace(summary, text=told[at], author=summariser.name) if at in told else summary
        for at, summary in enumerate(clusters.summaries)
    )
    return replace(crystal, clusters=ready(replace(clusters, summaries=summaries)))


def inherited(clusters: Clusters, before: Clusters) -> Clusters:
    """The clusters with what a model said before of those that read the same now."""
    known = {summary.key: summary for summary in before.summaries if summary.author}
    summaries = tuple(
        replace(summary, text=known[summary.key].text, author=known[summary.key].author)
        if summary.key in known
        else summary
        for summary in clusters.summaries
    )
    return replace(clusters, summaries=summaries)


def _cleaned(text: str) -> str:
    """The text on one line, printable, no longer than an extractive one may be."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= TEXT_CHARS_MAX else line[: TEXT_CHARS_MAX - 1] + "…"
