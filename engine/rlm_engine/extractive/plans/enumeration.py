"""Listing and counting: a survey of the whole corpus, exact, and told how it was counted."""

# ruff: noqa: E501

import re

from rlm_engine.extractive.cell import Cell, Conclusion, Plan
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.plans.count_wording import tell_count, tell_unread
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.plans.survey import survey_code
from rlm_engine.extractive.query import Having, Listing, Order, Relation
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
    "function": ("function", "method", "constructor"),
    "method": ("method",),
    "member": ("method", "constructor", "function", "constant", *_CLASS_KINDS, "type"),
}
# What a reader may count in too: told beside the number, not within it.
_RELATED: dict[str, tuple[str, ...]] = {
    "class": ("struct", "interface", "trait", "enum"),
    "interface": ("trait",),
    "trait": ("interface",),
    "method": ("function", "constructor"),
}
_SPECIAL = {
    "folder": "folders", "comment": "comments", "environment": "environment", "setting": "settings",
    "warning": "warnings", "keyword": "keywords", "macro": "macros", "option": "options",
    "route": "routes", "exception": "exceptions", "test": "tests", "noun": "noun",
}  # fmt: skip
_RELATIONS: dict[Relation, str] = {
    "import": "imports", "contain": "text", "call": "calls", "raise": "raising",
}  # fmt: skip
_ENDINGS = {
    "python": (".py", ".pyi", ".pyw"), "javascript": (".js", ".mjs", ".cjs", ".jsx"),
    "typescript": (".ts", ".tsx", ".mts", ".cts"), "go": (".go",), "golang": (".go",),
    "rust": (".rs",), "java": (".java",), "kotlin": (".kt", ".kts"), "scala": (".scala",),
    "ruby": (".rb",), "php": (".php",), "swift": (".swift",), "c#": (".cs",), "csharp": (".cs",),
    "c++": (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx", ".h"), "c": (".c", ".h"),
    "markdown": (".md",), "html": (".html", ".htm"), "css": (".css",), "json": (".json",),
    "yaml": (".yaml", ".yml"), "toml": (".toml",), "shell": (".sh", ".bash"),
}  # fmt: skip
_HEADERS = (".h", ".hpp", ".hh", ".hxx")
_KIND_WORD = re.compile(r"(?i)\s+(class(?:es)?|functions?|modules?|files?|decorators?)$")
_PREFERRED = {"class": "classes", "funct": "functions", "modul": "modules", "files": "modules"}


def enumerate_things(question: Question) -> Plan:
    """Survey what is asked for, count it, and list it with what was asked of each."""
    listing = question.listing
    if listing is None:
        return (yield from explain(question))
    if listing.unread:
        return tell_unread(question, listing)
    query = query_of(listing)
    shown = _SHOWN_COUNTING if listing.counting else _SHOWN_LISTING
    room = _ROOM_WORDS
    if listing.attribute:
        shown, room = 2 * _SHOWN_LISTING, _ROOM_WORDS_WITH_ATTRIBUTE
    printed = yield Cell(
        "Go through the whole corpus and collect them.",
        survey_code(query),
        {
            "query": query, "shown": shown, "words_room": room, "notes_wanted": listing.attribute,
        },
    )  # fmt: skip
    if not printed.strings("total") or not printed.strings("shown"):
        return Conclusion(_failed(question, printed))
    if not printed.number("total") and _may_be_misread(listing, question, printed):
        return tell_unread(question, listing)
    return tell_count(question, listing, printed)


def query_of(listing: Listing) -> dict[str, object]:
    """The listing as the dict that the code of a survey takes."""
    query: dict[str, object] = {
        "scan": _scan(listing),
        "unit": _unit(listing),
        "value": listing.object,
        "scope": listing.scope,
        "apart": listing.apart,
        "endings": _endings(listing),
        "having": [_bound(having) for having in listing.having],
        "order": _order(listing.order),
        "sum": listing.sum,
        "deep": listing.deep,
        "whole": listing.whole is not False,
        "block": re.search(r"(?i)block", listing.noun) is not None,
    }
    query |= _definition_values(listing)
    query |= _noun_values(listing)
    if query["scan"] == "holders":
        query["inner"] = query_of(_inner(listing))
    return query


def _scan(listing: Listing) -> str:
    relation, target = listing.relation, listing.target
    if relation in ("call", "raise", "contain", "import") and target in (*_KINDS, "test"):
        return "holders"
    if relation in _RELATIONS:
        return _RELATIONS[relation]
    if relation == "subclass":
        return "subclasses"
    if relation == "define" and target in ("file", "module", "folder"):
        return "files" if listing.own_name else "assigned"
    if target in _KINDS or relation in ("return", "accept", "decorate"):
        return "definitions"
    if relation == "all" and target in _SPECIAL:
        return _SPECIAL[target]
    return "files"


def _unit(listing: Listing) -> str:
    if listing.target in ("file", "module", "folder"):
        return "file"
    return listing.target if listing.target in ("line", "time", "comment") else "line"


def _inner(listing: Listing) -> Listing:
    """What is looked for inside the definitions a listing wants."""
    return Listing(
        "line",
        "",
        listing.relation,
        listing.object,
        listing.scope,
        "",
        False,
        language=listing.language,
        apart=listing.apart,
        whole=listing.whole,
    )


def _endings(listing: Listing) -> tuple[str, ...]:
    if listing.language:
        return _ENDINGS[listing.language]
    return _HEADERS if re.match(r"(?i)header", listing.noun) and listing.target == "file" else ()


def _bound(having: Having) -> dict[str, object]:
    return {
        "bound": having.comparison,
        "number": having.number,
        "measure": having.measure,
        "part": query_of(having.part) if having.part else None,
    }


def _order(order: Order | None) -> dict[str, object] | None:
    if order is None:
        return None
    return {
        "most": order.most,
        "first": order.first,
        "measure": order.measure,
        "part": query_of(order.part) if order.part else None,
    }


def _definition_values(listing: Listing) -> dict[str, object]:
    kinds = _KINDS.get(listing.target, (*_CLASS_KINDS, "function", "method"))
    by_type = listing.relation in ("return", "accept")
    named = _name_pattern(listing)
    if listing.owner and listing.target == "method":
        kinds = (
            (*kinds, "function", "constructor")
            if listing.relation == "define"
            else (*kinds, "function")
        )
    if listing.relation == "subclass":
        kinds = () if listing.target == "class" else kinds
    return {
        "kinds": kinds,
        "related": () if by_type or named else _RELATED.get(listing.target, ()),
        "named": named,
        "owner": listing.owner,
        "modifiers": listing.modifiers,
        "returned": listing.object if listing.relation == "return" else "",
        "accepted": listing.object if listing.relation == "accept" else "",
        "marked": listing.object if listing.relation == "decorate" else "",
        "documented": listing.documented,
        "annotation": True if listing.target == "annotation" else False if listing.target == "interface" else None,
        "split": listing.target == "function" and not (listing.having or listing.order or listing.sum),
    }  # fmt: skip


def _noun_values(listing: Listing) -> dict[str, object]:
    kind = _KIND_WORD.search(listing.noun)
    noun = listing.noun[: kind.start()] if kind else listing.noun
    words = [list(concept) for concept in concepts_of(noun)]
    attribute = [word for concept in concepts_of(listing.attribute) for word in concept]
    attribute += [word for word in listing.attribute.lower().split() if word not in attribute]
    preferred = _PREFERRED.get(kind[1].lower()[:5], "") if kind else ""
    return {
        "words": words or [[listing.noun]], "attribute_words": attribute, "preferred": preferred,
    }  # fmt: skip


def _name_pattern(listing: Listing) -> str | None:
    if listing.relation not in ("prefix", "suffix", "define"):
        return None
    literal = re.escape(listing.object)
    if listing.relation == "prefix":
        return f"^{literal}"
    return f"{literal}$" if listing.relation == "suffix" else f"^{literal}$"


def _may_be_misread(listing: Listing, question: Question, printed: Printed) -> bool:
    """Whether nothing found may only mean that the question was not one for a survey."""
    if listing.target == "noun" or printed.strings("unknown_scope"):
        return True
    return listing.relation in ("call", "raise") and listing.object not in question.names


def _failed(question: Question, printed: Printed) -> str:
    voice = Voice(question.russian)
    return (
        voice(
            f"I cannot count this: the scan failed. {printed.text[:300]}",
            f"Посчитать не могу: {printed.text[:300]}",
        )
        + f"\n\n{voice.closing()}"
    )
