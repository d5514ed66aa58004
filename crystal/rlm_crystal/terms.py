"""Words of code and prose: how a text is cut into terms, and what a word's stem is.

The index keeps the parts of an identifier and the whole of it, in lower case and unstemmed;
inflections, compounds and abbreviations are met at query time against the vocabulary
(`expand.py`), where a few words are stemmed and not the hundred thousand of a corpus
(snowballstemmer takes 38 µs a word).
"""

# ruff: noqa: RUF001, SIM905 - Cyrillic words are meant, and word lists are read best as text

import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from typing import Any, Protocol, cast

TERM_CHARS_MAX = 64

RAW_WORD = re.compile(r"\w+")
# Every ASCII character that is in no word, as a space.
_SPACED = "".join(char if RAW_WORD.match(char) else " " for char in map(chr, range(128)))

# A run of capitals before a capitalised word (HTTP|Server), a word, a run of capitals, a number.
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_PART_OR_END = re.compile(rf"{_PART.pattern}|\n")
_ALPHABETIC_PART = re.compile(r"[^\W\d_]+|\d+")
_CYRILLIC = re.compile(r"[а-яё]")

STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any anything are as at be because been before
    being below between both but by can cannot could did do does doing done down during each
    either else ever every few for from further get gets got had has have having he her here hers
    him his how i if in instead into is it its itself just let like made make makes many may me
    might more most much must my need needs no nor not now of off on once one only onto or other
    our out over own per please same shall she should since so some such than that the their them
    then there these they thing things this those through thus to too under until up upon us use
    used uses using very via was way we well were what when where whether which while who whom
    whose why will with within without would yet you your
    и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне
    было вот от меня еще нет о из ему теперь когда даже ну вдруг ли если уже или ни быть был него
    до вас нибудь опять уж вам ведь там потом себя ничего ей может они тут где есть надо ней для мы
    тебя их чем была сам чтоб без будто чего раз тоже себе под будет ж тогда кто этот того потому
    этого какой какая какие каким это
    """.split()
)  # fmt: skip

# Words of asking rather than of what is asked: they count, but little.
ASKING_WORDS = frozenset(
    """
    call called calls class code codebase explain file find function happen happens implement
    implementation implemented implements locate located look logic method module place project
    repository responsible show tell work works
    где найди покажи код функция класс файл
    """.split()
)  # fmt: skip


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802


_stemmers = threading.local()


@lru_cache(maxsize=65_536)
def parts(identifier: str) -> tuple[str, ...]:
    """The lower-case words inside an identifier: `HTTPServer_v2` gives http, server, v, 2."""
    if identifier.isalpha() and identifier.islower():
        return (identifier,)
    if identifier.isascii():
        return tuple(map(str.lower, _PART.findall(identifier)))
    return tuple(map(str.lower, _ALPHABETIC_PART.findall(_cased(identifier))))


def is_one_part(word: str) -> bool:
    """Whether a word of any script is plainly a single part, as most of prose are; cheap."""
    return word.isalpha() and (word[1:].islower() or word.islower())


def ascii_parts(words: Sequence[str]) -> tuple[list[str], list[int]]:
    """The `parts` of raw words of ASCII in a row, and how many each word has.

    One pass of the regular expression cuts them all, in a third of the time.
    """
    cut = _PART_OR_END.findall("\n".join([*words, ""]))
    ends = [at for at, part in enumerate(cut) if part == "\n"]
    sizes = [end - before - 1 for before, end in pairwise([-1, *ends])]
    lowered = "\0".join(cut).lower().split("\0") if cut else []
    return [part for part in lowered if part != "\n"], sizes


def _cased(identifier: str) -> str:
    """The identifier with a space where its case says that a new word begins, in any script."""
    if identifier[1:].islower():
        return identifier
    pieces: list[str] = []
    for at, char in enumerate(identifier):
        after = identifier[at + 1 : at + 2]
        before = identifier[at - 1 : at]
        if char.isupper() and (before.islower() or (before.isupper() and after.islower())):
            pieces.append(" ")
        pieces.append(char)
    return "".join(pieces)


def raw_words(text: str) -> list[str]:
    """What `RAW_WORD` finds in a text; in ASCII, which most code is, in half the time."""
    return text.translate(_SPACED).split() if text.isascii() else RAW_WORD.findall(text)


def terms_of_word(word: str) -> tuple[str, ...]:
    """The index terms of one raw word: its parts, and the whole where it has several."""
    if len(word) > TERM_CHARS_MAX:
        return ()
    pieces = parts(word)
    if len(pieces) == 1:
        return pieces
    whole = word.lower().strip("_")
    return (*pieces, whole) if whole else pieces


def terms(text: str) -> list[str]:
    """All index terms of a text, in order, repeated as often as they occur."""
    return [term for word in raw_words(text) for term in terms_of_word(word)]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The Snowball stem of a lower-case word: Russian for Cyrillic words, English otherwise."""
    if len(word) < 3 or not word.isalpha():
        return word
    return _stemmer("russian" if _CYRILLIC.search(word) else "english").stemWord(word)


def _stemmer(language: str) -> _Stemmer:
    # A stemmer keeps the word it works on in itself, so each thread has its own.
    made = cast("_Stemmer | None", getattr(_stemmers, language, None))
    if made is None:
        library: Any = import_module("snowballstemmer")
        made = cast("_Stemmer", library.stemmer(language))
        setattr(_stemmers, language, made)
    return made
