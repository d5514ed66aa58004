"""Progress as a client and as a person at a terminal see it."""

import io

import anyio
import pytest
from rlm_crystal.types import Progress
from rlm_server import progress_teller
from rlm_server.progress_teller import ProgressTeller
from rlm_server.terminal import ProgressBar, bar_line

Sent = tuple[float, float | None, str]


@pytest.mark.asyncio
async def test_told_progress_increases_over_stages_and_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress_teller, "LEAST_APART_S", 0)
    monkeypatch.setattr(progress_teller, "MOST_APART_S", 0)
    sent: list[Sent] = []
    enough = anyio.Event()

    async def send(value: float, total: float | None, words: str) -> None:
        sent.append((value, total, words))
        if len(sent) == 2:
            teller(Progress("reading files", 40, 100))
        if len(sent) == 5:
            teller(Progress("sealing", 0, 1))
        if len(sent) == 8:
            enough.set()

    teller = ProgressTeller(send)
    with anyio.fail_after(5):
        async with teller.telling():
            await enough.wait()
    values = [value for value, _, _ in sent]
    assert values == sorted(set(values))
    assert all(total is None or total >= value for value, total, _ in sent)
    assert [words for _, _, words in sent[1:4]] == [
        "working", "reading files: 40 of 100 (40%)", "reading files: 40 of 100 (40%)",
    ]  # fmt: skip
    assert sent[-1][2] == "sealing: 0 of 1 (0%)"


def test_a_client_with_a_token_hears_something_every_ten_seconds() -> None:
    assert progress_teller.MOST_APART_S + progress_teller.LEAST_APART_S < 10


def test_a_bar_shows_share_and_figures() -> None:
    assert (
        bar_line(Progress("reading files", 12, 24)) == "█" * 12 + "░" * 12 + " 12/24 reading files"
    )
    assert bar_line(Progress("looking at files", 0, 0)) == "looking at files …"


def test_nothing_is_drawn_where_nobody_looks() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream)
    bar(Progress("reading files", 1, 2))
    bar.clear()
    assert stream.getvalue() == ""
