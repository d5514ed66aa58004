import os
import re
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.keys import Keyring
from rlm_memory.admission import TEXT_CHARS_MAX
from rlm_memory.database import DATABASE
from rlm_memory.errors import MemoryBusy, MemoryDamaged, MemoryLocked, MemoryUnknown
from rlm_memory.memo_codec import decode_memo, encode_memo
from rlm_memory.memory import Memory
from rlm_memory.types import Citation, Episode, Memo, Recall

KEYRING = Keyring("env", bytes(range(32)))
STRANGER = Keyring("env", b"k" * 32)
DAY_S = 86_400.0

RELOAD = Episode.of_answer(
    "How does the development server reload when files change?",
    "The autoreloader watches modules and restarts the process.",
    time_s=1.0,
    citations=(Citation("django/utils/autoreload.py", 10, 20, verified=True),),
    revision="abc",
)
CSRF = Episode.of_answer("How are CSRF tokens compared?", "In constant time.", time_s=2.0)

finite = st.floats(allow_nan=False, allow_infinity=False)
episodes = st.builds(
    Episode,
    text=st.text(),
    time_s=finite,
    speaker=st.text(),
    question=st.text(),
    answer=st.text(),
    citations=st.lists(
        st.builds(Citation, st.text(), st.integers(1), st.integers(1), verified=st.booleans())
    ).map(tuple),
    revision=st.text(),
)


class Opened:
    """Opens the memory of one folder, and closes what it opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._memories: list[Memory] = []

    def __call__(self, keyring: Keyring = KEYRING, scope: str = "corpus") -> Memory:
        memory = Memory.open(self.folder, keyring, scope=scope, clock=lambda: 10.0)
        self._memories.append(memory)
        return memory

    def close(self) -> None:
        for memory in self._memories:
            memory.close()

    def change(self, statement: str, *values: object) -> None:
        """What somebody with the file and without the key can do."""
        self.close()
        connection = sqlite3.connect(self.folder / DATABASE)
        connection.execute(statement, values)
        connection.commit()
        connection.close()

    def rows(self) -> dict[str, bytes]:
        self.close()
        connection = sqlite3.connect(self.folder / DATABASE)
        rows = dict(connection.execute("SELECT id, sealed FROM rows"))
        connection.close()
        return rows


@pytest.fixture
def opened(tmp_path: Path):
    opened = Opened(tmp_path / "memory")
    yield opened
    opened.close()


def found(memory: Memory, query: str) -> list[str]:
    return [recalled.episode.question for recalled in memory.recall(query).found]


def test_a_remembered_answer_is_recalled_in_a_later_process(opened: Opened) -> None:
    row_id = opened().remember(RELOAD)
    opened.close()
    (recalled,) = opened().recall("files changed, server reloading").found
    assert (recalled.id, recalled.episode) == (row_id, RELOAD)
    assert 0 < recalled.score < 1.1
    assert recalled.why == "shares files, changed, server, reloading; said once, within the hour"


def test_the_nearer_episode_comes_first_and_the_limit_holds(opened: Opened) -> None:
    memory = opened()
    memory.remember(CSRF)
    memory.remember(RELOAD)
    assert found(memory, "csrf tokens")[0] == CSRF.question
    assert found(memory, "server reload")[0] == RELOAD.question
    assert len(memory.recall("how are tokens compared when files change", limit=1).found) == 1
    assert memory.recall("csrf", limit=0).found == ()


@pytest.mark.parametrize("query", ["", "   ", "?!", "zebra", "\0"])
def test_what_shares_no_word_is_not_recalled(query: str, opened: Opened) -> None:
    memory = opened()
    memory.remember(RELOAD)
    assert memory.recall(query).found == ()


def test_an_empty_memory_recalls_nothing(opened: Opened) -> None:
    assert opened().recall("anything") == Recall((), "nothing is remembered there yet")


def test_the_more_recent_of_equals_comes_first_and_age_never_hides_a_match(opened: Opened) -> None:
    memory = opened()
    old = memory.remember(Episode("the deploy key lives in vault", time_s=0.0, speaker="ann"))
    new = memory.remember(Episode("the deploy key lives in vault", time_s=300 * DAY_S, speaker="b"))
    memory.remember(Episode("the cat sleeps", time_s=200 * DAY_S))
    recalled = memory.recall("deploy key vault", now_s=301 * DAY_S).found
    assert [r.id for r in recalled] == [new, old]
    assert recalled[0].score - recalled[1].score < 0.03
    assert recalled[1].why.endswith("301 days ago")


def test_the_same_answer_again_is_one_episode_used_twice(opened: Opened) -> None:
    memory = opened()
    first = memory.remember(RELOAD)
    again = Episode.of_answer(RELOAD.question + " ", RELOAD.answer, time_s=5.0, revision="def")
    assert memory.remember(again) == first
    assert memory.stats().episodes == 1
    (recalled,) = memory.recall("reload").found
    assert recalled.episode.revision == "def"
    assert "said 2 times" in recalled.why


def test_another_answer_to_the_same_question_is_another_episode(opened: Opened) -> None:
    memory = opened()
    memory.remember(CSRF)
    memory.remember(Episode.of_answer(CSRF.question, "By hash.", time_s=3.0))
    assert memory.stats().episodes == 2


@pytest.mark.parametrize("text", ["", " \n", "x" * (TEXT_CHARS_MAX + 1)])
def test_an_episode_without_text_or_with_too_much_is_refused(text: str, opened: Opened) -> None:
    with pytest.raises(ValueError, match="characters of text"):
        opened().remember(Episode(text, time_s=0.0))


def test_a_forgotten_episode_is_gone_for_every_process(opened: Opened) -> None:
    memory, other = opened(), opened()
    row_id = memory.remember(RELOAD)
    assert other.recall("reload").found != ()
    assert memory.forget(row_id).memos == 1
    assert (found(memory, "reload"), found(other, "reload")) == ([], [])
    assert memory.forget(row_id).memos == 0
    assert opened().stats().altered is False


def test_processes_see_each_others_episodes(opened: Opened) -> None:
    one, two = opened(), opened()
    row_id = one.remember(RELOAD)
    assert two.remember(RELOAD) == row_id
    two.remember(CSRF)
    assert found(one, "csrf") == [CSRF.question]
    assert one.stats().episodes == two.stats().episodes == 2
    assert not one.stats().altered


def test_json_of_a_recalled_episode_holds_what_the_repl_needs(opened: Opened) -> None:
    memory = opened()
    row_id = memory.remember(RELOAD)
    (recalled,) = memory.recall("reload").found
    assert recalled.to_json() == {
        "id": row_id,
        "text": RELOAD.text,
        "speaker": "rlm-mcp",
        "time": "1970-01-01T00:00:01+00:00",
        "question": RELOAD.question,
        "answer": RELOAD.answer,
        "citations": [
            {
                "path": "django/utils/autoreload.py",
                "start_line": 10,
                "end_line": 20,
                "verified": True,
            }
        ],
        "revision": "abc",
        "level": "episode",
        "zone": "internal",
        "trust": "agent",
        "agent": "",
        "sources": [],
        "valid_from": None,
        "valid_to": None,
        "superseded_by": "",
        "coverage": 1.0,
        "score": round(recalled.score, 4),
        "why": recalled.why,
    }


@settings(max_examples=30, deadline=None)
@given(episodes, st.integers(1, 9), finite)
def test_a_memo_survives_its_bytes(episode: Episode, uses: int, last_used_s: float) -> None:
    memo = Memo(episode, "episode", uses, last_used_s)
    assert decode_memo(encode_memo(memo)) == memo


def test_another_key_opens_nothing_and_writes_nothing(opened: Opened) -> None:
    opened().remember(RELOAD)
    before = opened.rows()
    with pytest.raises(MemoryLocked, match="key"):
        opened(STRANGER)
    assert opened.rows() == before
    assert found(opened(), "reload") == [RELOAD.question]


def test_the_memory_of_one_corpus_does_not_open_as_that_of_another(opened: Opened) -> None:
    opened().remember(RELOAD)
    with pytest.raises(MemoryDamaged):
        opened(scope="another")


def test_a_damaged_row_is_told_and_the_others_live(opened: Opened) -> None:
    memory = opened()
    memory.remember(RELOAD)
    row_id = memory.remember(CSRF)
    sealed = bytearray(opened.rows()[row_id])
    sealed[60] ^= 1
    opened.change("UPDATE rows SET sealed = ? WHERE id = ?", bytes(sealed), row_id)
    memory = opened()
    assert memory.stats().damaged == (row_id,)
    assert (found(memory, "reload"), found(memory, "csrf")) == ([RELOAD.question], [])
    assert memory.forget(row_id).memos == 1
    assert (memory.stats().damaged, memory.stats().altered) == ((), False)


def test_swapped_rows_do_not_open(opened: Opened) -> None:
    memory = opened()
    one, two = memory.remember(RELOAD), memory.remember(CSRF)
    opened.change("UPDATE rows SET sealed = ? WHERE id = ?", opened.rows()[two], one)
    assert opened().stats().damaged == (one,)


def test_a_row_taken_away_is_noticed(opened: Opened) -> None:
    memory = opened()
    memory.remember(RELOAD)
    row_id = memory.remember(CSRF)
    assert not memory.stats().altered
    opened.change("DELETE FROM rows WHERE id = ?", row_id)
    memory = opened()
    assert memory.stats().altered
    memory.remember(CSRF)
    assert memory.stats().altered
    assert opened().stats().altered


def test_a_row_put_back_to_an_older_revision_is_noticed(opened: Opened) -> None:
    row_id = opened().remember(RELOAD)
    older = opened.rows()[row_id]
    opened().remember(RELOAD)
    assert not opened().stats().altered
    opened.change("UPDATE rows SET sealed = ? WHERE id = ?", older, row_id)
    memory = opened()
    assert (memory.stats().damaged, memory.stats().altered) == ((), True)


def test_settling_drops_what_cannot_be_opened_and_takes_the_rest(opened: Opened) -> None:
    memory = opened()
    kept, cut, gone = (
        memory.remember(e) for e in (RELOAD, CSRF, Episode("third thing", time_s=0.0))
    )
    opened.change("UPDATE rows SET sealed = substr(sealed, 1, 30) WHERE id = ?", cut)
    opened.change("DELETE FROM rows WHERE id = ?", gone)
    memory = opened()
    assert memory.stats().altered
    assert memory.settle() == 1
    stats = opened().stats()
    assert (stats.episodes, stats.damaged, stats.altered) == (1, (), False)
    assert found(memory, "reload") == [RELOAD.question]
    assert kept in opened.rows()


def test_a_file_that_is_no_database_is_told(opened: Opened) -> None:
    opened.folder.mkdir()
    (opened.folder / DATABASE).write_bytes(b"not a database at all " * 100)
    with pytest.raises(MemoryDamaged, match="no sound database"):
        opened()


def test_a_lost_header_is_told_and_no_new_key_is_put_over_the_rows(opened: Opened) -> None:
    opened().remember(RELOAD)
    opened.change("DELETE FROM header")
    with pytest.raises(MemoryDamaged, match="lost its header"):
        opened()


def test_a_newer_schema_is_told(opened: Opened) -> None:
    opened()
    opened.change("PRAGMA user_version = 99")
    with pytest.raises(MemoryUnknown, match="schema 99"):
        opened()


def test_a_writer_that_does_not_end_is_told(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_memory.database._BUSY_S", 0.01)
    memory = opened()
    blocker = sqlite3.connect(opened.folder / DATABASE, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(MemoryBusy, match="another process"):
        memory.remember(RELOAD)
    blocker.close()
    memory.remember(RELOAD)
    assert found(memory, "reload") == [RELOAD.question]


def test_nothing_said_is_in_clear_in_any_file(opened: Opened) -> None:
    memory = opened()
    for number in range(50):
        memory.remember(Episode.of_answer(f"canary{number} question", "canary answer", time_s=1.0))
    row_id = memory.remember(RELOAD)
    memory.forget(row_id)
    files = [path for path in opened.folder.iterdir() if path.is_file()]
    assert DATABASE in {path.name for path in files}
    for path in files:
        assert not re.search(rb"canary|project|episode|autoreload", path.read_bytes())


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_only_the_owner_can_read_a_memory(opened: Opened) -> None:
    opened().remember(RELOAD)
    for path in (opened.folder, *opened.folder.iterdir()):
        assert path.stat().st_mode & 0o077 == 0


def test_threads_share_one_memory(opened: Opened) -> None:
    memory = opened()

    def work(worker: int) -> None:
        for number in range(10):
            memory.remember(Episode(f"fact {worker} number {number}", time_s=1.0))
            assert memory.recall(f"fact {worker}").found

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert memory.stats().episodes == 40


WRITER = """
import sys
from pathlib import Path
from rlm_crystal.keys import Keyring
from rlm_memory.memory import Memory
from rlm_memory.types import Episode

memory = Memory.open(Path(sys.argv[1]), Keyring("env", bytes(range(32))), scope="corpus")
for number in range(int(sys.argv[3])):
    print(memory.remember(Episode(f"writer {sys.argv[2]} fact {number}", time_s=1.0)), flush=True)
"""


def writer(folder: Path, name: str, facts: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", WRITER, str(folder), name, str(facts)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )


def test_writers_in_four_processes_lose_nothing(opened: Opened) -> None:
    writers = [writer(opened.folder, str(number), 15) for number in range(4)]
    acknowledged = {
        row_id for process in writers for row_id in process.communicate(timeout=120)[0].split()
    }
    assert [process.returncode for process in writers] == [0] * 4
    stats = opened().stats()
    assert (stats.episodes, stats.damaged, stats.altered) == (60, (), False)
    assert acknowledged == opened.rows().keys()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_what_a_killed_writer_acknowledged_is_there(opened: Opened) -> None:
    for round_ in range(2):
        process = writer(opened.folder, str(round_), 1_000_000)
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(5)]
        process.kill()
        acknowledged += process.stdout.read().split("\n")[:-1]
        process.wait(timeout=30)
        process.stdout.close()
        stats = opened().stats()
        assert (stats.damaged, stats.altered) == ((), False)
        assert set(acknowledged) <= opened.rows().keys()
