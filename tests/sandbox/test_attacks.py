"""Every payload against plain CPython, where most must work, and against the sandbox: none may."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacks.payload import Category
from attacks.payloads import ALL
from attacks.planted import Planted, planted
from attacks.running import reached_in_plain_cpython, reached_in_sandbox
from backends import EVERY
from rlm_sandbox import conversation
from rlm_sandbox.backend import BackendName

CATEGORIES = tuple(dict.fromkeys(payload.category for payload in ALL))


@pytest.fixture
def things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    # What cannot be interrupted is killed sooner, only so that the suite stays short.
    monkeypatch.setattr(conversation, "_GRACE_S", 0.1)
    with planted(tmp_path) as everything:
        yield everything


def test_the_seven_categories_have_payloads_enough():
    counts = Counter(payload.category for payload in ALL)

    assert len(counts) == 7
    assert min(counts.values()) >= 20
    assert len(ALL) >= 170
    assert len({payload.name for payload in ALL}) == len(ALL)
    assert len({payload.code + payload.document for payload in ALL}) == len(ALL)


def test_most_payloads_reach_their_effect_in_plain_cpython(things: Planted):
    """Every third, a process each; benchmarks/attacks.py tries them all."""
    tried = ALL[::3]
    failed = {payload.name for payload in tried} - reached_in_plain_cpython(things, tried)

    assert len(failed) <= 0.15 * len(tried), failed


@pytest.mark.asyncio
@pytest.mark.parametrize("guard", [True, False], ids=["guard-on", "guard-off"])
@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("backend", EVERY)
async def test_no_payload_reaches_its_effect_in_the_sandbox(
    things: Planted, category: Category, guard: bool, backend: BackendName
):
    payloads = [payload for payload in ALL if payload.category == category]

    assert await reached_in_sandbox(things, payloads, guard=guard, backend=backend) == set()
