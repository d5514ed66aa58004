"""What somebody with the files and without the key can do to a memory, and what is noticed."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from rlm_crystal.keys import Keyring
from rlm_memory.copying import copy, held_still
from rlm_memory.database import DATABASE
from rlm_memory.errors import MemoryDamaged, MemoryUnknown
from rlm_memory.memory import Memory
from rlm_memory.store import PURPOSE, RowStore
from rlm_memory.types import ZONES, Episode
from rlm_memory.witness import WITNESS

KEYRING = Keyring("env", bytes(range(32)))
OTHER = Keyring("env", b"o" * 32)
FACTS = [Episode(f"fact {number} about canary", time_s=float(number)) for number in range(4)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memory"


def opened(folder: Path, keyring: Keyring = KEYRING) -> Memory:
    return Memory.open(folder, keyring, scope="corpus", clock=lambda: 10.0)


def kept(folder: Path, *episodes: Episode) -> list[str]:
    memory = opened(folder)
    row_ids = memory.remember_all(episodes)
    memory.close()
    return row_ids


def change(folder: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(folder / DATABASE)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def looked_at(folder: Path) -> tuple[int, int, bool, int | None]:
    """How many live, how many are damaged, whether it was altered, the first broken write."""
    memory = opened(folder)
    stats, broken = memory.stats(), memory.broken_write()
    memory.close()
    return stats.episodes, len(stats.damaged), stats.altered, broken


def test_a_whole_database_put_back_is_noticed_and_settling_takes_it(folder: Path) -> None:
    kept(folder, *FACTS[:2])
    shutil.copy(folder / DATABASE, folder / "older")
    kept(folder, FACTS[2])
    kept(folder, FACTS[3])
    (folder / "older").replace(folder / DATABASE)
    assert looked_at(folder) == (2, 0, True, None)
    memory = opened(folder)
    memory.settle()
    memory.close()
    assert looked_at(folder) == (2, 0, False, None)


def test_a_database_put_back_and_written_to_is_noticed(folder: Path) -> None:
    kept(folder, FACTS[0])
    shutil.copy(folder / DATABASE, folder / "older")
    shutil.copy(folder / WITNESS, folder / "older-witness")
    for fact in FACTS[1:]:
        kept(folder, fact)
    newer = (folder / WITNESS).read_bytes()
    (folder / "older").replace(folder / DATABASE)
    (folder / "older-witness").replace(folder / WITNESS)
    for number in range(6):
        kept(folder, Episode(f"another {number}", time_s=1.0))
    (folder / WITNESS).write_bytes(newer)
    assert looked_at(folder) == (7, 0, True, None)


@pytest.mark.parametrize("left", [None, b""])
def test_a_memory_that_is_gone_is_not_begun_anew_beside_its_witness(
    folder: Path, left: bytes | None
) -> None:
    kept(folder, *FACTS)
    (folder / DATABASE).unlink()
    if left is not None:
        (folder / DATABASE).write_bytes(left)
    with pytest.raises(MemoryDamaged, match="witness"):
        opened(folder)
    (folder / WITNESS).unlink()
    assert looked_at(folder) == (0, 0, False, None)


def test_a_memory_without_its_witness_opens(folder: Path) -> None:
    kept(folder, *FACTS)
    (folder / WITNESS).unlink()
    assert looked_at(folder) == (4, 0, False, None)


@pytest.mark.parametrize("seq", [1, 3, 4])
def test_a_write_cut_from_the_chain_is_told(folder: Path, seq: int) -> None:
    kept(folder, *FACTS)
    change(folder, "DELETE FROM chain WHERE seq = ?", seq)
    assert looked_at(folder)[3] == seq


def test_a_changed_or_exchanged_write_is_told(folder: Path) -> None:
    kept(folder, *FACTS)
    change(folder, "UPDATE chain SET seq = 9 WHERE seq = 2")
    change(folder, "UPDATE chain SET seq = 2 WHERE seq = 3")
    change(folder, "UPDATE chain SET seq = 3 WHERE seq = 9")
    assert looked_at(folder)[3] == 2
    memory = opened(folder)
    with pytest.raises(MemoryDamaged, match="chain"):
        memory.writes()
    memory.close()


def test_the_chain_says_who_did_what(folder: Path) -> None:
    memory = opened(folder)
    row_id = memory.remember(Episode("the port is 80", time_s=1.0, agent="builder"))
    memory.forget(row_id)
    assert [(w.seq, w.entry.act, w.entry.agent, w.entry.rows) for w in memory.writes()] == [
        (1, "remember", "builder", (row_id,)),
        (2, "forget", "", (row_id,)),
    ]
    memory.close()


def test_a_row_moved_to_another_zone_does_not_open(folder: Path) -> None:
    public, secret = kept(
        folder,
        Episode("open to all", time_s=1.0, zone="public"),
        Episode("for few", time_s=1.0, zone="secret"),
    )
    connection = sqlite3.connect(folder / DATABASE)
    (zone,) = connection.execute("SELECT zone FROM rows WHERE id = ?", (public,)).fetchone()
    connection.close()
    change(folder, "UPDATE rows SET zone = ? WHERE id = ?", zone, secret)
    assert looked_at(folder)[:2] == (1, 1)


def test_every_changed_byte_of_a_row_is_noticed(folder: Path) -> None:
    (row_id,) = kept(folder, FACTS[0])
    connection = sqlite3.connect(folder / DATABASE)
    (sealed,) = connection.execute("SELECT sealed FROM rows").fetchone()
    connection.close()
    for at in range(0, len(sealed), 7):
        changed = bytearray(sealed)
        changed[at] ^= 0x10
        change(folder, "UPDATE rows SET sealed = ? WHERE id = ?", bytes(changed), row_id)
        assert looked_at(folder)[:2] == (0, 1)


def test_an_erased_zone_opens_nowhere_not_even_from_a_copy_of_its_rows(folder: Path) -> None:
    kept(folder, *(Episode(f"said in {zone}", time_s=1.0, zone=zone) for zone in ZONES))
    shutil.copy(folder / DATABASE, folder / "before")
    memory = opened(folder)
    assert memory.erase("secret") == 1
    memory.remember(Episode("said anew", time_s=2.0, zone="secret"))
    memory.close()
    before = sqlite3.connect(folder / "before")
    rows = before.execute("SELECT * FROM rows").fetchall()
    before.close()
    for row in rows:
        change(folder, "INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?)", *row)
    assert looked_at(folder)[:3] == (4, 1, True)


def test_another_schema_is_told(folder: Path) -> None:
    kept(folder, FACTS[0])
    for schema, advice in ((1, "begin anew"), (99, "update")):
        change(folder, f"PRAGMA user_version = {schema}")
        with pytest.raises(MemoryUnknown, match=advice):
            opened(folder)


def test_a_copy_under_another_key_keeps_rows_and_chain(folder: Path, tmp_path: Path) -> None:
    kept(folder, *FACTS, Episode("hidden", time_s=1.0, zone="secret"))
    with held_still(folder, KEYRING, scope="corpus") as rows:
        assert rows is not None
        wrong = copy(rows, tmp_path / "copy", OTHER, scope="corpus", leave_damaged=False)
    assert wrong == {}
    memory = opened(tmp_path / "copy", OTHER)
    assert (memory.stats().episodes, memory.stats().altered) == (5, False)
    assert (memory.broken_write(), len(memory.writes())) == (None, 5)
    assert memory.recall("hidden").found[0].episode.zone == "secret"
    memory.remember(Episode("goes on", time_s=1.0))
    assert (memory.stats().altered, memory.broken_write()) == (False, None)
    memory.close()


def test_an_act_that_cannot_be_noted_is_not_done(folder: Path) -> None:
    memory = opened(folder)
    memory.remember(FACTS[0])
    change(folder, "DROP TABLE chain")
    with pytest.raises(MemoryDamaged):
        memory.remember(FACTS[1])
    assert memory.stats().episodes == 1
    memory.close()


def test_nothing_of_any_zone_or_write_is_in_clear(folder: Path) -> None:
    zoned = [
        Episode(f"canary text {zone}", time_s=1.0, zone=zone, agent="canaryagent", speaker="canary")
        for zone in ZONES
    ]
    row_ids = kept(folder, *zoned)
    memory = opened(folder)
    memory.forget(row_ids[0])
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    memory.close()
    assert {DATABASE, WITNESS} <= files.keys()
    for content in files.values():
        assert not any(word in content for word in (b"canary", b"secret", b"remember", b"public"))


def test_a_write_whose_commit_failed_leaves_the_chain_whole(folder: Path) -> None:
    memory = opened(folder)
    memory.remember(FACTS[0])

    def full(act: int, what: str | None, *_: object) -> int:
        committing = act == sqlite3.SQLITE_TRANSACTION and what == "COMMIT"
        return sqlite3.SQLITE_DENY if committing else sqlite3.SQLITE_OK

    memory._rows._connection.set_authorizer(full)
    with pytest.raises(MemoryDamaged):
        memory.remember(FACTS[1])
    memory._rows._connection.set_authorizer(None)
    memory.remember(FACTS[2])
    memory.close()
    assert looked_at(folder) == (2, 0, False, None)


def test_what_others_write_while_we_look_is_no_alarm(folder: Path) -> None:
    memory = opened(folder)
    memory.remember(FACTS[0])
    rows = RowStore(folder, KEYRING.sealer(PURPOSE), "corpus")
    with rows.reading():
        tags = rows.tags()
        for fact in FACTS[1:]:
            memory.remember(fact)
        assert rows.unaltered(len(tags), sum(map(rows.mark, tags.keys(), tags.values())))
    rows.close()
    memory.close()
