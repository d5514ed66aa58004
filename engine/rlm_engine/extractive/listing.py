"""What a listing or counting question wants: which things, under which condition, told how."""

# ruff: noqa: E501, RUF001

import re
from dataclasses import dataclass
from typing import Literal

Target = Literal[
    "file", "class", "interface", "struct", "trait", "enum", "annotation", "type", "constant",
    "function", "method", "member", "test", "line", "exception", "environment", "option", "route",
    "noun",
]  # fmt: skip
Relation = Literal[
    "all", "import", "subclass", "call", "contain", "decorate", "raise", "prefix", "suffix",
    "define", "return", "accept",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """`target` things for which `relation` to `object` holds, in paths that contain `scope`.

    `noun` is the wording of the target, for those (`target == "noun"`) that the corpus itself has
    to explain ("management commands"). `attribute` is what to tell of each ("help text"), `owner`
    the class whose members are meant, `modifiers` what their headers must say ("public"), and
    `language` a programming language in lower case.
    """

    target: Target
    noun: str
    relation: Relation
    object: str
    scope: str
    attribute: str
    counting: bool
    owner: str = ""
    modifiers: tuple[str, ...] = ()
    language: str = ""


def parse_listing(text: str) -> Listing | None:
    """The listing a question asks for, or None where its condition cannot be decided by looking."""
    counting = _COUNTING.search(text) is not None
    body = text.strip(" ?.!")
    body, attribute = _taken(_ATTRIBUTE, body)
    body, scope = _taken(_SCOPE, body)
    body = _SOMEWHERE.sub("", body)
    body = _LEAD.sub("", body).strip()
    relation, value, head = _condition(body)
    head, owner = _taken(_OWNER, head)
    head, modifiers = _modifiers(head)
    head, language = _taken(_LANGUAGE, head)
    target, noun, beside = _target(head)
    if target == "noun" and relation in _NATURAL_TARGETS and (beside or not noun):
        target = _NATURAL_TARGETS[relation]
    elif beside and relation != "all":
        return None
    asked_for_all = counting or owner or _listed(text)
    if relation == "all" and (
        target == "line" or (not asked_for_all and (target == "noun" or beside))
    ):
        return None
    if beside and target != "noun":
        target = "noun"
    if relation == "contain" and target in ("noun", "line") and noun:
        target = "line"
    return Listing(
        target,
        noun,
        relation,
        value,
        scope,
        attribute,
        counting,
        owner,
        modifiers,
        language.lower(),
    )


def _taken(pattern: re.Pattern[str], body: str) -> tuple[str, str]:
    match = pattern.search(body)
    if not match:
        return body, ""
    value = next(group for group in match.groups() if group)
    return (body[: match.start()] + body[match.end() :]).strip(), _unquoted(value)


def _condition(body: str) -> tuple[Relation, str, str]:
    for relation, pattern in _CONDITIONS:
        match = pattern.search(body)
        if match:
            head = body[: match.start()] + " " + body[match.end() :]
            return relation, _unquoted(next(group for group in match.groups() if group)), head
    return "all", "", body


def _modifiers(head: str) -> tuple[str, tuple[str, ...]]:
    """The head without the adjectives that a definition's own header decides, and those."""
    found: list[str] = _MODIFIER.findall(head)
    if not found or _NOT_ADJECTIVE.search(head):
        return head, ()
    named = tuple(dict.fromkeys(_MODIFIERS.get(word.lower(), word.lower()) for word in found))
    return _MODIFIER.sub("", head), named


def _target(head: str) -> tuple[Target, str, bool]:
    """The target, its wording, and whether that wording says more than a scan can decide."""
    words = re.sub(r"\s+", " ", head).strip(" ,")
    for target, pattern in _TARGETS:
        match = pattern.search(words)
        if match:
            rest = _FILLER.sub(" ", words[: match.start()] + " " + words[match.end() :])
            return target, words, bool(re.search(r"\w", rest))
    return "noun", _TRAILING_VERB.sub("", words).strip(), False


def _listed(text: str) -> bool:
    return _LISTING_VERB.match(text) is not None or _EXISTENCE.search(text) is not None


def _unquoted(value: str) -> str:
    return value.strip(" `'\"«»“”,").removesuffix("()")


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_NATURAL_TARGETS: dict[Relation, Target] = {
    "subclass": "class", "import": "file", "call": "line", "raise": "line", "return": "function",
    "accept": "function",
}  # fmt: skip
_MODIFIERS = {
    "exported": "public", "asynchronous": "async", "публичных": "public", "публичные": "public",
    "приватные": "private", "приватных": "private", "статические": "static",
    "статических": "static", "абстрактные": "abstract", "абстрактных": "abstract",
    "асинхронные": "async", "асинхронных": "async", "защищённые": "protected",
}  # fmt: skip
_MODIFIER = _compiled(
    r"\b(public|exported|private|protected|static|abstract|async|asynchronous|final|sealed|virtual|unsafe"
    r"|публичны[ех]|приватны[ех]|статически[ех]|абстрактны[ех]|асинхронны[ех]|защищённые)\b\s*"
)
_LANGUAGE = _compiled(
    r"(?<![\w.`/])(?:(?:in|на)\s+)?(python|javascript|typescript|golang|go|rust|java|kotlin|scala|ruby|php|swift"
    r"|c\+\+|c#|csharp|c)(?:\s+(?:source|code))?(?=\s|$)"
)
_NOT_ADJECTIVE = _compiled(r"\b(?:static|public) (?:files?|methods? calls?|pages?|assets?)\b")
# What may stand beside a target and changes nothing.
_FILLER = _compiled(
    r"\b(?:are|is|there|that|which|who|exist\w*|defined|available|provided|supported|declared|do|does|we|it"
    r"|have|has|all|any|the|of|in|different|own|its|source|code|"
    r"top level|being|get|gets|total|used|read|here|так\w*|есть|все\w*|всего|здесь|у|в|и"
    r"|существу\w+|определен\w*|определён\w*|имеется|имеются|доступн\w*|котор\w+)\b|[+#]+"
)
_COUNTING = _compiled(
    r"^\s*(?:how many|count\b|number of|what is the (?:total )?(?:number|count))"
    r"|^\s*(?:сколько|посчитай|подсчитай|количество|число)"
)
_LISTING_VERB = _compiled(
    r"^\s*(?:list|enumerate|show (?:me )?(?:all|every)|name (?:all|every|the)|give me)\b"
    r"|^\s*(?:перечисли|список|выведи|покажи|назови)"
)
_EXISTENCE = _compiled(
    r"\b(?:are there|exist|exists|are available|are defined|are provided|are supported)\b"
    r"|\b(?:есть|существу\w+|доступн\w+|определен\w*|имеется|имеются)\b"
)
_LEAD = _compiled(
    r"^\s*(?:(?:please )?(?:how many|count(?: the)?(?: number of)?|number of"
    r"|what is the (?:total )?(?:number|count) of|list|enumerate|show(?: me)?|name|give me"
    r"|in (?:how many|which|what)|which|what|where|who)\b"
    r"|(?:во?\s+)?сколько|посчитай|подсчитай|количество|число|перечисли|список|выведи|покажи|назови"
    r"|(?:в\s+)?каки[ехм]\w*|где|кто)\s*(?:all(?: of)?(?: the)?\b|every\b|the\b|a list of\b|все\b|всех\b)?\s*"
)
_ATTRIBUTE = _compiled(
    r"\s+(?:(?:along )?with|and|together with)\s+(?:their|its|the|a)\s+([\w -]+?)s?$"
    r"|\s+(?:вместе с|с|и)\s+их\s+([\w -]+)$"
)
_PATHLIKE = r"`?((?:[\w.-]+/)+[\w.-]*|[\w-]+\.[A-Za-z]{1,4}|\w*_\w+)`?"
_PLACE = r"(?:dir(?:ectory)?|folder|package|module|file|app)"
_PLACE_RU = r"(?:каталог\w*|папк\w*|пакет\w*|модул\w*|файл\w*)"
_SCOPE = _compiled(
    rf"\s+(?:in|under|inside|within|of)\s+(?:the\s+)?(?:{_PLACE}\s+)?{_PATHLIKE}(?:\s+{_PLACE})?(?=\s|$)"
    rf"|\s+(?:in|under|inside|within)\s+the\s+`?(\w+)`?\s+{_PLACE}(?=\s|$)"
    rf"|\s+(?:in|under|inside|within)\s+(?:the\s+)?{_PLACE}\s+`?([\w./-]+)`?(?=\s|$)"
    rf"|\s+(?:в|внутри)\s+(?:{_PLACE_RU}\s+)?{_PATHLIKE}(?=\s|$)"
    rf"|\s+(?:в|внутри)\s+{_PLACE_RU}\s+`?([\w./-]+)`?(?=\s|$)"
)
_SOMEWHERE = _compiled(
    r"\s+(?:in|of|within|across)\s+(?:(?:this|the|our|whole|entire)\s+)*"
    r"(?:repo(?:sitory)?|project|code ?base|code|corpus|source(?: code)?|tree|framework|library)\b"
    r"|\s+(?:во?\s+)?(?:этом\s+|всем\s+|всём\s+|нашем\s+)*(?:проекте|репозитории|коде|корпусе|исходниках)\b"
)
_OWNER = _compiled(
    r"\s+(?:of|in|on|defined (?:by|in|on))\s+(?:the\s+)?(?:class|struct|interface|trait|enum|type)\s+`?([A-Za-z_][\w.$]*)`?(?=\s|$)"
    r"|\s+(?:of|in|on)\s+(?:the\s+)?`?((?-i:[A-Z_$])[\w.$]*)`?(?:\s+(?:class|struct|interface|trait|enum|type))?\s*$"
    r"|\s+(?:does|do|has)\s+(?:the\s+)?(?:class\s+)?`?((?-i:[A-Z_$])[\w.$]*)`?(?:\s+(?:class|struct|interface|trait|enum|type))?\s+(?:have|define|declare|offer|expose)s?\s*$"
    r"|\s+(?:класса|у|структуры|интерфейса)\s+(?:класса\s+)?`?([A-Za-z_$][\w.$]*)`?\s*$"
)
_OBJECT = r"(?:the\s+)?(`[^`]+`|\"[^\"]+\"|'[^']+'|«[^»]+»|“[^”]+”|@?[\w.\-/:*$]+)"
_KIND_AFTER = r"(?:\s+(?:modules?|package|library|class|decorator|function|method|exception|error|comments?|string|word|text))?"
_KIND_BEFORE = r"(?:(?:the\s+)?(?:modules?|package|library|class|decorator|function|method|exception|string|word|text|phrase|comments?)\s+)?"
_KIND_RU = r"(?:(?:модул\w*|пакет\w*|библиотек\w*|класс\w*|декоратор\w*|функци\w*|метод\w*|исключени\w*|строк\w*|слов\w*|текст\w*)\s+)?"


def _rule(relation: Relation, *patterns: str) -> tuple[Relation, re.Pattern[str]]:
    return relation, _compiled("|".join(patterns))


_CONDITIONS: tuple[tuple[Relation, re.Pattern[str]], ...] = (
    _rule(
        "import",
        rf"\b(?:that |which |do |does )?imports?(?:ing|ed)?\s+(?:from\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        r"\bus(?:e|es|ing)\s+(?:the\s+)?([\w.`\-/]+)\s+(?:module|library|package)\b",
        r"\b(?:that |which |do |does )*includ(?:e|es|ing)\s+(?:the\s+)?(?:header\s+)?[<\"`]?([\w./+-]+\.(?:h|hh|hpp|hxx|inc|ipp))[>\"`]?",
        rf"\bimports of\s+{_KIND_BEFORE}{_OBJECT}",
        rf"(?:котор\w+ )?импорт(?:иру\w+|ов)?\s+{_KIND_RU}{_OBJECT}",
    ),
    _rule(
        "subclass",
        rf"\b(?:that |which |directly )*(?:subclass(?:es|ing)?|inherit(?:s|ing)?|extend(?:s|ing)?|deriv(?:es?|ed|ing))\s+(?:of\s+|from\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"\b(?:that |which )?implement(?:s|ing)?\s+(?:the\s+)?{_KIND_BEFORE}(`[^`]+`|(?-i:[A-Z])\w+){_KIND_AFTER}",
        rf"\b(?:implementations?|implementers|implementors|descendants|children)\s+of\s+{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"(?:котор\w+ )?(?:наследу\w*|реализу\w+|унаследован\w*|расширя\w+|наследник\w*|подкласс\w*|потомк\w*)\s+(?:от\s+|у\s+)?{_KIND_RU}{_OBJECT}",
    ),
    _rule(
        "decorate",
        rf"\b(?:that |which |are |is )*(?:decorated|marked|annotated|wrapped)\s+(?:with|by)\s+{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        r"\bus(?:e|es|ing)\s+(?:the\s+)?(@[\w.]+)(?:\s+decorator)?",
        r"\bus(?:e|es|ing)\s+(?:the\s+)?([\w.`]+)\s+decorator",
        rf"(?:с декоратором|декорирован\w*|помечен\w*|обёрнут\w*|обернут\w*)\s+{_OBJECT}",
    ),
    _rule(
        "raise",
        rf"\b(?:is|are|gets?)\s+{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}\s+(?:ever |being )?(?:raised|thrown)",
        rf"\b(?:that |which |can )*(?:raises?|raising|throws?|throwing)\s+(?:an?\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"{_OBJECT}\s+(?:выбрасывается|бросается|возбуждается|поднимается)",
        rf"(?:котор\w+ )?(?:выбрасыва\w+|броса\w+|возбужда\w+|поднима\w+|вызывают исключение)\s+{_KIND_RU}{_OBJECT}",
    ),
    _rule(
        "return",
        rf"\b(?:that |which |can )*return(?:s|ing)?\s+(?:an?\s+)?{_KIND_BEFORE}(`[^`]+`|[\w.]*(?-i:[A-Z])\w*)(?:\s+(?:values?|objects?|instances?))?\s*$",
        rf"(?:котор\w+ )?(?:возвраща\w+)\s+(?:{_KIND_RU})(`[^`]+`|[A-Za-z_][\w.]*)\s*$",
    ),
    _rule(
        "accept",
        rf"\b(?:that |which |can )*(?:takes?|taking|accepts?|accepting)\s+(?:an?\s+)?{_KIND_BEFORE}(`[^`]+`|[\w.]*(?-i:[A-Z])\w*)(?:\s+as (?:an? )?(?:argument|parameter))?\s*$",
        rf"(?:котор\w+ )?(?:принима\w+)\s+(?:{_KIND_RU})(`[^`]+`|[A-Za-z_][\w.]*)\s*$",
    ),
    _rule(
        "prefix",
        rf"\b(?:whose names? |that |which |are |names? )*(?:start(?:s|ing)?|begin(?:s|ning)?|prefixed)\s+(?:with|by|in)\s+{_OBJECT}",
        rf"(?:котор\w+ |имен\w+ |чьи )*(?:начина\w+)\s+(?:с|на)\s+{_OBJECT}",
    ),
    _rule(
        "suffix",
        rf"\b(?:whose names? |that |which |are |names? )*(?:end(?:s|ing)?|suffixed)\s+(?:with|in|by)\s+{_OBJECT}",
        rf"(?:котор\w+ |имен\w+ |чьи )*(?:оканчива\w+|заканчива\w+|кончают\w+)\s+(?:на|с)\s+{_OBJECT}",
    ),
    _rule(
        "contain",
        rf"\b(?:that |which |do |does )*(?:contain(?:s|ing)?|mention(?:s|ing)?|includes? the (?:text|word|string))\s+(?:an?\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"\b(?:does|do|is)\s+{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}\s+(?:appear|occur|mentioned|written)\w*",
        rf"\boccurrences of\s+{_KIND_BEFORE}{_OBJECT}",
        r"^(?:are there )?(?:many )?(TODO|FIXME|XXX|HACK|NOQA)s?(?: comments?| markers?| notes?)?(?=\s|$)",
        r"\b(?:have|has|with|having)\s+(?:an?\s+|any\s+)?(TODO|FIXME|XXX|HACK|NOQA)s?(?: comments?)?",
        rf"(?:котор\w+ )?(?:содерж\w+|упомина\w+|встреча\w+|есть)\s+{_KIND_RU}(?:слово\s+)?(`[^`]+`|\"[^\"]+\"|'[^']+'|«[^»]+»|[A-Za-z_][\w.\-]*)",
    ),
    _rule(
        "call",
        rf"\b(?:that |which |do |does )*(?:calls?|calling|invokes?|invoking|uses?|using|instantiates?)\s+(?!there\b){_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"\b(?:is|are)\s+{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}\s+(?:called|used|invoked|instantiated)",
        rf"\b(?:calls|callers|call sites|uses|usages) (?:of|to)\s+{_KIND_BEFORE}{_OBJECT}",
        rf"(?:котор\w+ |раз )?(?:вызыва\w+|использу\w+)\s+{_KIND_RU}{_OBJECT}",
    ),
    _rule(
        "define",
        rf"\b(?:that |which |do |does )*(?:defines?|defining|declares?)\s+(?:an?\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"\b(?:named|called|with the name)\s+{_OBJECT}",
        rf"(?:определя\w+|объявля\w+|с именем|с названием)\s+{_KIND_RU}{_OBJECT}",
    ),
)
_TARGETS: tuple[tuple[Target, re.Pattern[str]], ...] = (
    ("environment", _compiled(r"\benv(?:ironment)? ?var(?:iable)?s?\b|переменн\w+ окружени\w")),
    ("option", _compiled(r"\b(?:command[- ]line|cli) (?:options?|flags?|arguments?|switches)\b|опци\w+ командной строки|флаг\w+ командной строки")),
    ("route", _compiled(r"\b(?:http |api |url )?(?:routes|endpoints)\b|\burl patterns\b|маршрут|эндпоинт")),
    ("exception", _compiled(r"^(?:custom |all )?(?:exception|error)s?(?: class(?:es)?| types)?(?=\s|$)(?!\s+(?:messages?|codes?|handl))|^исключени\w*|^класс\w* исключений")),
    ("test", _compiled(r"^(?:unit |integration )?tests?(?: functions| cases| methods)?(?=\s|$)(?! (?:files?|class(?:es)?|modules?|suites?))|^тест\w*")),
    ("interface", _compiled(r"^interfaces?\b|^protocols?\b|^интерфейс\w*")),
    ("struct", _compiled(r"^structs?\b|^structures\b|^структур\w*")),
    ("trait", _compiled(r"^traits?\b|^трейт\w*")),
    ("enum", _compiled(r"^enum(?:eration)?s?\b|^перечислен\w*")),
    ("annotation", _compiled(r"^annotations?(?: types?)?\b|^аннотаци\w*")),
    ("type", _compiled(r"^type alias(?:es)?\b|^type definitions?\b|^псевдоним\w* тип\w*")),
    ("constant", _compiled(r"^constants?\b|^констант\w*")),
    ("member", _compiled(r"^members?\b|^член\w*")),
    ("class", _compiled(r"^(?:direct )?class(?:es)?\b|^(?:direct )?subclass(?:es)?\b|^direct$|^all$|^класс\w*|^наследник\w*|^подкласс\w*|^(?:types|implementations?|implementers|implementors)\b")),
    ("method", _compiled(r"^methods?\b|^метод\w*")),
    ("function", _compiled(r"^functions?\b|^функци\w*")),
    ("file", _compiled(r"^(?:(?:source|test|header|code) )?(?:files?|modules?)(?=\s|$)|^(?:python|source|test)? ?файл\w*|^модул\w*|^(?:в )?(?:\w+ )?файл\w*")),
    ("line", _compiled(r"^(?:lines?|times?|places?|occurrences?|comments?)\b|^строк\w*|^раз\b|^мест\w*")),
)  # fmt: skip
_TRAILING_VERB = _compiled(
    r"\s*\b(?:are there|there are|exist|exists|are available|available|are defined|defined|are provided|provided"
    r"|are supported|supported|does .+ have|do we have|are|is|has|have"
    r"|есть|существу\w+|доступн\w+|имеется|имеются)\b.*$"
)
