"""Listing and counting: a scan over the whole corpus, exact, and told how it was counted."""

# ruff: noqa: E501

import re

from rlm_engine.extractive.cell import Cell, Conclusion, Plan
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.listing import Listing
from rlm_engine.extractive.plans import definition_scans, nouns, scans
from rlm_engine.extractive.plans.count_wording import tell_count
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.voice import Voice
from rlm_engine.extractive.words import concepts_of

_SHOWN_COUNTING, _SHOWN_LISTING = 12, 60
_ROOM_WORDS, _ROOM_WORDS_WITH_ATTRIBUTE = 330, 1_200
_CLASS_KINDS = ("class", "struct", "interface", "trait", "enum")
_KINDS: dict[str, tuple[str, ...]] = {
    "class": ("class",),
    "interface": ("interface",),
    "struct": ("struct",),
    "trait": ("trait",),
    "enum": ("enum",),
    "annotation": ("interface", "class"),
    "type": ("type",),
    "constant": ("constant",),
    "function": ("function",),
    "method": ("method",),
    "member": ("method", "function", "constant", *_CLASS_KINDS, "type"),
    "test": ("function", "method"),
    "exception": _CLASS_KINDS,
}
# What a reader may count in too: told beside the number, not within it.
_RELATED: dict[str, tuple[str, ...]] = {
    "class": ("struct", "interface", "trait", "enum"),
    "interface": ("trait",),
    "trait": ("interface",),
    "function": ("method",),
    "method": ("function",),
}
_SPECIAL = {
    "environment": scans.ENVIRONMENT,
    "option": scans.OPTIONS,
    "route": scans.ROUTES,
    "exception": scans.EXCEPTIONS,
    "noun": nouns.NOUN,
    "test": scans.TESTS,
}


def enumerate_things(question: Question) -> Plan:
    """Scan for what is asked, count, and list it with what was asked of each."""
    listing = question.listing
    if listing is None:
        return (yield from explain(question))
    scan, values = _scan(listing)
    shown = _SHOWN_COUNTING if listing.counting else _SHOWN_LISTING
    room = _ROOM_WORDS
    if listing.attribute:
        shown, room = 2 * _SHOWN_LISTING, _ROOM_WORDS_WITH_ATTRIBUTE
    cell = Cell(
        "Go through the whole corpus and collect them.",
        scans.HEAD + scan + scans.TAIL,
        {
            "scope": listing.scope.strip("/"),
            "endings": _ENDINGS.get(listing.language, ()),
            "shown": shown,
            "words_room": room,
            "notes_wanted": listing.attribute,
            "value": listing.object,
            **values,
        },
    )
    printed = yield cell
    if not printed.strings("total"):
        return Conclusion(_failed(question, printed))
    if not printed.number("total") and _may_be_misread(listing, question):
        return (yield from explain(question))
    return tell_count(question, listing, printed)


def _may_be_misread(listing: Listing, question: Question) -> bool:
    """Whether nothing found may only mean that the question was not one for a scan."""
    if listing.target == "noun":
        return True
    return listing.relation in ("call", "raise") and listing.object not in question.names


def _scan(listing: Listing) -> tuple[str, dict[str, object]]:
    by_file = listing.target == "file"
    match listing.relation:
        case "import":
            return scans.IMPORTS, {}
        case "subclass":
            return definition_scans.SUBCLASSES, {}
        case "decorate":
            return scans.DECORATED, {}
        case "raise":
            holding = ("function", "method") if listing.target in ("function", "method") else ()
            holding = _CLASS_KINDS if listing.target == "class" else holding
            return scans.RAISING, {
                "by_file": by_file, "by_definition": bool(holding), "holding": holding,
            }  # fmt: skip
        case "contain":
            return scans.TEXT, {"by_file": by_file}
        case "call":
            return scans.CALLS, {"by_file": by_file}
        case "prefix" | "suffix" | "define":
            return _definitions(listing, _name_pattern(listing))
        case "return" | "accept":
            return _definitions(listing, "")
        case "all":
            return _all(listing)


def _definitions(listing: Listing, pattern: str) -> tuple[str, dict[str, object]]:
    """The scan for definitions whose name, owner and header fit."""
    kinds = _KINDS.get(listing.target, (*_CLASS_KINDS, "function", "method"))
    by_type = listing.relation in ("return", "accept")
    if (listing.owner and listing.target == "method") or by_type:
        kinds = (*kinds, "function") if "method" in kinds else (*kinds, "method")
    annotation = listing.target == "annotation" or (
        None if listing.target != "interface" else False
    )
    return definition_scans.DEFINITIONS, {
        "kinds": kinds,
        "related": () if by_type or pattern else _RELATED.get(listing.target, ()),
        "value": pattern,
        "owner": listing.owner,
        "modifiers": listing.modifiers,
        "returned": listing.object if listing.relation == "return" else "",
        "accepted": listing.object if listing.relation == "accept" else "",
        "annotation": annotation,
    }


def _all(listing: Listing) -> tuple[str, dict[str, object]]:
    if listing.target in _SPECIAL:
        kind = _KIND_WORD.search(listing.noun)
        noun = listing.noun[: kind.start()] if kind else listing.noun
        words = [list(concept) for concept in concepts_of(noun)]
        attribute = [word for concept in concepts_of(listing.attribute) for word in concept]
        attribute += [word for word in listing.attribute.lower().split() if word not in attribute]
        preferred = _PREFERRED.get(kind[1].lower()[:5], "") if kind else ""
        return _SPECIAL[listing.target], {
            "words": words or [[listing.noun]], "attribute_words": attribute, "preferred": preferred,
        }  # fmt: skip
    if listing.target in _KINDS:
        return _definitions(listing, "")
    return scans.FILES, {}


_KIND_WORD = re.compile(r"(?i)\s+(class(?:es)?|functions?|modules?|files?|decorators?)$")
_PREFERRED = {"class": "classes", "funct": "functions", "modul": "modules", "files": "modules"}
_ENDINGS = {
    "python": (".py", ".pyi", ".pyw"), "javascript": (".js", ".mjs", ".cjs", ".jsx"),
    "typescript": (".ts", ".tsx", ".mts", ".cts"), "go": (".go",), "golang": (".go",),
    "rust": (".rs",), "java": (".java",), "kotlin": (".kt", ".kts"), "scala": (".scala",),
    "ruby": (".rb",), "php": (".php",), "swift": (".swift",), "c#": (".cs",), "csharp": (".cs",),
    "c++": (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".h"), "c": (".c", ".h"),
}  # fmt: skip


def _name_pattern(listing: Listing) -> str:
    literal = re.escape(listing.object)
    if listing.relation == "prefix":
        return f"^{literal}"
    return f"{literal}$" if listing.relation == "suffix" else f"^{literal}$"


def _failed(question: Question, printed: Printed) -> str:
    voice = Voice(question.russian)
    return (
        voice(
            f"I could not count this: the scan failed. {printed.text[:300]}",
            f"Посчитать не удалось: {printed.text[:300]}",
        )
        + f"\n\n{voice.closing()}"
    )
