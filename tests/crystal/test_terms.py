# ruff: noqa: RUF001 - other scripts are meant

from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.terms import TERM_CHARS_MAX, parts, stem, terms, terms_of_word


def test_an_identifier_gives_its_words_and_its_whole() -> None:
    assert terms_of_word("getHTTPResponse_v2") == (
        "get", "http", "response", "v", "2", "gethttpresponse_v2",
    )  # fmt: skip


def test_a_plain_word_gives_only_itself() -> None:
    assert terms_of_word("reload") == ("reload",)
    assert terms_of_word("Reload") == ("reload",)


def test_underscores_around_a_name_do_not_count() -> None:
    assert terms_of_word("__init__") == ("init",)
    assert terms_of_word("___") == ()


def test_a_run_of_capitals_ends_before_the_next_word() -> None:
    assert parts("XMLHTTPRequest") == ("xmlhttp", "request")
    assert parts("parseURL") == ("parse", "url")


def test_other_scripts_are_words_too() -> None:
    assert terms("сбросПароля für 数据库") == ["сброс", "пароля", "сброспароля", "für", "数据库"]


def test_a_very_long_token_is_no_term() -> None:
    assert terms("a" * (TERM_CHARS_MAX + 1)) == []


def test_inflections_share_a_stem_in_english_and_in_russian() -> None:
    assert stem("autodetected") == stem("autodetects") == stem("autodetecting")
    assert stem("миграции") == stem("миграций") == stem("миграциях")


@given(st.text(max_size=80))
def test_terms_of_any_text_are_lower_case_and_bounded(text: str) -> None:
    for term in terms(text):
        assert term
        assert term == term.lower()


@given(st.from_regex(r"[A-Za-z0-9_]{1,40}", fullmatch=True))
def test_the_parts_of_an_ascii_identifier_lose_no_letter(identifier: str) -> None:
    assert "".join(parts(identifier)) == identifier.replace("_", "").lower()
