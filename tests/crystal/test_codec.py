# ruff: noqa: RUF001 - other scripts are meant

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.build import build, refresh
from rlm_crystal.codec import PagesInTurn, from_pages, pages_since, to_pages
from rlm_crystal.columns import pack, unpack
from rlm_crystal.crystal import Crystal
from rlm_crystal.errors import FormatUnknown, PageDamaged

FILES = {
    f"{folder}/part_{n}.py": (
        f'"""Part {n} of {folder}."""\nimport os\n\n\ndef {folder}_{n}(value):\n'
        f"    return os.path.join(value, '{folder}')\n\n\nclass {folder.title()}{n}:\n"
        f"    def run(self):\n        return {folder}_{n}(self)\n"
    )
    for folder in ("alpha", "beta")
    for n in range(8)
}


def reader(pages: dict[str, bytes], asked: list[str]) -> Callable[[str], bytes]:
    def read(name: str) -> bytes:
        asked.append(name)
        return pages[name]

    return read


@pytest.fixture(scope="module")
def crystal(tmp_path_factory: pytest.TempPathFactory) -> Crystal:
    """A crystal with an overlay and a masked file."""
    root = tmp_path_factory.mktemp("corpus")
    for path, text in FILES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    built = build([root])
    (root / "beta/part_3.py").write_text("def changed(): return 1\n", encoding="utf-8")
    (root / "beta/part_4.py").unlink()
    return refresh(built)


def test_a_crystal_comes_back_from_its_pages_the_same(crystal: Crystal) -> None:
    pages = to_pages(crystal)
    back = from_pages(pages.__getitem__)
    assert back.files == crystal.files
    assert (back.corpus_id, back.generation, back.roots, back.head, back.skipped) == (
        crystal.corpus_id, crystal.generation, crystal.roots, crystal.head, crystal.skipped,
    )  # fmt: skip
    assert to_pages(back) == pages
    assert [back.text(entry.path) for entry in back.files] == [
        crystal.text(entry.path) for entry in crystal.files
    ]
    assert back.map(500) == crystal.map(500)
    assert back.map(500, "beta") == crystal.map(500, "beta")
    assert back.symbol("run") == crystal.symbol("run")
    assert back.callers("join") == crystal.callers("join")
    assert back.importers("os") == crystal.importers("os")
    np.testing.assert_array_equal(back.cluster_labels(), crystal.cluster_labels())


def test_pages_made_in_turn_are_those_made_at_once(crystal: Crystal) -> None:
    assert dict(PagesInTurn(crystal)) == to_pages(crystal)


def test_only_what_a_refresh_changed_is_made_into_pages(crystal: Crystal) -> None:
    pages, asked = to_pages(crystal), list[str]()
    opened = from_pages(reader(pages, asked))
    (crystal.roots[0] / "alpha/part_1.py").write_text("def other(): return 2\n", encoding="utf-8")
    later = refresh(opened)
    asked.clear()
    changed, same = pages_since(later, opened, set(pages))
    assert asked == []
    assert same == {name for name in pages if name.startswith(("segment-0", "clusters", "history"))}
    assert changed | {name: pages[name] for name in same} == to_pages(later)
    assert pages_since(later, opened, set())[0] == to_pages(later)


_texts = st.lists(
    st.sampled_from(["alpha", "beta", "run", "changed", "part_3", "os.path", "where is", "joins"]),
    min_size=1,
).map(" ".join)


@given(_texts, st.integers(1, 30), st.sampled_from(["", "beta/**", "*_1.py"]))
def test_a_crystal_from_pages_finds_the_same(
    crystal: Crystal, query: str, limit: int, path_glob: str
) -> None:
    back = from_pages(to_pages(crystal).__getitem__)
    expected = crystal.find(query, limit=limit, path_glob=path_glob)
    assert back.find(query, limit=limit, path_glob=path_glob) == expected


def test_opening_reads_only_what_drift_needs(crystal: Crystal) -> None:
    asked: list[str] = []
    back = from_pages(reader(to_pages(crystal), asked))
    assert asked == ["manifest", "segment-0-files", "segment-1-files"]
    assert len(back.files) == len(FILES) - 1
    assert len(asked) == 3
    back.search("alpha")
    assert "segment-0-postings" in asked
    assert "clusters" not in asked


def test_a_loaded_crystal_asks_for_nothing_more(crystal: Crystal) -> None:
    asked: list[str] = []
    back = from_pages(reader(to_pages(crystal), asked))
    back.load()
    before = len(asked)
    back.search("beta run")
    back.text("alpha/part_0.py")
    back.map()
    assert len(asked) == before
    assert len(asked) == len(set(asked))


def test_a_page_that_cannot_be_read_is_asked_for_again(crystal: Crystal) -> None:
    pages = to_pages(crystal)
    gone = pages.pop("segment-0-postings")
    back = from_pages(pages.__getitem__)
    with pytest.raises(KeyError):
        back.search("alpha")
    pages["segment-0-postings"] = gone
    assert back.search("alpha") == crystal.search("alpha")


def test_pages_of_another_format_or_embedder_are_refused(crystal: Crystal) -> None:
    pages = to_pages(crystal)
    manifest = unpack(pages["manifest"])
    for change in ({"format": 99}, {"embedder": "another"}):
        pages["manifest"] = pack({**manifest.meta, **change}, manifest.arrays)
        with pytest.raises(FormatUnknown, match="index again"):
            from_pages(pages.__getitem__)


_arrays = st.sampled_from([np.int8, np.uint8, np.int32, np.int64, np.float32]).flatmap(
    lambda kind: st.lists(st.integers(0, 100), max_size=9).map(lambda v: np.asarray(v, dtype=kind))
)


@given(st.dictionaries(st.text(max_size=8), _arrays, max_size=5))
def test_columns_come_back_as_they_were(arrays: dict[str, np.ndarray]) -> None:
    back = unpack(pack({"a": [1, None, "б"]}, arrays))
    assert back.meta == {"a": [1, None, "б"]}
    assert list(back.arrays) == list(arrays)
    for name, array in arrays.items():
        assert back.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(back.arrays[name], array)


def test_what_is_no_page_of_ours_is_refused() -> None:
    with pytest.raises(PageDamaged):
        unpack(b"something else entirely")


def test_columns_are_written_with_the_low_byte_first() -> None:
    page = pack({}, {"x": np.asarray([1], dtype=">i4")})
    assert page.endswith(b"\x01\x00\x00\x00")


def test_text_reading_survives_a_store_on_disk(crystal: Crystal, tmp_path: Path) -> None:
    for name, page in to_pages(crystal).items():
        (tmp_path / name).write_bytes(page)
    back = from_pages(lambda name: (tmp_path / name).read_bytes())
    assert back.read("beta/part_3.py", 1, 1) == "def changed(): return 1\n"
