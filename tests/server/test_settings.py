"""Settings: what a call may change, and what only the operator may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.seal import Sealer
from rlm_crystal.vault import Vault
from rlm_server.errors import SettingRefused, SettingsDamaged
from rlm_server.settings import Operator, SettingsBook, load_settings, save_settings


def book(**environ: str) -> SettingsBook:
    return SettingsBook(Operator.from_environ(environ), {})


def test_without_an_environment_answers_are_extractive_and_a_question_costs_a_dollar_at_most() -> (
    None
):
    settings = book().settings
    assert (settings.model, settings.sub_model, settings.max_cost_usd) == (
        "extractive",
        "extractive",
        1.0,
    )


def test_a_text_value_becomes_the_type_of_its_setting() -> None:
    changed = book().change("watch", "off").change("max_iterations", "7").settings
    assert (changed.watch, changed.max_iterations) == (False, 7)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("colour", "red", "There is no setting 'colour'"),
        ("max_iterations", "0", "too small, the least is 1"),
        ("max_iterations", "many", "no whole number"),
        ("max_cost_usd", "nan", "max_cost_usd"),
        ("max_cost_usd", "2", "RLM_MAX_COST_USD"),
        ("model", "openai/gpt-5", "RLM_MODELS"),
        ("redact", "", "RLM_REDACT"),
        ("embedder", "minilm", "RLM_EMBEDDER"),
        ("code_modules", "tomllib", "RLM_CODE_MODULES"),
        ("code_profile", "lax", "'standard' or 'strict'"),
        ("route", "direct", "'auto' or 'loop'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_to_do(
    key: str, value: str, reason: str
) -> None:
    with pytest.raises(SettingRefused, match=reason):
        book().change(key, value)


def test_a_call_may_choose_among_the_models_of_the_operator() -> None:
    offered = book(RLM_MODEL="openai/a", RLM_MODELS="openai/b, openai/c")
    assert offered.change("model", "openai/c").settings.model == "openai/c"
    assert offered.change("model", "extractive").settings.model == "extractive"


@given(st.floats(0, 1_000), st.floats(0, 1_000))
def test_no_call_raises_the_cost_of_a_question_above_the_ceiling(
    ceiling: float, asked: float
) -> None:
    ours = book(RLM_MAX_COST_USD=repr(ceiling))
    try:
        settings = ours.change("max_cost_usd", repr(asked)).settings
    except SettingRefused:
        settings = ours.settings
    assert settings.max_cost_usd <= ceiling


def test_a_stored_value_above_a_ceiling_that_came_down_is_not_in_force() -> None:
    generous = book(RLM_MAX_COST_USD="9").change("max_cost_usd", "8")
    strict = SettingsBook(Operator.from_environ({"RLM_MAX_COST_USD": "2"}), generous.changed)
    assert strict.settings.max_cost_usd == 1.0


@pytest.mark.parametrize(
    ("environ", "key", "stricter", "laxer"),
    [
        ({"RLM_CODE_PROFILE": "strict"}, "code_profile", "strict", "standard"),
        ({"RLM_ROUTE": "loop"}, "route", "loop", "auto"),
        ({"RLM_REDACT_EMAILS": "yes"}, "redact_emails", "true", "false"),
    ],
)
def test_what_the_operator_made_strict_no_call_makes_lax(
    environ: dict[str, str], key: str, stricter: str, laxer: str
) -> None:
    assert book().change(key, stricter).change(key, laxer).settings == book().settings
    with pytest.raises(SettingRefused, match=next(iter(environ))):
        book(**environ).change(key, laxer)
    before = SettingsBook(Operator.from_environ(environ), book().change(key, laxer).changed)
    assert before.settings == book(**environ).settings


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("RLM_CODE_PROFILE", "lax", "give standard or strict"),
        ("RLM_ROUTE", "direct", "give auto or loop"),
        ("RLM_CODE_MODULES", "tomllib, os", "'os' cannot be added: it is always blocked"),
        ("RLM_CODE_MODULES", "numpy", "what can be added: binascii"),
        ("RLM_REDACT_EMAILS", "perhaps", "give on or off"),
        ("RLM_SANDBOX", "docker", "give kernel or wasm"),
        ("RLM_REDACT", "ACME-\\d+\n(", "'\\(' cannot be used: it is no regular expression"),
        ("RLM_REDACT", "(a", "no regular expression"),
        ("RLM_TRACE_PROMPTS", "yes", "give hash or full"),
        ("RLM_TRACE_DAYS", "0", "give days from 1"),
        ("RLM_TRACE_DAYS", "a week", "give days from 1"),
        ("RLM_SPANS", "perhaps", "give on or off"),
    ],
)
def test_an_environment_that_cannot_be_is_refused(name: str, value: str, reason: str) -> None:
    with pytest.raises(SettingRefused, match=reason):
        book(**{name: value})


def test_modules_are_listed_in_the_environment() -> None:
    assert book(RLM_CODE_MODULES=" tomllib,shlex, ").settings.modules == ("tomllib", "shlex")


def test_the_operator_names_the_backend_that_runs_code() -> None:
    named = [
        Operator.from_environ({"RLM_SANDBOX": each}).sandbox for each in ("wasm", " kernel", "")
    ]
    assert named == ["wasm", "kernel", None]


def test_default_takes_a_change_back() -> None:
    assert book().change("max_depth", "3").change("max_depth", "default") == book()


def test_changes_are_stored_sealed_and_read_back(tmp_path) -> None:
    vault = Vault(tmp_path, Sealer(bytes(32)), "home")
    changed = book().change("max_iterations", "33")
    save_settings(vault, changed)
    assert load_settings(vault, changed.operator) == changed
    assert all(b"max_iterations" not in path.read_bytes() for path in tmp_path.rglob("*.sealed"))


def test_settings_of_a_later_version_are_refused(tmp_path) -> None:
    vault = Vault(tmp_path, Sealer(bytes(32)), "home")
    vault.put("settings", b'{"hologram": true}')
    with pytest.raises(SettingsDamaged, match="later version"):
        load_settings(vault, Operator())
