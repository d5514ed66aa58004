import json
import subprocess
import sys
from pathlib import Path

import pytest
import rlm_crystal.errors
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.errors import (
    CryptoUnavailable,
    PageDamaged,
    PageTruncated,
    SealError,
    WrongKey,
)
from rlm_crystal.header import PAGE_BYTES_MAX
from rlm_crystal.seal import (
    OVERHEAD_BYTES,
    PageContext,
    Sealer,
    crypto_check,
    derive,
)

VECTORS = Path(__file__).parents[1] / "vectors"
VECTOR_LIST = json.loads((VECTORS / "sealed-pages.json").read_text())
PAGES = {page["file"]: page for page in VECTOR_LIST["pages"]}

SEALER = Sealer(bytes(range(32)))
CONTEXT = PageContext("corpus", "page/text", 3)

contexts = st.builds(
    PageContext,
    corpus_id=st.text(max_size=40),
    page=st.text(max_size=40),
    generation=st.integers(0, 2**64 - 1),
    format=st.integers(0, 2**16 - 1),
)


def open_vector(name: str) -> bytes:
    sealer = Sealer(bytes.fromhex(VECTOR_LIST["key"]))
    sealed = (VECTORS / name).read_bytes()
    return sealer.open(sealed, context=PageContext(**VECTOR_LIST["context"]))


@pytest.mark.parametrize("name", [n for n, page in PAGES.items() if page["expect"] == "opens"])
def test_a_sound_vector_opens(name: str) -> None:
    assert open_vector(name) == PAGES[name]["page"].encode()


@pytest.mark.parametrize("name", [n for n, page in PAGES.items() if page["expect"] != "opens"])
def test_a_damaged_vector_fails_as_it_says(name: str) -> None:
    with pytest.raises(SealError) as caught:
        open_vector(name)
    assert type(caught.value) is getattr(rlm_crystal.errors, PAGES[name]["expect"])


def test_every_vector_file_is_listed() -> None:
    assert {path.name for path in VECTORS.glob("*.page")} == PAGES.keys()


@given(page=st.binary(max_size=2000), context=contexts)
def test_a_page_opens_in_its_context(page: bytes, context: PageContext) -> None:
    assert SEALER.open(SEALER.seal(page, context=context), context=context) == page


@given(context=contexts, other=contexts)
def test_a_page_opens_in_no_other_context(context: PageContext, other: PageContext) -> None:
    sealed = SEALER.seal(b"page", context=context)
    if context == other:
        return
    with pytest.raises(PageDamaged):
        SEALER.open(sealed, context=other)


def test_labels_cannot_be_shifted_between_corpus_and_page() -> None:
    sealed = SEALER.seal(b"page", context=PageContext("ab", "c", 1))
    with pytest.raises(PageDamaged):
        SEALER.open(sealed, context=PageContext("a", "bc", 1))


@pytest.mark.parametrize("page", [b"short", b"long and repetitive " * 20])
def test_any_single_byte_change_is_detected(page: bytes) -> None:
    sealed = SEALER.seal(page, context=CONTEXT)
    for position in range(len(sealed)):
        for flip in (0x01, 0x80, 0xFF):
            changed = bytearray(sealed)
            changed[position] ^= flip
            with pytest.raises(PageDamaged):
                SEALER.open(bytes(changed), context=CONTEXT)


@settings(max_examples=300)
@given(st.data())
def test_any_single_byte_change_of_any_page_is_detected(data: st.DataObject) -> None:
    sealed = bytearray(SEALER.seal(data.draw(st.binary(max_size=3000)), context=CONTEXT))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] = data.draw(st.integers(0, 255).filter(lambda b: b != sealed[position]))
    with pytest.raises(PageDamaged):
        SEALER.open(bytes(sealed), context=CONTEXT)


@given(page=st.binary(max_size=500), data=st.data())
def test_any_cut_is_told_as_a_cut(page: bytes, data: st.DataObject) -> None:
    sealed = SEALER.seal(page, context=CONTEXT)
    length = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(PageTruncated):
        SEALER.open(sealed[:length], context=CONTEXT)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_open(junk: bytes) -> None:
    with pytest.raises(SealError):
        SEALER.open(junk, context=CONTEXT)


def test_another_key_is_recognised_before_anything_is_decrypted() -> None:
    sealed = SEALER.seal(b"page" * 100, context=CONTEXT)
    with pytest.raises(WrongKey, match=SEALER.key_check):
        Sealer(bytes(32)).open(sealed, context=CONTEXT)


@given(st.binary(max_size=400))
def test_two_seals_of_one_page_share_nothing_but_the_header_fields(page: bytes) -> None:
    first = SEALER.seal(page, context=CONTEXT)
    second = SEALER.seal(page, context=CONTEXT)
    assert first[36:48] != second[36:48]
    assert first[-16:] != second[-16:]


def test_a_page_sealed_again_is_the_same_page_under_the_other_key_only() -> None:
    page, other = b"page " * 100, Sealer(bytes(32))
    sealed = SEALER.seal(page, context=CONTEXT)
    again = SEALER.resealed(sealed, context=CONTEXT, by=other)
    assert other.open(again, context=CONTEXT) == page
    assert len(again) == len(sealed)
    with pytest.raises(WrongKey):
        SEALER.open(again, context=CONTEXT)


def test_a_damaged_page_is_not_sealed_again() -> None:
    sealed = bytearray(SEALER.seal(b"page " * 100, context=CONTEXT))
    sealed[-1] ^= 1
    with pytest.raises(PageDamaged):
        SEALER.resealed(bytes(sealed), context=CONTEXT, by=Sealer(bytes(32)))


def test_a_sealed_page_holds_none_of_its_text() -> None:
    sealed = SEALER.seal(b"canary-7f3a " * 50, context=PageContext("canary-7f3a", "canary-7f3a", 1))
    assert b"canary" not in sealed


def test_text_shrinks_and_noise_grows_by_the_overhead_only() -> None:
    text, noise = b"import os\n" * 1000, SEALER.seal(b"x" * 5000, context=CONTEXT)
    assert len(SEALER.seal(text, context=CONTEXT)) < len(text) // 10
    assert len(SEALER.seal(noise, context=CONTEXT)) == len(noise) + OVERHEAD_BYTES


def test_more_than_a_page_can_hold_is_refused() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return PAGE_BYTES_MAX + 1

    with pytest.raises(ValueError, match="too many for one page"):
        SEALER.seal(Huge(), context=CONTEXT)


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(bytes(size))


def test_derived_keys_differ_by_purpose_and_key() -> None:
    keys = {derive(bytes([k]) * 32, purpose) for k in (1, 2) for purpose in ("a", "b", "ab")}
    assert len(keys) == 6


def test_a_handle_stands_for_its_labels_under_its_key() -> None:
    assert SEALER.handle("a", "b") == Sealer(bytes(range(32))).handle("a", "b")
    handles = {s.handle(*labels) for s in (SEALER, Sealer(bytes(32))) for labels in ("ab", ("ab",))}
    assert len(handles) == 4


def test_no_key_shows_in_the_representation() -> None:
    assert bytes(range(32)).hex() not in repr(SEALER)
    assert not hasattr(SEALER, "__dict__")


def test_the_cipher_passes_its_known_answers() -> None:
    crypto_check()


@pytest.mark.parametrize("module", ["cryptography", "zstandard"])
def test_a_missing_cipher_says_what_to_install(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CryptoUnavailable, match="pip install"):
        crypto_check()


def test_importing_the_seal_loads_no_cipher() -> None:
    script = (
        "import sys, rlm_crystal.gate, rlm_crystal.store, rlm_crystal.vault;"
        "print(sorted({'cryptography', 'argon2', 'keyring', 'zstandard', 'filelock'}"
        " & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
