"""`rlm-mcp key status|export|rotate`, as a person uses them."""

import base64
import io
import stat
import sys
from pathlib import Path

import keyring
import pytest
from command_line import Ran, run_here
from keyring.backend import KeyringBackend

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


class Entries(KeyringBackend):
    """A keyring of the system that keeps its entries in memory."""

    priority = 5.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[f"{service}/{username}"] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[f"{service}/{username}"]


def key(*arguments: str | Path, home: Path, **environ: str) -> Ran:
    ran = run_here("key", *arguments, home=home, **environ)
    for secret in (OLD, NEW, *environ.values()):
        assert len(secret) < 20 or secret not in ran.out + ran.err
    return ran


def feed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_status_tells_of_the_key_without_telling_it_and_what_is_damaged(
    repository: Path, home: Path
) -> None:
    assert run_here("index", "--root", repository, home=home).code == 0
    told = key("status", "--json", home=home)
    fields = told.json
    assert told.code == 0
    assert set(fields) == {
        "source", "place", "fingerprint", "since", "data", "corpora", "settings", "unreadable",
    }  # fmt: skip
    (corpus,) = fields["corpora"]
    assert (fields["source"], fields["unreadable"]) == ("file", [])
    assert (corpus["roots"], corpus["generation"]) == ([str(repository)], 1)
    assert corpus["crystal_bytes"] > 1000
    text = key("status", home=home).out
    assert fields["fingerprint"] in text
    assert (home / "config" / "rlm-mcp.key").read_text().strip() not in told.out + text
    (manifest,) = home.rglob("current")
    manifest.write_bytes(b"junk")
    damaged = key("status", home=home)
    assert damaged.code == 1
    assert "no sealed page" in damaged.out


def test_an_exported_key_opens_the_data_elsewhere(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.key"
    told = key("export", file, home=home)
    assert told.code == 0
    assert "Keep it apart" in told.out
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (home / "config" / "rlm-mcp.key").unlink()
    lost = key("status", home=home)
    assert lost.code == 1
    found = run_here("key", "status", "--json", home=home, RLM_KEY=file.read_text())
    assert found.json["source"] == "env"


@pytest.mark.parametrize("arguments", [["export"], ["export", "--show"], ["export", "x", "--show"]])
def test_a_key_is_not_exported_to_where_a_program_would_catch_it(
    arguments: list[str], home: Path
) -> None:
    ran = key(*arguments, home=home)
    assert (ran.code, ran.out) == (2, "")


def test_a_key_is_not_written_over_a_file_nor_beside_its_data(home: Path, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    assert key("export", tmp_path / "there", home=home).code == 2
    assert (tmp_path / "there").read_text() == "mine"
    assert key("export", home / "data" / "key", home=home).code == 2


def test_rotating_a_key_file_keeps_all_and_says_what_follows(repository: Path, home: Path) -> None:
    assert run_here("index", "--root", repository, home=home).code == 0
    before = key("status", "--json", home=home).json
    rotated = key("rotate", "--json", home=home)
    after = key("status", "--json", home=home).json
    assert rotated.json == {
        "source": "file",
        "fingerprint": after["fingerprint"],
        "before": before["fingerprint"],
        "corpora": 1,
        "left_out": [],
    }
    assert "go on with it by themselves" in rotated.err
    assert after["corpora"][0]["generation"] == 1
    found = run_here("search", "total price", "--root", repository, "--json", home=home)
    assert found.json["results"][0]["path"] == "shop/cart.py"


def test_a_key_in_the_environment_is_replaced_by_the_one_given_beside_it(home: Path) -> None:
    assert key("status", home=home, RLM_KEY=OLD).code == 0
    rotated = key("rotate", home=home, RLM_KEY=OLD, RLM_NEW_KEY=NEW)
    assert rotated.code == 0
    assert "Put the new one into RLM_KEY" in rotated.out
    old = key("status", home=home, RLM_KEY=OLD)
    assert old.code == 1
    assert "after a rotation the new one" in old.err
    assert key("status", home=home, RLM_KEY=NEW).code == 0


def test_a_new_passphrase_is_read_from_standard_input(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert key("status", home=home).code == 0
    feed("battery staple\n", monkeypatch)
    assert key("rotate", "--to", "passphrase", home=home).code == 0
    assert not (home / "config" / "rlm-mcp.key").exists()
    assert key("status", home=home, RLM_PASSPHRASE="battery staple").code == 0


def test_nothing_on_standard_input_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key("status", "--json", home=home, RLM_KEY=OLD).json
    feed("", monkeypatch)
    assert key("rotate", home=home, RLM_KEY=OLD).code == 1
    assert key("status", "--json", home=home, RLM_KEY=OLD).json == before


def test_the_keyring_of_the_system_holds_the_new_key_and_not_the_old(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = Entries()
    monkeypatch.setattr(keyring, "get_keyring", lambda: entries)
    bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    before = key("status", "--json", home=home, **bus).json
    assert key("rotate", "--to", "keyring", home=home, **bus).code == 0
    first = dict(entries.held)
    moved = key("status", "--json", home=home, **bus).json
    assert key("rotate", home=home, **bus).code == 0
    assert (before["source"], moved["source"]) == ("file", "keyring")
    assert not (home / "config" / "rlm-mcp.key").exists()
    assert set(first) == set(entries.held) == {"rlm-mcp/master-key"}
    assert first != entries.held
    assert key("rotate", "--to", "file", home=home, **bus).code == 0
    assert entries.held == {}
    assert key("status", "--json", home=home, **bus).json["source"] == "file"


def test_a_keyring_that_takes_nothing_changes_nothing(home: Path) -> None:
    before = key("status", "--json", home=home).json
    refused = key("rotate", "--to", "keyring", home=home)
    assert refused.code == 1
    assert "does not take the entry" in refused.err
    assert key("status", "--json", home=home).json == before
