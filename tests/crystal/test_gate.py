import base64
import logging
import os
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.errors import (
    CryptoUnavailable,
    HaltError,
    KeyMalformed,
    KeyUnavailable,
    StoreError,
)
from rlm_crystal.gate import TRANSITIONS, Gate, GateState, Signal, next_state
from rlm_crystal.home import Home, corpus_id
from rlm_crystal.keys import KEY_FILE, Keyring

OTHER_KEY = base64.b64encode(b"k" * 32).decode()


def no_entry(environ: Mapping[str, str], entry: str) -> str | None:
    return None


def open_gate(home: Home, environ: Mapping[str, str] | None = None) -> Gate:
    return Gate.open(environ or {}, home, stored_key=no_entry)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.from_environ({"RLM_HOME": str(tmp_path)})


def test_the_automaton_is_the_one_of_the_definition() -> None:
    drawn = {(q.value, s.value): next_state(q, s).value for q, s in TRANSITIONS}
    assert drawn == {
        ("INIT", "start"): "CRYPTO_CHECK",
        ("CRYPTO_CHECK", "crypto_available"): "SECURE",
        ("CRYPTO_CHECK", "crypto_unavailable"): "HALT_ERROR",
        ("SECURE", "request"): "SECURE",
        ("SECURE", "error"): "HALT_ERROR",
    }


def test_whatever_the_definition_does_not_allow_halts() -> None:
    for state, signal in product(GateState, Signal):
        if (state, signal) not in TRANSITIONS:
            assert next_state(state, signal) is GateState.HALT_ERROR


@given(st.lists(st.sampled_from(Signal)))
def test_secure_is_reached_through_the_crypto_check_only_and_halt_is_terminal(
    signals: list[Signal],
) -> None:
    states = [GateState.INIT]
    for signal in signals:
        states.append(next_state(states[-1], signal))
    if GateState.SECURE in states:
        first = states.index(GateState.SECURE)
        assert signals[:first] == [Signal.START, Signal.CRYPTO_AVAILABLE]
    if GateState.HALT_ERROR in states:
        assert set(states[states.index(GateState.HALT_ERROR) :]) == {GateState.HALT_ERROR}


def test_a_gate_opens_and_stays_secure_over_requests(home: Home) -> None:
    gate = open_gate(home)
    assert gate.state is GateState.SECURE
    assert gate.failure is None
    assert gate.keyring is gate.keyring
    assert gate.state is GateState.SECURE


def test_a_gate_that_was_never_opened_hands_out_nothing(home: Home) -> None:
    gate = Gate(lambda: Keyring("env", b"k" * 32), home)
    with pytest.raises(HaltError):
        _ = gate.keyring
    assert gate.state is GateState.HALT_ERROR


def test_opening_again_finds_the_same_key(home: Home) -> None:
    assert open_gate(home).keyring.check == open_gate(home).keyring.check


def test_without_the_cipher_every_request_gets_the_same_error(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "cryptography"]:
        monkeypatch.setitem(sys.modules, name, None)
    gate = open_gate(home)
    assert gate.state is GateState.HALT_ERROR
    messages: set[str] = set()
    for _ in range(3):
        with pytest.raises(CryptoUnavailable, match="pip install") as caught:
            _ = gate.keyring
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert not home.data.exists()
    assert not home.config.exists()


def test_a_cipher_that_answers_wrongly_halts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.hazmat.primitives.ciphers import aead

    monkeypatch.setattr(aead, "AESGCM", aead.ChaCha20Poly1305)
    assert isinstance(open_gate(home).failure, CryptoUnavailable)


def test_an_error_at_work_halts_for_good_and_keeps_the_first_reason(home: Home) -> None:
    gate = open_gate(home)
    gate.fail(CryptoUnavailable("the cipher broke"))
    gate.fail(KeyUnavailable("later"))
    with pytest.raises(CryptoUnavailable, match="the cipher broke"):
        _ = gate.keyring
    assert gate.state is GateState.HALT_ERROR


def test_a_spoilt_key_halts_and_writes_nothing(home: Home) -> None:
    gate = open_gate(home, {"RLM_KEY": "spoilt"})
    assert isinstance(gate.failure, KeyMalformed)
    assert not home.data.exists()


def test_another_key_over_existing_data_halts_with_both_named(home: Home) -> None:
    first = open_gate(home).keyring.check
    failure = open_gate(home, {"RLM_KEY": OTHER_KEY}).failure
    assert isinstance(failure, KeyUnavailable)
    assert first in str(failure)
    assert "RLM_KEY gives key" in str(failure)


def test_a_lost_key_file_is_not_replaced_by_a_new_one(home: Home) -> None:
    open_gate(home)
    (home.config / KEY_FILE).unlink()
    assert isinstance(open_gate(home).failure, KeyUnavailable)
    assert not (home.config / KEY_FILE).exists()


def test_a_lost_key_and_a_lost_marker_beside_data_do_not_make_a_new_key(home: Home) -> None:
    home.estate_dir(open_gate(home).keyring.check).mkdir()
    (home.config / KEY_FILE).unlink()
    home.key_marker.unlink()
    assert isinstance(open_gate(home).failure, KeyUnavailable)
    assert not (home.config / KEY_FILE).exists()


def test_a_lost_marker_is_written_again(home: Home) -> None:
    check = open_gate(home).keyring.check
    home.key_marker.unlink()
    assert open_gate(home).keyring.check == check
    assert home.key_marker.read_text().strip() == check


@pytest.mark.parametrize("content", ["", "0123", "g" * 16, "é" * 8])
def test_a_spoilt_marker_halts(content: str, home: Home) -> None:
    open_gate(home)
    home.key_marker.write_text(content, encoding="utf-8")
    assert isinstance(open_gate(home).failure, KeyUnavailable)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_key_file_others_can_read_halts(home: Home) -> None:
    open_gate(home)
    (home.config / KEY_FILE).chmod(0o644)
    assert "chmod 600" in str(open_gate(home).failure)


def test_a_home_that_cannot_be_made_halts_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    home = Home.from_environ({"RLM_HOME": str(tmp_path / "file")})
    failure = open_gate(home).failure
    assert isinstance(failure, KeyUnavailable)
    assert str(tmp_path / "file") in str(failure)


def test_no_key_is_ever_logged(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        open_gate(home, {"RLM_KEY": OTHER_KEY})
        open_gate(home)
        open_gate(home, {"RLM_KEY": OTHER_KEY + "x"})
    assert OTHER_KEY not in caplog.text


def test_home_lies_below_rlm_home(tmp_path: Path) -> None:
    home = Home.from_environ({"RLM_HOME": str(tmp_path)})
    places = (home.data, home.config, home.lock, home.key_marker, home.estate_dir("0" * 16))
    assert all(place.is_relative_to(tmp_path) for place in places)
    assert len(set(places)) == 5


def test_a_relative_home_is_refused() -> None:
    with pytest.raises(StoreError, match="absolute"):
        Home.from_environ({"RLM_HOME": "here"})


def test_without_rlm_home_the_folders_of_the_system_are_used() -> None:
    home = Home.from_environ({})
    assert home.data.is_absolute()
    assert "rlm-mcp" in str(home.data)


def test_a_corpus_is_known_by_its_resolved_roots_in_any_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    assert corpus_id([one, two]) == corpus_id([two, one / ".." / "one", one])
    assert corpus_id([one]) != corpus_id([two])
    assert os.sep not in corpus_id([one])
