from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.counting import WordCounter
from rlm_crystal.lexicon import Lexicon
from rlm_crystal.runs import runs_of
from rlm_crystal.terms import RAW_WORD, ascii_parts, parts, terms

_texts = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(["a", "get_user", "HTTPServer", "x" * 90, "сеть—да", "naïve", "…", "²"])
        ).map(" ".join),
    ),
    max_size=8,
)


def _words_of(text: str) -> list[str]:
    return [found.group() for found in RAW_WORD.finditer(text)]


def _numbers(lexicon: Lexicon, words: list[str]) -> list[int]:
    numbers, several = lexicon.words_in([word.encode("utf-8", "surrogatepass") for word in words])
    assert several is None
    return numbers.tolist()


@given(st.lists(st.sampled_from(["ab", "ab" * 4, "ab" * 4 + "c", "ab" * 33, "é"]), max_size=60))
def test_runs_are_the_same_where_their_bytes_are(words: list[str]) -> None:
    runs = runs_of(" ".join(words).encode())
    spelt, number = runs.distinct()
    listed: list[int] = number.tolist()
    assert [spelt[at].decode() for at in listed] == words
    assert len(spelt) == len(set(words))


@given(_texts)
def test_words_are_counted_as_a_regular_expression_finds_them(texts: list[str]) -> None:
    counter = WordCounter(fields=1)
    for text in texts:
        counter.add(text)
    counts = counter.counts(0)
    assert counts.lengths.tolist() == [len(_words_of(text)) for text in texts]
    expected = {
        (chunk, number)
        for chunk, text in enumerate(texts)
        for number in _numbers(counter.lexicon, _words_of(text))
    }
    assert set(zip(counts.chunks.tolist(), counts.words.tolist(), strict=True)) == expected
    assert int(counts.times.sum()) == sum(len(_words_of(text)) for text in texts)


@given(_texts, _texts)
def test_a_lexicon_that_knows_other_words_spreads_words_into_the_same_terms(
    known: list[str], texts: list[str]
) -> None:
    lexicon = Lexicon()
    _numbers(lexicon, [word for text in known for word in _words_of(text)])
    for text in texts:
        counter = WordCounter(fields=1, lexicon=lexicon)
        counter.add(text)
        counts = counter.counts(0)
        _, cut = lexicon.parts(counts.words)
        wholes = lexicon.wholes(counts.words)
        listed: list[int] = [*cut.tolist(), *wholes[wholes >= 0].tolist()]
        assert {lexicon.terms[at] for at in listed} == set(terms(text))


@given(st.lists(st.from_regex(r"[A-Za-z0-9_]{1,12}", fullmatch=True)))
def test_many_words_are_cut_as_each_is(words: list[str]) -> None:
    found, sizes = ascii_parts(words)
    each = [parts(word) for word in words]
    assert found == [part for cut in each for part in cut]
    assert sizes == [len(cut) for cut in each]
