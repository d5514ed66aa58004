import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.lazy import ready
from rlm_crystal.map import (
    CHARS_PER_TOKEN,
    MapCluster,
    MapFile,
    MapSymbol,
    MapView,
    render_map,
)

SESSIONS = MapCluster("session, cookie", "Keeps sessions in cookies.", "web")
PAINT = MapCluster("brush, canvas", "Draws.", "ui")


def symbol(name: str, line: int = 1, doc: str = "") -> MapSymbol:
    return MapSymbol(name, line, f"def {name}()", doc)


def file(
    path: str,
    *symbols: MapSymbol,
    cluster: int = 0,
    weight: float = 1.0,
    words: tuple[str, ...] = (),
) -> MapFile:
    return MapFile(path, cluster, weight, ready(symbols), ready(words))


def view(*files: MapFile, asked: str = "", file_count: int | None = None) -> MapView:
    count = len({one.path for one in files}) if file_count is None else file_count
    return MapView(count, 40, [SESSIONS, PAINT], files, asked)


def test_a_map_shows_folders_clusters_files_and_signatures_best_first() -> None:
    text = render_map(
        view(
            file("ui/brush.py", symbol("draw", 7), cluster=1, weight=0.5),
            file("web/session.py", symbol("save", 12, "Saves."), symbol("load"), words=("signed",)),
            file("ui/empty.py", cluster=1, weight=0.1),
            file("lib/sign.py", weight=0.4),
            file("web/void.py", weight=0.3),
        ),
        budget_tokens=500,
    )
    assert text == (
        "# Map of 5 files, 40 chunks in 2 clusters\n"
        "Paths continue the folder above them, or begin with / at the root; after | telling"
        " words.\n"
        "\n## web\n"
        "### session, cookie — Keeps sessions in cookies.\n"
        "- session.py | signed\n"
        "  session.py:12 def save() — Saves.\n"
        "  session.py:1 def load()\n"
        "- /lib/sign.py, void.py\n"
        "\n## ui\n"
        "### brush, canvas — Draws.\n"
        "- brush.py\n"
        "  brush.py:7 def draw()\n"
        "- empty.py\n"
    )


def test_many_files_are_named_before_any_is_told_in_depth() -> None:
    files = [file(f"web/part{at}.py", *map(symbol, "abcdefgh")) for at in range(30)]
    text = render_map(view(*files), budget_tokens=250)
    assert all(f"part{at}.py" in text for at in range(30))
    assert "def " not in text
    assert "def a()" in render_map(view(*files), budget_tokens=4_000)


def test_a_small_budget_shows_the_weightiest_and_says_what_it_left_out() -> None:
    light = [file(f"web/light{at}.py", weight=0.2) for at in range(90)]
    text = render_map(view(*light, file("ui/heavy.py", cluster=1)), budget_tokens=120)
    assert text.startswith("# Map of 91 files")
    assert "heavy.py" in text
    named = text.count("light") + 1
    assert f"\nNamed: {named} of 91 files, " in text


def test_a_word_that_the_names_tell_already_is_not_repeated() -> None:
    text = render_map(
        view(file("web/a.py", symbol("cookie_jar"), words=("cookie", "signed"))),
        budget_tokens=90,
    )
    assert "- a.py | signed\n  a.py:1 def cookie_jar()\n" in text


def test_a_file_in_no_cluster_stands_in_its_own_folder() -> None:
    text = render_map(MapView(1, 1, (), (file("a/b/c.py", cluster=-1),)), budget_tokens=200)
    assert text.endswith("\n## a/b\n- c.py\n")


def test_the_question_is_told_on_one_line() -> None:
    text = render_map(view(asked="how is\na cookie signed"), budget_tokens=200)
    assert text.startswith(
        "# Map of 0 files, 40 chunks in 2 clusters, nearest to: how is a cookie signed\n"
    )


def test_an_empty_budget_gives_an_empty_map() -> None:
    for budget_tokens in (-5, 0, 1):
        assert render_map(view(file("web/a.py")), budget_tokens=budget_tokens) == ""


_NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)


def _file(path: str, cluster: int, weight: float, names: list[str], words: list[str]) -> MapFile:
    return file(path, *map(symbol, names), cluster=cluster, weight=weight, words=tuple(words))


_FILES = st.builds(
    _file,
    path=st.from_regex(r"([a-c]{1,3}/){0,3}[a-z]{1,6}\.py", fullmatch=True),
    cluster=st.integers(-1, 1),
    weight=st.floats(0.001, 1),
    names=st.lists(_NAMES, max_size=12, unique=True),
    words=st.lists(_NAMES, max_size=8),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(_FILES, max_size=25, unique_by=lambda one: (one.path, one.cluster)),
       st.integers(-1, 1_500))  # fmt: skip
def test_a_map_is_within_its_budget_and_the_same_each_time(
    files: list[MapFile], budget_tokens: int
) -> None:
    text = render_map(view(*files), budget_tokens=budget_tokens)
    assert len(text) <= max(budget_tokens, 0) * CHARS_PER_TOKEN
    assert text == render_map(view(*files), budget_tokens=budget_tokens)
    for line in text.splitlines():
        if line.startswith("  "):
            assert re.fullmatch(r"  \w+\.py:\d+ def \w+\(\)", line)


@settings(max_examples=15, deadline=None)
@given(st.lists(_FILES, min_size=1, max_size=8, unique_by=lambda one: one.path))
def test_a_large_budget_names_every_file_and_symbol(files: list[MapFile]) -> None:
    text = render_map(view(*files), budget_tokens=50_000)
    for one in files:
        assert one.path.rpartition("/")[2] in text
        for held in one.symbols.get():
            assert held.name in text
