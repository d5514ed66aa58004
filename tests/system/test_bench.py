"""`rlm-mcp bench`: measuring on one's own code."""

import json
from pathlib import Path
from tempfile import gettempdir

from command_line import run_here
from small_repository import git


def test_localisation_is_measured_on_the_own_history(repository: Path, home: Path) -> None:
    cart = repository / "shop" / "cart.py"
    for word in ("again", "twice", "slowly"):
        cart.write_text(cart.read_text() + f"\n# {word}\n")
        git(repository, "commit", "-q", "-am", f"Sum the price of everything {word}")
    before = set(Path(gettempdir()).glob("rlm-bench-*"))

    ran = run_here(
        "bench", "localisation", "--root", repository, "--queries", "2", "--json", home=home
    )

    assert ran.code == 0, ran.err
    assert set(ran.json["rankings"]) == {
        "ripgrep-style count", "plain chunk BM25", "dense only", "peers' recipe", "ours",
    }  # fmt: skip
    assert ran.json["queries"] == 2
    assert ran.json["rankings"]["ours"]["all_files"]["mrr"] == 1.0
    assert set(Path(gettempdir()).glob("rlm-bench-*")) <= before
    assert not home.exists() or not [path for path in home.rglob("*") if path.is_file()]


def test_texts_of_ones_own_are_measured_by_the_commits_they_belong_to(
    repository: Path, home: Path, tmp_path: Path
) -> None:
    cart = repository / "shop" / "cart.py"
    cart.write_text(cart.read_text() + "\n# again\n")
    git(repository, "commit", "-q", "-am", "Repair")
    texts = tmp_path / "texts.jsonl"
    commit = git(repository, "rev-parse", "HEAD").strip()
    texts.write_text(json.dumps({"text": "The total price of a cart is wrong", "commit": commit}))

    ran = run_here("bench", "localisation", "--root", repository, "--texts", texts, home=home)

    assert ran.code == 0, ran.err
    assert "1 commits asked by your text" in ran.out


def test_a_folder_without_history_is_told_what_is_missing(tmp_path: Path, home: Path) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    ran = run_here("bench", "localisation", "--root", tmp_path, home=home)
    assert ran.code == 1
    assert "git repository" in ran.err
