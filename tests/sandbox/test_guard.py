"""The guard: what it blocks, what it says instead, and what ordinary code it lets pass."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_sandbox.guard import check
from rlm_sandbox.guard_rules import ALLOWED_MODULES, BLOCKED_MODULES


def rules(code: str) -> list[str]:
    return [violation.rule for violation in check(ast.parse(code))]


@pytest.mark.parametrize("module", sorted(BLOCKED_MODULES))
def test_each_blocked_module_is_refused_with_another_way(module: str):
    (plain,) = check(ast.parse(f"import {module}"))
    (member,) = check(ast.parse(f"from {module}.x import y"))

    assert plain.message == f"import of '{module}' is blocked (rule: modules)"
    assert plain.hint == member.hint == BLOCKED_MODULES[module]


def test_the_block_list_is_that_of_the_seed():
    assert len(BLOCKED_MODULES) == 38
    assert not ALLOWED_MODULES & set(BLOCKED_MODULES)


def test_a_file_question_is_answered_with_the_context():
    (violation,) = check(ast.parse("x = 1\nimport os"))

    assert violation.line == 2
    assert "context['path'].text" in violation.hint


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("eval('1')", "calls"),
        ("exec('1')", "calls"),
        ("compile('1', '', 'eval')", "calls"),
        ("input()", "calls"),
        ("__import__('os')", "calls"),
        ("().__class__", "attributes"),
        ("f.__globals__['x']", "attributes"),
        ("g.gi_frame", "attributes"),
        ("getattr(x, '__class__')", "attributes"),
        ("operator.attrgetter('a.__class__')", "attributes"),
        ("re.enum.sys", "modules"),
        ("random._os", "modules"),
        ("from random import _os", "modules"),
        ("from re import sys", "modules"),
        ("from . import x", "modules"),
        ("import numpy", "modules"),
        ("__builtins__", "names"),
        ("'{0.__class__}'.format(x)", "format strings"),
        ("'{x[0].__init__.__globals__}'.format(x=x)", "format strings"),
        ("match x:\n  case object(__class__=c): pass", "match patterns"),
    ],
)
def test_known_ways_around_are_refused(code: str, rule: str):
    assert rule in rules(code)


@pytest.mark.parametrize(
    "code",
    [
        "import re, json\nfrom collections import Counter, defaultdict\nimport collections.abc",
        "class A:\n    def __init__(self): super().__init__()\n    def __repr__(self): return 'A'",
        "if __name__ == '__main__':\n    print(type(x).__name__, x.__doc__)",
        "open('notes.txt', 'w').write('x')",
        "getattr(x, 'name', None)\nhasattr(x, '__len__')",
        "p = Point(1)._replace(x=2)",
        "'{:>10} {name!r} {0[key]}'.format(1, name=2)",
        "re.compile(r'\\{__(\\w+)__\\}')",
        "prompt = 'Explain what __class__ and os.environ do: { ... }'",
        "context['a.py'].text[:100]",
    ],
)
def test_ordinary_code_passes(code: str):
    assert rules(code) == []


names = st.sampled_from(["x", "__class__", "os", "getattr", "eval", "re", "__init__", "format"])
expressions = st.recursive(
    names | st.just("'{0.__class__}'") | st.just("1"),
    lambda inner: (
        st.builds("{}.{}".format, inner, names)
        | st.builds("{}({})".format, inner, inner)
        | st.builds("{}[{}]".format, inner, inner)
    ),
    max_leaves=8,
)


@given(expressions)
def test_any_code_is_judged_without_failing(code: str):
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    for violation in check(tree):
        assert violation.message
        assert violation.hint
