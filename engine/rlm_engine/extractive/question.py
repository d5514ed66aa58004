"""What a question asks for: its type, the names in it and the words that carry it."""

# ruff: noqa: E501, RUF001

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rlm_crystal.report import is_long, read_report

from rlm_engine.extractive.aims import OF_DOCUMENTS, History, compounds_in, history_asked, proper_in
from rlm_engine.extractive.foreign import foreign_concepts, foreign_language
from rlm_engine.extractive.listing import parse_listing
from rlm_engine.extractive.query import Listing
from rlm_engine.extractive.reported import message_in
from rlm_engine.extractive.words import Concept, concepts_of, is_russian

QuestionType = Literal[
    "definition", "usage", "calls", "where", "how", "listing", "compare", "error", "config",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A question understood.

    `subjects` are what its wording points at (`X` of "who calls X", both sides of a comparison,
    the message of an error); `names` are all words in it that look like code; `concepts` the telling
    words. `listing` is set for listings and counts only. `pasted` is the whole of a report, such as
    an issue with its traceback, of which `text` is the title. `language` is one that is neither
    English nor Russian, by its English name. `proper` are words written as names of something,
    `compounds` the parts of each that has several;
    `of_documents` says that documentation is asked for, `of_history` what was changed
    and when, or why something is as it is, which a commit may tell too.
    """

    text: str
    type: QuestionType
    russian: bool
    subjects: tuple[str, ...]
    names: tuple[str, ...]
    concepts: tuple[Concept, ...]
    listing: Listing | None = None
    pasted: str = ""
    language: str = ""
    proper: frozenset[str] = frozenset()
    compounds: tuple[tuple[str, ...], ...] = ()
    of_documents: bool = False
    of_history: History = ""

    @property
    def query(self) -> str:
        """The question as a search query in English."""
        translated = self.russian or self.language
        return " ".join(concept[0] for concept in self.concepts) if translated else self.text


def understand(text: str) -> Question:
    """The question a text asks; the type falls to "where" when nothing tells more.

    Of a very long text only the beginning and the end are read: that is where people ask. A report
    of many lines asks for what its title says, or where its error message comes from.
    """
    if is_long(text) and "\n" in text.strip():
        return _reported(text)
    text = _ends(" ".join(text.split()))
    names = names_in(text)
    language = foreign_language(text)
    kind, subjects = _type_and_subjects(text)
    if language and kind == "error" and not _error_message(text):
        kind, subjects = "how", ()
    listing = None
    asks_a_number = kind not in ("error", "compare") and _COUNTS.search(text) is not None
    several = kind == "usage" and len(" ".join(subjects[:1]).split()) > 1
    if kind in ("listing", "where") or asks_a_number or several:
        listing = parse_listing(text)
        if listing and _PLACE_ASKED.match(text) and not _asks_for_each_place(listing, names):
            listing = None
        if listing or kind in ("listing", "where"):
            kind = "listing" if listing else "where"
    unquoted = _QUOTED.sub(" ", text)
    proper = proper_in(unquoted, language)
    return Question(
        text,
        kind,
        is_russian(text),
        subjects or names,
        names,
        foreign_concepts(text, language) if language else concepts_of(text),
        listing,
        language=language,
        proper=proper,
        compounds=compounds_in(unquoted, proper),
        of_documents=OF_DOCUMENTS.search(text) is not None,
        of_history=history_asked(text) if listing is None and kind != "error" else "",
    )


def _reported(text: str) -> Question:
    report = read_report(text)
    title = _ends(" ".join(report.title.split()))
    spans = " ".join(f"`{run.text}`" for run in report.told if run.part == "span")
    message = message_in(report)
    kind, subjects = ("error", (message,)) if message else ("where", ())
    if not message and title.endswith("?"):
        kind, subjects = _type_and_subjects(title)
    names = names_in(f"{title} {spans}"[: 2 * _END_CHARS])
    # Without what any program says when it fails, which no place says more than another.
    telling = " ".join(run.telling for run in report.told if run.part == "title")
    concepts = concepts_of(telling) or concepts_of(title)
    pasted = text if len(text) <= PASTED_CHARS_MAX else text[:PASTED_CHARS_MAX]
    return Question(
        title,
        kind,
        is_russian(title),
        subjects or names,
        names,
        concepts,
        pasted=pasted,
    )


def _asks_for_each_place(listing: Listing, names: Sequence[str]) -> bool:
    """Whether a "where" wants every place of a name, and is not about a doing in other words."""
    return listing.relation != "all" and not listing.noun and listing.object in names


def names_in(text: str) -> tuple[str, ...]:
    """Words that look like code: quoted by backticks, with dots, underscores, inner capitals, ()."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        name = next(group for group in match.groups() if group)
        found[name.strip().removesuffix("()")] = None
    return tuple(name for name in found if name and name.lower() not in _NOT_NAMES)


def quoted_in(text: str) -> tuple[str, ...]:
    """Strings between quotation marks, the longest first."""
    found = [next(g for g in m.groups() if g) for m in _QUOTED.finditer(text)]
    return tuple(sorted(found, key=len, reverse=True))


def _ends(text: str) -> str:
    if len(text) <= 2 * _END_CHARS:
        return text
    return f"{text[:_END_CHARS]} {text[-_END_CHARS:]}"


def _type_and_subjects(text: str) -> tuple[QuestionType, tuple[str, ...]]:
    message = _error_message(text)
    if message:
        return "error", (message,)
    for kind, pattern in _RULES:
        match = pattern.search(text)
        if match:
            groups = match.groupdict()
            return kind, tuple(
                _bare(groups[key]) for key in ("a", "b") if groups.get(key) and _bare(groups[key])
            )
    if _BARE_NAME.match(text):
        return "definition", ()
    if "?" not in text and len(text.split()) >= 4 and not _ASKS.match(text):
        return "error", (text.strip(" ."),)
    return "where", ()


def _error_message(text: str) -> str:
    spelled = re.search(
        r"\b\w*(?:Error|Exception|Warning)\s*:\s*(?P<m>\S.{7,})$"
        r"|^(?:\w+\.)*[A-Z][a-z]+(?:[A-Z][a-z]*)+\s*:\s+(?P<n>\S.{7,})$",
        text,
    )
    if spelled:
        return (spelled["m"] or spelled["n"]).strip(" ?\"'`.")
    asks = re.search(
        r"\b(?:errors?|exceptions?|messages?|raise[sd]?|thrown?|warnings?|fails?|crash\w*|panics?)\b"
        r"|ошибк|ошибок|исключени|сообщени|выда[её]т|пада[ею]т|предупрежден",
        text,
        re.IGNORECASE,
    )
    phrases = [phrase for phrase in quoted_in(text) if len(phrase.split()) >= 3]
    if phrases and (asks or re.match(r"(?i)\s*(?:why|what|почему|что|откуда|where)\b", text)):
        return phrases[0]
    tail = re.search(r"(?i)\b(?:error|exception|ошибк\w*|исключени\w*)\s*:\s+(?P<m>\S.{7,})$", text)
    return tail["m"].strip(" ?\"'`.") if tail else ""


def _bare(subject: str | None) -> str:
    subject = (subject or "").strip(" ?.!,;:`'\"«»“”()")
    subject = re.sub(r"(?i)^(?:an?|the|this|our)\s+", "", subject)
    subject = re.sub(rf"(?i)^(?:{_NOUN})\s+(?=\S)", "", subject)
    shorter = re.sub(rf"(?i)(?<=\S)\s+(?:{_NOUN})$", "", subject)
    if re.fullmatch(r"[\w.$]+", shorter):
        subject = shorter
    return subject.strip(" `'\"«»“”")


_END_CHARS = 2_000
PASTED_CHARS_MAX = 20_000
_NOUN = (
    r"class(?:es)?|functions?|methods?|modules?|variables?|constants?|types?|structs?|interfaces?|"
    r"decorators?|objects?|exceptions?|traits?|enums?|macros?|annotations?|protocols?|records?|"
    r"класс\w{0,2}|функци\w{1,2}|метод\w{0,2}|модул\w{1,2}|переменн\w{2}|констант\w|тип\w?|"
    r"декоратор\w{0,2}|исключени\w"
)

_NAME = re.compile(
    r"`([^`]+)`"
    r"|(?<![\w.])((?:[\w-]+/)+[\w.-]+|\w+(?:\.\w+)+(?:\(\))?)(?!\w)"
    r"|(?<![\w.])([A-Za-z_]\w*\(\))"
    r"|(?<![\w.])(@?[A-Za-z]*_\w+|@[A-Za-z_][\w.]*)"
    r"|(?<![\w.])([A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+|[a-z]+[A-Z]\w*|[A-Z]{2,}[a-z]\w+)(?!\w)"
)
_NOT_NAMES = frozenset({"e.g", "i.e", "github", "javascript", "typescript", "and/or"})
_QUOTED = re.compile(
    r"\"([^\"]{2,})\"|“([^”]{2,})”|«([^»]{2,})»|(?<!\w)'([^']{2,})'(?!\w)|`([^`]{2,})`"
)
_ASKS = re.compile(
    r"(?i)\s*(?:in |at )?(?:wh(?:ere|ich|at|o|en|y)|how|find|show|tell|give|count|name|list|number|explain|describe|is|are|does|do|can"
    r"|где|в как|каки|какой|какая|как|кто|что|почему|зачем|когда|найди|покажи|объясни)\b"
)
# Words that ask for a number or for the first by a number, whatever else a question seems to be.
_COUNTS = re.compile(
    r"(?i)^\s*(?:how many|how often|how (?:long|big|large) (?:is|are)|count|number of|what(?: is|'s) the (?:total |exact )?(?:number|count))\b"
    r"|\b(?:largest|biggest|longest|smallest|shortest|most|fewest|more than|fewer than|less than|at least|exceed\w*)\b"
    r"|^\s*(?:сколько|как часто)\b|\bсам(?:ый|ая|ое|ые)\b|больше всего"
)
_PLACE_ASKED = re.compile(r"(?i)\s*(?:where|где|откуда)\b")
_BARE_NAME = re.compile(r"^`?[@\w.]+(?:\(\))?`?\??$")


def _rule(kind: QuestionType, pattern: str) -> tuple[QuestionType, re.Pattern[str]]:
    return kind, re.compile(pattern, re.IGNORECASE)


# The first that fits decides; the more telling stand first.
_RULES: tuple[tuple[QuestionType, re.Pattern[str]], ...] = (
    _rule("compare", r"\bdifferences? between (?P<a>.+?) and (?P<b>.+?)[?.]*$"),
    _rule(
        "compare",
        r"\bhow (?:does|do|is|are) (?P<a>.+?) (?:differ(?:ent)?|differs) from (?P<b>.+?)[?.]*$",
    ),
    _rule("compare", r"^\s*compare (?P<a>.+?) (?:and|with|to|against|vs\.?) (?P<b>.+?)[?.]*$"),
    _rule("compare", r"^(?:what is )?(?P<a>\S+) (?:vs\.?|versus) (?P<b>\S+?)[?.]*$"),
    _rule("compare", r"\bunterschied zwischen (?P<a>.+?) und (?P<b>.+?)[?.]*$"),
    _rule("compare", r"разниц\w+ между (?P<a>.+?) и (?P<b>.+?)[?.]*$"),
    _rule("compare", r"чем (?P<a>.+?) отлича\w+ от (?P<b>.+?)[?.]*$"),
    _rule("compare", r"чем отлича\w+ (?P<a>.+?) от (?P<b>.+?)[?.]*$"),
    _rule("compare", r"сравни(?:те|ть)? (?P<a>.+?) (?:и|с|со) (?P<b>.+?)[?.]*$"),
    _rule(
        "listing",
        r"^\s*(?:please )?(?:how many|how often|count\b|(?:what is|what's|tell me|give me) the (?:total |exact )?(?:number|count) of|(?:the )?(?:total )?number of|in how many)",
    ),
    _rule(
        "listing",
        r"^\s*(?:please )?(?:list|enumerate|show (?:me )?(?:all|every)|name (?:all|every|the)|give me (?:all|every|each|a list|the (?:names|list))|find (?:all|every)|what are all)\b",
    ),
    _rule(
        "listing",
        r"^\s*(?:сколько|посчитай|подсчитай|количество|число|перечисли|список|выведи все|покажи все|назови все)",
    ),
    _rule("listing", r"\b(?:subclasses|children|implementations) of \S+[?.]*$"),
    _rule(
        "config",
        r"\bdefault (?:value )?(?:of|for) (?P<a>.+?)(?: (?:set|defined|configured|specified|located))?[?.]*$",
    ),
    _rule("config", r"\bwhat (?:is|are) the default (?P<a>.+?)[?.]*$"),
    _rule(
        "config",
        r"\bwhere (?:is|are|do i|can i|does one) (?:the )?(?:default )?(?P<a>.+?) (?:configured|set|set up|overridden)[?.]*$",
    ),
    _rule(
        "config",
        r"\b(?:which|what) (?:setting|option|env(?:ironment)? var(?:iable)?|config\w*|flag|parameter)s? (?:controls?|sets?|configures?|determines?|defines?|changes?|enables?|disables?|is for|for)\s+(?P<a>.+?)[?.]*$",
    ),
    _rule(
        "config",
        r"^how (?:do i|can i|to|do you) (?:configure|change|set|override) (?P<a>.+?)[?.]*$",
    ),
    _rule("config", r"\bstandardwert (?:von|für) (?P<a>.+?)[?.]*$"),
    _rule("config", r"значени\w+ по умолчанию (?:для |у )?(?P<a>.+?)[?.]*$"),
    _rule(
        "config",
        r"где (?:зада[её]тся|задаются|задан\w?|настраива\w+|конфигурир\w+|устанавлива\w+)\s+(?P<a>.+?)(?: по умолчанию)?[?.]*$",
    ),
    _rule(
        "config", r"какая (?:настройка|опция|переменная окружения)\s+(?:\S+\s+)?(?P<a>.+?)[?.]*$"
    ),
    _rule(
        "calls",
        r"^what (?:functions? |methods? |else )?(?:does|do) (?P<a>.+?) (?:call|invoke|depend on)[?.]*$",
    ),
    _rule("calls", r"\bcallees of (?P<a>.+?)[?.]*$"),
    _rule("calls", r"(?:что|какие функции|какие методы) вызывает (?P<a>.+?)[?.]*$"),
    _rule(
        "usage",
        r"^(?:who|what|which (?:code|functions?|methods?|classes|places|files|modules)|where do we|where does one) (?:calls?|uses?|invokes?|references?|instantiates?|depends? on) (?P<a>.+?)[?.]*$",
    ),
    _rule(
        "usage",
        r"\b(?:where|how often|from where) (?:is|are) (?P<a>.+?) (?:used|called|invoked|referenced|instantiated|imported|triggered)(?: from)?[?.]*$",
    ),
    _rule(
        "usage",
        r"\b(?:callers?|usages?|uses|users|references|call sites) (?:of|to) (?P<a>.+?)[?.]*$",
    ),
    _rule(
        "usage",
        r"(?:кто|что|какой код|откуда)\s+(?:использует|вызывает|зов[её]т)\s+(?P<a>.+?)[?.]*$",
    ),
    _rule(
        "usage",
        r"(?:где|откуда|как часто)\s+(?:использу\w+|вызыва\w+|применя\w+|импортиру\w+)\s+(?P<a>.+?)[?.]*$",
    ),
    _rule(
        "usage",
        r"(?:где|откуда)\s+(?P<a>\S+)\s+(?:использу\w+|вызыва\w+|применя\w+|импортиру\w+)[?.]*$",
    ),
    _rule(
        "usage",
        r"^(?:wer|was) (?:ruft|benutzt|verwendet|nutzt) (?P<a>\S+?)(?: auf)?[?.]*$",
    ),
    _rule("definition", r"^wo ist (?P<a>\S+) (?:definiert|deklariert|implementiert)[?.]*$"),
    _rule(
        "definition",
        r"\bwhere (?:is|are) (?P<a>\S+(?: (?:class|function|method|decorator|exception|type|struct|constant|interface|trait|enum|macro))?) (?:defined|declared|implemented|located)[?.]*$",
    ),
    _rule(
        "definition",
        r"\bwhere (?:is|are) (?:the )?(?:class|function|method|decorator|exception|type|struct|constant|variable|interface|trait|enum|macro) (?P<a>\S+?)(?: (?:defined|declared|implemented|located))?[?.]*$",
    ),
    _rule(
        "definition", r"^(?:define|definition of|explain|describe|tell me about) (?P<a>.+?)[?.]*$"
    ),
    _rule(
        "definition",
        r"^what(?: is|'s| are) (?P<a>(?:an? |the )?\S+(?: \S+){0,2}?)(?: (?:for|used for|in this (?:project|repo|codebase)))?[?.]*$",
    ),
    _rule("definition", r"^what (?:does|do) (?P<a>.+?) (?:do|mean)[?.]*$"),
    _rule(
        "definition",
        r"^(?:что такое|что есть|что означает|что делает|объясни(?:те)?|опиши(?:те)?|расскажи(?:те)?(?: про| о| об)?) (?P<a>.+?)[?.]*$",
    ),
    _rule(
        "definition",
        r"где (?:определ\w+|объявл\w+|реализ\w+|находится|лежит)\s+(?P<a>(?:(?:"
        + _NOUN
        + r")\s+)?\S+?)[?.]*$",
    ),
    _rule(
        "definition",
        r"где\s+(?P<a>(?:(?:"
        + _NOUN
        + r")\s+)?[A-Za-z_`][\w.`()]*)(?:\s+(?:определ\w+|объявл\w+|реализ\w+|находится|лежит))?[?.]*$",
    ),
    _rule(
        "how",
        r"^\s*(?:how|why|in what way|what happens|when (?:does|is|are)|explain how|describe how|explain why)\b",
    ),
    _rule("how", r"^\s*(?:как|почему|зачем|каким образом|что происходит|когда)(?:\s|$)"),
    _rule("listing", r"^\s*(?:which|what|in which|in what) (?:\S+ ){0,3}?\w+s\b"),
    _rule("listing", r"^\s*(?:в )?каки[ехм]\w* \S+"),
)
