"""A question answered from the files before anything is indexed."""

from pathlib import Path

import pytest
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.errors import RootMissing
from rlm_crystal.filters import Filters, Terms
from rlm_crystal.glance import Coverage, Glance, Glancer
from rlm_crystal.needles import needles_of

FILES = {
    "shop/cart.py": '''class Cart:
    """What a customer wants to buy."""

    def add(self, name, price):
        self.items.append((name, price))
''',
    "shop/voucher.py": '''def redeem_voucher(code):
    """Take the code of a voucher off the price."""
    return code.strip()
''',
    "tests/test_voucher.py": "def test_a_voucher_is_redeemed():\n    redeem_voucher('voucher')\n",
    "docs/vouchers.md": "# Vouchers\n\nA voucher is redeemed at the checkout.\n",
    "web/app.js": "function redeemVoucher(code) {\n  return fetch(code)\n}\n",
    ".env": "VOUCHER_SECRET=1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(tmp_path / "project", FILES)


def look(root: Path, question: str, *, within_s: float = 60, filters: Filters | None = None):
    return Glancer([root]).look(question, within_s=within_s, limit=5, filters=filters)


def test_source_that_says_most_comes_before_tests_and_documents(root: Path) -> None:
    found = look(root, "where are vouchers redeemed")
    hit = found.hits[0]
    assert (hit.path, hit.symbol, hit.kind) == ("shop/voucher.py", "redeem_voucher", "function")
    assert (hit.start_line, hit.end_line) == (1, 3)
    assert found.coverage == Coverage(files_read=5, files_total=5)


def test_a_question_in_russian_meets_english_code(root: Path) -> None:
    assert look(root, "где добавить в корзину").hits[0].path == "shop/cart.py"


def test_a_question_that_nothing_answers_finds_nothing(root: Path) -> None:
    assert look(root, "kubernetes").hits == ()


def test_filters_decide_what_may_be_found(root: Path) -> None:
    only_web = look(root, "voucher", filters=Filters(Terms(paths=("web/**",))))
    only_python = look(root, "redeem voucher", filters=Filters(Terms(languages=("Python",))))
    assert [hit.path for hit in only_web.hits] == ["web/app.js"]
    assert {hit.path for hit in only_python.hits} == {"shop/voucher.py", "tests/test_voucher.py"}


def test_what_is_never_indexed_is_never_read(root: Path) -> None:
    assert ".env" not in {hit.path for hit in look(root, "voucher secret").hits}


def test_without_time_the_likeliest_files_are_read_and_the_rest_is_told(tmp_path: Path) -> None:
    for number in range(400):
        (tmp_path / f"part_{number}.py").write_text(f"def part_{number}():\n    return voucher\n")
    (tmp_path / "voucher.py").write_text("def redeem_voucher():\n    return True\n")
    found = look(tmp_path, "redeem voucher", within_s=0)
    assert found.hits[0].path == "voucher.py"
    assert found.coverage == Coverage(files_read=200, files_total=401)


def test_a_second_question_sees_what_changed_since_the_first(root: Path) -> None:
    def paths(glancer: Glancer) -> set[str]:
        return {hit.path for hit in glancer.look("voucher", within_s=60, limit=9).hits}

    glancer = Glancer([root])
    before = paths(glancer)
    (root / "shop" / "voucher.py").rename(root / "shop" / "old.txt")
    (root / "shop" / "old.txt").write_text("nothing\n")
    (root / "shop" / "coupon.py").write_text("def redeem_voucher_coupon():\n    return True\n")
    after = paths(glancer)
    assert before - after == {"shop/voucher.py"}
    assert after - before == {"shop/coupon.py"}


def test_with_no_room_to_keep_texts_the_answer_is_the_same(root: Path) -> None:
    def answer(glancer: Glancer) -> Glance:
        return glancer.look("where are vouchers redeemed", within_s=60, limit=5)

    assert answer(Glancer([root], kept_chars_max=0)) == answer(Glancer([root]))


def test_paths_are_those_of_the_crystal_also_with_several_roots(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "refund.py").write_text("def refund_voucher():\n    return True\n")
    roots = [root, other]
    found = Glancer(roots).look("voucher", within_s=60, limit=9).hits
    indexed = {entry.path for entry in build(roots, workers=0).files}
    assert {hit.path for hit in found} <= indexed
    assert "other/refund.py" in {hit.path for hit in found}


def test_a_root_that_has_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(RootMissing):
        look(tmp_path / "gone", "voucher")


@pytest.mark.parametrize(
    ("question", "text", "times"),
    [
        ("migrations autodetected", "the autodetector detects a migration", 2),
        ("authentication", "def auth_user(): authenticate()", 2),
        ("db", "from feedback import app.db", 1),
        ("what is it", "what it is", 3),
    ],
)
def test_a_needle_finds_the_forms_of_a_word(question: str, text: str, times: int) -> None:
    assert sum(needle.count(text) for needle in needles_of(question)) == times
