import contextlib
import errno
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from dying import Killed, die_at
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal import atomic
from rlm_crystal.errors import (
    GenerationGone,
    NoCrystal,
    PageDamaged,
    PageMissing,
    PageTruncated,
    StoreBusy,
    StoreError,
    WrongKey,
)
from rlm_crystal.seal import Sealer
from rlm_crystal.store import PageStore

KEY = bytes(range(32))
OLD = {"manifest": b"old manifest", "chunks": b"old chunks " * 200, "graph": b"the same"}
NEW = {"manifest": b"new manifest", "chunks": b"new chunks " * 300, "graph": b"the same", "x": b""}


def open_store(folder: Path, key: bytes = KEY, corpus: str = "corpus") -> PageStore:
    return PageStore(folder, Sealer(key), corpus)


def content(store: PageStore, generation: int | None = None) -> dict[str, bytes]:
    return {page: store.read(page, generation) for page in store.pages(generation)}


def page_file(folder: Path, sealed_bytes: int) -> Path:
    (found,) = [p for p in (folder / "pages").iterdir() if p.stat().st_size == sealed_bytes]
    return found


def test_nothing_is_there_before_the_first_generation(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    for ask in (store.current, store.pages, lambda: store.read("manifest")):
        with pytest.raises(NoCrystal, match="rlm-mcp index"):
            ask()
    assert not (tmp_path / "store").exists()


def test_a_generation_is_read_back(tmp_path: Path) -> None:
    assert open_store(tmp_path).write_generation(OLD) == 1
    store = open_store(tmp_path)
    assert store.current() == 1
    assert store.pages() == ("chunks", "graph", "manifest")
    assert content(store) == OLD


def test_a_new_generation_leaves_the_one_before_readable(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    assert store.write_generation(NEW) == 2
    assert content(store) == NEW
    assert content(store, 1) == OLD


def test_a_generation_two_writes_old_is_gone_and_says_so(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for pages in (OLD, NEW, OLD):
        store.write_generation(pages)
    with pytest.raises(GenerationGone, match="current one is 3"):
        store.read("chunks", 1)


def test_a_held_generation_is_read_after_any_number_of_writes(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    held = store.hold()
    for pages in (NEW, OLD, NEW):
        store.write_generation(pages, carry=False)
    assert {page: held.read(page) for page in held.generation.pages} == OLD


def test_a_held_generation_tells_of_a_page_that_was_lost_before(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    (tmp_path / "pages" / store.generation().pages["graph"].file).unlink()
    held = store.hold()
    assert held.read("chunks") == OLD["chunks"]
    with pytest.raises(PageMissing, match="index again"):
        held.read("graph")


def test_pages_known_to_be_the_same_are_carried_without_being_handed_over(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    store.write_generation({"manifest": b"new"}, same={"chunks", "graph"})
    assert content(store) == OLD | {"manifest": b"new"}
    (tmp_path / "pages" / store.generation().pages["graph"].file).unlink()
    with pytest.raises(PageMissing, match="carried on is missing"):
        store.write_generation({"manifest": b"newer"}, same={"chunks", "graph"})
    assert store.read("manifest") == b"new"


def test_a_page_the_generation_lacks_is_a_key_error(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    with pytest.raises(KeyError):
        store.read("x")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=12), st.binary(max_size=300), max_size=5),
        min_size=1,
        max_size=5,
    )
)
def test_any_history_ends_with_its_last_two_generations(history: list[dict[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        for number, pages in enumerate(history, start=1):
            assert store.write_generation(pages) == number
        assert content(store) == history[-1]
        if len(history) > 1:
            assert content(store, len(history) - 1) == history[-2]
        assert len(list((Path(folder) / "pages").iterdir())) <= sum(map(len, history[-2:]))


def test_an_unchanged_page_is_carried_and_not_written_again(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    before = {p.name for p in (tmp_path / "pages").iterdir()}
    store.write_generation(OLD | {"manifest": b"new manifest"})
    assert len({p.name for p in (tmp_path / "pages").iterdir()} - before) == 1
    for _ in range(3):
        store.write_generation(OLD)
    assert content(store) == OLD


def test_without_carrying_every_page_is_written_again(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    before = {p.name for p in (tmp_path / "pages").iterdir()}
    store.write_generation(OLD, carry=False)
    assert len({p.name for p in (tmp_path / "pages").iterdir()} - before) == len(OLD)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: os.truncate(path, 60)])
def test_a_lost_or_cut_page_is_written_again_instead_of_carried(spoil: Any, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    for path in (tmp_path / "pages").iterdir():
        spoil(path)
    store.write_generation(OLD)
    assert content(store) == OLD


@pytest.mark.parametrize("call", range(1, 60))
def test_a_writer_killed_at_any_call_leaves_the_old_or_the_new_generation(
    call: int, tmp_path: Path
) -> None:
    store = open_store(tmp_path)
    store.write_generation({"first": b"first"})
    store.write_generation(OLD)
    with pytest.MonkeyPatch.context() as patch:
        seen = die_at(call, patch)
        with contextlib.suppress(Killed):
            store.write_generation(NEW)
    after = open_store(tmp_path)
    assert (after.current(), content(after)) in ((2, OLD), (3, NEW))
    assert content(after, 2) == OLD
    if "replace" not in seen[:-1]:
        assert after.current() == 2
    assert after.write_generation(NEW | {"again": b"again"}, timeout_s=5) == after.current()
    assert content(after) == NEW | {"again": b"again"}
    named = len(NEW) + 1 + len(content(after, after.current() - 1))
    assert len(list((tmp_path / "pages").iterdir())) <= named
    assert list(tmp_path.glob("*.tmp")) == []


def test_the_kills_reach_past_the_last_call_of_a_writer(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation({"first": b"first"})
    store.write_generation(OLD)
    with pytest.MonkeyPatch.context() as patch:
        seen = die_at(10_000, patch)
        store.write_generation(NEW)
    assert 20 < len(seen) < 60


@pytest.mark.parametrize("call", range(1, 30))
def test_the_first_writer_killed_at_any_call_leaves_nothing_or_all(
    call: int, tmp_path: Path
) -> None:
    store = open_store(tmp_path / "store")
    with pytest.MonkeyPatch.context() as patch:
        die_at(call, patch)
        with contextlib.suppress(Killed):
            store.write_generation(OLD)
    after = open_store(tmp_path / "store")
    try:
        assert content(after) == OLD
    except NoCrystal:
        assert after.write_generation(OLD, timeout_s=5) == 1
        assert content(after) == OLD


def test_every_page_is_on_the_disk_before_the_manifest_names_it(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        seen = die_at(10_000, patch)
        store.write_generation(OLD)
    commit = seen.index("replace")
    # three pages, their folder, the manifest; then the folder of the manifest
    assert seen[:commit].count("fsync") == 5
    assert "write" not in seen[commit:]
    assert seen[commit:].count("fsync") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_writer_really_killed_leaves_a_store_that_opens(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path;"
        "from rlm_crystal.seal import Sealer; from rlm_crystal.store import PageStore;"
        "store = PageStore(Path(sys.argv[1]), Sealer(bytes(range(32))), 'corpus')\n"
        "for n in range(100000):\n"
        "    store.write_generation({'a': b'%d' % n, 'b': b'%d' % n})\n"
        "    print(n, flush=True)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-P", "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(8)]
    writer.kill()
    acknowledged += [int(line) for line in writer.stdout.read().split()]
    writer.wait(timeout=30)
    writer.stdout.close()
    store = open_store(tmp_path)
    pages = content(store)
    assert pages["a"] == pages["b"]
    assert int(pages["a"]) in (acknowledged[-1], acknowledged[-1] + 1)
    store.write_generation(OLD, timeout_s=5)
    assert content(store) == OLD


def test_a_full_disk_is_told_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    before = {p.name for p in (tmp_path / "pages").iterdir()}
    real = os.write
    written: list[bytes] = []

    def full(descriptor: int, data: bytes) -> int:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(data)
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match="No space left on device; what was there before is kept"):
        store.write_generation(NEW)
    assert content(store) == OLD
    assert {p.name for p in (tmp_path / "pages").iterdir()} == before


def test_a_failure_after_the_commit_takes_nothing_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)

    def failing(folder: Path) -> None:
        if folder == tmp_path:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(atomic, "sync_folder", failing)
    with pytest.raises(StoreError, match="Input/output error"):
        store.write_generation(NEW)
    assert content(store) == NEW


def test_readers_see_whole_generations_while_a_writer_works(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation({"a": b"0", "b": b"0"})
    done = threading.Event()
    mixed: list[dict[str, bytes]] = []

    def watch() -> None:
        reader = open_store(tmp_path)
        while not done.is_set():
            try:
                pages = content(reader, reader.current())
            except GenerationGone:
                continue
            if pages["a"] != pages["b"]:
                mixed.append(pages)

    readers = [threading.Thread(target=watch) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 40):
        store.write_generation({"a": b"%d" % number, "b": b"%d" % number})
    done.set()
    for reader in readers:
        reader.join(timeout=30)
    assert mixed == []
    assert content(store) == {"a": b"39", "b": b"39"}


def test_writers_take_turns_and_none_is_lost(tmp_path: Path) -> None:
    def write() -> None:
        for _ in range(5):
            open_store(tmp_path).write_generation({"a": b"a"})

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    assert open_store(tmp_path).current() == 20


def test_a_second_writer_is_told_that_the_first_is_at_work(tmp_path: Path) -> None:
    with open_store(tmp_path).lock(1), pytest.raises(StoreBusy, match="another rlm-mcp process"):
        open_store(tmp_path).write_generation(OLD, timeout_s=0)
    open_store(tmp_path).write_generation(OLD, timeout_s=0)


def test_the_holder_of_the_lock_may_write(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.lock(1):
        store.write_generation(OLD)
    open_store(tmp_path).write_generation(NEW, timeout_s=0)


def test_another_key_neither_reads_nor_overwrites(tmp_path: Path) -> None:
    open_store(tmp_path).write_generation(OLD)
    stranger = open_store(tmp_path, key=bytes(32))
    with pytest.raises(WrongKey):
        stranger.current()
    with pytest.raises(WrongKey):
        stranger.write_generation(NEW)
    assert content(open_store(tmp_path)) == OLD


def test_a_store_moved_to_another_corpus_does_not_open(tmp_path: Path) -> None:
    open_store(tmp_path).write_generation(OLD)
    with pytest.raises(PageDamaged):
        open_store(tmp_path, corpus="another").current()


def test_swapped_pages_are_noticed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation({"a": b"first page", "b": b"second page"})
    one, two = sorted((tmp_path / "pages").iterdir())
    sealed = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(sealed)
    for page in ("a", "b"):
        with pytest.raises(PageDamaged):
            store.read(page)


def test_an_older_page_put_back_is_noticed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation({"a": b"older"})
    (older,) = (tmp_path / "pages").iterdir()
    sealed = older.read_bytes()
    store.write_generation({"a": b"newer text"})
    page_file(tmp_path, 68 + len(b"newer text")).write_bytes(sealed)
    with pytest.raises(PageDamaged):
        store.read("a")


def test_a_page_of_a_crashed_writer_with_the_same_number_does_not_pass(tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    store = open_store(tmp_path / "store")
    store.write_generation({"a": b"begin"})
    shutil.copytree(tmp_path / "store", twin)
    open_store(twin).write_generation({"a": b"twin's second"})
    store.write_generation({"a": b"second of store"})
    sealed = page_file(twin, 68 + len(b"twin's second")).read_bytes()
    page_file(tmp_path / "store", 68 + len(b"second of store")).write_bytes(sealed)
    with pytest.raises(PageDamaged, match="an older page"):
        store.read("a")


def test_each_kind_of_damage_is_told_apart_and_verify_lists_it(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    pages = {name: name.encode() * length for length, name in enumerate("abcd", start=30)}
    store.write_generation(pages)
    assert store.verify() == {}
    paths = {name: page_file(tmp_path, 68 + len(page)) for name, page in pages.items()}
    paths["a"].unlink()
    os.truncate(paths["b"], 70)
    changed = bytearray(paths["c"].read_bytes())
    changed[-20] ^= 1
    paths["c"].write_bytes(changed)
    kinds = {name: type(error) for name, error in store.verify().items()}
    assert kinds == {"a": PageMissing, "b": PageTruncated, "c": PageDamaged}


@pytest.mark.parametrize("spoil", [b"", b"junk that is no page", None])
def test_a_damaged_manifest_is_told_and_can_be_written_anew(
    spoil: bytes | None, tmp_path: Path
) -> None:
    store = open_store(tmp_path)
    store.write_generation(OLD)
    sealed = bytearray((tmp_path / "current").read_bytes())
    sealed[-1] ^= 1
    (tmp_path / "current").write_bytes(bytes(sealed) if spoil is None else spoil)
    with pytest.raises((PageDamaged, PageTruncated)):
        store.current()
    store.write_generation(NEW)
    assert content(store) == NEW


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="file"):
        open_store(tmp_path / "file" / "store").write_generation(OLD)


def test_nothing_on_the_disk_shows_a_text_or_a_name(tmp_path: Path) -> None:
    canary = "canary-9c41"
    store = open_store(tmp_path, corpus=canary)
    store.write_generation({canary: canary.encode() * 100, "b": canary.encode()})
    for path in tmp_path.rglob("*"):
        assert canary not in str(path.relative_to(tmp_path))
        assert not path.is_file() or canary.encode() not in path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_only_the_owner_can_read_a_store(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    open_store(folder).write_generation(OLD)
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0


def test_the_size_counts_every_file(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write_generation({"a": b"short"})
    assert store.size_bytes() == 68 + 5 + (tmp_path / "current").stat().st_size
