"""English words for the Russian ones of a question, since code speaks English.

`glossary.txt` holds a line for each beginning of a Russian word: the longest that fits wins.
A hand-made list of the words people use about software; a word it lacks is simply not translated.
"""

from functools import cache
from importlib.resources import files

_ENDING_CHARS_MAX = 6


def translate(word: str) -> tuple[str, ...]:
    """The English words for a lower-case Russian word, or nothing."""
    entries = _entries()
    if word.isascii():
        return ()
    word = word.replace("ё", "е")  # noqa: RUF001
    for length in range(len(word), max(2, len(word) - _ENDING_CHARS_MAX - 1), -1):
        ending_max = _ENDING_CHARS_MAX if length > 4 else 3
        if word[:length] in entries and len(word) - length <= ending_max:
            return entries[word[:length]]
    return ()


@cache
def _entries() -> dict[str, tuple[str, ...]]:
    text = files("rlm_crystal").joinpath("glossary.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if line)
    entries: dict[str, tuple[str, ...]] = {}
    for beginning, *english in rows:
        key = beginning.replace("ё", "е")  # noqa: RUF001
        entries[key] = tuple(dict.fromkeys((*entries.get(key, ()), *english)))
    return entries
