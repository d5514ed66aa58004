"""A statement as its bare words: numbers and units in one spelling, negations and cues apart."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rlm_crystal.terms import STOP_WORDS, stem

from rlm_memory.irregular import BASE_FORMS
from rlm_memory.tongues import FUNCTION_WORDS, in_cues

_WORD: Final = re.compile(r"\d+(?:[.:,]\d+)+|\d+(?=[a-z]{1,3}\b)|[\w@#](?:[\w./:@#-]*[\w/])?")
_CONTRACTED: Final = re.compile(r"n[\'\u2019]t\b")
_CLITIC: Final = re.compile(r"[\'\u2019](?:s|m|re|ve|ll|d)\b")

_CARDINALS: Final = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty
"""
_ORDINALS: Final = """
zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""
_NUMBERS: Final = {
    word: str(number)
    for words in (_CARDINALS, _ORDINALS)
    for number, word in enumerate(words.split())
} | {"once": "1", "twice": "2", "thrice": "3"}
# The first of each line stands for all of it.
_ONE_SENSE: Final = """
second s sec secs seconds
minute min mins minutes
hour h hr hrs hours hourly
day d days daily
week weeks weekly
month months monthly
year years yearly
kilometre km kilometer kilometers kilometres
megabyte mb megabytes
gigabyte gb gigabytes
millisecond ms milliseconds
database db databases
repository repo repositories
config configuration
documentation docs doc
like prefer prefers preferred want wants wanted likes liked
keep store stores stored save saves saved
live lives lived reside resides home
allergy allergic allergies
fly flight flights flying flies flown flew
own owner owns owned owners belongs belong
born birthday birthdays birth
percent %
use uses used using
"""
_SENSES: Final = {
    word: line.split()[0] for line in _ONE_SENSE.strip().split("\n") for word in line.split()
}
_CALENDAR: Final = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july
august september october november december
"""
_UNITS: Final = """
second minute hour day week month year kilometre megabyte gigabyte millisecond percent
"""
_NEGATIONS: Final = frozenset(
    {"not", "no", "never", "none", "nobody", "nothing", "without", "neither", "nor", "cannot"}
)
_CHANGES: Final = """
now instead anymore longer move switch migrate replace rename upgrade downgrade quit become sell
leave stop start rewrite change took over marry retire drop remove slip postpone reschedule rebook
delay raise bump lower reduce increase decrease extend shorten cut swap transfer revert reverse
convert turn deprecate obsolete discontinue cancel outdated anew
"""
# Said of what is not known, or not by who says it; and of what is so once and for all,
# as what is past.
_HEDGES: Final = frozenset(
    {"maybe", "perhaps", "possibly", "probably", "presumably", "might", "believe", "believes"}
    | {"think", "thinks", "guess", "assume", "suppose", "seems", "seem", "apparently", "unsure"}
    | {"allegedly", "supposedly", "according", "claims", "claim", "said", "says", "rumour"}
)
_FIXED: Final = frozenset(
    {"born", "died", "founded", "invented", "built", "written", "caused", "happened", "was", "were"}
)
_CORRECTS: Final = frozenset(
    {"actually", "correction", "correct", "corrected", "wrong", "mistake", "mistaken", "turns"}
    | {"wrongly", "misread", "typo", "sorry"}
)
_NOT_SURE: Final = re.compile(r"\bnot (?:entirely |quite |very )?(?:sure|certain)\b", re.IGNORECASE)
_ADDS: Final = frozenset({"also", "too", "additionally", "another", "both", "besides"})
# Of these one may have, do or like many at a time.
_MANY: Final = """
like love hate enjoy prefer speak learn visit read watch buy have own allergic fix review run must
may can need support know play cook travel
"""
_OPPOSITES: Final = """
on/off true/false enable/disable allow/forbid allow/deny allow/ban permit/forbid open/close
start/stop always/never required/optional mandatory/optional public/private up/down sync/async
synchronous/asynchronous single/married dark/light love/hate like/dislike like/hate add/remove
tabs/spaces left/right before/after increase/decrease accept/reject include/exclude local/remote
manual/automatic early/late cheap/expensive fast/slow pass/fail online/offline vegetarian/meat
lock/unlock mutable/immutable active/inactive serial/parallel morning/evening hot/cold win/lose
good/bad short/long short/detailed possible/impossible safe/unsafe stable/unstable
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """`words` are content stems in order, `spoken` all words; the rest is told of them.

    `hedged` ones are not known to who says them, `fixed` ones are about what never changes and
    correct nothing.
    """

    words: tuple[str, ...]
    spoken: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    negated: bool
    changes: frozenset[str]
    adds: bool
    many: bool
    hedged: bool
    fixed: bool
    content: frozenset[str]


@lru_cache(maxsize=8_192)
def statement_of(text: str) -> Statement:
    """The statement of a text; of a long one, of all its words."""
    text = _NOT_SURE.sub("maybe", text)
    plain = _measured(in_cues(_CLITIC.sub("", _CONTRACTED.sub(" not", text))))
    words: list[str] = []
    spoken: set[str] = set()
    numbers: set[str] = set()
    names: set[str] = set()
    changes: set[str] = set()
    for match in _WORD.finditer(plain):
        raw = match[0]
        word, stemmed = _meant(raw)
        spoken.add(word)
        spoken.add(stemmed)
        if word in _ADDS or word in _HEDGES or (word in _NEGATIONS and raw != "None"):
            continue
        if stemmed in _CHANGE_STEMS:
            changes.add(stemmed)
        elif word[:1].isdigit() or (raw[:1].isupper() and word in _DATES):
            numbers.add(word)
            words.append(word)
        elif _is_letter(raw, match.start()):
            words.append(word)
            names.add(word)
        elif word and word not in STOP_WORDS and word not in FUNCTION_WORDS:
            words.append(stemmed)
            if word in _UNIT_WORDS and words[-2:-1] and words[-2] in numbers:
                numbers.add(stemmed)
            elif not word.isalpha() or raw[1:].lower() != raw[1:]:
                names.add(stemmed)
    return Statement(
        words=tuple(words),
        spoken=frozenset(spoken),
        numbers=frozenset(numbers),
        names=frozenset(names),
        negated=not _NEGATIONS.isdisjoint(spoken - ({"none"} & set(words))),
        changes=frozenset(changes),
        adds=not _ADDS.isdisjoint(spoken),
        many=not _MANY_STEMS.isdisjoint(spoken),
        hedged=not _HEDGES.isdisjoint(spoken),
        fixed=not _FIXED.isdisjoint(spoken) and _CORRECTS.isdisjoint(spoken) and not changes,
        content=frozenset(words),
    )


@lru_cache(maxsize=65_536)
def _meant(raw: str) -> tuple[str, str]:
    """A word in the spelling that stands for it, and its stem."""
    word = raw.lower().strip(".:")
    word = _SENSES.get(word, _NUMBERS.get(word, word))
    return word, stem(BASE_FORMS.get(word, word))


def _is_letter(word: str, position: int) -> bool:
    """Whether a word is a letter that names something, as in team A."""
    return len(word) == 1 and word.isupper() and word != "I" and position > 0


def _measured(text: str) -> str:
    """The text with times, spans and sizes that may be told in several units told in one."""
    if not any(map(str.isdigit, text)):
        return text
    text = _AFTER_NOON.sub(lambda told: f"{int(told[1]) % 12 + 12}:{told[2] or '00'}", text)
    return _MEASURE.sub(_in_base_unit, text)


def _in_base_unit(told: re.Match[str]) -> str:
    factor, unit = _BASE_UNITS[told[2].lower()]
    return f"{float(told[1]) * factor:.6g} {unit}"


_AFTER_NOON: Final = re.compile(r"\b(\d{1,2})(?::(\d\d))?\s?p\.?m\b", re.IGNORECASE)
_BASE_UNITS: Final = {
    name: (factor, unit)
    for names, factor, unit in (
        ("ms millisecond milliseconds msec", 0.001, "seconds"),
        ("sec secs seconds", 1, "seconds"),
        ("kb kilobyte kilobytes", 0.0009765625, "megabytes"),
        ("mb megabyte megabytes", 1, "megabytes"),
        ("gb gigabyte gigabytes", 1024, "megabytes"),
        ("tb terabyte terabytes", 1048576, "megabytes"),
        ("times", 1, ""),
    )
    for name in names.split()
}
_MEASURE: Final = re.compile(
    rf"(?<![\w.:,-])(\d+(?:\.\d+)?)\s?({'|'.join(sorted(_BASE_UNITS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)


def opposed(one: Statement, other: Statement) -> bool:
    """Whether they hold words that exclude each other."""
    mine, yours = one.spoken - other.spoken, other.spoken - one.spoken
    return any(not yours.isdisjoint(_OPPOSITES_OF.get(word, ())) for word in mine) or any(
        prefix + word in against
        for words, against in ((mine, yours), (yours, mine))
        for word in words
        for prefix in _NEGATING
    )


_DATES: Final = frozenset(_CALENDAR.split())
_UNIT_WORDS: Final = frozenset(_UNITS.split())
_CHANGE_STEMS: Final = frozenset(map(stem, _CHANGES.split()))
_MANY_STEMS: Final = frozenset(map(stem, _MANY.split()))
_NEGATING: Final = ("un", "in", "im", "dis", "non")
_OPPOSITES_OF: Final = dict[str, set[str]]()
for _left, _right in (map(stem, pair.split("/")) for pair in _OPPOSITES.split()):
    _OPPOSITES_OF.setdefault(_left, set()).add(_right)
    _OPPOSITES_OF.setdefault(_right, set()).add(_left)
