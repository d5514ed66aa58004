"""Bounds and superlatives of a question: "more than ten methods", "the longest function"."""

# ruff: noqa: E501, RUF001

import re
from dataclasses import dataclass

from rlm_engine.extractive.query import Comparison, Measure

_NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            *(
                [
                    "zero",
                    "one",
                    "two",
                    "three",
                    "four",
                    "five",
                    "six",
                    "seven",
                    "eight",
                    "nine",
                    "ten",
                    "eleven",
                    "twelve",
                ]
            ),
            *(
                [
                    "thirteen",
                    "fourteen",
                    "fifteen",
                    "sixteen",
                    "seventeen",
                    "eighteen",
                    "nineteen",
                    "twenty",
                ]
            ),
        ]
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "thousand": 1000}
_N = rf"(?P<n>\d[\d,_]*(?:k\b)?|{'|'.join(_NUMBERS)}|a hundred|a thousand|one hundred|one thousand|two thousand)"
_COMPARISONS: dict[Comparison, str] = {
    "at least": r"at least|no (?:less|fewer) than|не менее|не меньше|минимум",
    "at most": r"at most|no more than|up to|не более|не больше|максимум",
    "more": r"more than|over|above|greater than|longer than|larger than|bigger than|exceed(?:s|ing)?|beyond|in excess of|>|более|больше|свыше|длиннее|выше",
    "fewer": r"fewer than|less than|under|below|shorter than|smaller than|<|менее|меньше|короче",
    "exactly": r"exactly|precisely|ровно|just",
}
_COMPARISON = "|".join(f"(?:{words})" for words in _COMPARISONS.values())
_HAVE = (
    r"(?:(?:that|which|who|котор\w+)\s+)?(?:(?:are|is|have|has|with|having|contain(?:s|ing)?|takes?|taking|accepts?|accepting|"
    r"defin(?:es?|ing)|declar(?:es?|ing)|holds?|holding|expects?|spans?|spanning|runs?|being|of|имеют|имеет|содержат|содержит|принимают|с|в)\s+)*"
)
_BOUND = re.compile(
    rf"(?<!\w){_HAVE}(?P<how>{_COMPARISON})\s+{_N}\s*(?P<or>or (?:more|fewer|less)\s+)?(?P<what>.*)$"
    rf"|(?<!\w){_HAVE}{_N.replace('<n>', '<m>')}\s+(?P<or2>or more|or fewer|or less|\+)\s+(?P<what2>.*)$",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"(?<!\w)(?:(?:that|which)\s+)?(?:without|lack(?:s|ing)?|missing|with no|ha(?:ve|s) no|having no|contain(?:s|ing)? no|"
    r"defin(?:es?|ing) no|(?:do|does) ?n[o']t (?:have|contain|define|declare|include|take|use)|(?:do|does) not (?:have|contain|define|declare|include|take|use)|без|не имеют|не содержат)\s+(?:any\s+|an?\s+|single\s+)*(?P<what>.+)$",
    re.IGNORECASE,
)
_MEASURES: tuple[tuple[Measure, re.Pattern[str]], ...] = (
    ("lines", re.compile(r"^(?:lines?(?: of (?:source )?code| of text)?|loc|sloc|строк\w*)(?: long| in length)?$", re.I)),
    ("parameters", re.compile(r"^(?:(?:formal |positional )?(?:parameters?|params?|arguments?|args?)|параметр\w*|аргумент\w*)$", re.I)),
    ("bytes", re.compile(r"^(?:bytes?|байт\w*)(?: long| in size)?$", re.I)),
    ("characters", re.compile(r"^(?:characters?|chars?|символ\w*)(?: long)?$", re.I)),
)  # fmt: skip
_SUPERLATIVE = re.compile(
    rf"(?<!\w)(?:the\s+)?(?:top\s+)?(?:{_N}\s+)?(?P<adjective>largest|biggest|longest|smallest|shortest|самы[йеx]\w* (?:больш\w+|длинн\w+|крупн\w+|коротк\w+|маленьк\w+)|самая (?:больш\w+|длинн\w+|коротк\w+)|самое (?:больш\w+|длинн\w+))(?!\w)",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"(?<!\w)(?:(?:that|which)\s+)?(?:(?:with|has|have|having|contain(?:s|ing)?|takes?|taking|accepts?|defin(?:es?|ing)|declar(?:es?|ing)|holds?|holding|owns?|makes?|содержит|имеет|с|где)\s+)?"
    r"(?:the\s+)?(?<!at )(?P<most>most|fewest|least|(?:largest|highest|greatest|biggest|smallest|lowest) (?:number|count|amount) of|больше всего|меньше всего|наибольшим (?:числом|количеством))\s+(?P<what>.+)$",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\s+(?:by|in terms of|measured (?:by|in)|in|по)\s+(?:the\s+)?(?:(?:number|count|amount|числу|количеству)\s*(?:of\s+)?|line (?=count))?(?P<what>lines?(?: of code)?|count|length|size|bytes|methods|functions|classes|parameters|arguments|characters|строк\w*|размеру|методов)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound as worded: what comes before it, how many, and of what."""

    before: str
    comparison: Comparison
    number: int
    what: str


def number_in(word: str) -> int:
    """The value of "12", "1,000", "2k" or "ten"."""
    plain = word.lower().replace(",", "").replace("_", "").strip()
    if plain.endswith("k"):
        return int(plain[:-1]) * 1000
    if plain.isdigit():
        return int(plain)
    words = [_NUMBERS.get(one, 1) for one in plain.split()]
    return words[0] * (words[1] if len(words) > 1 else 1)


def bound_in(text: str) -> Bound | None:
    """The last bound or "without" of a text, which says what everything after it is."""
    found = _BOUND.search(text)
    if found and found["n"]:
        comparison: Comparison = next(
            name
            for name, words in _COMPARISONS.items()
            if re.fullmatch(words, found["how"], re.IGNORECASE)
        )
        return Bound(text[: found.start()], comparison, number_in(found["n"]), found["what"])
    if found and found["m"]:
        more = found["or2"] in ("or more", "+")
        how: Comparison = "at least" if more else "at most"
        return Bound(text[: found.start()], how, number_in(found["m"]), found["what2"])
    without = _WITHOUT.search(text)
    return Bound(text[: without.start()], "exactly", 0, without["what"]) if without else None


def measure_in(what: str) -> Measure | None:
    """The measure a few words name, or None."""
    plain = what.strip(" ,")
    return next((name for name, pattern in _MEASURES if pattern.match(plain)), None)


@dataclass(frozen=True, slots=True)
class Superlative:
    """ "The three longest functions": the text without it, and by what ("" is the usual)."""

    rest: str
    most: bool
    first: int
    what: str


def superlative_in(text: str) -> Superlative | None:
    """The superlative of a text, or None."""
    found = _MOST.search(text)
    if found:
        most = not re.match(r"few|least|small|low|меньше", found["most"], re.IGNORECASE)
        return Superlative(text[: found.start()], most, 1, found["what"])
    found = _SUPERLATIVE.search(text)
    if not found:
        return None
    most = not re.search(r"small|short|коротк|маленьк", found["adjective"], re.IGNORECASE)
    rest = text[: found.start()] + " " + text[found.end() :]
    by = _BY.search(rest)
    what = by["what"] if by else ""
    rest = rest[: by.start()] if by else rest
    first = number_in(found["n"]) if found["n"] else 1
    return Superlative(rest, most, first, "" if what in ("count", "length", "size") else what)
