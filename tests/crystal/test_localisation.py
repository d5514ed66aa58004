from pathlib import Path

import pytest
from rlm_crystal.errors import NoHistory
from rlm_crystal.git_log import Commit, read_log
from rlm_crystal.localisation.bench import RANKINGS, localisation
from rlm_crystal.localisation.figures import Figures, figures_of
from rlm_crystal.localisation.past_state import plan, state_at
from rlm_crystal.localisation.queries import queries_of, spread

from tests.small_repository import git, make_repository


def commit(message: str, *paths: str, author: str = "A Person") -> Commit:
    return Commit("0" * 40, author, message, paths)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shop, and six commits after it; the last adds a file."""
    root = make_repository(tmp_path)
    cart = root / "shop" / "cart.py"
    for word in ("again", "twice", "slowly", "in euros", "with care"):
        cart.write_text(cart.read_text() + f"\n# {word}\n")
        git(root, "commit", "-q", "-am", f"Sum the price of everything {word}")
    (root / "shop" / "refund.py").write_text("def refund() -> None: ...\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Give the money back on request")
    return root


def test_only_commits_that_say_enough_and_change_little_become_queries() -> None:
    existing = {"a/parser.py", "b.py", "c.py", "d.py"}
    usable = commit("Parse the header twice over (#12)\n\nbody", "a/parser.py", "tests/test_a.py")
    left_out = [
        commit("Fix the typo", "b.py"),
        commit("Bump left-pad from 1.0 to 2.0 today", "b.py"),
        commit("Update every single pinned dependency now", "b.py", author="renovate[bot]"),
        commit("Rewrite more than three source files", "a/parser.py", "b.py", "c.py", "d.py"),
        commit("Describe the parser in the docs", "docs/parser.md"),
        commit("Add a file that was not there", "new.py"),
    ]
    (query,) = queries_of([usable, *left_out], existing)
    assert query.text == "Parse the header twice over"
    assert query.right == ("a/parser.py",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Make the file header parser a bit faster", True),
        ("Speed things up in a/header_parser.py today", True),
        ("Make the reading of headers faster", False),
    ],
)
def test_a_query_that_names_its_file_is_marked(text: str, told: bool) -> None:
    (query,) = queries_of([commit(text, "a/header_parser.py")], {"a/header_parser.py"})
    assert query.names_file is told


def test_queries_are_taken_from_the_whole_span() -> None:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    commits = [commit(f"Change part {word} of the parser", "b.py") for word in words]
    chosen = spread(queries_of(commits, {"b.py"}), 5)
    assert [query.text.split()[2] for query in chosen] == ["zero", "two", "four", "six", "eight"]


def test_messages_that_differ_in_numbers_only_are_asked_once() -> None:
    commits = [commit(f"Prepare the files for release 1.{n}.0", "b.py") for n in range(3)]
    assert [query.text for query in queries_of(commits, {"b.py"})] == [
        "Prepare the files for release 1.0.0"
    ]


def test_figures_of_known_places() -> None:
    ranked = ["a", "b", "c", "d", "e", "f"]
    assert figures_of([(ranked, ["a"]), (ranked, ["b", "f"]), (ranked, ["nowhere"])]) == Figures(
        queries=3, recall_1=0.3333, recall_5=0.5, recall_10=0.6667, mrr=0.5
    )


def test_no_commit_that_is_asked_lies_in_the_searched_state(root: Path) -> None:
    chosen = plan(root, queries_max=3)
    asked = {query.commit for query in chosen.queries}
    before = git(root, "rev-list", chosen.base).split()
    assert len(asked) == 3
    assert asked.isdisjoint(before)
    with state_at(root, chosen.base) as tree:
        log = read_log(tree, revisions="HEAD", commits_max=100, timeout_s=20)
        assert log is not None
        assert [commit.id for commit in log] == before
        assert (tree / "shop" / "cart.py").is_file()
        assert not (tree / "shop" / "refund.py").exists()


def test_the_old_state_is_removed_also_after_an_error(root: Path) -> None:
    with pytest.raises(ZeroDivisionError), state_at(root, git(root, "rev-parse", "HEAD~1")) as tree:
        raise ZeroDivisionError
    assert not tree.parent.exists()


def test_measuring_writes_nothing_into_the_repository(root: Path) -> None:
    def everything() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    before = everything()
    report = localisation(root, queries_max=4, progress=lambda _: None)
    assert everything() == before
    assert [row.ranking for row in report.rows] == list(RANKINGS)
    assert all(row.everything.recall_10 == 1.0 for row in report.rows)


def test_a_folder_without_history_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    with pytest.raises(NoHistory, match="git repository"):
        plan(tmp_path, queries_max=3)


def test_a_repository_cannot_make_git_run_its_programs(root: Path, tmp_path: Path) -> None:
    witness = tmp_path / "was-here"
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch '{witness}'\ncat\n")
    program.chmod(0o755)
    for setting in ("core.fsmonitor", "gpg.program", "diff.x.textconv", "filter.x.smudge",
                    "core.pager", "core.hooksPath"):  # fmt: skip
        git(root, "config", setting, str(program))
    git(root, "config", "log.showSignature", "true")
    (root / ".git" / "info" / "attributes").write_text("* diff=x filter=x\n")
    assert read_log(root, revisions="HEAD", commits_max=10, timeout_s=20)
    with state_at(root, git(root, "rev-parse", "HEAD~1")) as tree:
        assert (tree / "README.md").is_file()
    assert not witness.exists()
