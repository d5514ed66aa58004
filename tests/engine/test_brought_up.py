"""Citations of an answer after the corpus went on."""

from pathlib import Path

import pytest
from rlm_crystal.build import build, refresh
from rlm_engine.answer import Answer
from rlm_engine.brought_up import brought_up
from rlm_engine.citations import check_citations

CART = """class Cart:
    def add(self, name, price):
        self.items.append((name, price))


def total_price(cart):
    return sum(price for _, price in cart.items)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/cart.py").write_text(CART)
    (tmp_path / "shop/other.py").write_text("one = 1\n")
    return tmp_path


def after(root: Path, text: str, **files: str | None) -> Answer:
    """An answer of this text, brought up to the corpus with these files of `shop` changed."""
    asked_of = build([root], workers=0)
    answer = Answer(
        "q", text, check_citations(text, asked_of), "scripted", 1, 0, 0, 0, 0.0, 0.0, None, "t"
    )
    assert all(citation.verified for citation in answer.citations)
    for name, content in files.items():
        path = root / "shop" / f"{name}.py"
        if content is None:
            path.unlink()
        else:
            path.write_text(content)
    return brought_up(answer, asked_of, refresh(asked_of))


def test_an_answer_whose_files_did_not_change_stays_the_same(root: Path) -> None:
    brought = after(root, "See shop/cart.py:6-7.", other="two = 2\n")
    assert (brought.answer, brought.notes) == ("See shop/cart.py:6-7.", ())


@pytest.mark.parametrize(
    ("written", "corrected"),
    [
        ("shop/cart.py:6-7", "shop/cart.py:16-17"),
        ("shop/cart.py:7", "shop/cart.py:17"),
        ("`shop/cart.py:6`", "`shop/cart.py:16`"),
        ("shop/cart.py#L6-L7", "shop/cart.py#L16-L17"),
        ("(cart.py:6)", "(cart.py:16)"),
    ],
)
def test_lines_that_moved_are_cited_where_they_are(
    root: Path, written: str, corrected: str
) -> None:
    brought = after(root, f"It sums, see {written}, and no more.", cart="\n" * 10 + CART)
    assert brought.answer == f"It sums, see {corrected}, and no more."
    assert all(citation.verified for citation in brought.citations)
    assert check_citations(brought.answer, build([root], workers=0)) == brought.citations
    assert "shop/cart.py" in brought.notes[0]


def test_a_definition_that_went_to_another_file_is_cited_there(root: Path) -> None:
    class_, function = CART.split("\n\n\n")
    brought = after(root, "See shop/cart.py:6-7.", cart=class_, other="\n" + function)
    assert brought.answer == "See shop/other.py:2-3."


def test_lines_that_stand_twice_now_are_found_by_their_definition(root: Path) -> None:
    same = "    return sum(price for _, price in cart.items)\n"
    brought = after(root, "See shop/cart.py:7.", cart=f"def first(cart):\n{same}\n\n{CART}")
    assert brought.answer == "See shop/cart.py:11."


@pytest.mark.parametrize("now", [None, CART.replace("sum(", "max(")])
def test_what_is_no_longer_there_is_not_verified(root: Path, now: str | None) -> None:
    brought = after(root, "See shop/cart.py:6-7 and shop/other.py:1.", cart=now)
    assert brought.answer == "See shop/cart.py:6-7 and shop/other.py:1."
    assert [citation.verified for citation in brought.citations] == [False, True]
    assert "shop/cart.py:6" in brought.notes[0]
