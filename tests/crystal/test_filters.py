"""Filters inside a query, told from words that only look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.errors import BadFilter
from rlm_crystal.filters import Asked, Filters, Relation, Terms, asked_in


@pytest.mark.parametrize(
    ("query", "text", "wanted"),
    [
        ("symbol:Flask.run", "", Terms(symbols=("Flask.run",))),
        ("symbol:std::vector", "", Terms(symbols=("std::vector",))),
        ("session path:src/** cookie", "session cookie", Terms(paths=("src/**",))),
        ("path:a path:b x", "x", Terms(paths=("a", "b"))),
        ("file:app.py run", "run", Terms(paths=("app.py",))),
        ("lang:go,rust open", "open", Terms(languages=("go", "rust"))),
        ("language:c++ x", "x", Terms(languages=("c++",))),
        ('kind:class path:"my docs/a b" x', "x", Terms(kinds=("class",), paths=("my docs/a b",))),
        ("path:'a b' x", "x", Terms(paths=("a b",))),
        ("symbol:get_* lang:py", "", Terms(symbols=("get_*",), languages=("py",))),
    ],
)
def test_filters_are_taken_out_of_the_query(query: str, text: str, wanted: Terms) -> None:
    assert asked_in(query) == Asked(text, Filters(wanted))


@pytest.mark.parametrize(
    "query",
    [
        "how does std::vector grow",
        "https://example.org/path:foo and http://x",
        "file:///etc/hosts is read",
        "returns path:line spans",
        "see file:12",
        "what is the kind: of a node",
        "path: src",
        "kind::Node and path::join",
        "def open(path:string, lang:string)",
        'say "kind:Deployment" as it is',
        "is it kind:class?",
        "error:not found",
        "Kind:Deployment",
        "symbol:",
        "mykind:class",
        'path:""',
        "где lang: что",
    ],
)
def test_what_only_looks_like_a_filter_stays_as_it_is(query: str) -> None:
    assert asked_in(query) == Asked(query, Filters())


def test_a_minus_in_front_excludes() -> None:
    asked = asked_in("-path:tests -lang:md cookie -kind:section -symbol:Old -x")
    assert asked.text == "cookie -x"
    unwanted = Terms(("tests",), ("md",), ("section",), ("Old",))
    assert asked.filters == Filters(unwanted=unwanted)


def test_relations_are_asked_by_name() -> None:
    asked = asked_in("callers:Flask.run importers:flask imports:flask callees:run retry")
    relations = (
        Relation("callers", "Flask.run"),
        Relation("importers", "flask"),
        Relation("callees", "run"),
    )
    assert asked == Asked("retry", Filters(relations=relations))
    with pytest.raises(BadFilter, match="-callers:run cannot be left out"):
        asked_in("-callers:run")


def test_before_a_pattern_filters_lead_and_the_pattern_stays_as_it_is() -> None:
    asked = asked_in(r"path:src  lang:py raise  path:x\(", leading_only=True)
    assert asked == Asked(r"raise  path:x\(", Filters(Terms(("src",), ("py",))))
    assert asked_in("x  path:a", leading_only=True) == Asked("x  path:a", Filters())


def test_a_field_asked_for_twice_is_an_error() -> None:
    filters = asked_in("path:a x").filters
    assert filters.within(path_glob="a", language="go").wanted == Terms(("a",), ("go",))
    with pytest.raises(BadFilter, match=r"path: stands in the query \(a\) and beside it \(b\)"):
        filters.within(path_glob="b")


@given(st.text())
def test_any_text_is_taken_apart(query: str) -> None:
    try:
        asked = asked_in(query)
    except BadFilter:
        return
    assert asked.filters or asked.text == query
