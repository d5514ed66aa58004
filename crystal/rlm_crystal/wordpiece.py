"""BERT's uncased WordPiece, in pure Python: the split that the static table's rows stand for.

Written from the description in the BERT paper (arXiv 1810.04805) and held to recorded output of
the reference tokeniser by a test. The `tokenizers` package would do, but brings a download client.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

CHARS_PER_WORD_MAX = 100
WORDS_REMEMBERED = 65_536
UNKNOWN = "[UNK]"

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_SPACES = "\t\n\r"
_CJK = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPiece:
    """Splits words into ids of a vocabulary, longest match first, and remembers the last words."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        ids = {piece: at for at, piece in enumerate(vocabulary)}
        self._unknown = ids[UNKNOWN]
        self._first: Mapping[str, int] = ids
        self._inside: Mapping[str, int] = {
            piece[2:]: at for piece, at in ids.items() if piece.startswith("##")
        }
        # Beyond these no piece can match: the vocabulary spells other scripts letter by letter.
        self._chars_max = max(map(len, ids))
        self._chars_max_foreign = max(
            (len(piece) for piece in ids if not piece.isascii()), default=0
        )
        self._remembered = lru_cache(maxsize=WORDS_REMEMBERED)(self._split)

    def encode(self, text: str) -> list[int]:
        """The ids of a text as BERT reads it, punctuation included, without [CLS] and [SEP]."""
        return [piece for word in basic_words(text) for piece in self.pieces(word)]

    def pieces(self, word: str) -> tuple[int, ...]:
        """The ids of one lower-case word; the unknown id alone where no split exists."""
        return self._remembered(word)

    def _split(self, word: str) -> tuple[int, ...]:
        whole = self._first.get(word)
        if whole is not None:
            return (whole,)
        if len(word) > CHARS_PER_WORD_MAX:
            return (self._unknown,)
        found: list[int] = []
        start, known = 0, self._first
        while start < len(word):
            chars_max = self._chars_max if word[start].isascii() else self._chars_max_foreign
            for end in range(min(len(word), start + chars_max), start, -1):
                piece = known.get(word[start:end])
                if piece is not None:
                    break
            else:
                return (self._unknown,)
            found.append(piece)
            start, known = end, self._inside
        return tuple(found)


def basic_words(text: str) -> list[str]:
    """Lower-case words and single punctuation marks, accents taken off."""
    spaced = "".join(map(_spaced, text))
    return [part for word in spaced.split() for part in _split_punctuation(plain(word))]


def plain(word: str) -> str:
    """The word in lower case and without its accents."""
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    return lowered.translate(_WITHOUT_ACCENTS)


class _WithoutAccents(dict[int, str]):
    """Each character without its accents, as it is first met."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFD", chr(code))
        self[code] = plain = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
        return plain


_WITHOUT_ACCENTS = _WithoutAccents()


def _spaced(char: str) -> str:
    if char in _SPACES:
        return " "
    if char.isascii() and char.isprintable():
        return char
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if category.startswith("C") or char == "\ufffd":
        return ""
    return f" {char} " if _is_cjk(ord(char)) else char


def _is_cjk(code: int) -> bool:
    return any(low <= code <= high for low, high in _CJK)


def _split_punctuation(word: str) -> list[str]:
    if _ASCII_WORD.fullmatch(word):
        return [word]
    words: list[str] = []
    fresh = True
    for char in word:
        if _is_punctuation(char):
            words.append(char)
            fresh = True
        elif fresh:
            words.append(char)
            fresh = False
        else:
            words[-1] += char
    return words


def _is_punctuation(char: str) -> bool:
    if char.isascii():
        return not char.isalnum()
    return unicodedata.category(char).startswith("P")
