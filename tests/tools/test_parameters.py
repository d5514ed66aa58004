import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_tools.reviewing.change import parse_text
from rlm_tools.reviewing.parameters import Call, accepts, calls_of, parameters_of


def shown(language: str, path: str, text: str) -> list[str] | None:
    definition = next(
        item
        for item in parse_text(path, text, language).definitions
        if item.kind in {"function", "method"}
    )
    parameters = parameters_of(text.split("\n"), definition, language)
    if parameters is None:
        return None
    return [item.name if item.required else f"{item.name}?" for item in parameters]


@pytest.mark.parametrize(
    ("language", "path", "text", "expected"),
    [
        ("python", "a.py", "def f(a, b: int = 1, *c, d, e=(1, 2), **g): pass", "a b? c? d e? g?"),
        ("python", "a.py", "class A:\n    def f(self, a: dict[str, int]): pass", "a"),
        ("python", "a.py", "@d(1)\ndef f(\n    a,  # one, two\n    b='),(',\n): pass", "a b?"),
        ("javascript", "a.js", "function f(a, b = 1, ...c) {}", "a b? c?"),
        ("javascript", "a.js", "const f = (a, b) => a;", "a b"),
        ("typescript", "a.ts", "function f(a: string, b?: (x: number) => void) {}", "a b?"),
        ("go", "a.go", "package p\nfunc f(a int, b ...string) {}", "a b?"),
        ("rust", "a.rs", "impl A { fn f(&self, a: Vec<u8>, b: i32) {} }", "a b"),
        ("java", "A.java", "class A { void f(int a, Map<String, Integer> b) {} }", "a b"),
        ("c", "a.c", "int f(const char *a, int b) { return 0; }", "a b"),
        ("php", "a.php", "<?php function f(int $a, $b = 1) {}", "$a $b?"),
    ],
)
def test_parameters_are_read_with_what_is_required(language, path, text, expected):
    assert shown(language, path, text) == expected.split()


def test_calls_are_counted_by_position_and_name():
    following = "    c,\n    d=1)\n"
    assert list(calls_of("f", "x = f(a, f(b), [1, 2],", following, "python")) == [
        Call(4, frozenset({"d"}), False),
        Call(1, frozenset(), False),
    ]
    assert list(calls_of("f", "f(*a)", "", "python")) == [Call(1, frozenset(), True)]
    assert list(calls_of("f", "def f(a):", "", "python")) == []
    assert list(calls_of("f", "f(a, ", "", "python")) == []


def test_a_call_that_does_not_fit_is_told_why():
    text = "def f(a, b=1, *, c): pass"
    definition = parse_text("a.py", text, "python").definitions[0]
    parameters = parameters_of([text], definition, "python")
    assert parameters is not None
    assert accepts(parameters, Call(1, frozenset({"c"}), False)) is None
    assert accepts(parameters, Call(1, frozenset(), False)) == "does not pass c"
    assert accepts(parameters, Call(3, frozenset({"c"}), False)) == (
        "passes 3 arguments, 2 are taken"
    )
    assert accepts(parameters, Call(1, frozenset({"c", "x"}), False)) == (
        "passes x=, which is no parameter"
    )
    assert accepts(parameters, Call(0, frozenset(), True)) is None


@given(st.text(alphabet="f(a,b)[]{}'\"\\#\n=* /", max_size=80))
def test_any_text_is_read_as_calls_without_error(text):
    list(calls_of("f", text, text, "python"))
