from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.counting import WordCounter
from rlm_crystal.postings import FIELDS, Postings, merge_postings, postings_of
from rlm_crystal.terms import terms
from rlm_crystal.words import Words

Doc = tuple[str, str, str]

_words = st.lists(
    st.sampled_from(["get", "getUser", "user_name", "db", "HTTPServer", "сеть", "x1"]), max_size=12
)
_docs = st.lists(st.tuples(*[_words.map(" ".join)] * 3), max_size=8)


def _built(docs: list[Doc]) -> Postings:
    counter = WordCounter(fields=len(FIELDS))
    for doc in docs:
        counter.add(*doc)
    return postings_of(counter)


def _counted(postings: Postings) -> dict[tuple[str, int, str], int]:
    return {
        (field, int(doc), term): int(count)
        for at, term in enumerate(postings.words)
        for number, field in enumerate(FIELDS)
        for doc, count in zip(
            postings.docs[postings.rows(at)],
            postings.counts[number][postings.rows(at)],
            strict=True,
        )
        if count
    }


@given(_docs)
def test_the_lists_hold_every_term_as_often_as_it_occurs(docs: list[Doc]) -> None:
    expected = Counter(
        (field, number, term)
        for number, doc in enumerate(docs)
        for field, text in zip(FIELDS, doc, strict=True)
        for term in terms(text)
    )
    assert _counted(_built(docs)) == dict(expected)


@given(_docs, st.integers(0, 8), st.sets(st.integers(0, 7)))
def test_merging_parts_gives_what_building_at_once_gives(
    docs: list[Doc], cut: int, gone: set[int]
) -> None:
    kept = [doc for at, doc in enumerate(docs) if at not in gone]
    numbers = np.full(len(docs), -1, dtype=np.int32)
    numbers[[at for at in range(len(docs)) if at not in gone]] = np.arange(len(kept))
    merged = merge_postings(
        [_built(docs[:cut]), _built(docs[cut:])], [numbers[:cut], numbers[cut:]], len(kept)
    )
    whole = _built(kept)
    assert list(merged.words) == list(whole.words)
    np.testing.assert_array_equal(merged.starts, whole.starts)
    np.testing.assert_array_equal(merged.docs, whole.docs)
    for ours, theirs in zip((*merged.counts, *merged.lengths), (*whole.counts, *whole.lengths)):  # noqa: B905
        np.testing.assert_array_equal(ours, theirs)


def test_a_count_beyond_a_byte_stays_at_its_end() -> None:
    postings = _built([("", "", "again " * 1000)])
    assert _counted(postings) == {("body", 0, "again"): 255}
    assert postings.lengths[2].tolist() == [1000]


@given(st.sets(st.text(max_size=6), max_size=40), st.text(max_size=3))
def test_words_are_found_by_themselves_their_beginning_and_their_end(
    words: set[str], probe: str
) -> None:
    words = {word for word in words if not any(0xD800 <= ord(char) <= 0xDFFF for char in word)}
    pool = Words.of(words)
    assert set(pool) == words
    assert all(pool[pool.find(word)] == word for word in words)
    assert (pool.find(probe) >= 0) == (probe in words)
    starting = {pool[at] for at in pool.with_prefix(probe)}
    assert starting == {word for word in words if word.startswith(probe)}
    ending = {pool[at] for at in pool.with_suffix(probe, limit=100)}
    assert ending == {word for word in words if word.endswith(probe) and word != probe}


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_endings_are_given_up_to_a_limit(limit: int) -> None:
    assert len(Words.of(["aload", "bload", "cload"]).with_suffix("load", limit=limit)) == limit
