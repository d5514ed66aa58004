from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rlm_crystal.build import build
from rlm_crystal.codec import from_pages, to_pages
from rlm_crystal.crystal import Crystal
from rlm_crystal.describe import describe


class Scripted:
    """A Summariser that says which file a digest begins with, and refuses some."""

    name = "scripted"

    def __init__(self, *, refused: str = "nothing") -> None:
        self.asked: list[str] = []
        self._refused = refused

    async def summarise(
        self, digests: Sequence[str], on_done: Callable[[int], None]
    ) -> Sequence[str]:
        self.asked.extend(digests)
        on_done(len(digests))
        return ["" if self._refused in digest else f"Of\n{digest[:4]}." for digest in digests]


def made(root: Path) -> Crystal:
    for part in ("oven", "dough", "bread"):
        for at in range(8):
            path = root / part / f"{part}_{at}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                f'def {part}_{at}():\n    """Handles the {part}."""\n', encoding="utf-8"
            )
    return build([root], workers=0)


def unheard(done: int, total: int) -> None:
    """Take progress and say nothing."""


def texts(crystal: Crystal) -> list[tuple[str, str]]:
    return [(summary.text, summary.author) for summary in crystal.clusters.get().summaries]


@pytest.mark.asyncio
async def test_what_a_model_says_is_sealed_and_asked_for_once(tmp_path: Path) -> None:
    crystal, summariser = made(tmp_path), Scripted()
    described = await describe(crystal, summariser, unheard)
    assert len(summariser.asked) == crystal.cluster_count > 1
    assert all(author == "scripted" for _, author in texts(described))
    assert all(text.startswith("Of ") and "\n" not in text for text, _ in texts(described))
    assert all("def " in digest for digest in summariser.asked)
    assert from_pages(to_pages(described).__getitem__).clusters.get().summaries == (
        described.clusters.get().summaries
    )
    assert await describe(described, summariser, unheard) is described
    assert len(summariser.asked) == crystal.cluster_count


@pytest.mark.asyncio
async def test_a_rebuild_takes_over_what_was_said_of_clusters_that_read_the_same(
    tmp_path: Path,
) -> None:
    described = await describe(made(tmp_path), Scripted(), unheard)
    (tmp_path / "oven/oven_0.py").write_text("def cold():\n    return 0\n", encoding="utf-8")
    again = build([tmp_path], previous=described, workers=0)
    kept = {summary.key: summary.text for summary in described.clusters.get().summaries}
    authors = [summary.author for summary in again.clusters.get().summaries]
    assert "scripted" in authors
    for summary in again.clusters.get().summaries:
        assert (summary.author == "scripted") == (summary.key in kept)
        if summary.author:
            assert summary.text == kept[summary.key]


@pytest.mark.asyncio
async def test_where_the_model_says_nothing_the_extractive_summary_stays(tmp_path: Path) -> None:
    crystal = made(tmp_path)
    described = await describe(crystal, Scripted(refused="oven"), unheard)
    before = texts(crystal)
    for at, (text, author) in enumerate(texts(described)):
        assert author in ("", "scripted")
        assert author or text == before[at][0]
    assert {author for _, author in texts(described)} == {"", "scripted"}
    assert await describe(crystal, Scripted(refused="def"), unheard) is crystal
