"""A question in plain words or code, turned into groups of index terms.

Each word of the question becomes one group: the forms of it that the corpus really holds, each
with a weight. Inflections share a stem, derivations a beginning, compounds an end whose rest is
itself a word of the corpus; programmers' abbreviations come from a short table. A Russian word
stands for its English ones too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rlm_crystal.glossary import translate
from rlm_crystal.terms import ASKING_WORDS, RAW_WORD, STOP_WORDS, parts, stem
from rlm_crystal.vocabulary import NO_WORDS, Vocabulary
from rlm_crystal.words import Words

VARIANTS_MAX = 24
WORDS_MAX = 48

SAME_STEM = 1.0
DERIVED = 0.75
COMPOUND = 0.6
ABBREVIATED = 0.6
MISSPELT = 0.6
JOINED = 0.7
PART_OF_IDENTIFIER = 0.5
ASKING = 0.3

_ABBREVIATIONS = """
    admin administrator administration; alloc allocate; app application; arg argument;
    async asynchronous; attr attribute; auth authentication authenticate authorization authorize;
    bool boolean; btn button; buf buffer; calc calculate; cfg config configuration configure;
    char character; cls class; cmd command; col column; config configuration configure;
    conn connection connect; ctrl control; ctx context; cur current cursor; db database;
    dec decode decimal; def definition define; del delete; dep dependency; desc description;
    dest destination; dev development developer; dict dictionary; diff difference; dim dimension;
    dir directory folder; dirs directories folders; doc document documentation; elem element;
    enc encode encoding; env environment; err error; eval evaluate; exc exception; exec execute;
    expr expression; ext extension; func function; gen generate generator; i18n translation;
    id identifier identity; idx index; img image; impl implementation; info information;
    init initialise initialize; int integer; iter iterate iterator; len length; lib library;
    loc location; max maximum; mem memory; min minimum; mod module; msg message; num number;
    obj object; op operation operator; opt option optional; orig original; param parameter;
    perf performance; perm permission; pkg package; pos position; prev previous; priv private;
    prop property; proto protocol; ptr pointer; pub public publish; pwd password; rand random;
    recv receive; ref reference; regex regular; rel relation relative; repo repository;
    repr representation; req request; res response resource result; resp response; ret return;
    sec second security; seq sequence; spec specification; src source; srv server; stat statistic;
    stdout output; stmt statement; str string; struct structure; sub subscribe; svc service;
    sync synchronise synchronize; sys system; tbl table; temp temporary; tmp temporary;
    txn transaction; txt text; ui interface; url link address; usr user; util utility;
    val value; var variable; vec vector; ver version; win window; ws websocket whitespace
"""

# Each begins where a word begins and gives nothing back: time linear in any question.
_PATH = re.compile(r"(?<![\w.-])[\w.-]++(?:/[\w.-]++)+|(?<![\w-])[\w-]++\.[A-Za-z]{1,5}\b")
# A text that begins so asks how things are; another may tell what is to be changed.
_QUESTION_WORDS = re.compile(
    r"how|what|where|which|who|whom|whose|why|"
    r"где|как|кака[яю]|какую|какие|каким|какой|кто|куда|откуда|почему|зачем|сколько|чем|что"
)
_CYRILLIC_WORD = re.compile(r"[а-яё]+", re.IGNORECASE)  # noqa: RUF001
_DOTTED = re.compile(r"(?<!\w)[A-Za-z_]\w*+(?:(?:\.|::|#|->)[A-Za-z_]\w*+)+")


@dataclass(frozen=True, slots=True)
class Group:
    """One word of the question: `variants` are index terms with weights up to 1.

    `exact` are those of them that are the word itself, or what it means in English.
    """

    word: str
    weight: float
    variants: dict[str, float]

    @property
    def exact(self) -> tuple[str, ...]:
        return tuple(form for form in (self.word, *translate(self.word)) if form in self.variants)


@dataclass(frozen=True, slots=True)
class Question:
    """What a question asks for, before any chunk is looked at.

    `asks` where it is put as a question; `at_length` where it is a whole report, of which `words`
    are the title's; `places` are files that its tracebacks and links name, with what each counts
    for.
    """

    text: str
    groups: tuple[Group, ...]
    identifiers: frozenset[str]
    paths: tuple[str, ...]
    words: frozenset[str]
    asks: bool = False
    at_length: bool = False
    places: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def english(self) -> str:
        """The text with its Russian words in English, as far as the glossary knows them."""
        return _CYRILLIC_WORD.sub(
            lambda found: next(iter(translate(found.group().lower())), found.group()), self.text
        )


def understand(
    text: str, vocabulary: Vocabulary = NO_WORDS, *, told: Words | None = None
) -> Question:
    """The question's groups in terms of this vocabulary.

    `told` are the words of commit messages, among which a word stands for itself alone.
    """
    raw = RAW_WORD.findall(text)
    plain = [word.lower() for word in raw]
    chosen: dict[str, float] = {}
    for word, weight in (*weighted_words(raw), *_joined_words(plain, vocabulary)):
        chosen[word] = max(chosen.get(word, 0.0), weight)
    if not chosen:
        chosen = dict.fromkeys(plain, 1.0)
    groups: list[Group] = []
    for word, weight in list(chosen.items())[:WORDS_MAX]:
        variants = variants_of(word, vocabulary)
        if told is not None and told.find(word) >= 0:
            variants[word] = 1.0
        if variants:
            groups.append(Group(word, weight, variants))
    paths = tuple(
        dict.fromkeys(found.group().lower().lstrip("-") for found in _PATH.finditer(text))
    )
    asks = text.rstrip().endswith("?") or any(map(_QUESTION_WORDS.fullmatch, plain[:1]))
    return Question(text, tuple(groups), names_in(text), paths, frozenset(plain), asks=asks)


def names_in(text: str) -> frozenset[str]:
    """The words that look like code, and dotted names as a whole."""
    dotted = {found.group() for found in _DOTTED.finditer(text)}
    return frozenset(dotted | {word for word in RAW_WORD.findall(text) if looks_like_code(word)})


def looks_like_code(word: str) -> bool:
    return len(word) > 2 and ("_" in word.strip("_") or len(parts(word)) > 1)


def weighted_words(raw: Sequence[str]) -> Iterator[tuple[str, float]]:
    """The words that carry meaning; an identifier gives itself and, more softly, its parts."""
    for word in raw:
        pieces = parts(word)
        if len(pieces) > 1:
            yield word.lower().strip("_"), 1.0
            for piece in pieces:
                if piece not in STOP_WORDS and len(piece) > 1:
                    yield piece, PART_OF_IDENTIFIER
        elif pieces and pieces[0] not in STOP_WORDS:
            yield pieces[0], ASKING if pieces[0] in ASKING_WORDS else 1.0


def _joined_words(plain: Sequence[str], vocabulary: Vocabulary) -> Iterator[tuple[str, float]]:
    """Neighbouring words that the corpus writes as one: `run server`, `prefetch related`."""
    for size in (2, 3):
        for at in range(len(plain) - size + 1):
            run = plain[at : at + size]
            if run[0] in STOP_WORDS or run[-1] in STOP_WORDS:
                continue
            for joined in ("".join(run), "_".join(run)):
                if joined in vocabulary:
                    yield joined, JOINED


def variants_of(word: str, vocabulary: Vocabulary) -> dict[str, float]:
    """The forms of `word` that the vocabulary holds, the heaviest first, at most 24."""
    found: dict[str, float] = {}
    for form in (word, *translate(word)):
        for term, weight in _variants_in(form, vocabulary):
            found[term] = max(found.get(term, 0.0), weight)
    if not found and len(word) > 4:
        found.update(dict.fromkeys(_misspelt(word, vocabulary), MISSPELT))
    heaviest = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return dict(heaviest[:VARIANTS_MAX])


def _variants_in(word: str, vocabulary: Vocabulary) -> Iterator[tuple[str, float]]:
    if word in vocabulary:
        yield word, 1.0
    if not word.isalpha():
        return
    root = stem(word)
    inflected = [word]
    if len(root) > 2:
        for term, weight in _same_beginning(root, vocabulary):
            if weight == SAME_STEM:
                inflected.append(term)
            yield term, weight
    for base in sorted(set(inflected), key=lambda base: (len(base), base))[:3]:
        if len(base) > 3:
            yield from ((term, COMPOUND) for term in _compounds_ending(base, vocabulary))
    shortened, full = abbreviations()
    for other in shortened.get(root, ()):
        if other in vocabulary:
            yield other, ABBREVIATED
    for meaning in full.get(word, ()):
        for term, weight in _same_beginning(meaning, vocabulary):
            if weight == SAME_STEM:
                yield term, ABBREVIATED


def beginning_of(root: str) -> str:
    """What all words of this stem begin with."""
    # Snowball ends many stems in i where the word has y, and cuts a final e.
    return root[:-1] if root[-1] in "iye" and len(root) > 3 else root


def _same_beginning(root: str, vocabulary: Vocabulary) -> Iterator[tuple[str, float]]:
    for term in vocabulary.starting(beginning_of(root)):
        if len(term) > 2 * len(root) + 6 or not term.isalpha():
            continue
        other = stem(term)
        if other == root:
            yield term, SAME_STEM
        elif len(root) > 3 and term.startswith(root):
            share = len(root) / len(other)
            if share >= 0.6:
                yield term, DERIVED * share
            elif len(term) - len(root) > 2 and term[len(root) :] in vocabulary:
                yield term, COMPOUND * 0.75


def _compounds_ending(base: str, vocabulary: Vocabulary) -> Iterator[str]:
    for term in vocabulary.ending(base, limit=64):
        rest = term[: -len(base)]
        if term.isalpha() and 1 < len(rest) <= 8 and rest in vocabulary:
            yield term


def _misspelt(word: str, vocabulary: Vocabulary) -> list[str]:
    from difflib import get_close_matches

    near = [
        term
        for term in vocabulary.starting(word[:2])
        if abs(len(term) - len(word)) < 3 and term.isalpha()
    ]
    return get_close_matches(word, near, n=2, cutoff=0.84)


@lru_cache(maxsize=1)
def abbreviations() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Stem of a full word to its short forms, and a short form to the stems of its full words."""
    shortened: dict[str, list[str]] = {}
    full: dict[str, list[str]] = {}
    for row in _ABBREVIATIONS.split(";"):
        short, *meanings = row.split()
        for meaning in meanings:
            root = stem(meaning)
            shortened.setdefault(root, []).append(short)
            full.setdefault(short, []).append(root)
    return shortened, full
