"""Queries with filters, patterns and relations over a small corpus in several languages."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planting import plant
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.errors import BadFilter, BadPattern
from rlm_crystal.filters import Filters
from rlm_crystal.pattern import Literal, Regex, pattern_of
from rlm_crystal.scan import scan
from rlm_crystal.scope import Scope

FILES = {
    "shop/cart.py": (
        "from shop.price import total\n\n\n"
        "class Cart:\n"
        '    """What somebody is about to buy."""\n\n'
        "    def add(self, item):\n"
        "        self.items.append(item)\n\n"
        "    def checkout(self):\n"
        "        return total(self.items)\n"
    ),
    "shop/price.py": "TAX = 0.2\n\n\ndef total(items):\n    return sum(items) * (1 + TAX)\n",
    "shop/web.ts": "export class Cart {\n  add(item: string) { return item }\n}\n",
    "shop/page.tsx": "export function Page() { return <Cart /> }\n",
    "tests/test_cart.py": (
        "from shop.cart import Cart\n\n\ndef test_checkout():\n    assert Cart().checkout() == 0\n"
    ),
    "notes.md": "# Cart\n\nThe cart holds items. checkout() sums them.\r\nA 50% off (today)\r\n",
}


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    root = plant(tmp_path_factory.mktemp("corpus"), FILES)
    return build([root], workers=0)


def places(crystal: Crystal, query: str, **more: str) -> list[str]:
    found = crystal.find(query, limit=50, **more)
    return [f"{hit.path}:{hit.start_line} {hit.symbol}".strip() for hit in found.hits]


def test_filters_alone_list_definitions(crystal: Crystal) -> None:
    assert places(crystal, "symbol:Cart kind:class") == [
        "shop/cart.py:4 Cart",
        "shop/web.ts:1 Cart",
    ]
    assert places(crystal, "symbol:Cart.add lang:py") == ["shop/cart.py:7 Cart.add"]
    assert places(crystal, "symbol:Cart::add lang:ts") == ["shop/web.ts:2 Cart.add"]
    assert places(crystal, "symbol:cart kind:class lang:ts") == ["shop/web.ts:1 Cart"]
    assert places(crystal, "symbol:T* path:shop") == ["shop/price.py:1 TAX"]
    assert places(crystal, "kind:function,class -path:tests -lang:ts") == [
        "shop/cart.py:4 Cart",
        "shop/price.py:4 total",
    ]
    assert places(crystal, "kind:method -symbol:add") == ["shop/cart.py:10 Cart.checkout"]


def test_filters_of_files_alone_list_files(crystal: Crystal) -> None:
    found = crystal.find("path:shop lang:python", limit=1)
    assert (found.total, found.files, len(found.hits)) == (2, 2, 1)
    assert (found.hits[0].path, found.hits[0].snippet) == ("shop/cart.py", "Cart")
    # TypeScript is written in two sorts of files.
    assert places(crystal, "lang:typescript") == ["shop/page.tsx:1", "shop/web.ts:1"]


def test_a_path_is_a_folder_a_file_a_glob_or_a_part(crystal: Crystal) -> None:
    assert places(crystal, "path:tests") == ["tests/test_cart.py:1"]
    assert places(crystal, "path:cart.py") == ["shop/cart.py:1"]
    assert places(crystal, "path:*cart*.py lang:py") == ["shop/cart.py:1", "tests/test_cart.py:1"]
    assert places(crystal, "path:op/pri") == ["shop/price.py:1"]
    assert places(crystal, "path:nowhere") == []


def test_words_are_ranked_within_the_filters(crystal: Crystal) -> None:
    assert {hit.path for hit in crystal.search("cart checkout path:shop lang:py")} <= {
        "shop/cart.py",
        "shop/price.py",
    }
    assert {hit.path for hit in crystal.search("cart items symbol:total")} == {"shop/price.py"}
    assert "notes.md" not in {hit.path for hit in crystal.search("cart -lang:md")}
    scores = [hit.score for hit in crystal.search("cart checkout")]
    assert scores[0] == 1.0
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0.0


def test_an_unknown_language_or_kind_tells_what_there_is(crystal: Crystal) -> None:
    with pytest.raises(BadFilter, match=r"'cobol'; there are python \(3\), markdown \(1\)"):
        crystal.search("lang:cobol x")
    with pytest.raises(BadFilter, match="no kind 'thing'; kinds are module, class, function"):
        crystal.search("kind:thing x")


def test_a_name_that_is_not_there_brings_the_near_ones(crystal: Crystal) -> None:
    found = crystal.find("symbol:Cart.checkuot")
    assert (found.hits, found.total) == ((), 0)
    assert found.note == "Nothing is so called here; near: Cart.checkout."


def test_every_line_with_a_text_is_counted(crystal: Crystal) -> None:
    found = crystal.find("checkout()", mode="literal", limit=1)
    assert (found.total, found.files, found.complete) == (3, 2, True)
    assert (found.hits[0].path, found.hits[0].symbol) == ("tests/test_cart.py", "test_checkout")
    assert places(crystal, "50% off (today)", mode="literal") == ["notes.md:4 Cart"]
    assert places(crystal, "lang:py CART", mode="literal") == []
    assert places(crystal, "them.\nA 50", mode="literal") == ["notes.md:3 Cart"]


def test_every_line_with_a_match_is_counted(crystal: Crystal) -> None:
    assert places(crystal, r"lang:py def \w+\(self", mode="regex") == [
        "shop/cart.py:7 Cart.add",
        "shop/cart.py:10 Cart.checkout",
    ]
    assert places(crystal, r"(?i)symbol|CART\b.*\{$", mode="regex") == ["shop/web.ts:1 Cart"]
    assert places(crystal, r"today\)$", mode="regex") == ["notes.md:4 Cart"]
    assert places(crystal, r"kind:method lang:py self", mode="regex") == [
        "shop/cart.py:7 Cart.add",
        "shop/cart.py:8 Cart.add",
        "shop/cart.py:10 Cart.checkout",
        "shop/cart.py:11 Cart.checkout",
    ]


def test_references_are_asked_of_the_graph(crystal: Crystal) -> None:
    assert places(crystal, "callers:total") == ["shop/cart.py:11 Cart.checkout"]
    assert places(crystal, "callees:Cart.checkout") == ["shop/cart.py:11 Cart.checkout"]
    assert places(crystal, "importers:shop.price") == ["shop/cart.py:1"]
    assert places(crystal, "callers:checkout -path:tests") == []
    assert places(crystal, "callers:checkout test_checkout") == [
        "tests/test_cart.py:5 test_checkout"
    ]
    with pytest.raises(BadFilter, match="do not go with mode regex"):
        crystal.find("callers:total x", mode="regex")


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(", "unclosed group; to look for the text as it stands, use mode literal"),
        ("(?<=a)b", "look-around, including look-ahead and look-behind, is not supported"),
        (r"(a)\1", "backreferences are not supported"),
        (r"\w{1000}{1000}", "it grows too large"),
    ],
)
def test_an_expression_that_cannot_be_used_says_why(expression: str, reason: str) -> None:
    with pytest.raises(BadPattern, match=re.escape(reason)):
        Regex(expression)


def test_what_other_dialects_let_stand_is_understood() -> None:
    assert Regex("if x {").lines("if x {\n").numbers == [1]
    assert Regex("^a{,2}$").lines("aaa\naa\n\n").numbers == [2, 3]
    assert Regex(r"b\Z").lines("ab\nba\n").numbers == [1]


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|a)*b", "(.*)*=(.*)*x", "(x+x+)+y"])
def test_no_expression_takes_more_than_linear_time(expression: str) -> None:
    assert Regex(expression).lines("a" * 19_000 + "x" * 900 + "!").numbers == []


def test_a_scan_out_of_time_says_what_it_did_not_see(crystal: Crystal) -> None:
    view = crystal.view
    result = scan(view, Scope(view, Filters()), Literal("a"), seconds=-1)
    assert (result.total, result.matches) == (0, ())
    assert result.unseen.startswith("6 files were not looked at within")


def test_a_line_too_long_for_an_expression_is_told() -> None:
    found = Regex("b$").lines("a" * 30_000 + "b\nab\n")
    assert (found.numbers, found.passed_over) == ([2], 1)


WORD = st.sampled_from(["self", "def", "total", "x1", "_a", "Cart", "éa"])
JOIN = st.sampled_from([" ", ".", "(", "\n", "", "-"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(WORD, JOIN), min_size=1, max_size=12), st.integers(0, 40), st.integers(1, 12)
)
def test_words_a_pattern_needs_are_in_every_text_it_matches(
    pieces: list[tuple[str, str]], start: int, size: int
) -> None:
    from rlm_crystal.terms import terms

    text = "".join(word + join for word, join in pieces)
    part = text[start : start + size]
    if part:
        assert set(pattern_of(part, is_regex=False).words) <= set(terms(text))
        line = part.split("\n")[0]
        assert set(pattern_of(re.escape(line), is_regex=True).words) <= set(terms(text))
