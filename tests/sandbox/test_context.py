"""The shared context: what is written comes back, sealed, sliced and searched without a copy."""

import mmap
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_sandbox.context import SharedContext
from rlm_sandbox.documents import Context
from rlm_sandbox.errors import ContextClosed

documents = st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=40), max_size=6)


def mapped(shared: SharedContext) -> Context:
    memory = mmap.mmap(shared.fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    return Context(memory)


@given(documents, st.integers(0, 200), st.integers(0, 200))
def test_every_text_path_and_slice_comes_back(texts: dict[str, str], start: int, end: int):
    with SharedContext.from_documents(texts.items()) as shared:
        context = mapped(shared)
    whole = "".join(texts.values())

    assert {document.path: document.text for document in context} == texts
    assert [len(document) for document in context] == [len(text) for text in texts.values()]
    assert (context.total_chars, shared.total_chars) == (len(whole), len(whole))
    assert context.text_slice(start, end) == whole[start:end]
    assert all(context[path].path == path and path in context for path in texts)


@given(documents)
def test_searching_finds_each_line_once(texts: dict[str, str]):
    with SharedContext.from_documents(texts.items()) as shared:
        found = mapped(shared).search("[a-m]", limit=10_000)
    expected = [
        (path, number)
        for path, text in texts.items()
        for number, line in enumerate(text.split("\n"), start=1)
        if any("a" <= letter <= "m" for letter in line)
    ]

    assert [(match.path, match.line) for match in found] == expected


def test_nobody_can_change_a_context_once_it_is_made():
    with SharedContext.from_documents([("a", "text")]) as shared:
        with pytest.raises(PermissionError):
            os.pwrite(shared.fd, b"x", 0)
        with pytest.raises(PermissionError):
            os.ftruncate(shared.fd, 0)
        with pytest.raises(PermissionError):
            mmap.mmap(shared.fd, 0)


def test_a_closed_context_cannot_be_handed_on():
    shared = SharedContext.from_documents([])
    shared.close()
    shared.close()

    with pytest.raises(ContextClosed):
        _ = shared.fd


def test_a_search_can_be_limited_to_paths_and_a_number():
    texts = [("a/x.py", "hit\nhit\n"), ("b/y.py", "hit\n")]
    with SharedContext.from_documents(texts) as shared:
        context = mapped(shared)

    assert [m.line for m in context.search("hit", limit=1)] == [1]
    assert [m.path for m in context.search("^HIT$", path="b/", flags=2)] == ["b/y.py"]
