"""Python read by its lines must find what the grammar finds."""

import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.chunk import parse
from rlm_crystal.outline import Syntax
from rlm_crystal.python_scan import scan_python
from rlm_crystal.syntax import syntax_of
from rlm_crystal.types import Document

# Of the standard library, in every Python we run on.
MODULES = (
    "argparse", "ast", "asyncio.base_events", "collections", "contextlib", "dataclasses",
    "enum", "http.client", "inspect", "json.decoder", "tarfile", "typing", "unittest.mock",
)  # fmt: skip

TRAPS = '''\
import os, sys as system
from . import (
    one,  # def hidden(): pass
    two as second,
)
from ..pkg.mod import *
from __future__ import annotations

LIMIT: int = 3
TABLE = {
"def no(": [1,
2],
}

text = """
def also_no():
    class Neither: pass
"""


@register
@app.route("/x", methods=["GET"])
async def run(
    a,
    b=lambda: call_in_default({"k": (1, 2)}),
) -> dict[str, "x: y"]:
    r"""Runs. Twice."""
    if a: import json
    def inner(): return f"{helper(a)} {b!r:>{width(a)}} {{no(}}"
    value = first(
second(a), \\
        'it\\'s (',
    )
    return value  # trailing(

    # The last word of run.


class A(Base, pkg.Other, Generic[T], metaclass=Meta, key=make(1)):
    "One. line"
    x = 1

    class B: pass

    @property
    def name(self): return not (self.x)


if A:
    class C(A,
            A.B): ...
else: D = print (1)
'''


def defined(syntax: Syntax | None) -> list[object]:
    """All but the signatures: those of the grammar go on to the first statement, over comments."""
    assert syntax is not None
    return [
        (item.symbol, item.kind, item.start_line, item.end_line, item.doc)
        for item in syntax.definitions
    ]


@pytest.mark.parametrize("module", MODULES)
def test_the_scan_finds_what_the_grammar_finds(module: str) -> None:
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None
    text = Path(spec.origin).read_text(encoding="utf-8")

    scanned = scan_python("lib/module.py", text)
    parsed = syntax_of("lib/module.py", text, "python")

    if re.search(r"^ *(?:def|class) \w+\[", text, re.MULTILINE):
        assert scanned is None  # type parameters (PEP 695, in 3.12's typing.py) are the grammar's
        return
    assert scanned is not None and parsed is not None
    assert defined(scanned) == defined(parsed)
    assert not Counter(parsed.references) - Counter(scanned.references)
    # The grammar takes `type(x).y = z` for an alias, and sees no call in `case str(x)`.
    more = Counter(scanned.references) - Counter(parsed.references)
    assert more.total() <= 3 and {reference.name for reference in more} <= {"type", "str"}


def test_the_scan_is_not_misled_by_what_only_looks_like_code() -> None:
    scanned = scan_python("pkg/sub/a.py", TRAPS)
    parsed = syntax_of("pkg/sub/a.py", TRAPS, "python")

    assert scanned is not None and parsed is not None
    assert defined(scanned) == defined(parsed)
    assert scanned.references == parsed.references


def test_a_signature_ends_where_the_body_is_announced() -> None:
    scanned = scan_python("a.py", "def f(a,  # first\n      b):  # both\n    return a\n")

    assert scanned is not None
    assert scanned.definitions[0].signature == "def f(a, # first b)"


@pytest.mark.parametrize(
    "text",
    ['x = "open\n', "def f(:\n    pass\n", "'''\n", "if x:\n\tdef f(): pass\n", "a = 1\rb = 2\n"],
)
def test_what_is_not_plainly_well_formed_is_left_to_the_grammar(text: str) -> None:
    assert scan_python("a.py", text) is None


PIECES = st.sampled_from(
    ["def f(", "class A", ":", ")", "(", "\n", "\n    ", '"', "'''", "#", "@", "import ", "from ",
     " x", "=", ",", "f'{", "}", "\\\n", "\t", "é", "lambda", "[", "]", "\r\n", " -> "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=50).map("".join))
def test_any_text_is_cut_without_error_and_without_losing_a_line(text: str) -> None:
    file = parse(Document("a.py", text, "python", "", len(text), 0), errors=False)

    assert "".join(chunk.text for chunk in file.chunks) == text
    lines = text.count("\n") + 1
    assert all(1 <= d.start_line <= d.end_line <= lines for d in file.definitions)
