import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.chunk import parse
from rlm_crystal.grammar import GRAMMARS
from rlm_crystal.lines import line_count, split_lines
from rlm_crystal.types import Document, ParsedFile

LANGUAGES = [*GRAMMARS, "markdown", "rst", "text", "json"]


def parsed(text: str, language: str = "python", path: str = "pkg/a.py") -> ParsedFile:
    return parse(Document(path, text, language, "", len(text), 0))


def assert_covers(file: ParsedFile) -> None:
    """Every line lies in exactly one chunk, in order."""
    assert "".join(chunk.text for chunk in file.chunks) == file.document.text
    expected = 1
    for chunk in file.chunks:
        assert chunk.start_line == expected
        assert chunk.end_line - chunk.start_line + 1 == line_count(chunk.text)
        expected = chunk.end_line + 1
    assert expected == line_count(file.document.text) + 1
    for definition in file.definitions:
        assert 1 <= definition.start_line <= definition.end_line <= expected - 1


CODE = st.text(
    alphabet=st.sampled_from("{}()[]<>:;,.=#*/\\\"'`@$!?-+|&%~^_ \n\r\t\f\x00aAbBéß漢\u2028"),
    max_size=120,
)
TOKENS = """
def class function func fn struct enum impl trait interface module namespace end { } ( ) ; : => ->
= == # // /* */ " ' \'\'\' `` ${ <? ?> <a /> @ * & import from use return if else do begin case
template <T> public static async await x y foo . .. ::
"""
SPACES = ["\n", "\t", "\n    ", "\r\n", "---\n", "# T\n", "===\n", "```\n"]
WORDS = st.lists(st.sampled_from([*TOKENS.split(), *SPACES]), max_size=60).map(" ".join)


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=30, deadline=None)
@given(text=st.one_of(st.text(max_size=200), CODE, WORDS))
def test_any_text_is_cut_without_error_and_without_losing_a_line(language, text):
    assert_covers(parsed(text, language, "a/b.x"))


@settings(max_examples=30, deadline=None)
@given(
    blocks=st.lists(
        st.tuples(st.sampled_from(["def f():", "class A:", "x = [", "# c"]), st.integers(0, 90)),
        max_size=12,
    )
)
def test_large_files_are_cut_into_chunks_of_bounded_size(blocks):
    text = "".join(f"{head}\n" + "    some_name = other_name\n" * size for head, size in blocks)
    file = parsed(text)
    assert_covers(file)
    assert all(len(chunk.text) <= 2200 for chunk in file.chunks)


@given(st.text(alphabet="a\n\r\x0b\x0c\x85\u2028", max_size=40))
def test_a_line_ends_at_line_feed_only(text):
    lines = split_lines(text)
    assert "".join(lines) == text
    assert len(lines) == line_count(text)
    assert all("\n" not in line[:-1] for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", ["(", "{", "[", "a(", "if a {\n", "<", "-", "f(x => {\n", "# "])
def test_hostile_nesting_neither_crashes_nor_hangs(language, unit):
    assert_covers(parsed(unit * 2_000, language))


def test_a_text_that_defeats_its_grammar_is_cut_by_lines():
    file = parsed("f(x => {\n" * 15_000, "lua")
    assert {chunk.kind for chunk in file.chunks} == {"lines"}
    assert_covers(file)


def test_deeply_nested_definitions_are_cut():
    text = "".join("  " * depth + f"class A{depth}:\n" for depth in range(300))
    assert_covers(parsed(text))


def method(name: str, size: int) -> str:
    return f"    def {name}(self):\n" + "        call_something(self, 1)\n" * size + "\n"


def symbols(file: ParsedFile) -> list[tuple[str, str]]:
    return [(chunk.kind, chunk.symbol) for chunk in file.chunks]


def test_a_small_class_is_one_chunk():
    file = parsed("class A:\n    '''Doc of A.'''\n\n" + method("a", 3) + method("b", 3))
    assert symbols(file) == [("class", "A")]
    assert (file.chunks[0].signature, file.chunks[0].doc) == ("class A", "Doc of A.")


def test_a_large_class_is_its_header_with_small_methods_and_its_large_methods():
    text = "class A:\n    x = 1\n\n" + method("small", 3) + method("large", 45) + method("last", 45)
    file = parsed(text)
    assert symbols(file) == [("class", "A"), ("method", "A.large"), ("method", "A.last")]
    assert_covers(file)


def test_an_oversized_function_is_split_between_statements_and_keeps_its_name():
    block = "    if ready:\n" + "        step(one, two, three)\n" * 20
    file = parsed("def long(a, b):\n" + block * 12)
    assert {(chunk.symbol, chunk.signature) for chunk in file.chunks} == {
        ("long", "def long(a, b)")
    }
    assert len(file.chunks) > 3
    assert all(chunk.text.startswith("    if ready:") for chunk in file.chunks[1:])


def test_small_neighbours_share_a_chunk_named_after_the_first():
    file = parsed("def a():\n    pass\n\n\ndef b():\n    pass\n\n\nclass C:\n    pass\n")
    assert symbols(file) == [("class", "C")]
    file = parsed("import os\n\ndef a():\n    pass\n\n\ndef b():\n    pass\n")
    assert symbols(file) == [("function", "a")]


def test_decorators_and_comments_above_belong_to_the_definition():
    filler = "def f():\n" + "    call_something(1, 2, 3)\n" * 60
    text = f"{filler}\n\n# About g.\n@cached\n@other(1)\ndef g():\n" + "    call(1, 2, 3)\n" * 60
    file = parsed(text)
    chunk = next(chunk for chunk in file.chunks if chunk.symbol == "g")
    assert chunk.text.startswith("# About g.\n@cached\n@other(1)\ndef g():\n")
    definition = next(item for item in file.definitions if item.symbol == "g")
    assert (definition.start_line, definition.doc) == (65, "About g.")


def test_a_signature_is_one_line_without_body():
    text = 'async def f(\n    a: int,\n    *,\n    b: str = "x",\n) -> dict[str, int]:\n    pass\n'
    assert parsed(text).definitions[0].signature == (
        'async def f( a: int, *, b: str = "x", ) -> dict[str, int]'
    )


def test_errors_are_told_by_line_and_the_rest_is_still_found():
    file = parsed("def good():\n    pass\n\ndef bad(:\n    pass\n\ndef after():\n    pass\n")
    assert 4 in file.syntax_errors
    assert {"good", "after"} <= {definition.symbol for definition in file.definitions}


def test_references_know_the_definition_they_stand_in():
    file = parsed("import os\n\ndef f():\n    return g(os.getcwd())\n\nf()\n")
    assert [(ref.kind, ref.line, ref.within, ref.name) for ref in file.references] == [
        ("import", 1, "", "os"),
        ("call", 4, "f", "g"),
        ("call", 4, "f", "getcwd"),
        ("call", 6, "", "f"),
    ]


def test_relative_imports_are_told_as_seen_from_the_corpus():
    file = parsed("from . import x\nfrom ..db.models import Q as R\n", path="shop/views/cart.py")
    assert [ref.name for ref in file.references] == [
        "shop.views", "shop.views.x", "shop.db.models", "shop.db.models.Q",
    ]  # fmt: skip
    file = parsed("import a from '../lib/a'\n", "javascript", "web/src/b.js")
    assert [ref.name for ref in file.references] == ["a", "web/lib/a"]


MARKDOWN = """\
---
title: "# not a heading"
---
# Guide
Intro.

## Install
### Windows
```sh
# not a heading
```
### Linux
Text.

Usage
-----
Text.
"""


def test_markdown_sections_are_named_by_the_path_of_their_headings():
    file = parsed(MARKDOWN, "markdown", "README.md")
    assert [(d.symbol, d.start_line, d.end_line) for d in file.definitions] == [
        ("Guide", 4, 17),
        ("Guide > Install", 7, 14),
        ("Guide > Install > Windows", 8, 11),
        ("Guide > Install > Linux", 12, 14),
        ("Guide > Usage", 15, 17),
    ]
    assert symbols(file) == [("section", "Guide")]
    assert_covers(file)


def test_large_sections_are_chunks_of_their_own():
    body = "Some words about this.\n" * 50
    file = parsed(f"# A\n{body}## B\n{body}## C\n{body}", "markdown", "a.md")
    assert symbols(file) == [("section", "A"), ("section", "A > B"), ("section", "A > C")]


RST = """\
=====
Title
=====

Intro.

First
=====

Sub
---

====  ====
a     b
====  ====

Second
======
"""


def test_restructured_text_is_cut_at_its_underlined_titles():
    file = parsed(RST, "text", "docs/a.txt")
    assert [d.symbol for d in file.definitions] == [
        "Title", "Title > First", "Title > First > Sub", "Title > Second",
    ]  # fmt: skip


def test_other_files_are_cut_at_shallow_lines():
    record = '  {\n    "a": 1,\n    "b": [1, 2, 3]\n  },\n'
    file = parsed("[\n" + record * 100 + "]\n", "json", "a.json")
    assert len(file.chunks) > 2
    assert all(chunk.text.startswith("  {\n") for chunk in file.chunks[1:])
    assert_covers(file)


def test_an_empty_file_has_no_chunks():
    assert parsed("").chunks == ()


@pytest.mark.parametrize("path", ["locale/fr/django.po", "data/rates.csv"])
def test_a_list_of_records_is_cut_into_few_large_parts(path: str) -> None:
    records = "".join(
        f'msgid "word {number}"\nmsgstr "mot {number}"\n\n' for number in range(2_000)
    )

    file = parsed(records, "text", path)

    assert_covers(file)
    assert 3 <= len(file.chunks) <= 6
    assert all(chunk.text.endswith("\n\n") for chunk in file.chunks)
