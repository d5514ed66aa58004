from pathlib import Path

import pytest
from rlm_crystal.build import build
from rlm_crystal.errors import NoHistory
from rlm_crystal.git_log import Commit, read_log
from rlm_crystal.language import role
from rlm_crystal.localisation.bench import before_each, localisation, rankings
from rlm_crystal.localisation.figures import Figures, figures_of
from rlm_crystal.localisation.own_texts import OwnText, read_texts
from rlm_crystal.localisation.past_state import move, plan, plan_of_texts, state_at
from rlm_crystal.localisation.peer import PeerRecipe
from rlm_crystal.localisation.queries import queries_of
from small_repository import git, make_repository


def commit(message: str, *paths: str, author: str = "A Person", added: str = "") -> Commit:
    return Commit("0" * 40, author, message, paths, (), frozenset({added}), "1" * 40)


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
    usable = commit("Parse the header twice over (#12)\n\nbody", "a/parser.py", "tests/test_a.py")
    left_out = [
        commit("Fix the typo", "b.py"),
        commit("Bump left-pad from 1.0 to 2.0 today", "b.py"),
        commit("Update every single pinned dependency now", "b.py", author="renovate[bot]"),
        commit("Rewrite more than three source files", "a/parser.py", "b.py", "c.py", "d.py"),
        commit("Describe the parser in the docs", "docs/parser.md"),
        commit("Add a file that was not there", "new.py", added="new.py"),
    ]
    (query,) = queries_of([usable, *left_out])
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
    (query,) = queries_of([commit(text, "a/header_parser.py")])
    assert query.names_file is told


def test_a_file_that_the_commit_moved_is_looked_for_where_it_was(root: Path) -> None:
    git(root, "mv", "shop/cart.py", "shop/basket.py")
    git(root, "commit", "-q", "-m", "Call the cart what it really is")
    assert plan(root, queries_max=1).queries[0].right == ("shop/cart.py",)


def test_messages_that_differ_in_numbers_only_are_asked_once() -> None:
    commits = [commit(f"Prepare the files for release 1.{n}.0", "b.py") for n in range(3)]
    assert [query.text for query in queries_of(commits)] == ["Prepare the files for release 1.0.0"]


def test_figures_of_known_places() -> None:
    ranked = ["a", "b", "c", "d", "e", "f"]
    assert figures_of([(ranked, ["a"]), (ranked, ["b", "f"]), (ranked, ["nowhere"])]) == Figures(
        queries=3, recall_1=0.3333, recall_5=0.5, recall_10=0.6667, mrr=0.5
    )


def test_what_is_searched_ends_before_the_commit_that_is_asked(root: Path) -> None:
    chosen = plan(root, queries_max=3)
    assert [query.text.split()[-1] for query in chosen.queries] == ["slowly", "euros", "care"]
    for query, crystal in before_each(root, chosen, lambda _: None):
        assert query.parent == git(root, "rev-parse", f"{query.commit}^")
        assert query.text.split()[-1] not in crystal.text("shop/cart.py")
        said = crystal.history.get()
        assert said.commit_count == len(git(root, "rev-list", query.parent).split())
        assert said.messages.words.find(query.text.split()[-1]) < 0


def test_a_commit_beside_the_asked_one_is_not_known_either(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "side", "HEAD~3")
    (root / "shop" / "checkout.py").write_text("def pay(cart): ...  # aside\n")
    git(root, "commit", "-q", "-am", "Sum the price of everything aside")
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "--no-edit", "side")
    asked = {
        query.text.split()[-1]: crystal
        for query, crystal in before_each(root, plan(root, queries_max=9), lambda _: None)
    }
    assert "aside" not in asked["care"].text("shop/checkout.py")
    assert asked["care"].history.get().messages.words.find("aside") < 0
    assert asked["aside"].history.get().messages.words.find("care") < 0


def test_a_state_is_followed_by_the_next(root: Path) -> None:
    with state_at(root, git(root, "rev-parse", "HEAD")) as tree:
        assert (tree / "shop" / "refund.py").is_file()
        changed = move(tree, git(root, "rev-parse", "HEAD~2"))
        assert not (tree / "shop" / "refund.py").exists()
        assert changed == [tree / "shop" / "cart.py", tree / "shop" / "refund.py"]


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
    assert [row.ranking for row in report.rows] == list(rankings())
    assert all(row.everything.recall_10 == 1.0 for row in report.rows)


def test_a_text_of_ones_own_is_asked_before_the_commit_it_belongs_to(root: Path) -> None:
    commits = git(root, "rev-list", "HEAD").split()
    adds_a_file, newest, _, older = commits[:4]
    texts = [
        OwnText("the total comes out in dollars", newest[:10]),
        OwnText("sums are wrong", older),
        OwnText("no refund", adds_a_file),
    ]
    asked = plan_of_texts(root, texts)
    assert [query.text for query in asked.queries] == [texts[1].text, texts[0].text]
    assert [query.commit for query in asked.queries] == [older, newest]
    assert {query.right for query in asked.queries} == {("shop/cart.py",)}
    assert asked.left_out == 1


def test_a_text_with_an_unknown_commit_is_refused_by_name(root: Path) -> None:
    with pytest.raises(NoHistory, match="0123456789"):
        plan_of_texts(root, [OwnText("the total is wrong", "0123456789")])


@pytest.mark.parametrize("line", ["no json", "[]", '{"text": "a"}', '{"text": "", "commit": "1"}'])
def test_a_line_that_is_no_text_with_its_commit_is_told(tmp_path: Path, line: str) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": "the total is wrong", "commit": "0123456"}\n\n' + line + "\n")
    with pytest.raises(NoHistory, match="line 3"):
        read_texts(file)


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


def test_the_recipe_of_others_ranks_by_what_commits_said_and_puts_tests_last(root: Path) -> None:
    """No file says `gratis`: the commit does that changed this one and its test."""
    (root / "tests").mkdir(exist_ok=True)
    for path in ("shop/checkout.py", "tests/test_checkout.py"):
        file = root / path
        file.write_text((file.read_text() if file.exists() else "") + "\n# cart\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Send small parcels gratis")
    crystal = build([root])
    told = PeerRecipe()(crystal, "gratis cart")
    untold = PeerRecipe(messages=0.0)(crystal, "gratis cart")
    assert told[0] == "shop/checkout.py"
    assert untold[0] == "shop/cart.py"
    assert told.index("tests/test_checkout.py") >= sum(role(path) == "source" for path in told)
