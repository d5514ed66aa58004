import base64
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from rlm_crystal.errors import KeyExposed, KeyMalformed, KeyUnavailable
from rlm_crystal.keys import KEY_FILE, SALT_FILE, Keyring, load_keyring
from rlm_crystal.system_keyring import stored_key

KEY = bytes(range(32))
KEY_TEXT = base64.b64encode(KEY).decode()

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")


def no_entry(environ: Mapping[str, str], entry: str) -> str | None:
    return None


def key_entry(environ: Mapping[str, str], entry: str) -> str | None:
    return KEY_TEXT


def spoilt_entry(environ: Mapping[str, str], entry: str) -> str | None:
    return "spoilt"


def load(environ: Mapping[str, str], config: Path, **options: object) -> Keyring:
    return load_keyring(environ, config, **{"stored_key": no_entry, **options})  # type: ignore[arg-type]


def test_a_key_in_the_environment_is_used(tmp_path: Path) -> None:
    keyring = load({"RLM_KEY": KEY_TEXT}, tmp_path)
    assert (keyring.source, keyring.master) == ("env", KEY)
    assert list(tmp_path.iterdir()) == []


def test_url_safe_base64_is_the_same_key(tmp_path: Path) -> None:
    key = bytes([0xFB, 0xFF] * 16)
    text = base64.urlsafe_b64encode(key).decode()
    assert load({"RLM_KEY": text + "\n"}, tmp_path).master == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        KEY_TEXT[:-4],
        KEY_TEXT + KEY_TEXT,
        "ключ",
        base64.b64encode(bytes(32)).decode(),
    ],
)
def test_what_is_not_a_key_is_refused_and_no_other_source_is_tried(
    text: str, tmp_path: Path
) -> None:
    load({}, tmp_path)
    with pytest.raises(KeyMalformed, match="RLM_KEY must hold 32 random bytes"):
        load({"RLM_KEY": text}, tmp_path)


def test_a_refused_key_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(KeyMalformed) as caught:
        load({"RLM_KEY": "almost-a-key"}, tmp_path)
    assert "almost-a-key" not in str(caught.value)


def test_a_passphrase_gives_the_same_key_every_time(tmp_path: Path) -> None:
    environ = {"RLM_PASSPHRASE": "correct horse battery"}
    first = load(environ, tmp_path)
    assert first.source == "passphrase"
    assert load(environ, tmp_path).master == first.master


def test_a_passphrase_gives_another_key_under_another_salt(tmp_path: Path) -> None:
    environ = {"RLM_PASSPHRASE": "correct horse battery"}
    keys = {load(environ, tmp_path / name).master for name in ("a", "b")}
    assert len(keys) == 2


def test_a_passphrase_is_the_same_in_either_unicode_form(tmp_path: Path) -> None:
    composed, decomposed = "caf\u00e9 au lait", "cafe\u0301 au lait"
    keys = {load({"RLM_PASSPHRASE": text}, tmp_path).master for text in (composed, decomposed)}
    assert len(keys) == 1


def test_the_passphrase_reaches_argon2id_as_documented(tmp_path: Path) -> None:
    from argon2.low_level import Type, hash_secret_raw

    keyring = load({"RLM_PASSPHRASE": "correct horse battery"}, tmp_path)
    salting = json.loads((tmp_path / SALT_FILE).read_text())
    assert keyring.master == hash_secret_raw(
        b"correct horse battery",
        base64.b64decode(salting["salt"]),
        time_cost=3,
        memory_cost=65536,
        parallelism=4,
        hash_len=32,
        type=Type.ID,
    )


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyMalformed, match="shorter than 8"):
        load({"RLM_PASSPHRASE": "1234567"}, tmp_path)


@pytest.mark.parametrize(
    "change", [{"salt": "AAAA"}, {"memory_kib": 8}, {"memory_kib": 1 << 40}, {"time_cost": "x"}]
)
def test_a_salt_file_that_would_weaken_the_key_is_refused(
    change: dict[str, object], tmp_path: Path
) -> None:
    environ = {"RLM_PASSPHRASE": "correct horse battery"}
    load(environ, tmp_path)
    salting = json.loads((tmp_path / SALT_FILE).read_text())
    (tmp_path / SALT_FILE).write_text(json.dumps(salting | change))
    with pytest.raises(KeyMalformed, match="salt file"):
        load(environ, tmp_path)


def test_a_missing_salt_is_not_made_anew_beside_sealed_data(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match=r"salt .* is missing"):
        load({"RLM_PASSPHRASE": "correct horse battery"}, tmp_path, sealed_under="0" * 16)
    assert list(tmp_path.iterdir()) == []


def test_without_argon2_a_passphrase_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "argon2"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "argon2", None)
    with pytest.raises(KeyUnavailable, match="pip install argon2-cffi"):
        load({"RLM_PASSPHRASE": "correct horse battery"}, tmp_path)


@posix_only
def test_a_new_key_file_is_private_and_lasts(tmp_path: Path) -> None:
    config = tmp_path / "deep" / "config"
    keyring = load({}, config)
    assert keyring.source == "file"
    assert stat.S_IMODE((config / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(config.stat().st_mode) == 0o700
    assert load({}, config).master == keyring.master


@posix_only
def test_a_new_key_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load({}, tmp_path / "config")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "config" / KEY_FILE).stat().st_mode) == 0o600


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_others_can_read_is_refused_with_the_cure(mode: int, tmp_path: Path) -> None:
    load({}, tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(KeyExposed, match="chmod 600"):
        load({}, tmp_path)


@posix_only
def test_a_key_file_others_can_replace_is_refused(tmp_path: Path) -> None:
    load({}, tmp_path)
    tmp_path.chmod(0o777)
    with pytest.raises(KeyExposed, match="chmod 700"):
        load({}, tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"not base64 at all"])
def test_a_spoilt_key_file_is_told_and_left_alone(content: bytes, tmp_path: Path) -> None:
    load({}, tmp_path)
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(KeyMalformed, match=KEY_FILE):
        load({}, tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_two_processes_that_race_end_with_one_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from rlm_crystal.keys import load_keyring;"
        "sys.stdin.read();"
        "print(load_keyring({}, Path(sys.argv[1]), stored_key=lambda *_: None).check)"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", script, str(tmp_path / "config")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.close()
        racer.stdin = None
    checks = {racer.communicate(timeout=60)[0].strip() for racer in racers}
    assert checks == {load({}, tmp_path / "config").check}


def test_threads_that_race_end_with_one_key(tmp_path: Path) -> None:
    start = threading.Barrier(8)
    checks: list[str] = []

    def race() -> None:
        start.wait(timeout=30)
        checks.append(load({}, tmp_path / "config").check)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(checks) == 8
    assert len(set(checks)) == 1


def test_an_entry_in_the_system_keyring_is_used_before_a_key_is_made(tmp_path: Path) -> None:
    keyring = load({}, tmp_path, stored_key=key_entry)
    assert (keyring.source, keyring.master) == ("keyring", KEY)
    assert list(tmp_path.iterdir()) == []


def test_a_spoilt_entry_in_the_system_keyring_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyMalformed, match="keyring entry"):
        load({}, tmp_path, stored_key=spoilt_entry)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the keyring needs no bus")
def test_without_a_session_bus_the_system_keyring_is_not_even_loaded() -> None:
    script = (
        "import sys; from rlm_crystal.system_keyring import stored_key;"
        "print(stored_key({}), 'keyring' in sys.modules)"
    )
    asked = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True
    )
    assert asked.stdout.split() == ["None", "False"]


def test_a_session_bus_that_is_not_there_gives_no_key() -> None:
    script = (
        "import os, sys; from rlm_crystal.system_keyring import stored_key;"
        "print(stored_key(os.environ))"
    )
    environ = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
    environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    asked = subprocess.run(
        [sys.executable, "-P", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environ,
        timeout=60,
    )
    assert asked.stdout.strip() == "None"


def test_a_keyring_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    released = threading.Event()

    def hang() -> object:
        released.wait(timeout=60)
        raise RuntimeError

    monkeypatch.setattr(keyring, "get_keyring", hang)
    monkeypatch.setattr("rlm_crystal.system_keyring._ANSWER_WITHIN_S", 0.01)
    try:
        assert stored_key({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}) is None
    finally:
        released.set()


def test_no_key_is_made_beside_data_sealed_under_another(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="sealed under key 0123456789abcdef and no key"):
        load({}, tmp_path, sealed_under="0123456789abcdef")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environ", "named"),
    [({"RLM_KEY": KEY_TEXT}, "RLM_KEY gives"), ({}, f"{KEY_FILE} gives")],
)
def test_a_key_that_does_not_fit_the_data_is_named_with_its_source(
    environ: dict[str, str], named: str, tmp_path: Path
) -> None:
    load({}, tmp_path)
    with pytest.raises(KeyUnavailable, match=named):
        load(environ, tmp_path, sealed_under="0123456789abcdef")


def test_purposes_have_unrelated_keys() -> None:
    keyring = Keyring("env", KEY)
    assert keyring.purpose("crystal") == Keyring("file", KEY).purpose("crystal")
    assert len({keyring.purpose(name) for name in ("crystal", "memory", "records")} | {KEY}) == 4


def test_a_handle_names_a_corpus_only_to_who_has_the_key() -> None:
    handles = {Keyring("env", key).handle("corpus") for key in (KEY, bytes(31) + b"\1")}
    assert len(handles) == 2
    assert all(len(handle) == 32 for handle in handles)


def test_a_keyring_does_not_show_its_key() -> None:
    shown = repr(Keyring("env", KEY))
    assert shown == "Keyring(source='env')"
