"""The words of a question that carry its meaning, and whether a line of code has them."""

import re
from functools import lru_cache

from rlm_crystal.glossary import translate
from rlm_crystal.terms import ASKING_WORDS, STOP_WORDS, parts, stem

_WORD = re.compile(r"\w+")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)  # noqa: RUF001

Concept = tuple[str, ...]

# A word so long may begin a longer one of the text; one so long may also stand within it.
BEGINS_CHARS, INSIDE_CHARS = 5, 6

_ASKING = """
able actually already another answer case certain come comes describe difference different exact
exactly exist exists explain give given go goes help involved know lives mean means many new old
part purpose question reason repo several someone something source stuff there tell various want
whole wrong ok please briefly detail details every defined define declared written performed takes
place taken during documented
такое это при чём чем возникает появляется задается задаётся стоит каким каких какого какой какому
образом почему зачем откуда сколько сделан сделано происходит находится находятся делает делают
происходят устроен устроена устроено устроены определен определена определено определены
определяется реализован реализована реализовано реализованы реализуется лежит лежат живет живёт
используется используются расскажи объясни перечисли список все всех всё разница между есть надо
нужно можно ли
"""
_EMPTY = STOP_WORDS | ASKING_WORDS | frozenset(_ASKING.split())


def is_russian(text: str) -> bool:
    """Whether the text has Cyrillic letters."""
    return _CYRILLIC.search(text) is not None


def concepts_of(text: str) -> tuple[Concept, ...]:
    """The telling words of a question, lower case, in order, each once.

    Identifiers are cut into their parts; a Russian word gives the English words the glossary has
    for it, as alternatives, and itself where it has none.
    """
    found: dict[Concept, None] = {}
    for raw in _WORD.findall(text):
        for word in parts(raw):
            if word in _EMPTY or (len(word) < 2 and not word.isdigit()):
                continue
            found[(translate(word) or (word,)) if is_russian(word) else (word,)] = None
    return tuple(found)


@lru_cache(maxsize=20_000)
def stems_of(text: str) -> frozenset[str]:
    """The stems of every word and part of an identifier in a text."""
    return frozenset(
        stemmed for raw in _WORD.findall(text) for word in parts(raw) for stemmed in (stem(word),)
    )


def matched(concepts: tuple[Concept, ...], text: str) -> frozenset[Concept]:
    """The concepts a text has: by stem, or inside a longer word (`reload` in `autoreload`).

    A short word stands in too many by chance (`train` in `constraint`) and must begin one there.
    """
    stems = stems_of(text)
    lower = text.lower()
    return frozenset(c for c in concepts if any(_has(stem(word), stems, lower) for word in c))


def _has(stemmed: str, stems: frozenset[str], lower: str) -> bool:
    if stemmed in stems:
        return True
    if len(stemmed) < BEGINS_CHARS or stemmed not in lower:
        return False
    return len(stemmed) >= INSIDE_CHARS or re.search(rf"(?<![a-z]){stemmed}", lower) is not None
