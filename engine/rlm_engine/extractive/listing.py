"""What a listing or counting question wants: which things, under which condition, told how."""

# ruff: noqa: E501, RUF001

import re
from dataclasses import dataclass
from typing import Literal

Target = Literal[
    "file", "class", "function", "method", "test", "line", "exception", "environment", "option",
    "route", "noun",
]  # fmt: skip
Relation = Literal[
    "all", "import", "subclass", "call", "contain", "decorate", "raise", "prefix", "suffix",
    "define",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """`target` things for which `relation` to `object` holds, in paths that contain `scope`.

    `noun` is the wording of the target, for those (`target == "noun"`) that the corpus itself has
    to explain ("management commands"). `attribute` is what to tell of each ("help text").
    """

    target: Target
    noun: str
    relation: Relation
    object: str
    scope: str
    attribute: str
    counting: bool


def parse_listing(text: str) -> Listing | None:
    """The listing a question asks for, or None where its condition cannot be decided by looking."""
    counting = _COUNTING.search(text) is not None
    body = text.strip(" ?.!")
    body, attribute = _taken(_ATTRIBUTE, body)
    body, scope = _taken(_SCOPE, body)
    body = _SOMEWHERE.sub("", body)
    body = _LEAD.sub("", body).strip()
    relation, value, head = _condition(body)
    target, noun = _target(head)
    if relation == "all" and target == "noun" and not (counting or _listed(text)):
        return None
    if relation == "all" and target == "line":
        return None
    if target == "noun" and relation in _NATURAL_TARGETS:
        target = _NATURAL_TARGETS[relation]
    if relation == "contain" and target in ("noun", "line") and noun:
        target = "line"
    return Listing(target, noun, relation, value, scope, attribute, counting)


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


def _target(head: str) -> tuple[Target, str]:
    words = re.sub(r"\s+", " ", head).strip(" ,")
    for target, pattern in _TARGETS:
        if pattern.search(words):
            return target, words
    noun = _TRAILING_VERB.sub("", words).strip()
    return "noun", noun


def _listed(text: str) -> bool:
    return _LISTING_VERB.match(text) is not None or _EXISTENCE.search(text) is not None


def _unquoted(value: str) -> str:
    return value.strip(" `'\"«»“”,").removesuffix("()")


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_NATURAL_TARGETS: dict[Relation, Target] = {"subclass": "class", "import": "file", "call": "line"}
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
    r"|in (?:how many|which|what)|which|what)\b"
    r"|(?:во?\s+)?сколько|посчитай|подсчитай|количество|число|перечисли|список|выведи|покажи|назови"
    r"|(?:в\s+)?каки[ехм]\w*)\s*(?:all(?: of)?(?: the)?\b|every\b|the\b|a list of\b|все\b|всех\b)?\s*"
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
        rf"\bimports of\s+{_KIND_BEFORE}{_OBJECT}",
        rf"(?:котор\w+ )?импорт(?:иру\w+|ов)?\s+{_KIND_RU}{_OBJECT}",
    ),
    _rule(
        "subclass",
        rf"\b(?:that |which |directly )*(?:subclass(?:es|ing)?|inherit(?:s|ing)?|extend(?:s|ing)?|deriv(?:es?|ed|ing))\s+(?:of\s+|from\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"\b(?:that |which )?implement(?:s|ing)?\s+(?:the\s+)?{_KIND_BEFORE}(`[^`]+`|[A-Z]\w+){_KIND_AFTER}",
        rf"(?:котор\w+ )?(?:наследу\w*|унаследован\w*|расширя\w+|наследник\w*|подкласс\w*|потомк\w*)\s+(?:от\s+|у\s+)?{_KIND_RU}{_OBJECT}",
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
        rf"\b(?:that |which |can )*(?:raises?|raising|throws?|throwing)\s+(?:an?\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"(?:котор\w+ )?(?:выбрасыва\w+|броса\w+|возбужда\w+|поднима\w+|вызывают исключение)\s+{_KIND_RU}{_OBJECT}",
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
    ("exception", _compiled(r"^(?:custom |all )?(?:exception|error)s?(?: classes| types)?(?: are there| exist\w*| are defined| defined)?$|^исключени\w")),
    ("test", _compiled(r"^(?:unit |integration )?tests?(?: functions| cases| methods)?(?: are there| exist\w*)?$|^тест")),
    ("class", _compiled(r"^(?:(?:python|abstract|all|different|public|test) )?class(?:es)?(?: are there| exist\w*| are defined| defined| (?:are |is )?there)?$|^subclass|^direct|^класс|^наследник|^подкласс|^$(?<!.)|^(?:structs?|interfaces?|traits?)\b")),
    ("method", _compiled(r"^methods?\b|^метод")),
    ("function", _compiled(r"^(?:(?:python|async|public|test) )?functions?\b|^функци|^async functions?")),
    ("file", _compiled(r"^(?:\w+ )?(?:files?|modules?)(?: are there| exist\w*| (?:are |is )?there)?$|^(?:python|source|test)? ?файл|^модул|^(?:в )?(?:\w+ )?файл")),
    ("line", _compiled(r"^(?:lines?|times?|places?|occurrences?|comments?)\b|^строк|^раз\b|^мест|^$")),
)  # fmt: skip
_TRAILING_VERB = _compiled(
    r"\s*\b(?:are there|there are|exist|exists|are available|available|are defined|defined|are provided|provided"
    r"|are supported|supported|does .+ have|do we have|are|is|has|have"
    r"|есть|существу\w+|доступн\w+|имеется|имеются)\b.*$"
)
