"""What a text says once disguises are taken off: look-alike or hidden letters, codes, spelling.

A reader that is a model sees through all of these, so a filter that does not is none. Each disguise
is taken off only where there is one, so a plain text has a single reading, itself.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

HIDDEN: Final = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]"
)

_ALIKE: Final = str.maketrans(
    "аАВсСеЕНіІјЈКМоОрРТхХуУѕЅԁһӏԛԝαΑΒεΕΗιΙκΚΜνΝοΟρΡτΤυΥχΧΖ",
    "aABcCeEHiIjJKMoOpPTxXyYsSdhlqwaABeEHiIkKMvNoOpPtTuYxXZ",
)
_LATIN: Final = re.compile(r"[A-Za-z]")
_MIXED_WORD: Final = re.compile(r"[A-Za-z\u0370-\u03ff\u0400-\u052f]+")
_FIGURES: Final = (str.maketrans("013457@$", "oieastas"), str.maketrans("013457@$", "oleastas"))
_FIGURED_WORD: Final = re.compile(r"(?=[\w@$]*[A-Za-z])(?=[\w@$]*[013457@$])[\w@$]{4,}")
_SPELT: Final = re.compile(r"(?<!\w)(?:[^\W\d_](?:[.\-_*]| {1,3})){9,}[^\W\d_](?!\w)")
_SPELT_LETTERS_MIN: Final = 6
_CODED: Final = re.compile(
    r"(?<![\w+/=-])(?:[A-Za-z0-9+/]{24,}|[A-Za-z0-9_-]{24,})={0,2}(?![\w+/=])"
)
_HEX: Final = re.compile(r"(?<!\w)(?:[0-9a-fA-F]{2}){16,}(?!\w)")
_CODED_MAX: Final = 8
_DEEP_CHARS_MAX: Final = 20_000


def readings(text: str) -> Iterator[str]:
    """The text without hidden and look-alike letters, then each other way there is to read it."""
    bare = HIDDEN.sub("", text)
    if not bare.isascii():
        bare = unicodedata.normalize("NFKC", bare)
        bare = _MIXED_WORD.sub(_in_latin, bare)
    yield bare
    if "&" in bare and (plain := html.unescape(bare)) != bare:
        yield plain
    if "%" in bare and (plain := unquote(bare)) != bare:
        yield plain
    if _FIGURED_WORD.search(bare):
        for figures in _FIGURES:
            yield _FIGURED_WORD.sub(lambda word, to=figures: word[0].translate(to), bare)
    spelt = _SPELT.sub(_joined, bare)
    if spelt != bare:
        yield spelt
    yield from _decoded(bare[:_DEEP_CHARS_MAX])


def spelt_out(text: str) -> bool:
    """Whether words are told letter by letter, as nobody writes who wants to be read by people."""
    return any(
        len(set(match[0].lower())) > _SPELT_LETTERS_MIN and not _in_order(match[0])
        for match in _SPELT.finditer(text)
    )


def _in_latin(word: re.Match[str]) -> str:
    """A word of several scripts in Latin letters; words of one script are what they are."""
    latin = word[0].translate(_ALIKE)
    return latin if latin.isascii() and _LATIN.search(word[0]) else word[0]


def _joined(spelt: re.Match[str]) -> str:
    words = re.split(r" {2,}", spelt[0])
    return " ".join(re.sub(r"[ .\-_*]", "", word) for word in words)


def _in_order(spelt: str) -> bool:
    """Whether the letters are the alphabet or a part of it."""
    letters = re.sub(r"[^\w]|_", "", spelt).lower()
    return list(letters) == sorted(set(letters))


def _decoded(text: str) -> Iterator[str]:
    """What runs of base64 and of hexadecimal say, where they say something in words."""
    for at, match in enumerate(_CODED.finditer(text)):
        if at >= _CODED_MAX:
            break
        run = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            raw = base64.b64decode(run + "=" * (-len(run) % 4))
        except (binascii.Error, ValueError):
            continue
        yield from _worded(raw)
    for match in list(_HEX.finditer(text))[:_CODED_MAX]:
        yield from _worded(bytes.fromhex(match[0]))


def _worded(raw: bytes) -> Iterator[str]:
    try:
        told = raw.decode("utf-8")
    except UnicodeDecodeError:
        return
    if " " in told and all(char.isprintable() or char.isspace() for char in told):
        yield told
