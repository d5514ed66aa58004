"""Reading a listing or counting question, phrase by phrase, until every word of it is accounted for.

What no rule reads is kept as `unread`, so that a plan can say what it cannot decide instead of
giving the number of something else.
"""

# ruff: noqa: E501

import re
from dataclasses import replace

from rlm_engine.extractive import listing_wording as wording
from rlm_engine.extractive.bounds import bound_in, measure_in, superlative_in
from rlm_engine.extractive.listing_conditions import conditions_in, unquoted
from rlm_engine.extractive.query import Having, Listing, Order, Relation, Target

_MEMBERS = ("method", "function", "member", "constant", "class", "interface", "struct", "enum")
_DEFINED = (*_MEMBERS, "trait", "annotation", "type", "module")
_DOCUMENTED = re.compile(
    r"(?i)^(?:docstrings?|doc(?:umentation)? comments?|documentation|docs|докстринг\w*|документаци\w*)$"
)
_ADVERBS = re.compile(
    r"(?i)(?<!\w)(?:,?\s*(?:either )?(?:directly or indirectly|directly and indirectly|direct or indirect"
    r"|directly or not|indirectly or directly|transitively|indirectly|recursively|at any depth)|прямо или косвенно),?(?!\w)"
)
_DIRECTLY = re.compile(r"(?i)(?<!\w)(?:directly|immediately|direct|immediate)\s*(?!\w)")
_NEGATION = re.compile(
    r"(?i)\b(?:not|never|no|without|neither|nor|unused|n't|only|except|не|нет|без|кроме|только)\b|n't\b"
)
_TEST_OF = re.compile(r"(?i)^(?:unit |integration )?tests?[ -](?=class|file|module|suite)")
_AND_MORE = re.compile(
    r"(?i)\s+(?:and|but|,)\s+(?=(?:no|without|with|more|fewer|less|at least|at most|that|which|have|has|having|are|is|do|does|over|under)\b)"
)
_LENGTH_OF = re.compile(
    r"(?i)^how (?:long|big|large) (?:is|are) (?:the )?(?:(?P<kind>function|method|class|struct|file)s? )?`?(?P<name>[\w./$-]+?)(?:\(\))?`?(?: (?P<after>function|method|class|struct|file))?$"
)
_CALLS_OF = re.compile(r"(?i)\b(?:calls|invocations|usages|uses) (?:of|to)\b")
_SUBJECT = re.compile(
    r"\s+(?:that\s+|which\s+|does\s+|do\s+|has\s+)?(?:the\s+)?`?((?-i:[A-Z])[\w.-]*|(?<=\bdoes )\w[\w.-]*|(?<=\bthat )\w[\w.-]*)`?\s+(?:defines?|has|have|exposes?|provides?|contains?|uses?|declares?|ships?(?: with)?|offers?|supports?|comes? with|reads?|raises?|emits?|includes?)\s*$",
    re.I,
)
_SETTINGS_OF = re.compile(
    r"(?i)(?:from|off|of|on|via|through|из)\s+(?:the\s+)?`?(?:[\w.]*\.)?(settings|config|conf|options)`?(?:\s+(?:object|module))?"
)


def parse_listing(text: str) -> Listing | None:
    """The listing a question asks for, or None where it asks for none."""
    counting = wording.COUNTING.search(text) is not None
    body = text.strip(" ?.!")
    body, attribute = _taken(wording.ATTRIBUTE, body)
    body = wording.SOMEWHERE.sub("", body)
    body = wording.SUBJECT_WORD.sub(" ", body)
    listing = _length_of(body) or _summed(body, counting=counting) or _ranked(body)
    if listing is None:
        lead = wording.LEAD.sub("", body, count=1).strip()
        for said, meant in wording.PARAPHRASES:
            lead = said.sub(meant, lead)
        listing = _phrase(lead, counting=counting, unit=wording.HOW_OFTEN.match(body) is not None)
        if not _is_wanted(listing, text, counting=counting):
            return None
    return replace(listing, attribute=attribute, counting=counting)


def _is_wanted(listing: Listing, text: str, *, counting: bool) -> bool:
    """Whether this is a question for counting at all, and not one about a doing in other words."""
    if counting or listing.having or listing.documented is not None:
        return True
    asked_for_all = _listed(text) or bool(listing.owner)
    if listing.unread:
        return asked_for_all and _listed(text) and listing.relation == "all"
    if listing.relation == "all":
        if listing.target in ("line", "time", "comment", "warning"):
            return asked_for_all and listing.target not in ("line", "time")
        return (
            asked_for_all
            or listing.target not in ("noun", "test", "file", "module", "folder")
            or bool(listing.scope and listing.target in ("file", "module"))
        )
    return True


def _length_of(body: str) -> Listing | None:
    """The lines of one file or definition: "how long is the function url_for"."""
    found = _LENGTH_OF.match(body)
    if not found:
        return None
    name, kind = found["name"], (found["kind"] or found["after"] or "").lower()
    if kind == "file" or re.search(r"/|\.\w{1,5}$", name):
        return Listing("file", "file", "all", "", name, "", True, sum="lines")
    target: Target = (
        "function" if kind in ("function", "") else "method" if kind == "method" else "class"
    )
    *_, last = name.split(".")
    return Listing(target, kind, "define", last, "", "", True, name.rpartition(".")[0], sum="lines")


def _summed(body: str, *, counting: bool) -> Listing | None:
    """A number of lines, which is a sum over files: "how many lines of Python are in src"."""
    found = wording.LINES.search(body)
    if not found or superlative_in(body) or bound_in(body):
        return None
    rest = wording.LEAD.sub("", body[: found.start()] + " files " + body[found.end() :], count=1)
    listing = _phrase(rest.strip(), counting=counting)
    if listing.relation != "all" or (listing.target == "noun" and listing.noun):
        return None
    if listing.target == "noun" or listing.target == "line":
        listing = replace(listing, target="file", noun="")
    if listing.owner and listing.target == "file":
        listing = replace(
            listing, target="class", owner="", relation="define", object=listing.owner
        )
    return replace(listing, sum="lines")


def _ranked(body: str) -> Listing | None:
    """What has the most or the least of something: "which class has the most methods"."""
    found = superlative_in(body)
    if found is None:
        return None
    lead = wording.LEAD.sub("", found.rest, count=1).strip()
    lead = re.sub(r"(?i)^(?:is|are|was|has|have)\b\s*", "", lead)
    lead = re.sub(r"(?i)\s*\b(?:is|are)\s*$", "", lead)
    what, scope = _taken(wording.SCOPE, found.what)
    listing = _phrase(lead, counting=False)
    if scope and not listing.scope:
        listing = replace(listing, scope=scope.strip("/"))
    if listing.target == "noun" and listing.relation == "all" and not listing.noun:
        return None
    usual = "lines" if listing.target in ("file", "module", "test", *_DEFINED) else None
    measure = measure_in(what) if what else usual
    part = None
    if measure is None:
        if not what:
            return None
        part = _phrase(what, counting=False)
        if part.unread or part.target == "noun":
            return replace(listing, unread=part.unread or what)
    return replace(listing, order=Order(found.most, found.first, measure, part))


def _phrase(text: str, *, counting: bool, unit: bool = False) -> Listing:
    """A noun phrase with its conditions: "public methods of Cart that raise ValueError"."""
    having: list[Having] = []
    documented: bool | None = None
    unread = ""
    body = text
    while bound := bound_in(body):
        said, *further = _AND_MORE.split(bound.what, maxsplit=1)
        what, scope = _taken(wording.SCOPE, said)
        body = f"{bound.before} {_joined(further)}"
        body = f"{body} in {scope}" if scope else body
        if _DOCUMENTED.match(what.strip()):
            documented = bound.number > 0
            continue
        measure = measure_in(what)
        part = None if measure else _phrase(what, counting=False)
        if part and (part.unread or (part.target == "noun" and part.relation == "all")):
            unread = part.unread or what
        having.append(Having(bound.comparison, bound.number, measure, part))
    if found := wording.DOCUMENTED.search(body):
        documented = found["no"] is None
        body = body[: found.start()] + " " + body[found.end() :]
    body, apart = _apart(body)
    body, scope = _taken(wording.SCOPE, body)
    deep = _ADVERBS.search(body) is not None
    body = _DIRECTLY.sub("", _ADVERBS.sub("", body))
    relation, value, head, others, whole = conditions_in(body)
    having += others
    found_settings = _SETTINGS_OF.search(head)
    if found_settings:
        head = head[: found_settings.start()] + head[found_settings.end() :]
    head, owner = _taken(wording.OWNER, head)
    own_name = wording.FILE_NAMED.search(head.strip())
    if own_name and relation == "all":
        relation, value, head = "define", own_name[1], "files " + head.strip()[own_name.end() :]
    named = (
        own_name is not None
        or re.search(r"(?i)\b(?:named|called|with the name)\b", body) is not None
    )
    head, modifiers = (head, ()) if wording.KEYWORD.search(head.strip()) else _modifiers(head)
    head, language = _taken(wording.LANGUAGE, head)
    head, subject = _taken(_SUBJECT, head)
    scope = scope or subject
    if _TEST_OF.match(head.strip()):
        part = Listing("test", "tests", "all", "", "", "", False)
        if re.search(r"(?i)tests?[ -](?:class|suite)", head):
            having.append(Having("at least", 1, None, part))
        else:
            scope = scope or "tests"
        head = _TEST_OF.sub("", head.strip())
    target, noun, rest = _target(head)
    if unit and target == "noun" and not noun:
        target = "time"
    keyword = ""
    if target == "keyword":
        keyword = (wording.KEYWORD.search(noun) or [""])[1]
    if target == "noun" and relation in _NATURAL_TARGETS and (relation == "subclass" or not noun):
        target = _NATURAL_TARGETS[relation]
        if relation in ("call", "raise") and (unit or _CALLS_OF.search(body)):
            target = "time"
    elif (
        rest
        and target != "noun"
        and relation == "all"
        and not having
        and not _NEGATION.search(rest)
        and documented is None
    ):
        # Words before a plain unit may make a name of it: "handler classes".
        target = "noun"
        unread = rest if wording.DONE.search(rest) else ""
        rest = ""
    if relation == "contain" and target in ("noun", "line") and not rest:
        target = (
            "comment"
            if re.search(r"(?i)comments?|комментари", noun + " " + body)
            else ("time" if unit else "line")
        )
    if owner and target not in _DEFINED:
        scope, owner = scope or owner, ""
    if not rest and target == "noun" and (relation != "all" or having or documented is not None):
        rest = noun
    if target == "noun" and _NEGATION.search(noun):
        rest = noun
    if target == "file" and _NEGATION.search(rest):
        unread = rest
    unread = unread or rest.strip()
    if target == "setting" and relation == "all":
        value = (found_settings[1] if found_settings else "") or ""
    if target == "keyword":
        value = keyword.lower()
    if target == "warning":
        value = "deprecation" if re.search(r"(?i)deprecat|устарев", noun) else ""
        relation = "all" if relation in ("call", "raise") else relation
        unread = "" if unread.strip() in ("warnings.warn", "warn") else unread
    return Listing(
        target,
        noun,
        relation,
        value,
        scope=scope.strip("/"),
        attribute="",
        counting=counting,
        owner=owner,
        modifiers=modifiers,
        language=language.lower(),
        apart=apart,
        deep=deep,
        documented=documented,
        whole=whole,
        having=tuple(having),
        unread=unread,
        own_name=named and relation == "define" and target in ("file", "folder", "module"),
    )


def _joined(further: list[str]) -> str:
    """What follows an "and", with the verb it leaves out."""
    text = " ".join(further)
    return f"with {text}" if re.match(r"(?i)(?:no|more|fewer|less|at|over|under)\b", text) else text


def _apart(body: str) -> tuple[str, tuple[str, ...]]:
    """The places a question leaves out: "outside tests", "not counting vendor/"."""
    apart: list[str] = []
    while found := wording.APART.search(body):
        name = unquoted(next(group for group in found.groups() if group))
        apart.append(
            "tests"
            if re.fullmatch(r"(?i)(?:unit )?tests?|test (?:files|code)|тест\w*", name)
            else name.strip("/")
        )
        body = body[: found.start()] + " " + body[found.end() :]
    return body, tuple(apart)


def _taken(pattern: re.Pattern[str], body: str) -> tuple[str, str]:
    match = pattern.search(body)
    if not match:
        return body, ""
    value = next(group for group in match.groups() if group)
    return (body[: match.start()] + " " + body[match.end() :]).strip(), unquoted(value)


def _modifiers(head: str) -> tuple[str, tuple[str, ...]]:
    """The head without the adjectives that a definition's own header decides, and those."""
    found: list[str] = wording.MODIFIER.findall(head)
    if not found or wording.NOT_ADJECTIVE.search(head):
        return head, ()
    named = tuple(dict.fromkeys(wording.MODIFIERS.get(w.lower(), w.lower()) for w in found))
    return wording.MODIFIER.sub("", head), named


def _target(head: str) -> tuple[Target, str, str]:
    """The target, its wording, and what of that wording no scan can decide."""
    words = re.sub(r"\s+", " ", head).strip(" ,")
    plain = wording.DIFFERENT.sub("", words).strip()
    for target, pattern in wording.TARGETS:
        match = pattern.search(plain)
        if match:
            kept = words if target in wording.REPEATABLE else plain
            beside = kept.replace(match[0], " ", 1)
            if target in wording.DOING:
                beside = wording.DOING[target].sub(" ", beside)
            rest = wording.FILLER.sub(" ", beside)
            return target, plain, rest if re.search(r"\w", rest) else ""
    noun = wording.TRAILING_VERB.sub("", plain).strip()
    return "noun", noun, noun if wording.DONE.search(noun) else ""


def _listed(text: str) -> bool:
    return (
        wording.LISTING_VERB.match(text) is not None or wording.EXISTENCE.search(text) is not None
    )


_NATURAL_TARGETS: dict[Relation, Target] = {
    "subclass": "class", "import": "file", "call": "line", "raise": "line", "return": "function",
    "accept": "function", "decorate": "function",
}  # fmt: skip
