"""What is near in meaning is recalled too, where there is an embedder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.embed import Vectors, static_embedder
from rlm_crystal.errors import EmbedderUnavailable
from rlm_crystal.keys import Keyring
from rlm_memory.memory import Memory
from rlm_memory.types import Episode
from rlm_memory.vectors import Vectors as Held

KEYRING = Keyring("env", bytes(range(32)))
SAID = (
    "Our dog is called Biscuit and he ate the whole cake.",
    "The nightly build broke because the certificate had run out.",
    "My sister is getting married in Porto.",
    "Profiling showed that importing pandas takes most of the start-up.",
)


class Counting:
    """The shipped table under another name; counts the texts it is given in groups."""

    dimensions = static_embedder().dimensions

    def __init__(self, identity: str = "counting") -> None:
        self.identity = identity
        self.texts = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts) if len(texts) > 1 else 0
        return static_embedder().embed(texts)


class Absent(Counting):
    def embed(self, texts: Sequence[str]) -> Vectors:
        raise EmbedderUnavailable("no such model")


def opened(folder: Path, embedder: Counting | None = None) -> Memory:
    return Memory.open(folder, KEYRING, scope="corpus", clock=lambda: 1.0, embedder=embedder)


def told(memory: Memory, question: str) -> list[tuple[str, float, str]]:
    found = memory.recall(question, limit=3).found
    return [(each.episode.text, each.score, each.why) for each in found]


QUESTION = "Which pets do they have?"


def test_other_words_of_one_meaning_are_found(tmp_path: Path) -> None:
    memory = opened(tmp_path, Counting())
    memory.remember_all([Episode(text, time_s=0.0, session=text) for text in SAID])
    best = memory.recall(QUESTION).found[0]
    assert best.episode.text == SAID[0]
    assert (best.coverage, best.why.split(";")[0]) == (0.0, "near in meaning")
    memory.close()
    without = opened(tmp_path)
    assert without.recall(QUESTION).reason.startswith("no memory shares")
    without.close()


def test_what_is_near_nothing_is_still_not_found(tmp_path: Path) -> None:
    memory = opened(tmp_path, Counting())
    memory.remember_all([Episode(text, time_s=0.0, session=text) for text in SAID])
    assert memory.recall("xylophone 4711").found == ()
    memory.close()


def test_vectors_are_kept_in_the_page_and_made_anew_by_another_embedder(tmp_path: Path) -> None:
    count = 600
    memory = opened(tmp_path, Counting())
    memory.remember_all([Episode(f"{SAID[n % 4]} {n}", time_s=float(n)) for n in range(count)])
    for _ in range(3):  # a model is given some at each question
        memory.recall(QUESTION)
    first = told(memory, QUESTION)
    memory.close()
    same, other = Counting(), Counting("another")
    again = opened(tmp_path, same)
    assert (told(again, QUESTION), same.texts) == (first, 0)
    again.close()
    renewed = opened(tmp_path, other)
    for _ in range(3):
        renewed.recall(QUESTION)
    assert (told(renewed, QUESTION), other.texts) == (first, count)
    renewed.close()


def test_a_model_that_is_not_there_leaves_words_to_recall_by(tmp_path: Path) -> None:
    memory = opened(tmp_path, Absent())
    memory.remember(Episode(SAID[0], time_s=0.0))
    assert len(memory.recall("what is the dog called").found) == 1
    memory.close()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3), min_size=1, max_size=9),
    st.sets(st.integers(0, 8)),
)
def test_vectors_survive_being_held(rows: list[list[float]], kept: set[int]) -> None:
    vectors = np.array(rows, np.float32)
    slots = np.array(sorted(each for each in kept if each < len(rows)), np.int64)
    held = Held("an embedder", 0)
    held.put(np.arange(len(rows)), vectors)
    again = Held("an embedder", len(slots), held.held(slots))
    asked = np.array([1.0, -2.0, 0.5], np.float32)
    before = held.cosines(asked, len(rows))
    assert again.cosines(asked, len(slots)) == pytest.approx(before[slots], abs=1e-6)
    assert before == pytest.approx(np.maximum(0, vectors @ asked), abs=0.03)
