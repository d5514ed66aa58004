"""The words of a text by which it is found: stemmed, irregular forms brought together."""

from functools import lru_cache

from rlm_crystal.terms import STOP_WORDS, raw_words, stem, terms_of_word

from rlm_memory.irregular import BASE_FORMS


def telling_stems(text: str) -> list[str]:
    """Stems of the words that are no stop words; of a text of stop words only, of all of them."""
    words = raw_words(text)
    return [each for word in words for each in _telling(word)] or [
        each for word in words for each in _stems(word)
    ]


def spelt_stems(text: str) -> dict[str, str]:
    """The telling stems of a text, each with a spelling that the text has for it."""
    words, spelt = raw_words(text), dict[str, str]()
    for stems in (_telling, _stems):
        for word in words:
            for each in stems(word):
                spelt.setdefault(each, word)
        if spelt:
            break
    return spelt


@lru_cache(maxsize=65_536)
def _telling(word: str) -> tuple[str, ...]:
    return tuple(_base(term) for term in terms_of_word(word) if term not in STOP_WORDS)


@lru_cache(maxsize=4_096)
def _stems(word: str) -> tuple[str, ...]:
    return tuple(map(_base, terms_of_word(word)))


def _base(term: str) -> str:
    return stem(BASE_FORMS.get(term, term))
