"""Code inside other files, and C++ behind macros, read on the lines where it stands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.chunk import parse
from rlm_crystal.embedded import readable
from rlm_crystal.language import language_of
from rlm_crystal.types import Document


def outline(path: str, text: str) -> list[tuple[str, str, int, int]]:
    parsed = parse(Document(path, text, language_of(path, text), "00" * 16, len(text), 0))
    assert "".join(chunk.text for chunk in parsed.chunks) == text
    return [(d.symbol, d.kind, d.start_line, d.end_line) for d in parsed.definitions]


def test_the_scripts_of_a_page_are_read() -> None:
    text = (
        "<template>\n  <p>{{ function no() {} }}</p>\n</template>\n\n"
        '<script setup lang="ts">\nimport { total } from "./price"\n\n'
        "function pay(items: number[]): number {\n  return total(items)\n}\n</script>\n\n"
        "<style>\n.a { color: red }\n</style>\n"
    )
    assert outline("Cart.vue", text) == [("pay", "function", 8, 10)]
    svelte = "<script>\n  function pay() {\n    return 1\n  }\n</script>\n<p>é {pay()}</p>\n"
    assert outline("Cart.svelte", svelte) == [("pay", "function", 2, 4)]


def test_the_cells_of_a_notebook_are_read() -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["def no():\n", "    pass"]},
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "source": ["%matplotlib inline\n", "def pay(items):\n", '    return "a\\n" + items'],
        },
    ]
    text = json.dumps({"cells": cells, "nbformat": 4}, indent=1) + "\n"
    first = next(n for n, row in enumerate(text.split("\n"), 1) if "def pay" in row)
    assert outline("notes.ipynb", text) == [("pay", "function", first, first + 1)]


def test_macros_hide_nothing() -> None:
    text = (
        "#include <a.h>\nFMT_BEGIN_NAMESPACE\nFMT_BEGIN_EXPORT\n\n"
        "class FMT_API buffer : public base {\n public:\n  Q_OBJECT\n"
        "  int size() { return 1; }\n};\n"
        "FMT_INLINE int total(int n) {\n  return n;\n}\n"
        "FMT_END_NAMESPACE\n"
    )
    assert [row[:3] for row in outline("a.hpp", text)] == [
        ("buffer", "class", 5),
        ("buffer.size", "method", 8),
        ("total", "function", 10),
    ]
    # What only looks like a macro stays: a type in capitals, an argument, an enumerator.
    plain = "DWORD_T total(int n) {\n  return n |\n    O_RDONLY\n  ;\n}\n"
    assert readable("a.c", plain, "c") == (plain, "c")


@pytest.mark.parametrize("path", ["a.vue", "a.cpp", "a.ipynb"])
@given(text=st.text('<script>/ABC_ \n"[]:,é(){}int source', max_size=200))
def test_no_line_moves(path: str, text: str) -> None:
    read, _ = readable(path, text, language_of(path))
    assert read.count("\n") == text.count("\n")
