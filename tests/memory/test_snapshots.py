"""Named points of a memory: taken, listed, rolled back to, and what they may not bring back."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rlm_crystal.keys import Keyring
from rlm_memory.database import DATABASE
from rlm_memory.errors import SnapshotRefused
from rlm_memory.memory import Memory
from rlm_memory.types import Episode, Zone

KEYRING = Keyring("env", bytes(range(32)))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = opened(tmp_path)
    yield memory
    memory.close()


def opened(folder: Path) -> Memory:
    return Memory.open(folder, KEYRING, scope="corpus", clock=lambda: 9.0)


def fact(text: str, time_s: float = 1.0, zone: Zone = "internal", agent: str = "") -> Episode:
    return Episode(text, time_s=time_s, zone=zone, agent=agent)


def test_a_memory_is_rolled_back_and_forth(memory: Memory) -> None:
    memory.add(fact("The API listens on port 8080."))
    memory.remember(fact("the vault code", zone="secret"))
    memory.consolidate()
    then = memory.memos()
    memory.snapshots.take("good")
    memory.add(fact("The API listens on port 6666.", 2.0))
    memory.add(fact("The vault is open now.", 2.0, "public"))
    memory.consolidate()
    later = memory.memos()
    done = memory.snapshots.rollback("good")
    assert memory.memos() == then
    assert memory.snapshots.rollback(done.kept_as).kept_as != done.kept_as
    assert memory.memos() == later
    assert (memory.stats().altered, memory.broken_write()) == (False, None)


def test_another_process_sees_a_rollback_and_the_chain_tells_it(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    one.snapshots.take("empty")
    other.remember(fact("the proxy drops packets"))
    assert one.snapshots.rollback("empty").removed == 1
    assert other.recall("proxy").found == ()
    assert [each.name for each in other.snapshots.all()] == ["empty", "before-rollback-3"]
    acts = [(link.entry.act, link.entry.told) for link in other.writes()]
    assert acts[-2:] == [("snapshot", "before-rollback-3"), ("rollback", "empty")]
    one.close()
    other.close()


def test_a_database_put_back_is_noticed_after_a_rollback_too(tmp_path: Path) -> None:
    memory = opened(tmp_path / "m")
    memory.snapshots.take("empty")
    memory.remember(fact("the proxy drops packets"))
    memory.close()
    old = (tmp_path / "m" / "memory.sqlite3").read_bytes()
    memory = opened(tmp_path / "m")
    memory.snapshots.rollback("empty")
    memory.close()
    (tmp_path / "m" / "memory.sqlite3-wal").unlink(missing_ok=True)
    (tmp_path / "m" / "memory.sqlite3").write_bytes(old)
    memory = opened(tmp_path / "m")
    assert memory.stats().altered
    memory.close()


def test_what_was_forgotten_does_not_come_back_from_any_snapshot(memory: Memory) -> None:
    old = memory.add(fact("The API listens on port 8080.")).id
    memory.snapshots.take("first")
    new = memory.add(fact("The API listens on port 9090.", 2.0)).id
    memory.consolidate()
    memory.snapshots.take("second")
    memory.snapshots.rollback("first")
    assert memory.forget(new).left_in == ()
    memory.snapshots.rollback("second")
    assert new not in memory.memos()
    assert not any("9090" in memo.episode.text for memo in memory.memos().values())
    assert [each.id for each in memory.recall("API port").found] == [old]


def test_what_an_agent_wrote_is_forgotten_in_snapshots_too(memory: Memory) -> None:
    memory.add(fact("the port is 1", agent="bot"))
    memory.snapshots.take("poisoned")
    memory.snapshots.take("again")
    memory.forget(writer="bot")
    memory.snapshots.rollback("poisoned")
    assert memory.memos() == {}


def test_an_erased_zone_does_not_come_back(memory: Memory) -> None:
    memory.remember(fact("the vault code", zone="secret"))
    memory.remember(fact("the canteen code"))
    memory.snapshots.take("all")
    assert memory.erase("secret") == 1
    memory.snapshots.rollback("all")
    assert [memo.episode.zone for memo in memory.memos().values()] == ["internal"]


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, "taken"])
def test_a_name_is_new_and_plain(name: str, memory: Memory) -> None:
    memory.snapshots.take("taken")
    with pytest.raises(SnapshotRefused):
        memory.snapshots.take(name)
    with pytest.raises(SnapshotRefused):
        memory.snapshots.rollback("missing")
    memory.snapshots.drop("taken")
    assert memory.snapshots.all() == []


@settings(
    deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=8))
def test_whatever_came_after_a_snapshot_is_undone(
    acts: list[tuple[int, int]], memory: Memory
) -> None:
    memory.add(fact("The backup runs at 02:00."))
    then = memory.memos()
    name = f"p{memory.writes()[-1].seq}"
    memory.snapshots.take(name)
    for act, number in acts:
        if act == 0:
            memory.add(fact(f"The backup runs at 0{number}:00.", 2.0 + number))
        elif act == 1:
            memory.remember(fact(f"note {number}", zone="public"))
        elif act == 2:
            memory.consolidate()
        else:
            memory.snapshots.take(f"{name}-{memory.writes()[-1].seq}")
    memory.snapshots.rollback(name)
    assert memory.memos() == then


def test_a_snapshot_with_a_damaged_part_is_refused_and_nothing_is_deleted(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    memory.remember(fact("the canteen code", zone="public"))
    memory.remember(fact("the vault code"))
    memory.snapshots.take("good")
    then = memory.memos()
    part = memory._rows.id_for("public", "snapshot good")
    memory.close()
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        changed = "UPDATE rows SET sealed = zeroblob(length(sealed)) WHERE id = ?"
        assert connection.execute(changed, (part,)).rowcount == 1
    connection.close()
    memory = opened(tmp_path)
    with pytest.raises(SnapshotRefused, match="cannot be opened"):
        memory.snapshots.rollback("good")
    assert memory.memos() == then
    memory.close()


def test_what_was_joined_after_a_snapshot_and_forgotten_does_not_come_back(memory: Memory) -> None:
    first = memory.remember(fact("the backup runs at four in the night"))
    again = memory.remember(fact("backups run at 4 am", 2.0))
    memory.snapshots.take("apart")
    memory.resolve(again, first, "merge")
    memory.forget(first)
    memory.snapshots.rollback("apart")
    assert memory.memos() == {}
