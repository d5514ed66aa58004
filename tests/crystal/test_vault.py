import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.errors import PageDamaged, PageTruncated, WrongKey
from rlm_crystal.seal import Sealer
from rlm_crystal.vault import Vault

KEY = bytes(range(32))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault", Sealer(KEY), "scope")


def test_a_record_is_read_back_by_another_process_of_the_same_key(
    vault: Vault, tmp_path: Path
) -> None:
    vault.put("settings", b"{}")
    assert Vault(tmp_path / "vault", Sealer(KEY), "scope").get("settings") == b"{}"


def test_a_record_is_replaced(vault: Vault) -> None:
    vault.put("settings", b"old")
    vault.put("settings", b"new")
    assert (vault.get("settings"), vault.names()) == (b"new", ("settings",))


def test_a_record_that_is_not_there_is_none(vault: Vault) -> None:
    assert vault.get("settings") is None
    assert vault.names() == ()
    assert vault.delete("settings") is False


def test_a_deleted_record_is_gone(vault: Vault, tmp_path: Path) -> None:
    vault.put("trace-1", b"one")
    vault.put("trace-2", b"two")
    assert vault.delete("trace-1") is True
    assert (vault.get("trace-1"), vault.names()) == (None, ("trace-2",))
    assert [path.name for path in (tmp_path / "vault").glob("*.sealed")] == ["trace-2.sealed"]


def test_records_are_told_by_when_they_were_written_also_after_a_copy(
    vault: Vault, tmp_path: Path
) -> None:
    vault.put("trace-old", b"old")
    os.utime(tmp_path / "vault" / "trace-old.sealed", (1_000, 1_000))
    vault.put("trace-new", b"new")
    copy = Vault(tmp_path / "copy", Sealer(bytes(32)), "scope")
    assert vault.copy_to(copy) == {}
    for one in (vault, copy):
        assert one.written_before(1_000) == ()
        assert one.written_before(1_001) == ("trace-old",)


@given(st.text(min_size=1).filter(lambda name: re.fullmatch("[a-z0-9-]+", name) is None))
def test_a_name_of_other_characters_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no record name"):
        Vault(Path("nowhere"), Sealer(KEY), "scope").put(name, b"")


@pytest.mark.parametrize(
    "name", ["", "..", "../up", "a/b", "A", "a.b", "-a", "a-", "a\n", "a" * 81]
)
def test_these_names_are_refused(name: str, vault: Vault) -> None:
    for act in (vault.get, vault.delete, lambda name: vault.put(name, b"")):
        with pytest.raises(ValueError, match="no record name"):
            act(name)


def test_records_cannot_be_swapped(vault: Vault, tmp_path: Path) -> None:
    vault.put("one", b"1")
    vault.put("two", b"2")
    shutil.copy(tmp_path / "vault" / "one.sealed", tmp_path / "vault" / "two.sealed")
    with pytest.raises(PageDamaged):
        vault.get("two")


def test_a_record_of_another_scope_does_not_open(vault: Vault, tmp_path: Path) -> None:
    vault.put("one", b"1")
    with pytest.raises(PageDamaged):
        Vault(tmp_path / "vault", Sealer(KEY), "another").get("one")


def test_wrong_key_and_cut_record_are_told_apart(vault: Vault, tmp_path: Path) -> None:
    vault.put("one", b"1")
    with pytest.raises(WrongKey):
        Vault(tmp_path / "vault", Sealer(bytes(32)), "scope").get("one")
    path = tmp_path / "vault" / "one.sealed"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(PageTruncated):
        vault.get("one")


def test_nothing_of_a_record_is_in_clear(vault: Vault, tmp_path: Path) -> None:
    vault.put("trace-1", b"canary-9c41" * 30)
    assert b"canary" not in (tmp_path / "vault" / "trace-1.sealed").read_bytes()
