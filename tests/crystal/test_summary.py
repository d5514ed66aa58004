from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rlm_crystal
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.chunk import parse
from rlm_crystal.cluster import Clustering, cluster_chunks
from rlm_crystal.embed import static_embedder
from rlm_crystal.points import Floats
from rlm_crystal.reading import read
from rlm_crystal.summary import (
    CENTRAL_MAX,
    TERMS_MAX,
    TEXT_CHARS_MAX,
    Summary,
    common_place,
    digest_of,
    first_sentence,
    key_of,
    label,
    summarise,
    telling_terms,
)
from rlm_crystal.types import Chunk, Document, Kind
from rlm_crystal.walk import walk


def chunk(path: str, symbol: str, doc: str = "", kind: Kind = "function", line: int = 1) -> Chunk:
    return Chunk(path, line, line + 4, "python", kind, symbol, f"def {symbol}()", doc, "body")


def by_hand(labels: list[int], vectors: Floats) -> Clustering:
    array = np.asarray(labels, dtype=np.int32)
    centroids = np.asarray([vectors[array == at].mean(axis=0) for at in range(array.max() + 1)])
    return Clustering(array, array, np.ones(len(labels), np.float32), centroids)


SESSIONS = [
    chunk("web/session.py", "SessionStore", "Keeps sessions in signed cookies. More.", "class"),
    chunk("web/session.py", "SessionStore.save", "Saves the session.", line=20),
    chunk("web/session.py", "_pack_session", line=40),
    chunk("web/cookie.py", "session_cookie", "Reads the session cookie."),
]
PAINT = [chunk(f"ui/paint{at}.py", f"draw_{at}", "Draws a shape.") for at in range(4)]


def two_topics() -> tuple[Summary, ...]:
    vectors = np.repeat(np.eye(2, dtype=np.float32), 4, axis=0)
    return summarise([*SESSIONS, *PAINT], vectors, by_hand([0] * 4 + [1] * 4, vectors))


def test_a_summary_tells_place_terms_and_sentences_of_its_cluster() -> None:
    sessions, paint = two_topics()
    assert sessions == Summary(
        title="web/session.py: store",
        text=(
            "SessionStore: Keeps sessions in signed cookies.\n"
            "SessionStore.save: Saves the session.\n"
            "session_cookie: Reads the session cookie.\n"
            "def _pack_session()"
        ),
        terms=("session", "store"),
        central=(0, 1, 3, 2),
        place="web/session.py",
        files=2,
        size=4,
        weight=sessions.weight,
        key=key_of(digest_of([SESSIONS[at] for at in (0, 1, 3, 2)])),
    )
    assert paint.title == "ui: draw, paint, shape"
    assert paint.text.startswith("draw_0: Draws a shape.")


def test_tests_weigh_less_than_the_source_they_test() -> None:
    vectors = np.ones((10, 1), dtype=np.float32)
    chunks = [chunk(f"src/a{at}.py", f"run_{at}") for at in range(5)]
    chunks += [chunk(f"tests/test_a{at}.py", f"test_run_{at}") for at in range(5)]
    source, tests = summarise(chunks, vectors, by_hand([0] * 5 + [1] * 5, vectors))
    assert source.weight > 2 * tests.weight > 0


def test_one_file_does_not_crowd_out_the_others() -> None:
    chunks = [chunk("a.py", f"a{at}", line=at) for at in range(30)]
    chunks += [chunk(f"b{at}.py", f"b{at}") for at in range(5)]
    vectors = np.ones((35, 1), dtype=np.float32)
    (found,) = summarise(chunks, vectors, by_hand([0] * 35, vectors))
    assert len(found.central) == CENTRAL_MAX
    assert {chunks[at].path for at in found.central[:8]} == {
        "a.py",
        *(f"b{at}.py" for at in range(5)),
    }


def test_noise_belongs_to_no_summary() -> None:
    vectors = np.repeat(np.eye(2, dtype=np.float32), 4, axis=0)
    clustering = by_hand([0] * 4 + [-1] * 4, vectors)
    (only,) = summarise([*SESSIONS, *PAINT], vectors, clustering)
    assert set(only.central) == {0, 1, 2, 3}


def test_no_clusters_have_no_summaries() -> None:
    nothing = cluster_chunks(SESSIONS, np.zeros((4, 8), dtype=np.float32))
    assert summarise(SESSIONS, np.zeros((4, 8), dtype=np.float32), nothing) == ()


def test_summaries_of_real_code_are_bounded_and_the_same_each_time() -> None:
    sources = walk([Path(rlm_crystal.__file__).parent]).sources
    documents = [document for document in map(read, sources) if isinstance(document, Document)]
    chunks = [part for document in documents for part in parse(document).chunks]
    vectors = static_embedder().embed([f"{part.path} {part.text}" for part in chunks])
    clustering = cluster_chunks(chunks, vectors)
    summaries = summarise(chunks, vectors, clustering)
    assert summaries == summarise(chunks, vectors, clustering)
    assert len(summaries) == clustering.count
    for at, summary in enumerate(summaries):
        assert set(clustering.labels[list(summary.central)].tolist()) == {at}
        assert 0 < len(summary.central) <= CENTRAL_MAX
        assert len(summary.terms) <= TERMS_MAX
        assert 0 < len(summary.text) <= TEXT_CHARS_MAX
        assert summary.title


def test_terms_found_everywhere_tell_nothing() -> None:
    spread = Counter({"self": 100, "cookie": 10, "cookies": 4})
    within = Counter({"self": 10, "cookie": 9, "cookies": 4})
    assert telling_terms(within, 10, spread, 100) == ("cookie",)


@pytest.mark.parametrize(
    ("paths", "place"),
    [
        (["a/b/c.py"] * 3, "a/b/c.py"),
        (["a/b/c.py", "a/b/d.py"], "a/b"),
        (["a/b.py"] * 8 + ["z/y.py"], "a/b.py"),
        (["a.py", "b.py"], ""),
    ],
)
def test_the_common_place_is_the_deepest_that_holds_most(paths: list[str], place: str) -> None:
    assert common_place(Counter(paths)) == place


@given(st.text(), st.integers(10, 200))
def test_a_first_sentence_is_one_short_line(text: str, chars_max: int) -> None:
    sentence = first_sentence(text, chars_max)
    assert len(sentence) <= chars_max
    assert len(sentence.splitlines()) <= 1


def test_a_label_is_the_signature_without_its_comment() -> None:
    part = Chunk(
        "a.py", 1, 2, "python", "class", "A", "class A(B): # noqa", "", "class A(B): # noqa"
    )
    assert label(part) == "class A(B):"
