"""What holds for every page of a real store: changes and swaps are detected, nothing repeats."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.build import build
from rlm_crystal.codec import to_pages
from rlm_crystal.errors import PageDamaged, SealError
from rlm_crystal.header import HEADER_BYTES, NONCE_BYTES
from rlm_crystal.seal import PageContext, Sealer
from rlm_crystal.store import PageStore
from rlm_crystal.vault import Vault

SEALER = Sealer(bytes(range(32)))
NONCE = slice(36, 48)


@dataclass(frozen=True)
class Sealed:
    """Two corpora of the same texts, each with two generations of which no page is shared."""

    stores: tuple[PageStore, PageStore]
    pages: dict[Path, tuple[PageStore, str, int]]
    """Of every file: its store, and the page and generation it holds."""


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    folder = tmp_path_factory.mktemp("sealed")
    root = folder / "corpus"
    root.mkdir()
    for number in range(8):
        (root / f"part{number}.py").write_text(f"def part_{number}():\n    return {number}\n" * 5)
    content = to_pages(build([root], workers=0))
    stores: list[PageStore] = []
    pages: dict[Path, tuple[PageStore, str, int]] = {}
    for corpus in ("one", "two"):
        store = PageStore(folder / corpus, SEALER, corpus)
        stores.append(store)
        for _ in range(2):
            number = store.write_generation(content, carry=False)
            for name, entry in store.generation().pages.items():
                pages[folder / corpus / "pages" / entry.file] = (store, name, number)
    return Sealed((stores[0], stores[1]), pages)


@contextmanager
def holding(path: Path, content: bytes) -> Generator[None]:
    kept = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(kept)


@settings(max_examples=150)
@given(data=st.data())
def test_any_single_byte_change_of_any_page_of_a_store_is_detected(
    sealed: Sealed, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(sorted(sealed.pages)))
    store, name, generation = sealed.pages[path]
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255).filter(lambda b: b != content[position]))
    with holding(path, bytes(content)), pytest.raises(PageDamaged):
        store.read(name, generation)
    store.read(name, generation)


@settings(max_examples=60)
@given(data=st.data())
def test_any_single_byte_change_of_a_manifest_is_detected(
    sealed: Sealed, data: st.DataObject
) -> None:
    number = data.draw(st.sampled_from([0, 1]))
    path = sorted(sealed.pages)[-1 if number else 0].parents[1] / "current"
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    with holding(path, bytes(content)), pytest.raises(PageDamaged):
        sealed.stores[number].current()


@settings(max_examples=150)
@given(data=st.data())
def test_no_page_passes_for_another_of_any_name_generation_or_corpus(
    sealed: Sealed, data: st.DataObject
) -> None:
    paths = st.sampled_from(sorted(sealed.pages))
    source, target = data.draw(paths), data.draw(paths)
    store, name, generation = sealed.pages[target]
    with holding(target, source.read_bytes()):
        if source == target:
            store.read(name, generation)
            return
        with pytest.raises(PageDamaged):
            store.read(name, generation)


def test_a_manifest_passes_for_that_of_no_other_corpus(sealed: Sealed) -> None:
    one, two = (min(sealed.pages).parents[2] / corpus / "current" for corpus in ("one", "two"))
    with holding(one, two.read_bytes()), pytest.raises(PageDamaged):
        sealed.stores[0].current()


@settings(max_examples=40)
@given(name=st.from_regex("[a-z]{1,8}", fullmatch=True), data=st.data())
def test_any_single_byte_change_of_a_record_is_detected(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("vault")
    vault = Vault(folder, SEALER, "scope")
    vault.put(name, data.draw(st.binary(max_size=400)))
    path = folder / f"{name}.sealed"
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(SealError):
        vault.get(name)


def test_two_stores_of_the_same_texts_and_key_share_nothing(sealed: Sealed) -> None:
    contents = [path.read_bytes() for path in sealed.pages]
    nonces = [content[NONCE] for content in contents]
    # Eight bytes that are equal by chance: 2^-64 for each pair of places.
    begins = [content[HEADER_BYTES : HEADER_BYTES + 8] for content in contents]
    tags = [content[-16:] for content in contents]
    for parts in (nonces, begins, tags, [path.name for path in sealed.pages]):
        assert len(set(parts)) == len(sealed.pages)


def test_a_nonce_never_comes_twice_in_a_hundred_thousand_seals() -> None:
    context = PageContext("corpus", "page", 1)
    nonces = {SEALER.seal(b"", context=context)[NONCE] for _ in range(100_000)}
    assert len(nonces) == 100_000


def test_what_nonces_are_drawn_from_does_not_repeat_in_a_million() -> None:
    """Random 96 bits repeat within a million draws with a chance of 2^-57."""
    assert len({os.urandom(NONCE_BYTES) for _ in range(1_000_000)}) == 1_000_000


def test_every_nonce_is_what_the_system_drew_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bytes] = []
    real = os.urandom

    def draw(size: int) -> bytes:
        drawn.append(real(size))
        return drawn[-1]

    monkeypatch.setattr(os, "urandom", draw)
    context = PageContext("corpus", "page", 1)
    assert [SEALER.seal(b"", context=context)[NONCE] for _ in range(50)] == drawn
    assert {len(nonce) for nonce in drawn} == {NONCE_BYTES}
