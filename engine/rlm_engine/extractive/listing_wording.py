"""The patterns by which the wording of a listing or counting question is read."""

# ruff: noqa: E501, RUF001

import re

from rlm_engine.extractive.query import Relation, Target


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


MODIFIERS = {
    "exported": "public", "asynchronous": "async", "публичных": "public", "публичные": "public",
    "приватные": "private", "приватных": "private", "статические": "static",
    "статических": "static", "абстрактные": "abstract", "абстрактных": "abstract",
    "асинхронные": "async", "асинхронных": "async", "защищённые": "protected",
}  # fmt: skip
MODIFIER = _compiled(
    r"\b(public|exported|private|protected|static|abstract|async|asynchronous|final|sealed|virtual|unsafe"
    r"|публичны[ех]|приватны[ех]|статически[ех]|абстрактны[ех]|асинхронны[ех]|защищённые)\b\s*"
)
LANGUAGE = _compiled(
    r"(?<![\w.`/])(?:(?:in|на)\s+)?(python|javascript|typescript|golang|go|rust|java|kotlin|scala|ruby|php|swift"
    r"|(?:markdown|html|css|json|yaml|toml|shell)(?=\s+files?\b)|c\+\+|c#|csharp|c)(?:\s+(?:source|code))?(?=\s|$)"
)
NOT_ADJECTIVE = _compiled(r"\b(?:static|public) (?:files?|methods? calls?|pages?|assets?)\b")
# What may stand beside any target and changes nothing.
FILLER = _compiled(
    r"\b(?:are|is|there|that|whose|with|for|and|to|from|by|its|their|does|on|at|this|file|files|hold|holds|held|contain|contains|include|includes|live|lives|lie|occur|occurs|appear|appears|make|makes|present|found|exists?|defines?|declares?|fns?|names?|named|together|each|one|a|an|will|can|which|who|exist\w*|defined|available|provided|supported|declared|do|we|it"
    r"|have|has|all|any|the|of|in|source|code|total|here|так\w*|есть|все\w*|всего|здесь|у|в|и"
    r"|существу\w+|определен\w*|определён\w*|имеется|имеются|доступн\w*|котор\w+)\b|[+#]+"
)
# What is done with every one of these by what it is: "settings read" are the settings.
_DOING: dict[Target, str] = {
    "setting": r"read|used|accessed|get|gets|called|being", "environment": r"read|used|accessed|get|gets|called|being",
    "option": r"used|accepted|taken", "route": r"registered|served",
    "warning": r"raised?|emit(?:s|ted)?|issued?|called|get|gets|being", "comment": r"written",
    "time": r"raised?|called|used|read|written|being|get|gets", "line": r"written",
}  # fmt: skip
DOING: dict[Target, re.Pattern[str]] = {
    target: _compiled(rf"\b(?:{words})\b") for target, words in _DOING.items()
}
# What is done with things, or where they stand, is no part of their name: "exceptions raised".
DONE = _compiled(
    r"\b(?:used|called|read|raised|thrown|written|emitted|issued|imported|loaded|run|executed|tested|invoked)\s*(?:together|in|by|at)?\s*$|^(?:top[ -]level|own)\b"
)
# A list of definitions or of names holds none twice; one of lines and times may.
DIFFERENT = _compiled(r"\b(?:different|distinct|unique|various)\b")
REPEATABLE: frozenset[Target] = frozenset({"line", "time", "comment", "warning", "keyword"})
COUNTING = _compiled(
    r"^\s*(?:please )?(?:how many|how often|how much|count\b|(?:the )?(?:total |exact )?number of|(?:what is|what's|what are|tell me|give me|find) (?:the )?(?:total |exact |overall )?(?:number|count|amount)|in how many)"
    r"|^\s*(?:сколько|посчитай|подсчитай|количество|число)"
)
LISTING_VERB = _compiled(
    r"^\s*(?:please )?(?:list|enumerate|show (?:me )?(?:all|every)|name (?:all|every|the)|give me|find (?:all|every)|print (?:all|every))\b"
    r"|^\s*(?:перечисли|список|выведи|покажи|назови)"
)
EXISTENCE = _compiled(
    r"\b(?:are there|exist|exists|are available|are defined|are provided|are supported)\b"
    r"|\b(?:есть|существу\w+|доступн\w+|определен\w*|имеется|имеются)\b"
)
LEAD = _compiled(
    r"^\s*(?:(?:please )?(?:how many|how often|how much|count(?: the)?(?: number of)?|(?:the )?(?:total |exact )?number of"
    r"|(?:what is|what's|what are|tell me|give me|find) (?:the )?(?:total |exact |overall )?(?:number|count|amount) of"
    r"|what is|what's|what are|list|enumerate|show(?: me)?|name|give me|find|print"
    r"|in (?:how many|which|what)|which|what|where|who)\b"
    r"|(?:во?\s+)?сколько|посчитай|подсчитай|количество|число|перечисли|список|выведи|покажи|назови"
    r"|(?:в\s+)?каки[ехм]\w*|где|кто)\s*(?:all(?: of)?(?: the)?\b|every\b|the\b|a list of\b|все\b|всех\b)?\s*"
)
ATTRIBUTE = _compiled(
    r"\s+(?:(?:along )?with|and|together with)\s+(?:their|its|the|a)\s+([\w -]+?)s?$"
    r"|\s+(?:вместе с|с|и)\s+их\s+([\w -]+)$"
)
_PATHLIKE = r"`?((?:[\w.@-]+/)+[\w.@-]*|[\w.-]+\.[A-Za-z]{1,5}(?![\w.])|\w*_\w+)`?"
_FOLDERS = r"tests?|docs?|src|lib|libs|examples?|benchmarks?|benches|include|scripts|tools|packages|crates|cmd|pkg|internal|app|apps|core|bin"
_PLACE = r"(?:dir(?:ectory)?|folder|package|module|file|app)"
_PLACE_RU = r"(?:каталог\w*|папк\w*|пакет\w*|модул\w*|файл\w*)"
SCOPE = _compiled(
    rf"\s+(?:in|under|inside|within|below|of|across)\s+(?:the\s+)?(?:{_PLACE}\s+)?{_PATHLIKE}(?:\s+{_PLACE})?(?=\s|$)"
    rf"|\s+(?:in|under|inside|within|below)\s+the\s+`?([\w.-]+)`?\s+{_PLACE}(?=\s|$)"
    rf"|\s+(?:in|under|inside|within|below)\s+(?:the\s+)?({_FOLDERS})(?:\s+(?:code|tree|suite))?(?=\s|$)"
    r"|\s+(?:under|inside|within|below)\s+`?([\w.-]+)`?(?=\s*$)"
    rf"|\s+(?:does|do|has|have|is|are)\s+`?((?:[\w.-]+/)+[\w.-]*|[\w-]+\.[a-z]{{1,4}})`?(?=\s)"
    rf"|(?<=\s)`?((?:[\w.-]+/)+[\w.-]*)`?(?=\s+(?:defines?|declares?|has|have|holds?|contains?|raises?|emits?|uses?|reads?)\s*$)"
    rf"|\s+(?:in|under|inside|within)\s+(?:the\s+)?{_PLACE}\s+`?([\w./-]+)`?(?=\s|$)"
    rf"|\s+(?:в|внутри)\s+(?:{_PLACE_RU}\s+)?{_PATHLIKE}(?=\s|$)"
    rf"|\s+(?:в|внутри)\s+{_PLACE_RU}\s+`?([\w./-]+)`?(?=\s|$)"
)
SOMEWHERE = _compiled(
    r"\s+(?:in|of|within|across)\s+(?:(?:this|the|our|whole|entire)\s+)*"
    r"(?:repo(?:sitory)?|project|work ?space|code ?base|code|corpus|source(?: code)?|tree|framework|library)\b"
    r"|\s+(?:во?\s+)?(?:этом\s+|всем\s+|всём\s+|нашем\s+)*(?:проекте|репозитории|коде|корпусе|исходниках)\b"
)
OWNER = _compiled(
    r"\s+(?:of|in|on|defined (?:by|in|on))\s+(?:the\s+)?(?:class|struct|interface|trait|enum|type)\s+`?([A-Za-z_][\w.$]*)`?(?=\s|$)"
    r"|\s+(?:of|in|on)\s+(?:the\s+)?`?((?-i:[A-Z_$])[\w.$]*)`?(?:\s+(?:class|struct|interface|trait|enum|type))?\s*$"
    r"|\s+(?:does|do|has)\s+(?:the\s+)?(?:class\s+)?`?((?-i:[A-Z_$])[\w.$]*)`?(?:\s+(?:class|struct|interface|trait|enum|type))?\s+(?:have|define|declare|offer|expose)s?\s*$"
    r"|\s+(?:класса|у|структуры|интерфейса)\s+(?:класса\s+)?`?([A-Za-z_$][\w.$]*)`?\s*$"
)
_OBJECT = r"(?:the\s+)?(`[^`]+`|#?\[[\w:.\\]+\]|\"[^\"]+\"|'[^']+'|«[^»]+»|“[^”]+”|(?!(?:of|to|are|is|was|be|been|never|not|often|most|any|there|in|by|from|at|on|and|or|that|which)(?:\s|$))@?[\w.\-/:*$]+)"
_KIND_AFTER = r"(?:\s+(?:modules?|package|library|crate|gem|class|decorator|annotation|attribute|function|method|exception|error|comments?|string|word|text))?"
_KIND_BEFORE = r"(?:(?:the\s+)?(?:modules?|package|library|crate|gem|class|decorator|annotation|attribute|function|method|exception|string|word|text|phrase|comments?)\s+)?"
_KIND_RU = r"(?:(?:модул\w*|пакет\w*|библиотек\w*|класс\w*|декоратор\w*|функци\w*|метод\w*|исключени\w*|строк\w*|слов\w*|текст\w*)\s+)?"


def _rule(relation: Relation, *patterns: str) -> tuple[Relation, re.Pattern[str]]:
    return relation, _compiled("|".join(patterns))


CONDITIONS: tuple[tuple[Relation, re.Pattern[str]], ...] = (
    _rule(
        "import",
        rf"\b(?:that |which |do |does )?imports?(?:ing|ed)?\s+(?:from\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        r"\bus(?:e|es|ing)\s+(?:the\s+)?([\w.`\-/@]+)\s+(?:module|library|package|crate|gem)\b",
        rf"\b(?:that |which |do |does )*(?:require(?:s|ing)?|pull(?:s|ing)? in|depend(?:s|ing)? on)\s+{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}(?:\s+itself)?",
        r"\b(?:that |which |do |does )*#?includ(?:e|es|ing)\s+(?:the\s+)?(?:header\s+)?`?(<[\w./+-]+>)`?",
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
        rf"\b(?:that |which |are |is )*(?:decorated|marked|annotated|wrapped|tagged)\s+(?:with\s+|by\s+|as\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        r"\bus(?:e|es|ing)\s+(?:the\s+)?(@[\w.]+)(?:\s+decorator)?",
        r"\b(?:that |which )?(?:carry|carries|carrying|bear|bears|bearing|have|has|having|with|under)\s+(?:an?\s+|the\s+)?(@[\w.]+|#?\[[\w:.\\]+\]|[\w.`]+(?=\s+(?:annotation|attribute|decorator)))(?:\s+(?:annotation|attribute|decorator|marker))?",
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
        rf"(?:the\s+)?(?:string|substring|word|text|phrase|identifier)\s+{_OBJECT}\s+(?:appears?|occurs?|(?:is )?used|(?:is )?mentioned)?",
        r"^(?:are there )?(?:many )?(TODO|FIXME|XXX|HACK|NOQA)s?(?: comments?| markers?| notes?)?(?=\s|$)",
        r"\b(?:have|has|with|having)\s+(?:an?\s+|any\s+)?(TODO|FIXME|XXX|HACK|NOQA)s?(?: comments?)?",
        r"(?<!\w)(TODO|FIXME|XXX|HACK|NOQA)s?(?: comments?| markers?| notes?)(?=\s|$)",
        rf"(?:котор\w+ )?(?:содерж\w+|упомина\w+|встреча\w+|есть)\s+{_KIND_RU}(?:слово\s+)?(`[^`]+`|\"[^\"]+\"|'[^']+'|«[^»]+»|[A-Za-z_][\w.\-]*)",
    ),
    _rule(
        "call",
        rf"\b(?:that |which |do |does )*(?:calls?|calling|invokes?|invoking|uses?|using|instantiates?)\s+(?!there\b){_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"\b(?:is|are)\s+{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}\s+(?:called|used|invoked|instantiated)",
        rf"\b(?:calls|callers|call sites|invocations|uses|usages) (?:of|to)\s+{_KIND_BEFORE}{_OBJECT}",
        rf"(?:котор\w+ |раз )?(?:вызыва\w+|использу\w+)\s+{_KIND_RU}{_OBJECT}",
    ),
    _rule(
        "define",
        rf"\b(?:that |which |do |does )*(?:defines?|defining|declares?)\s+(?:an?\s+)?{_KIND_BEFORE}{_OBJECT}{_KIND_AFTER}",
        rf"\b(?:(?:that |which )?(?:are )?(?:named|called)|with the name)\s+{_OBJECT}",
        rf"(?:определя\w+|объявля\w+|с именем|с названием)\s+{_KIND_RU}{_OBJECT}",
    ),
)
# "TODO and FIXME comments": marks that are looked for together.
_MARK = r"(?:TODO|FIXME|XXX|HACK|NOQA)s?"
MARKS = _compiled(
    rf"(?:\b(?:that |which )?(?:contain(?:s|ing)?|mention(?:s|ing)?|have|has|with)\s+)?{_MARK}(?:\s*(?:,|/|\bor\b|\band\b)\s*(?:and |or )?{_MARK})+(?=\s|$)"
)
# "Cargo.toml files", "files named Makefile": the file's own name.
FILE_NAMED = _compiled(
    r"^`?([\w-]*\.[\w.-]+|(?-i:[A-Z])[a-z]+file|README|LICENSE|CHANGELOG)`?\s+files?(?=\s|$)"
)
KEYWORD = _compiled(
    r"^(?:`)?(unsafe|try|for|while|if|with|assert|return|lambda|yield|raise|except|goto|switch|defer|loop|match|await|throw|catch|finally|del|global|nonlocal|break|continue|select|synchronized)`?"
    r"\s+(?:blocks?|statements?|loops?|expressions?|clauses?|functions(?=$)|s)(?=\s|$)"
)
LINES = _compiled(
    r"(?:^|(?<=\s))(?:lines?|loc|sloc)(?:\s+of\s+(?:source\s+)?(?:code|text)\b|\s+(?=of\s+(?:python|javascript|java|golang|go|rust|ruby|php|c|c#|typescript|kotlin|scala|swift|markdown|html|css|shell)\b)|\s+(?=(?:long\b|are\b|is\b|does\b|do\b|in\b|there\b)|$))"
)
HOW_OFTEN = _compiled(
    r"^\s*(?:how often|how many times|(?:count|number of)(?: the)? (?:occurrences|times))|^\s*(?:как часто|сколько раз)"
)
# Nouns and clauses that mean what a condition says with a verb.
PARAPHRASES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        _compiled(rf"^callers? (?:of|does|do)\s+{_OBJECT}(?:\s+have)?(?=\s|$)"),
        r"functions that call \1",
    ),
    (
        _compiled(
            rf"^(?:usages?|uses|call sites|calls|invocations) (?:of|to|does|do)\s+{_OBJECT}(?:\s+(?:have|get))?(?=\s|$)"
        ),
        r"times is \1 called",
    ),
    (
        _compiled(
            rf"^(?:references?|mentions?) (?:of|to|does|do)\s+{_OBJECT}(?:\s+(?:have|get))?(?=\s|$)"
        ),
        r"times does \1 appear",
    ),
    (
        _compiled(rf"^(places|lines|spots) (?:where|in which)\s+{_OBJECT}\s+(is|are)(?=\s)"),
        r"\1 \3 \2",
    ),
    (_compiled(r"^(?:do|does) (tests|the tests|test code) "), r"times in tests that "),
    (
        _compiled(
            r"^(?:do|does) (?:we|you|(?:the |this )?(?:code|code ?base|project|repo(?:sitory)?)) "
        ),
        "times that ",
    ),
)
SUBJECT_WORD = _compiled(
    r"(?<=\s)(?:exactly|currently|altogether|in total|total(?! number| count| amount)|overall|in all|please|really|actually)(?=\s|$)"
)
DOCUMENTED = _compiled(
    r"\b(?:(?:that|which)\s+)?(?:(?:are|is)\s+)?(?:(?P<no>un|not |non-)documented|documented)\b"
    r"|\b(?:with|having|have|has|that have|which have)\s+(?:an?\s+)?(?:docstrings?|doc comments?|documentation)\b"
)
APART = _compiled(
    rf"\s*[,(]?\s*\b(?:outside(?: of)?|excluding|except(?: for)?|not (?:counting|including|in|under|inside)|ignoring|leaving out|without counting|apart from|other than in|вне|кроме|не считая|без)\s+(?:the\s+)?(?:{_PLACE}\s+)?(?:`?((?:[\w.-]+/)+[\w.-]*)`?|((?:unit )?tests?(?: (?:files|code))?|тест\w*)|`?([\w.-]+)`?\s+{_PLACE})(?:\s+{_PLACE})?\)?(?=\s|$|,)"
)
TARGETS: tuple[tuple[Target, re.Pattern[str]], ...] = (
    ("keyword", KEYWORD),
    ("setting", _compiled(r"^(?:\w+ )?(?:settings?|config(?:uration)? (?:keys|values|options))\b(?: (?:names?|keys?))?(?=.*\b(?:read|used|accessed|looked up|referenced)\b)|^настро\w+(?=.*(?:чита|использ))")),
    ("warning", _compiled(r"^(?:deprecation |deprecated )?warnings?\b(?! (?:class|type|categor|filter|handler))|^предупрежден\w*")),
    ("macro", _compiled(r"^(?:preprocessor )?macros?\b|^макрос\w*")),
    ("folder", _compiled(r"^(?:folders?|director(?:y|ies)|packages? folders?)(?=\s|$)|^(?:папк|каталог)\w*")),
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
    ("function", _compiled(r"^(?:functions?(?: and methods?)?|methods? and functions?|fns?|procedures|subroutines)\b|^функци\w*")),
    ("file", _compiled(r"^(?:(?:source|header|code) )?(?:files?|modules?|headers?|scripts?)(?=\s|$)|^(?:python|source)? ?файл\w*|^модул\w*|^(?:в )?(?:\w+ )?файл\w*")),
    ("comment", _compiled(r"^comments?\b|^комментари\w*")),
    ("time", _compiled(r"^(?:times?|occurrences?|calls|invocations)\b|^раз\b")),
    ("line", _compiled(r"^(?:lines?|places?)\b|^строк\w*|^мест\w*")),
)  # fmt: skip
TRAILING_VERB = _compiled(
    r"\s*\b(?:are there|there are|exist|exists|are available|available|are defined|defined|are provided|provided"
    r"|are supported|supported|does .+ have|do we have"
    r"|есть|существу\w+|доступн\w+|имеется|имеются)\b.*$|\s*\b(?:are|is|has|have)\s*$"
)
