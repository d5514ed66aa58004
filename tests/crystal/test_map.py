import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.map import (
    CHARS_PER_TOKEN,
    MapCluster,
    MapEntry,
    MapView,
    map_cluster,
    render_map,
)
from rlm_crystal.summary import Summary
from rlm_crystal.types import Chunk

SESSION = MapCluster(
    title="web/session: cookie, signed",
    place="web/session",
    size=20,
    files=2,
    weight=3.0,
    entries=(
        MapEntry("web/session/store.py", 10, "class Store", "Keeps sessions."),
        MapEntry("web/session/cookie.py", 4, "def sign(value)", "Signs a cookie."),
    ),
)
PAINT = MapCluster(
    title="ui/paint.py: brush",
    place="ui/paint.py",
    size=9,
    files=1,
    weight=1.5,
    entries=(MapEntry("ui/paint.py", 1, "class Brush", ""),),
)
TESTS = MapCluster(
    title="tests/web: cookie",
    place="tests/web",
    size=5,
    files=3,
    weight=0.5,
    entries=(MapEntry("tests/web/test_cookie.py", 7, "def test_sign()", ""),),
)


def view(*clusters: MapCluster, likeness: Sequence[float] = ()) -> MapView:
    return MapView(12, 99, clusters, lambda _query: likeness or [0.0] * len(clusters))


def test_a_map_goes_from_folders_to_clusters_to_places() -> None:
    assert render_map(view(PAINT, SESSION), budget_tokens=500) == (
        "# Map of 12 files, 99 chunks in 2 clusters\n"
        "\n## web/session\n"
        "web/session: cookie, signed — 2 files, 20 chunks, web/session/store.py:10\n"
        "- web/session/store.py:10 class Store — Keeps sessions.\n"
        "- web/session/cookie.py:4 def sign(value) — Signs a cookie.\n"
        "\n## ui/paint.py\n"
        "ui/paint.py: brush — 1 file, 9 chunks, ui/paint.py:1\n"
        "- ui/paint.py:1 class Brush\n"
    )


def test_a_small_map_shows_the_weightiest_and_says_what_it_left_out() -> None:
    text = render_map(view(PAINT, SESSION), budget_tokens=70)
    assert text.endswith(
        "\n## web/session\n"
        "web/session: cookie, signed — 2 files, 20 chunks, web/session/store.py:10\n"
        "\nLeft out: 1 of 2 clusters, 3 of 3 places. A larger budget shows more.\n"
    )


def test_a_question_brings_the_cluster_that_names_its_words_first() -> None:
    text = render_map(view(SESSION, PAINT), budget_tokens=500, query="which brushes are there")
    assert text.index("ui/paint.py") < text.index("web/session")
    assert text.startswith(
        "# Map of 12 files, 99 chunks in 2 clusters, nearest to: which brushes are there\n"
    )


def test_a_question_orders_the_places_of_a_cluster() -> None:
    text = render_map(view(SESSION), budget_tokens=500, query="how is a cookie signed")
    assert text.index("cookie.py:4") < text.index("store.py:10")


def test_source_comes_before_tests_that_name_the_same_words() -> None:
    text = render_map(view(TESTS, SESSION), budget_tokens=500, query="sign cookie")
    assert text.index("web/session/cookie.py") < text.index("tests/web/test_cookie.py")


def test_likeness_decides_where_no_word_is_shared() -> None:
    asked = view(SESSION, PAINT, likeness=[0.1, 0.9])
    text = render_map(asked, budget_tokens=500, query="зонт")
    assert text.index("ui/paint.py") < text.index("web/session")


def test_a_corpus_without_clusters_has_a_map_of_one_line() -> None:
    for query in (None, "anything"):
        assert render_map(view(), budget_tokens=100, query=query).count("\n") == 1


@pytest.mark.parametrize("budget_tokens", [-5, 0, 3])
def test_a_budget_too_small_for_the_first_line_gives_nothing(budget_tokens: int) -> None:
    assert render_map(view(SESSION), budget_tokens=budget_tokens) == ""


_WORDS = st.text(alphabet="abcXYZ_ é", max_size=30)
_ENTRIES = st.builds(
    MapEntry,
    path=st.from_regex(r"[a-c]{1,3}(/[a-c]{1,3}){0,3}\.py", fullmatch=True),
    line=st.integers(1, 9999),
    label=_WORDS,
    doc=_WORDS,
)
_CLUSTERS = st.builds(
    MapCluster,
    title=_WORDS,
    place=st.from_regex(r"([a-c]{1,3}(/[a-c]{1,3}){0,3})?", fullmatch=True),
    size=st.integers(5, 999),
    files=st.integers(1, 99),
    weight=st.floats(0.01, 9),
    entries=st.lists(_ENTRIES, min_size=1, max_size=12).map(tuple),
)


@settings(max_examples=40)
@given(
    st.lists(_CLUSTERS, max_size=8),
    st.integers(-1, 3_000),
    st.none() | st.text(max_size=40),
    st.floats(-1, 1),
)
def test_a_map_is_within_its_budget_and_the_same_each_time(
    clusters: list[MapCluster], budget_tokens: int, query: str | None, like: float
) -> None:
    asked = view(*clusters, likeness=[like] * len(clusters))
    text = render_map(asked, budget_tokens=budget_tokens, query=query)
    assert len(text) <= max(budget_tokens, 0) * CHARS_PER_TOKEN
    assert text == render_map(asked, budget_tokens=budget_tokens, query=query)
    for line in text.splitlines():
        if line.startswith("- "):
            assert re.match(r"- \S+\.py:\d+ ", line)


@settings(max_examples=20)
@given(st.lists(_CLUSTERS, min_size=1, max_size=6))
def test_a_large_budget_leaves_nothing_out(clusters: list[MapCluster]) -> None:
    text = render_map(view(*clusters), budget_tokens=50_000)
    assert "Left out" not in text
    assert text.count("\n- ") == sum(len(cluster.entries) for cluster in clusters)


def test_a_place_is_the_line_of_the_definition_and_not_of_its_chunk() -> None:
    text = "import os\n\n\nclass Store(\n    Base,\n):\n    pass\n"
    central = Chunk("a.py", 1, 7, "python", "class", "Store", "class Store( Base, )", "", text)
    summary = Summary("t", "x", (), (0,), "a.py", 1, 1, 1.0)
    assert map_cluster(summary, [central]).entries == (
        MapEntry("a.py", 4, "class Store( Base, )", ""),
    )
