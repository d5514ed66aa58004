"""The conditions of a listing question: which relation to what, what else must hold, what must not."""

# ruff: noqa: E501, RUF001

import re

from rlm_engine.extractive import listing_wording as wording
from rlm_engine.extractive.query import Having, Listing, Relation, Target

_NEGATED = re.compile(
    r"(?i)(?:\b(?:(?:do|does|did|is|are|was) ?n[o']t|(?:do|does|is|are) not|cannot|never|not)|\bне)\s*(?:\bthat\b\s*)?$"
)
_STRINGY = re.compile(r"(?i)\b(?:string|substring|text|phrase|строк\w*|текст\w*)\s*$")
_WORDY = re.compile(r"(?i)\b(?:word|identifier|name|слов\w*)\s*$")
# Words that stand where an object would and are none.
_NO_OBJECT = frozenset(
    [
        "are",
        "is",
        "was",
        "were",
        "be",
        "been",
        "being",
        "never",
        "not",
        "ever",
        "often",
        "most",
        "least",
        "only",
        "no",
        "none",
        "any",
        "all",
        "both",
        "each",
        "the",
        "a",
        "an",
        "there",
        "that",
        "which",
        "it",
        "them",
        "at",
        "in",
        "of",
        "to",
        "by",
        "from",
        "more",
        "less",
        "than",
        "twice",
        "once",
    ]
)
# "that import a and b": both.
_AND_OBJECT = re.compile(
    r"\s+(?P<how>and|or)\s+(?P<b>`[^`]+`|\"[^\"]+\"|'[^']+'|@?[\w.\-/:]+)(?=\s*$)", re.IGNORECASE
)
_PART_TARGETS: dict[Relation, Target] = {
    "import": "file", "subclass": "class", "decorate": "function", "define": "function",
    "return": "function", "accept": "function", "prefix": "function", "suffix": "function",
}  # fmt: skip


def conditions_in(
    body: str,
) -> tuple[Relation, str, str, list[Having], bool | None]:
    """The first condition, and the further and negated ones as bounds on what lies inside."""
    relation: Relation = "all"
    value, whole = "", None
    others: list[Having] = []
    head = re.sub(r"(?i)\b(?:both|either)\s+(?=\S+\s+(?:and|or)\b)", "", body)
    marks = wording.MARKS.search(head)
    if marks:
        names = re.findall(r"TODO|FIXME|XXX|HACK|NOQA", marks[0], re.IGNORECASE)
        return (
            "contain",
            "|".join(names),
            head[: marks.start()] + " " + head[marks.end() :],
            [],
            None,
        )
    for _ in range(4):
        found = _first_condition(head)
        if found is None:
            break
        kind, match = found
        at = next(n for n, group in enumerate(match.groups(), 1) if group)
        object_ = unquoted(match[at])
        if object_.lower() in _NO_OBJECT:
            break
        before = head[: match.start()]
        said = head[match.start() : match.start(at)]
        negated = _NEGATED.search(before)
        if negated:
            before = before[: negated.start()]
        also = _AND_OBJECT.match(head, match.end())
        after = also.end() if also else match.end()
        head = before + " " + head[after:]
        if kind == "contain":
            whole = (
                False
                if _STRINGY.search(said.rstrip("\"'`«“ "))
                else True
                if _WORDY.search(said)
                else None
            )
        if negated or relation != "all":
            part = Listing(_PART_TARGETS.get(kind, "line"), "", kind, object_, "", "", False)
            others.append(
                Having("exactly", 0, None, part) if negated else Having("at least", 1, None, part)
            )
        else:
            relation, value = kind, object_
        if also and also["how"] == "and":
            part = Listing(
                _PART_TARGETS.get(kind, "line"), "", kind, unquoted(also["b"]), "", "", False
            )
            others.append(
                Having("exactly" if negated else "at least", 0 if negated else 1, None, part)
            )
        elif also:
            head += f" or {also['b']}"
    return relation, value, head, others, whole


def _first_condition(head: str) -> tuple[Relation, re.Match[str]] | None:
    for relation, pattern in wording.CONDITIONS:
        match = pattern.search(head)
        if match:
            return relation, match
    return None


def unquoted(value: str) -> str:
    return value.strip(" `'\"«»“”,").removesuffix("()")
