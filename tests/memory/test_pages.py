"""The sealed pages from which an index is read when a memory is opened."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from rlm_crystal.keys import Keyring
from rlm_memory.database import DATABASE
from rlm_memory.index import Held
from rlm_memory.index_page import decode
from rlm_memory.memory import Memory
from rlm_memory.store import PURPOSE, RowStore
from rlm_memory.types import Episode, Place, Recall

KEYRING = Keyring("env", bytes(range(32)))
HERE = Place("internal", "episode")
COUNT = 520


def opened(folder: Path) -> Memory:
    return Memory.open(folder, KEYRING, scope="corpus", clock=lambda: 1e6)


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory with a page: build 7 broke for reason 7, and so on."""
    folder = tmp_path_factory.mktemp("paged")
    memory = opened(folder)
    memory.remember_all(
        [
            Episode(
                f"build {number} broke for reason{number % 50}",
                time_s=60.0 * number,
                speaker=("ann", "bo")[number % 2],
                session=f"day {number // 40}",
                subject=f"build {number}",
                attribute="reason",
                value=f"reason{number % 50}",
            )
            for number in range(COUNT)
        ]
    )
    memory.close()
    return folder


@pytest.fixture
def folder(paged: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(paged, tmp_path / "memory"))


def change(folder: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.execute(statement, values)
    connection.close()


def pages(folder: Path) -> list[tuple[str, int, bytes]]:
    with sqlite3.connect(folder / DATABASE) as connection:
        found = connection.execute("SELECT place, key_version, sealed FROM pages").fetchall()
    connection.close()
    return found


def told(found: Recall) -> list[tuple[str, float, float, str]]:
    return [(each.id, each.score, each.coverage, each.why) for each in found.found]


ASKED = ("why did build 7 break", "what did ann say of reason3", "build", "on 1 January 1970")


def test_a_memory_read_from_its_page_recalls_what_one_read_from_its_rows_does(folder: Path) -> None:
    by_page = opened(folder)
    assert pages(folder)
    first = [told(by_page.recall(question, limit=20)) for question in ASKED]
    by_page.close()
    change(folder, "DELETE FROM pages")
    by_rows = opened(folder)
    assert [told(by_rows.recall(question, limit=20)) for question in ASKED] == first
    assert (by_rows.stats().episodes, by_rows.stats().altered) == (COUNT, False)
    assert pages(folder), "the first question writes the page anew"
    by_rows.close()


def test_what_came_after_the_page_is_found_and_what_went_is_not(folder: Path) -> None:
    old = pages(folder)
    memory = opened(folder)
    (gone,) = memory.recall("build 7 broke", limit=1).found
    memory.forget(gone.id)
    memory.add(
        Episode(
            "build 8 broke for want of memory",
            time_s=1e5,
            subject="build 8",
            attribute="reason",
            value="memory",
        )
    )
    said = memory.remember(Episode("build 9000 is green", time_s=1e5))
    answers = [told(memory.recall(question, limit=20)) for question in ASKED]
    memory.close()
    # The page of before is put back by whoever may write the file.
    change(folder, "DELETE FROM pages")
    change(folder, "INSERT INTO pages VALUES (?, ?, ?)", *old[0])
    again = opened(folder)
    assert [told(again.recall(question, limit=20)) for question in ASKED] == answers
    assert again.get(gone.id) is None
    assert again.remember(Episode("build 9000 is green", time_s=2e5)) == said
    assert (again.stats().damaged, again.stats().altered, again.broken_write()) == ((), False, None)
    again.close()


@pytest.mark.parametrize("at", [40, -1])
def test_a_page_that_does_not_open_is_as_good_as_none(at: int, folder: Path) -> None:
    place, version, sealed = pages(folder)[0]
    broken = bytearray(sealed)
    broken[at] ^= 1
    change(folder, "UPDATE pages SET sealed = ?", bytes(broken))
    memory = opened(folder)
    assert len(memory.recall("build broke", limit=COUNT).found) == COUNT
    assert not memory.stats().altered
    memory.close()
    assert pages(folder)[0][:2] == (place, version)


def test_a_damaged_row_is_left_out_once_it_is_looked_at_and_told_by_the_stats(folder: Path) -> None:
    memory = opened(folder)
    (best,) = memory.recall("build 7 broke", limit=1).found
    memory.close()
    damage(folder, best.id)
    asked, counted = opened(folder), opened(folder)
    found = asked.recall("build 7 broke", limit=3).found
    assert len(found) == 3 and best.id not in {each.id for each in found}
    for memory in (asked, counted):
        stats = memory.stats()
        assert (stats.damaged, stats.episodes, stats.altered) == ((best.id,), COUNT - 1, False)
        memory.close()
    memory = opened(folder)
    assert memory.settle() == 1
    assert memory.stats().damaged == ()
    memory.close()


def test_words_of_what_was_forgotten_leave_the_page(folder: Path) -> None:
    memory = opened(folder)
    row_id = memory.remember(Episode("the passphrase of the vault is unspeakable", time_s=1e5))
    memory.remember_all([Episode(f"note number {n}", time_s=1e5) for n in range(COUNT)])
    memory.recall("note")
    assert "unspeak" in words_in_pages(folder)
    memory.forget(row_id)
    left = words_in_pages(folder)
    assert "unspeak" not in left and "note" in left
    memory.close()


def words_in_pages(folder: Path) -> set[str]:
    rows = RowStore(folder, KEYRING.sealer(PURPOSE), "corpus")
    try:
        return set(held_in_page(rows).lists.words)
    finally:
        rows.close()


def held_in_page(rows: RowStore, place: Place = HERE) -> Held:
    data = rows.pages.read(place)
    assert data is not None
    page = decode(data)
    assert page is not None
    return page.held


def test_who_spoke_and_when_leave_the_page_with_what_was_forgotten(folder: Path) -> None:
    memory = opened(folder)
    first, row_id = (
        memory.remember(Episode(text, time_s=1e5, speaker="Wilhelmina", session="night"))
        for text in ("hello", "good evening")
    )
    memory.forget(first)
    before = held_in_page(memory._rows)
    memory.forget(row_id)
    after = held_in_page(memory._rows)
    memory.close()
    assert ("Wilhelmina" in before.people, "night" in before.said.names) == (True, True)
    assert set(after.people) == {"ann", "bo"}
    assert set(after.said.names) == {f"day {number}" for number in range(COUNT // 40)}


def test_words_of_what_was_forgotten_leave_the_page_of_the_summaries_that_told_it_once(
    tmp_path: Path,
) -> None:
    memory, above = opened(tmp_path), Place("internal", "trace")
    memory.remember_all(
        [Episode(f"alpha{n} beta{n}", time_s=float(n), session=f"s{n}") for n in range(66)]
    )
    word = Episode("The vault word is xylophone", time_s=500.0, session="vault", subject="vault")
    word = replace(word, attribute="word", value="xylophone")
    memory.remember(Episode("we open the vault", time_s=400.0, session="vault"))
    other = memory.remember(Episode("something else", time_s=900.0, session="s65"))
    row_id = memory.add(word).id
    memory.consolidate()
    memory.forget(other)
    assert "xylophon" in held_in_page(memory._rows, above).lists.words
    marimba = replace(word, text="The vault word is marimba", time_s=600.0, value="marimba")
    memory.add(marimba)
    memory.consolidate()
    memory.forget(row_id)
    assert "xylophon" not in held_in_page(memory._rows, above).lists.words
    memory.close()


def test_a_disputing_row_that_is_damaged_is_left_out_of_the_count(folder: Path) -> None:
    memory = opened(folder)
    cat = Episode("The cat is black.", time_s=1e5, trust="user", subject="cat", attribute="colour")
    old = memory.add(replace(cat, value="black")).id
    white = replace(cat, text="The cat is white.", time_s=2e5, trust="agent", agent="z")
    new = memory.add(replace(white, value="white")).id
    assert memory.conflicts() == [(new, old)]
    memory.close()
    change(folder, "DELETE FROM pages")
    memory = opened(folder)
    memory.recall("cat")
    memory.close()
    damage(folder, new)
    counted, listed = opened(folder), opened(folder)
    assert (counted.tally().conflicts, listed.conflicts()) == (0, [])
    counted.close()
    listed.close()


def damage(folder: Path, row_id: str) -> None:
    with sqlite3.connect(folder / DATABASE) as connection:
        asked = "SELECT sealed FROM rows WHERE id = ?"
        (sealed,) = connection.execute(asked, (row_id,)).fetchone()
    connection.close()
    broken = sealed[:60] + bytes([sealed[60] ^ 1]) + sealed[61:]
    change(folder, "UPDATE rows SET sealed = ? WHERE id = ?", broken, row_id)
