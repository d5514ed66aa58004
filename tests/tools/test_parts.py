"""Texts in parts: nothing is lost between them, and none is larger than it may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_engine.tokens import estimated_tokens
from rlm_tools.errors import BadArgument
from rlm_tools.parts import part_of


@given(st.text(max_size=400), st.integers(min_value=8, max_value=120))
def test_the_parts_of_a_text_are_the_text_and_none_is_too_long(text: str, tokens_max: int) -> None:
    parts, cursor = [], ""
    while True:
        part = part_of(text, tokens_max=tokens_max, cursor=cursor)
        parts.append(part.text)
        cursor = part.next_cursor
        if not cursor:
            break
    assert "".join(parts) == text
    assert all(estimated_tokens(part) <= tokens_max for part in parts)


def test_a_part_ends_with_a_line_where_it_can() -> None:
    assert part_of("one two\nthree four five six", tokens_max=8).text == "one two\n"


@pytest.mark.parametrize("cursor", ["-1", "0", "x", "99", "1.5"])
def test_a_cursor_that_was_never_handed_out_is_refused(cursor: str) -> None:
    with pytest.raises(BadArgument, match="pass next_cursor"):
        part_of("some text", tokens_max=100, cursor=cursor)
