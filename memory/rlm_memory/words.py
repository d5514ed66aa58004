"""The words of a text by which it is found: stemmed, irregular forms brought together.

Chinese, Japanese and Korean are cut into pairs of characters: the first two have no spaces between
words, and a pair is found wherever it stands.
"""

import re
from functools import lru_cache

from rlm_crystal.terms import STOP_WORDS, raw_words, stem, terms_of_word

from rlm_memory.irregular import BASE_FORMS


def telling_stems(text: str) -> list[str]:
    """Stems of the words that are no stop words; of a text of stop words only, of all of them."""
    words = _words(text)
    return [each for word in words for each in _telling(word)] or [
        each for word in words for each in _stems(word)
    ]


def spelt_stems(text: str) -> dict[str, str]:
    """The telling stems of a text, each with a spelling that the text has for it."""
    words, spelt = _words(text), dict[str, str]()
    for stems in (_telling, _stems):
        for word in words:
            for each in stems(word):
                spelt.setdefault(each, word)
        if spelt:
            break
    return spelt


def _words(text: str) -> list[str]:
    words = raw_words(text)
    if text.isascii() or not _UNSPACED.search(text):
        return words
    return [piece for word in words for piece in _pieces(word)]


def _pieces(word: str) -> list[str]:
    """Pairs of characters of the scripts without spaces, and what stands between these."""
    pieces: list[str] = []
    done = 0
    for run in _UNSPACED.finditer(word):
        pieces += [word[done : run.start()], *_pairs(run[0])]
        done = run.end()
    return [piece for piece in (*pieces, word[done:]) if piece]


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(max(1, len(run) - 1))]


_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


@lru_cache(maxsize=65_536)
def _telling(word: str) -> tuple[str, ...]:
    return tuple(_base(term) for term in terms_of_word(word) if term not in STOP_WORDS)


@lru_cache(maxsize=4_096)
def _stems(word: str) -> tuple[str, ...]:
    return tuple(map(_base, terms_of_word(word)))


def _base(term: str) -> str:
    return stem(BASE_FORMS.get(term, term))
