"""Searching a small corpus that has the shape of a web framework."""

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.errors import BadFilter, UnknownPath
from rlm_crystal.path_glob import glob_matcher
from rlm_crystal.query import understand
from rlm_crystal.search import rank

FILES = {
    "web/db/migrations/autodetector.py": (
        "class MigrationAutodetector:\n"
        '    """Compares two project states."""\n\n'
        "    def changes(self, graph):\n"
        "        return self.arrange(graph)\n\n"
        "    def arrange(self, graph):\n"
        "        return sorted(graph)\n"
    ),
    "web/utils/autoreload.py": (
        "def restart_with_reloader():\n"
        "    while True:\n"
        "        watch_files()\n\n\n"
        "def watch_files():\n"
        "    return snapshot_mtimes()\n"
    ),
    "web/management/runserver.py": "def runserver(port):\n    return bind_socket(port)\n",
    "web/db/connection.py": (
        "def open_connection(alias):\n    return DatabaseWrapper(alias)\n\n\n"
        "class DatabaseWrapper:\n    def cursor(self):\n        return self.conn.cursor()\n"
    ),
    "web/auth/hashers.py": (
        "from web.db.connection import open_connection\n\n\n"
        "def verify_password(password, encoded):\n"
        "    salt = encoded.split('$')[1]\n"
        + "".join(f"    step_{n} = rotate(salt, {n})\n" for n in range(12))
        + "    return constant_time_compare(make_hash(password, salt), encoded)\n"
    ),
    "web/static/menu.js": "function toggleMenu(el) {\n  el.classList.toggle('open');\n}\n",
    "tests/test_hashers.py": (
        "def test_verify_password():\n"
        "    assert verify_password('password', hash_password('password'))\n"
    ),
    "docs/passwords.md": "# Passwords\n\nHow to verify a password: call verify_password.\n",
    "README.md": "# Web\n\nA small framework.\n",
}


def test_in_a_corpus_of_configuration_it_is_not_held_back_for_the_few_scripts(tmp_path):
    tasks = {
        f"roles/{name}/tasks/main.yml": f"- name: Turn {name} off\n  command: {name}off\n"
        for name in ("swap", "radio", "fan", "light", "heater")
    }
    script = {"contrib/scan.py": "def scan():\n    # turn the swap list\n    return 1\n"}
    crystal = build([plant(tmp_path, {**tasks, **script})], workers=0)
    assert crystal.search("where is swap turned off")[0].path == "roles/swap/tasks/main.yml"


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    root = plant(tmp_path_factory.mktemp("corpus"), FILES)
    return build([root])


def first(crystal: Crystal, query: str) -> str:
    return crystal.search(query)[0].path


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("как проверяется пароль", "web/auth/hashers.py"),
        ("где открывается соединение с базой", "web/db/connection.py"),  # noqa: RUF001
        ("where are migrations autodetected", "web/db/migrations/autodetector.py"),
        ("reload when a file changes", "web/utils/autoreload.py"),
        ("how do I run server", "web/management/runserver.py"),
        ("database wrappers", "web/db/connection.py"),
        ("verifying passwords", "web/auth/hashers.py"),
        ("verify_pasword", "web/auth/hashers.py"),
        ("MigrationAutodetector", "web/db/migrations/autodetector.py"),
        ("togglemenu", "web/static/menu.js"),
        ("look into utils/autoreload.py", "web/utils/autoreload.py"),
        ("DatabaseWrapper.cursor", "web/db/connection.py"),
    ],
)
def test_a_question_reaches_the_file_written_in_other_words(
    crystal: Crystal, query: str, path: str
) -> None:
    assert first(crystal, query) == path


def test_the_very_words_of_a_question_pass_their_inflections(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def worker():\n    # closing sessions early\n    pass\n")
    (tmp_path / "two.py").write_text("def worker():\n    # close session early\n    pass\n")
    view = build([tmp_path], workers=0).view
    for text, best in (("closing sessions", "one.py"), ("close session", "two.py")):
        ranked = rank(view, understand(text, view.vocabulary), None, limit=2)
        assert view.paths[ranked[0].file] == best
        assert len(ranked) == 2


def test_tests_and_docs_come_first_only_when_asked_for(crystal: Crystal) -> None:
    assert first(crystal, "verify password") == "web/auth/hashers.py"
    assert first(crystal, "tests of verify password") == "tests/test_hashers.py"
    assert first(crystal, "documentation on how to verify a password") == "docs/passwords.md"


def test_a_hit_stands_where_it_says(crystal: Crystal) -> None:
    for hit in crystal.search("verify password constant time compare"):
        lines = crystal.text(hit.path).split("\n")
        shown = hit.snippet.split("\n")
        begin = hit.snippet_line - 1
        assert hit.start_line <= hit.snippet_line <= hit.end_line
        assert lines[begin : begin + len(shown)] == shown


def test_the_snippet_of_a_long_chunk_shows_the_lines_that_answer(crystal: Crystal) -> None:
    hit = crystal.search("constant_time_compare")[0]
    assert "constant_time_compare" in hit.snippet
    assert len(hit.snippet.split("\n")) == 8


def test_filters_leave_only_what_they_name(crystal: Crystal) -> None:
    def paths(**filters: str) -> set[str]:
        return {hit.path for hit in crystal.find("verify password menu", **filters).hits}

    assert paths(language="javascript") == {"web/static/menu.js"}
    assert paths(path_glob="tests/**") == {"tests/test_hashers.py"}
    assert paths(path_glob="*.md") <= {"docs/passwords.md", "README.md"}
    assert all(hit.kind == "class" for hit in crystal.find("database", kind="class").hits)
    with pytest.raises(BadFilter, match="there is no kind 'nonsense'; kinds are module, class"):
        paths(kind="nonsense")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "a/b/c.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**/*.py", "a/c.py", True),
        ("a/**", "a/b/c.py", True),
        ("a/b", "a/b/c.py", True),
        ("b", "a/b/c.py", True),
        ("?.py", "a/cc.py", False),
        ("a.py", "aXpy", False),
        ("[a].py", "a.py", False),
        ("**", "a/b.py", True),
        ("**/b.py", "b.py", True),
        ("a/**/b/**/c.py", "a/x/b/y/b/c.py", True),
        ("a/**/b/**/c.py", "a/x/c/y/c.py", False),
        ("a/**.py", "a/b/c.py", True),
        ("/a/b/", "a/b/c.py", True),
        ("a*b*c", "aXbXbXc", True),
        ("a*b*c", "aXbXcX", False),
        ("a/*", "a/b/c.py", True),
        ("*/b", "x/a/b", False),
    ],
)
def test_a_glob_matches_as_people_write_it(pattern: str, path: str, matches: bool) -> None:
    assert glob_matcher(pattern)(path) is matches


@pytest.mark.parametrize("pattern", ["*a" * 200 + "b", "**/" * 100 + "b", "**/a/" * 100 + "b"])
def test_no_glob_takes_long_whatever_the_path(pattern: str) -> None:
    assert not glob_matcher(pattern)("a/" * 1_000 + "a" * 200)  # for ever, if it tried all ways


@given(
    st.text(alphabet="ab/*?", min_size=1, max_size=9),
    st.text("ab", min_size=1, max_size=3),
    st.lists(st.text("ab", min_size=1, max_size=3), max_size=3),
)
def test_a_glob_matches_what_a_plain_regex_says(pattern: str, name: str, up: list[str]) -> None:
    assume("***" not in pattern and "//" not in pattern and pattern.strip("/"))
    assume(not re.search(r"[^/]\*\*|\*\*[^/]", pattern))
    body = re.escape(pattern.strip("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".+")
    body = body.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    front = "" if "/" in pattern.strip("/") else "(?:.*/)?"
    path = "/".join([*up, name])
    said = re.fullmatch(f"{front}{body}(?:/.*)?", path) is not None
    assert glob_matcher(pattern)(path) is said


def test_a_limit_is_kept_and_each_file_shows_at_most_three_chunks(crystal: Crystal) -> None:
    hits = crystal.search("return", limit=4)
    assert len(hits) <= 4
    assert all([hit.path for hit in hits].count(hit.path) <= 3 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_question_finds_nothing(crystal: Crystal, query: str) -> None:
    assert crystal.search(query) == []


@pytest.mark.parametrize("query", ["?!", "the of and", "zzqqxx", "a" * 5000, "\x00\udcff", "💾"])
def test_an_odd_question_does_no_harm(crystal: Crystal, query: str) -> None:
    assert isinstance(crystal.search(query), list)


def test_a_long_text_is_understood_as_a_question(crystal: Crystal) -> None:
    issue = (
        "After the upgrade, logging in fails.\n\nTraceback (most recent call last):\n"
        '  File "web/auth/hashers.py", line 5, in verify_password\n'
        "IndexError: list index out of range\n" + "I tried many things. " * 40
    )
    assert first(crystal, issue) == "web/auth/hashers.py"


def test_symbols_are_found_qualified_then_by_their_end_then_in_any_case(crystal: Crystal) -> None:
    def found(name: str) -> list[tuple[str, int]]:
        return [(item.symbol, item.start_line) for item in crystal.symbol(name)]

    assert found("DatabaseWrapper.cursor") == [("DatabaseWrapper.cursor", 6)]
    assert found("cursor") == [("DatabaseWrapper.cursor", 6)]
    assert found("databasewrapper") == [("DatabaseWrapper", 5)]
    assert found("nowhere") == []


def test_callers_callees_and_importers_follow_names(crystal: Crystal) -> None:
    callers = {(item.path, item.within) for item in crystal.callers("verify_password")}
    assert callers == {("tests/test_hashers.py", "test_verify_password")}
    assert [item.name for item in crystal.callees("open_connection")] == ["DatabaseWrapper"]
    assert {item.path for item in crystal.importers("web.db.connection")} == {"web/auth/hashers.py"}
    assert {item.path for item in crystal.importers("web/db/connection.py")} == {
        "web/auth/hashers.py"
    }


def test_the_outline_of_a_file_is_in_its_order(crystal: Crystal) -> None:
    outline = [item.symbol for item in crystal.outline("web/utils/autoreload.py")]
    assert outline == ["restart_with_reloader", "watch_files"]


def test_reading_gives_exactly_the_lines(crystal: Crystal) -> None:
    path = "web/management/runserver.py"
    assert crystal.text(path) == FILES[path]
    assert crystal.read(path, 2, 2) == "    return bind_socket(port)\n"
    assert crystal.read(path, 0, 99) == FILES[path]
    assert crystal.read(path, 5, 9) == ""


def test_an_unknown_path_is_told_with_the_nearest(crystal: Crystal) -> None:
    with pytest.raises(UnknownPath, match=re.escape("web/auth/hashers.py")):
        crystal.text("hashers.py")
    with pytest.raises(UnknownPath, match=re.escape("web/utils/autoreload.py")):
        crystal.outline("web/util/autoreload.py")


def test_an_empty_folder_gives_an_empty_crystal(tmp_path: Path) -> None:
    crystal = build([tmp_path])
    assert (len(crystal.files), crystal.chunk_count, crystal.search("anything")) == (0, 0, [])
    assert crystal.symbol("x") == crystal.callers("x") == []


@pytest.mark.parametrize("word", ["x", "a-", "a.", "a/", "a::", "_", "aB", "é", "1a", "..", "#"])
def test_a_question_of_any_length_takes_time_linear_in_it(word: str) -> None:
    understand(word * 100_000)  # hours, if the time grew with the square


def test_paths_in_a_question_are_recognised() -> None:
    asked = understand("what is in src/flask/app.py, setup.py and --config.toml, or a.b.c?")
    assert asked.paths == ("src/flask/app.py", "setup.py", "config.toml", "a.b")
