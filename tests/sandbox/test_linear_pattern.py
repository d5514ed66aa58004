"""A user's pattern finds what `re` finds, in linear time, or is refused with the reason."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_sandbox.errors import PatternRefused
from rlm_sandbox.linear_pattern import LinearPattern

atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\W", "-", "(?i:B)"])
expressions = st.recursive(
    atoms,
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("(?:{}|{})".format, inner, inner)
        | st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?"]))
    ),
    max_leaves=6,
)


@given(expressions, st.text("abAB1- \n", max_size=9))
@settings(max_examples=150, deadline=None)
def test_every_character_of_every_match_is_told_and_no_other(expression: str, text: str):
    pattern = re.compile(expression)
    matched = {
        at
        for start in range(len(text))
        for end in range(start + 1, len(text) + 1)
        if pattern.fullmatch(text, start, end)
        for at in range(start, end)
    }

    spans = LinearPattern(expression).spans(text)

    assert {at for start, end in spans for at in range(start, end)} == matched
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        (r"\bid-\d+\b", "id-12 xid-3 id-4x (id-5)", ["id-12", "id-5"]),
        (r"^key: \w+$", "key: a\nmy key: b\nkey: c d", ["key: a"]),
        (r"\Aab|cd\Z", "ab ab cd cd", ["ab", "cd"]),
        (r"(?i)acme-[a-f]{2}", "ACME-aF acme-xy", ["ACME-aF"]),
        (r"(?x) a  # a comment" + "\n" + r"\ b", "a b", ["a b"]),
        (r"(?s)<s>.*</s>", "<s>\n</s>", ["<s>\n</s>"]),
        (r"é+", "caféé", ["éé"]),
        (r"\Boo", "foo oo", ["oo"]),
    ],
)
def test_edges_flags_and_letters_mean_what_they_mean_in_re(
    expression: str, text: str, found: list[str]
):
    spans = LinearPattern(expression).spans(text)

    assert [text[start:end] for start, end in spans] == found


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(", "no regular expression: missing )"),
        (r"(a)\1", "back-reference"),
        ("(?=a)b", "look-ahead"),
        ("(?<!a)b", "look-ahead or look-behind"),
        ("(a)?(?(1)b|c)", "a condition on a group"),
        ("a{1,5000}", "make the numbers in its {m,n} smaller"),
        ("((a{1,90}){1,90}){1,90}", "make the numbers in its {m,n} smaller"),
        ("(" * 3000 + ")" * 3000, "cannot be used"),
    ],
)
def test_what_cannot_be_matched_in_linear_time_is_refused_with_the_reason(
    expression: str, reason: str
):
    with pytest.raises(PatternRefused, match=re.escape(reason)):
        LinearPattern(expression)


@pytest.mark.parametrize(
    ("expression", "unit"),
    [
        ("(a*)*b", "a"),
        ("(a|a)*b", "a"),
        ("(a|aa)+$", "ab"),
        (r"\w+@\w+\.x", "a@a."),
        (".*a.*a.*b", "a"),
        ("(a|b)*a(a|b){300}", "aab"),
    ],
)
def test_patterns_that_hang_other_engines_end(expression: str, unit: str):
    LinearPattern(expression).spans(unit * 20_000)
