# ruff: noqa: RUF001 - other scripts are meant

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rlm_crystal.build import build, drift_of, refresh
from rlm_crystal.codec import to_pages
from rlm_crystal.crystal import Crystal
from rlm_crystal.embed import static_embedder
from rlm_crystal.errors import RootMissing, UnknownPath
from rlm_crystal.sight import changed_among
from rlm_crystal.types import Hit, Progress, Source
from rlm_crystal.walk import walk
from rlm_crystal.workers import batches_of, process, process_all, workers_for

QUESTIONS = (
    "open the connection", "close", "where are sockets bound", "Pool.acquire", "retry", "timeouts",
    "module_7", "parse header", "connection pool", "what does the scheduler do",
)  # fmt: skip


def write(root: Path, path: str, text: str, *, mtime_s: int = 1_700_000_000) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="")
    os.utime(target, ns=(mtime_s * 10**9, mtime_s * 10**9))


def module(number: int) -> str:
    return (
        f'"""Module {number}: opens a connection and retries."""\n\n'
        f"def module_{number}(socket):\n    return bind(socket, {number})\n\n\n"
        f"class Pool{number}:\n    def acquire(self, timeout):\n        return self.open(timeout)\n"
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for number in range(12):
        write(folder, f"net/module_{number}.py", module(number))
    write(folder, "README.md", "# Net\n\nParses a header, keeps a connection pool.\n")
    return folder


def paths(crystal: Crystal) -> list[str]:
    return [entry.path for entry in crystal.files]


def answers(crystal: Crystal) -> list[list[Hit]]:
    return [crystal.search(question, limit=20) for question in QUESTIONS]


def pages_but_generation(crystal: Crystal) -> dict[str, bytes]:
    return to_pages(replace(crystal, generation=0))


def test_a_crystal_tells_what_it_holds(root: Path) -> None:
    crystal = build([root])
    assert paths(crystal) == sorted(paths(crystal))
    assert len(crystal.files) == 13
    assert crystal.generation == 1
    assert crystal.roots == (root,)
    texts = [(root / path).read_text(encoding="utf-8") for path in paths(crystal)]
    assert crystal.bytes_source == sum(map(len, texts))
    assert crystal.tokens == crystal.bytes_source // 4
    assert [crystal.text(path) for path in paths(crystal)] == texts
    assert len(crystal.cluster_labels()) == crystal.chunk_count


def test_the_same_files_give_the_same_bytes(root: Path) -> None:
    assert to_pages(build([root])) == to_pages(build([root]))


def test_worker_processes_give_the_same_bytes_as_none(root: Path) -> None:
    assert to_pages(build([root], workers=2)) == to_pages(build([root], workers=0))


def test_a_refreshed_crystal_answers_as_a_fresh_one(root: Path) -> None:
    crystal = build([root])
    write(root, "net/module_3.py", module(3).replace("acquire", "lease"), mtime_s=1_700_000_100)
    write(root, "net/scheduler.py", "def schedule(jobs):\n    return sorted(jobs)\n")
    (root / "net/module_5.py").unlink()
    refreshed = refresh(crystal)
    fresh = build([root])
    assert refreshed.generation == crystal.generation + 1
    assert refreshed.files == fresh.files
    assert answers(refreshed) == answers(fresh)
    assert refreshed.chunk_count == fresh.chunk_count
    assert len(refreshed.cluster_labels()) == sum(s.chunk_count for s in refreshed.segments)
    for ask in (Crystal.symbol, Crystal.callers, Crystal.callees, Crystal.importers):
        for name in ("acquire", "lease", "schedule", "module_5", "open", "Pool3.lease", "sorted"):
            assert ask(refreshed, name) == ask(fresh, name)
    with pytest.raises(UnknownPath):
        refreshed.text("net/module_5.py")


def test_refreshing_again_and_again_keeps_one_overlay(root: Path) -> None:
    crystal = build([root])
    for step in range(1, 6):
        write(root, f"net/module_{step}.py", f"def step_{step}():\n    pass\n")
        write(root, "net/busy.py", f"busy = {step * 1000}\n", mtime_s=1_700_000_000 + step)
        crystal = refresh(crystal)
    assert len(crystal.segments) == 2
    assert crystal.generation == 6
    assert answers(crystal) == answers(build([root]))
    assert crystal.text("net/busy.py") == "busy = 5000\n"


def test_building_over_a_refreshed_crystal_gives_the_bytes_of_a_fresh_one(root: Path) -> None:
    crystal = build([root])
    write(root, "net/module_1.py", "def other():\n    return 1\n")
    (root / "net/module_2.py").unlink()
    again = build([root], previous=refresh(crystal))
    assert again.generation == 3
    assert pages_but_generation(again) == pages_but_generation(build([root]))


def test_nothing_of_a_removed_file_stays_in_a_rebuilt_crystal(root: Path) -> None:
    write(root, "net/secret.py", "def canary_in_symbol(canary_argument):\n    canary_call()\n")
    crystal = build([root])
    (root / "net/secret.py").unlink()
    pages = to_pages(build([root], previous=crystal))
    assert not [name for name, page in pages.items() if b"canary" in page]


def test_an_unchanged_folder_gives_the_same_crystal(root: Path) -> None:
    crystal = build([root])
    assert refresh(crystal) is crystal
    assert not drift_of(crystal)


def test_a_file_only_touched_is_taken_over(root: Path) -> None:
    crystal = build([root])
    write(root, "net/module_4.py", module(4), mtime_s=1_800_000_000)
    assert drift_of(crystal).changed == ("net/module_4.py",)
    touched = refresh(crystal)
    assert len(touched.segments) == 1
    assert not drift_of(touched)
    assert answers(touched) == answers(crystal)


def test_a_file_that_vanishes_while_being_read_is_skipped(root: Path) -> None:
    sources = walk([root]).sources
    (root / "net/module_0.py").unlink()
    batch = process(sources, static_embedder())
    assert [skip.path for skip in batch.skipped] == ["net/module_0.py"]
    assert batch.segment.file_count == len(sources) - 1


def test_files_that_are_no_text_are_told_and_not_read_again(root: Path) -> None:
    (root / "blob.py").write_bytes(b"\x00\x01\x02" * 100)
    crystal = build([root])
    assert [skip.path for skip in crystal.skipped] == ["blob.py"]
    assert refresh(crystal) is crystal
    write(root, "net/module_1.py", "one = 1\n")
    assert [skip.path for skip in refresh(crystal).skipped] == ["blob.py"]


def test_texts_that_parsers_dislike_are_indexed_all_the_same(root: Path) -> None:
    odd = {
        "deep.py": "x = " + "(" * 1500 + ")" * 1500 + "\n",
        "broken.py": "def (:\n  class\n\n\tπ = '\n",
        "empty.py": "",
        "newline.py": "\n",
        "cr.py": "a = 1\r\nb = 2\r\n",
        "form_feed.py": "a = 1\x0cb = 2\u2028c\n",
        "словарь.py": "сброс_пароля = 1\n",
    }
    for path, text in odd.items():
        write(root, f"odd/{path}", text)
    crystal = build([root])
    for path, text in odd.items():
        assert crystal.text(f"odd/{path}") == text
    assert crystal.search("сброс пароля")[0].path == "odd/словарь.py"


def test_progress_is_told_in_words_and_counts_every_file(root: Path) -> None:
    heard: list[Progress] = []
    build([root], progress=heard.append)
    assert list(dict.fromkeys(step.stage for step in heard)) == [
        "looking at files", "reading files", "joining", "clustering",
    ]  # fmt: skip
    assert Progress("reading files", 13, 13) in heard


def test_a_progress_sink_that_raises_stops_the_build(root: Path) -> None:
    class CancelledError(Exception):
        pass

    def cancel(step: Progress) -> None:
        if step.done:
            raise CancelledError

    for workers in (0, 2):
        with pytest.raises(CancelledError):
            build([root], progress=cancel, workers=workers)


def test_a_root_that_has_gone_is_an_error_not_an_empty_crystal(root: Path) -> None:
    crystal = build([root])
    root.rename(root.with_name("moved"))
    with pytest.raises(RootMissing):
        refresh(crystal)


def test_a_crystal_of_other_folders_is_not_built_upon(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other, "net/module_0.py", "zero = 0\n")
    crystal = build([other], previous=build([root]))
    assert paths(crystal) == ["net/module_0.py"]


def test_several_roots_are_one_corpus(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other, "tool.py", "def tool():\n    return bind\n")
    crystal = build([root, other])
    assert "corpus/net/module_0.py" in paths(crystal)
    assert crystal.search("tool")[0].path == "other/tool.py"


def test_work_is_done_here_where_no_process_can_be_started(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python-here"))
    crystal = build([root], workers=2)
    assert len(crystal.files) == 13


def test_work_of_a_worker_that_dies_is_done_here(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rlm_crystal.workers._CODE", "raise SystemExit")
    sources = walk([root]).sources
    done = process_all(
        [sources[:6], sources[6:]], static_embedder(), workers=2, on_done=lambda _: None
    )
    assert [batch.segment.file_count for batch in done] == [6, len(sources) - 6]


def test_batches_keep_the_order_and_lose_nothing(tmp_path: Path) -> None:
    sources = [Source(f"{n:03}", tmp_path, 100_000, 0) for n in range(50)]
    batches = batches_of(sources)
    assert [source for batch in batches for source in batch] == sources
    assert len(batches) == 3
    assert batches_of([]) == [[]]


def test_a_small_corpus_starts_no_worker() -> None:
    assert workers_for(100_000) == 0


def test_vectors_keep_their_direction_in_int8(root: Path) -> None:
    crystal = build([root])
    stored = crystal.segments[0].vectors.get().dense()
    np.testing.assert_allclose(np.linalg.norm(stored, axis=1), 1.0, atol=0.02)


def test_a_refresh_told_the_changed_files_equals_one_that_walks(root: Path) -> None:
    crystal = build([root])
    write(root, "net/module_3.py", "def lease():\n    return 3\n", mtime_s=1_700_000_100)
    (root / "net/module_5.py").unlink()
    told = [root / "net/module_3.py", root / "net/module_5.py", root / "net/module_1.py"]
    assert to_pages(refresh(crystal, paths=told)) == to_pages(refresh(crystal))


def test_a_refresh_told_nothing_new_gives_the_same_crystal(root: Path) -> None:
    crystal = build([root])
    assert refresh(crystal, paths=[root / "net/module_1.py"]) is crystal
    assert refresh(crystal, paths=[]) is crystal


def test_a_file_that_was_only_touched_keeps_its_chunks(root: Path) -> None:
    crystal = build([root])
    os.utime(root / "net/module_1.py", ns=(1, 1))
    refreshed = refresh(crystal, paths=[root / "net/module_1.py"])
    assert len(refreshed.segments) == 1
    assert refreshed.files == build([root]).files


ARRIVALS = {
    "new.py": "def brand_new():\n    return 1\n", "net/new.py": "x = 1\n", "net/no.log": "x",
    "net/blob.py": "\0\0\0", "net/poetry.lock": "x", "net/.env": "KEY=1", "net/logo.png": "x",
    "net/skip.md": "x", "net/big.txt": "x" * 2_000_000, "vendor/lib.py": "x = 1\n",
    "out/tracked.py": "x = 1\n", "out/ignored.py": "x = 1\n",
}  # fmt: skip


@pytest.mark.parametrize("with_git", [True, False], ids=["git", "scan"])
def test_new_files_judged_one_by_one_are_those_that_a_walk_finds(
    root: Path, with_git: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, ".gitignore", "*.log\nout/\n")
    write(root, ".rlmignore", "skip.md\n")
    write(root, "out/here.py", "x = 1\n")
    write(root, "vendor/here.py", "x = 1\n")
    if with_git:
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    crystal = build([root])
    for path, text in ARRIVALS.items():
        write(root, path, text)
    if with_git:
        subprocess.run(["git", "add", "-f", "out/tracked.py"], cwd=root, check=True)
    walked = refresh(crystal)
    monkeypatch.setattr("rlm_crystal.build.walk", None)  # a walk would fail
    told = refresh(crystal, paths=[root / path for path in ARRIVALS])
    assert told.files == walked.files
    assert answers(told) == answers(walked)
    # What an ignore file rules out is told by the next walk.
    by_walk = [skip for skip in walked.skipped if "gitignore" not in skip.reason]
    assert [skip for skip in told.skipped if "gitignore" not in skip.reason] == by_walk
    assert refresh(told, paths=[root / path for path in ARRIVALS]) is told


@pytest.mark.parametrize("told", ["net/pyvenv.cfg", "inner/new.py", "net", ".gitignore", "../x.py"])
def test_a_path_that_tells_too_little_makes_the_refresh_walk(root: Path, told: str) -> None:
    (root / "inner/.git").mkdir(parents=True)
    crystal = build([root])
    write(root, "top.py", "def brand_new():\n    return 1\n")
    if told.startswith(("net/", "inner/")):
        write(root, told, "x = 1\n")
    assert "top.py" in paths(refresh(crystal, paths=[root / told]))


@pytest.mark.parametrize("told", ["net/module_1.py~", "net/4913", "net/link.py"])
def test_what_came_and_went_while_an_editor_saved_needs_no_walk(
    root: Path, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crystal = build([root])
    (root / "net/link.py").symlink_to("module_1.py")
    write(root, "net/module_1.py", "def saved():\n    return 1\n", mtime_s=1_700_000_100)
    monkeypatch.setattr("rlm_crystal.build.walk", None)  # a walk would fail
    refreshed = refresh(crystal, paths=[root / "net/module_1.py", root / told])
    assert refreshed.text("net/module_1.py") == "def saved():\n    return 1\n"


def test_a_change_that_left_size_and_time_alone_is_seen_where_it_is_told_of(root: Path) -> None:
    crystal, other = build([root]), module(1).replace("bind", "kind")
    write(root, "net/module_1.py", other)
    assert refresh(crystal) is crystal
    assert refresh(crystal, paths=[root / "net/module_1.py"]).text("net/module_1.py") == other
    assert refresh(crystal, doubted=[root / "net/module_1.py"]).text("net/module_1.py") == other
    assert changed_among(crystal, ["net/module_1.py", "net/module_2.py"]) == (
        root / "net/module_1.py",
    )


def test_a_file_of_two_names_changed_by_one_of_them_is_changed_by_both(root: Path) -> None:
    os.link(root / "net/module_1.py", root / "net/same.py")
    crystal = build([root])
    write(root, "net/module_1.py", "one = 1\n", mtime_s=1_700_000_100)
    refreshed = refresh(crystal, paths=[root / "net/module_1.py"])
    assert refreshed.text("net/same.py") == "one = 1\n"


def test_a_file_that_is_no_longer_ignored_is_indexed(root: Path) -> None:
    write(root, ".gitignore", "net/module_1.py\n")
    crystal = build([root])
    assert "net/module_1.py" not in paths(crystal)
    (root / ".gitignore").unlink()
    assert "net/module_1.py" in paths(refresh(crystal))


def test_an_indexed_file_that_becomes_a_link_or_too_large_leaves_the_crystal(root: Path) -> None:
    crystal = build([root])
    write(root, "net/module_3.py", "x = 1\n" * 400_000)
    refreshed = refresh(crystal, paths=[root / "net/module_3.py"])
    assert "net/module_3.py" not in paths(refreshed)
    assert any("too large" in skip.reason for skip in refreshed.skipped)


def test_words_of_a_translation_are_found_though_it_has_no_vector(root: Path) -> None:
    write(root, "locale/ru/net.po", 'msgid "Close"\nmsgstr "Закрыть соединение"\n')

    crystal = build([root], workers=0)

    assert [hit.path for hit in crystal.search("закрыть")] == ["locale/ru/net.po"]
    row = paths(crystal).index("locale/ru/net.po")
    assert not crystal.segments[0].vectors.get().dense()[crystal.view.chunk_file == row].any()
