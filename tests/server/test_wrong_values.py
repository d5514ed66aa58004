"""Wrong values of a call, told in words that say what would be right."""

import pytest
from pydantic import ValidationError
from rlm_server.wrong_values import told_arguments, told_wrong
from rlm_tools.query import QueryArguments
from rlm_tools.search import SearchArguments

WRONG = [
    ({}, "query is missing"),
    ({"query": " "}, "query is empty"),
    ({"query": "x" * 20_001}, "query is longer than 20000 characters"),
    ({"query": ["x"]}, "query=['x'] is no text"),
    ({"query": "x", "limit": 0}, "limit=0 is too small, the least is 1"),
    ({"query": "x", "max_tokens": 9_000}, "max_tokens=9000 is too large, the most is 8000"),
    ({"query": "x", "limit": "many"}, "limit='many' is no whole number"),
    ({"query": "x", "limit": 1.5}, "limit=1.5 is no whole number"),
    ({"query": "x", "mode": "glob"}, "mode='glob' is none of 'words', 'literal' or 'regex'"),
    ({"query": "x", "path": "a"}, "there is no path, perhaps path_glob was meant"),
    ({"query": "x", "zzz": "a"}, "there is no zzz"),
]


@pytest.mark.parametrize(("given", "told"), WRONG, ids=[told[:24] for _, told in WRONG])
def test_a_wrong_value_is_told_with_what_it_may_be(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        SearchArguments.model_validate(given)
    assert told_wrong(wrong.value, SearchArguments) == told


def test_what_is_needed_of_the_arguments_is_said() -> None:
    with pytest.raises(ValidationError) as wrong:
        QueryArguments.model_validate({"question": "x", "plan_only": "perhaps"})
    assert told_wrong(wrong.value) == "plan_only='perhaps' is neither true nor false"
    assert told_arguments(QueryArguments).startswith("question (needed), response_format")
