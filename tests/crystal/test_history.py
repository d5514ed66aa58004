from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rlm_crystal.build import build, refresh
from rlm_crystal.codec import from_pages, to_pages
from rlm_crystal.git_log import Commit
from rlm_crystal.history import FILES_MAX, History, assemble_history, history_of
from rlm_crystal.lazy import ready
from rlm_crystal.precedents import Precedents
from rlm_crystal.query import understand
from rlm_crystal.search import rank
from small_repository import git, make_repository


def commit(message: str, *paths: str) -> Commit:
    return Commit("0" * 40, "A Person", message, paths)


def best(history: History, question: str, paths: list[str]) -> list[str]:
    asked = understand(question, told=history.messages.words)
    numbers = {path: at for at, path in enumerate(paths)}
    scores = Precedents(history, numbers, len(paths)).said(asked.groups).best
    return [paths[at] for at in np.argsort(-scores, kind="stable") if scores[at] > 0]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_repository(tmp_path)
    (root / "shop" / "rounding.py").write_text("def cents(value: float) -> int: ...\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Keep the bookkeepers happy about lost pennies")
    return root


def test_a_file_is_found_by_what_was_said_when_it_was_changed(root: Path) -> None:
    crystal = build([root], workers=0)
    assert crystal.search("where do bookkeepers lose pennies, value")[0].path == "shop/rounding.py"


def test_history_ends_at_the_head_that_is_indexed(root: Path) -> None:
    git(root, "checkout", "-q", "--detach", "HEAD~1")
    assert history_of([root]).messages.words.find("bookkeepers") < 0


def test_a_renamed_file_keeps_what_was_said_of_it(root: Path) -> None:
    git(root, "mv", "shop/rounding.py", "shop/money.py")
    git(root, "commit", "-q", "-m", "Call a thing by its name")
    history = history_of([root])
    assert "shop/rounding.py" not in set(history.paths)
    assert "shop/money.py" in best(history, "bookkeepers", list(history.paths))


def test_paths_are_those_of_the_served_folder(root: Path) -> None:
    assert list(history_of([root / "shop"]).paths) == ["__init__.py", "cart.py", "checkout.py",
                                                       "rounding.py"]  # fmt: skip


def test_several_roots_keep_their_names_before_their_paths(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "plain"
    other.mkdir()
    assert "shop-repository/shop/cart.py" in list(history_of([root, other]).paths)


def test_without_git_there_is_no_history_and_search_works(tmp_path: Path) -> None:
    (tmp_path / "cart.py").write_text("def total_price(cart): ...\n")
    crystal = build([tmp_path], workers=0)
    assert crystal.history.get().commit_count == 0
    assert [hit.path for hit in crystal.search("total price")] == ["cart.py"]


def test_a_refresh_keeps_history_and_a_build_reads_it_anew(root: Path) -> None:
    crystal = build([root], workers=0)
    (root / "shop" / "refund.py").write_text("def refund() -> None: ...\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Placate irate shoppers")
    refreshed = refresh(crystal)
    assert refreshed.history is crystal.history
    again = build([root], previous=refreshed, workers=0)
    assert again.history.get().messages.words.find("placate") >= 0


def test_history_survives_the_pages(root: Path) -> None:
    crystal = build([root], workers=0)
    back = from_pages(to_pages(crystal).__getitem__)
    assert to_pages(back) == to_pages(crystal)
    assert back.search("bookkeepers pennies value") == crystal.search("bookkeepers pennies value")


def test_commits_that_touch_everything_say_nothing() -> None:
    many = [f"file_{number}.py" for number in range(FILES_MAX + 1)]
    history = assemble_history((), [commit("Reformat", *many), commit("Parse headers", "a.py")])
    assert list(history.paths) == ["a.py"]


def test_a_commit_speaks_more_for_one_file_than_for_each_of_many() -> None:
    history = assemble_history(
        (), [commit("Parse headers", "a.py", "b.py", "c.py"), commit("Parse headers", "d.py")]
    )
    assert best(history, "parse headers", ["a.py", "b.py", "c.py", "d.py"])[0] == "d.py"


def test_one_file_of_many_commits_passes_one_of_a_single_commit() -> None:
    history = assemble_history(
        (),
        [commit("Parse headers", "a.py"), commit("Parse headers", "b.py"),
         commit("Parse headers twice", "b.py"), commit("Write bodies", "c.py")],
    )  # fmt: skip
    assert best(history, "parse headers", ["a.py", "b.py", "c.py"]) == ["b.py", "a.py"]


def test_messages_are_met_word_for_word() -> None:
    history = assemble_history((), [commit("Parse headers", "a.py"), commit("Parser fix", "b.py")])
    assert best(history, "parser", ["a.py", "b.py"]) == ["b.py"]
    assert best(history, "parsing", ["a.py", "b.py"]) == []


def test_what_was_changed_lately_and_alone_counts_most() -> None:
    log = [commit("Now", "new.py"), commit("Now too", "x.py", "y.py", "z.py")]
    log += [commit(f"Change {number}", "busy.py") for number in range(100)]
    log += [commit("Long ago", "old.py")]
    paths = ["new.py", "x.py", "old.py", "never.py"]
    recent = Precedents(assemble_history((), log), {p: n for n, p in enumerate(paths)}, 4).recent
    assert recent[0] > recent[1] > recent[2] > recent[3] == 0.0


def test_of_two_files_alike_the_one_changed_lately_comes_first(tmp_path: Path) -> None:
    paths = ("alpha.py", "omega.py")
    for path in paths:
        (tmp_path / path).write_text("def send_letter(address): ...\n")
    crystal = build([tmp_path], workers=0)
    between = [commit("Work on it", "busy.py")] * 100
    for newest, oldest in (paths, paths[::-1]):
        log = [commit("Write", newest), *between, commit("Write", oldest)]
        view = replace(crystal, history=ready(assemble_history((), log))).view
        asked = understand("send letter address", view.vocabulary)
        assert view.paths[rank(view, asked, None, limit=1)[0].file] == newest


def test_of_two_files_the_one_that_more_of_the_nearest_commits_changed_has_more_votes() -> None:
    history = assemble_history(
        (),
        [
            commit("Round the tax to cents", "tax.py"),
            commit("Round the tax of gifts", "tax.py"),
            commit("Round the tax of parcels", "parcel.py"),
            commit("Greet the customer", "greeting.py"),
        ],
    )
    asked = understand("round tax", told=history.messages.words)
    paths = ["tax.py", "parcel.py", "greeting.py", "untouched.py"]
    numbers = {path: at for at, path in enumerate(paths)}
    tax, parcel, *others = Precedents(history, numbers, len(paths)).said(asked.groups).votes
    assert tax > parcel > 0
    assert others == [0, 0]


def test_a_vote_is_shared_by_all_files_that_its_commit_changed() -> None:
    history = assemble_history((), [commit("Round the tax", "a.py", "b.py", "c.py", "d.py")])
    asked = understand("tax", told=history.messages.words)
    alone = Precedents(history, {"a.py": 0}, 1).said(asked.groups).votes[0]
    assert alone == pytest.approx(np.log1p(10 * 0.5))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Price everything in cents", "shop/late.py"),
        ("where is everything priced in cents", "shop/early.py"),
        ("everything priced in cents?", "shop/early.py"),
        ("где цены в cents", "shop/early.py"),
    ],
)
def test_what_was_changed_lately_comes_first_for_a_statement_and_not_for_a_question(
    tmp_path: Path, text: str, first: str
) -> None:
    root = make_repository(tmp_path)
    prices = "def prices(cents): ...\n"
    (root / "shop" / "early.py").write_text(f"{prices}# cents\n")
    (root / "shop" / "late.py").write_text("")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Begin")
    (root / "shop" / "late.py").write_text(prices)
    git(root, "commit", "-q", "-am", "Look again")
    assert build([root], workers=0).search(text)[0].path == first
