"""The words of a question as they may stand in texts of which nothing was indexed yet.

Without a vocabulary a word stands for the beginning its inflections share, for its abbreviations
and for its English ones. Looking for a few beginnings in a lower-case text costs a thousandth of
cutting the text into words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rlm_crystal.glossary import translate
from rlm_crystal.query import WORDS_MAX, abbreviations, beginning_of, weighted_words
from rlm_crystal.terms import RAW_WORD, parts, stem

_BEGINNING_CHARS = 4
_ANYWHERE_CHARS = 3
# How a word of one or two letters is told from a part of another without a regular expression.
_MARKED = (" {}", "_{}", ".{}", "{}_", "{}.")


@dataclass(frozen=True, slots=True)
class Needle:
    """One word of the question: its `beginnings`, looked for anywhere, and its `short` forms.

    Short forms stand inside of too many other words and are looked for in paths only.
    """

    word: str
    weight: float
    beginnings: tuple[str, ...]
    short: frozenset[str]

    def count(self, lowered: str) -> int:
        """How often it occurs in a text that is in lower case."""
        return sum(map(lowered.count, self.beginnings))

    def count_in_path(self, path: str) -> int:
        """How often it occurs in a path."""
        words = [part for name in RAW_WORD.findall(path) for part in parts(name)]
        return self.count(path.lower()) + sum(word in self.short for word in words)


def needles_of(question: str) -> list[Needle]:
    """What to look for, a needle for each word that carries meaning."""
    chosen: dict[str, float] = {}
    raw = RAW_WORD.findall(question)
    for word, weight in (*weighted_words(raw), *((word.lower(), 0.0) for word in raw)):
        chosen[word] = max(chosen.get(word, 0.0), weight)
    if any(chosen.values()):
        chosen = {word: weight for word, weight in chosen.items() if weight}
    else:
        chosen = dict.fromkeys(chosen, 1.0)
    return [_needle(word, weight) for word, weight in list(chosen.items())[:WORDS_MAX]]


def _needle(word: str, weight: float) -> Needle:
    spellings: set[str] = set()
    for form in (word, *translate(word)):
        spellings.update(_spellings(form))
    short = {each for each in spellings if len(each) < _BEGINNING_CHARS and each != word}
    beginnings: list[str] = []
    for each in sorted(spellings - short, key=len):  # what holds another is counted with it
        if not any(shorter in each for shorter in beginnings):
            beginnings.append(each)
    if len(word) < _ANYWHERE_CHARS:
        beginnings = [mark.format(word) for mark in _MARKED]
    return Needle(word, weight, tuple(beginnings), frozenset(short))


def _spellings(word: str) -> Iterable[str]:
    if len(word) < _BEGINNING_CHARS or not word.isalpha():
        yield word
        return
    root = stem(word)
    yield beginning_of(root)
    shortened, full = abbreviations()
    yield from shortened.get(root, ())
    yield from full.get(word, ())
