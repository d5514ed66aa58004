"""Listing and counting: a scan over the whole corpus, exact, and told how it was counted."""

# ruff: noqa: E501, RUF001

import re

from rlm_engine.extractive.cell import Cell, Conclusion, Plan
from rlm_engine.extractive.compose import joined
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.listing import Listing
from rlm_engine.extractive.plans import nouns, scans
from rlm_engine.extractive.plans.explanation import explain
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.voice import Voice
from rlm_engine.extractive.words import concepts_of

_SHOWN_COUNTING, _SHOWN_LISTING = 12, 120
_CLASS_KINDS = ("class", "struct", "interface", "trait", "enum")
_KINDS: dict[str, tuple[str, ...]] = {
    "class": _CLASS_KINDS,
    "function": ("function",),
    "method": ("method",),
    "test": ("function", "method"),
    "exception": _CLASS_KINDS,
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
    cell = Cell(
        "Go through the whole corpus and collect them.",
        scans.HEAD + scan + scans.TAIL,
        {"scope": listing.scope.strip("/"), "shown": shown, "value": listing.object, **values},
    )
    printed = yield cell
    if not printed.strings("total"):
        return Conclusion(_failed(question, printed))
    if not printed.number("total") and listing.target == "noun":
        return (yield from explain(question))
    return _tell(question, listing, printed, shown)


def _scan(listing: Listing) -> tuple[str, dict[str, object]]:
    by_file = listing.target == "file"
    match listing.relation:
        case "import":
            return scans.IMPORTS, {}
        case "subclass":
            return scans.SUBCLASSES, {}
        case "decorate":
            return scans.DECORATED, {}
        case "raise":
            by_definition = listing.target in ("function", "method")
            return scans.RAISING, {"by_file": by_file, "by_definition": by_definition}
        case "contain":
            return scans.TEXT, {"by_file": by_file}
        case "call":
            return scans.CALLS, {"by_file": by_file}
        case "prefix" | "suffix" | "define":
            return scans.DEFINITIONS, {
                "kinds": _KINDS.get(listing.target, (*_CLASS_KINDS, "function", "method")),
                "value": _name_pattern(listing),
            }
        case "all":
            return _all(listing)


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
        return scans.DEFINITIONS, {"kinds": _KINDS[listing.target], "value": ""}
    language = re.match(
        r"(?i)(python|javascript|typescript|go|rust|java|ruby|php|c\+\+|c)\b", listing.noun
    )
    suffix = _SUFFIXES.get(language[1].lower(), "") if language else ""
    return scans.FILES, {"suffix": suffix}


_KIND_WORD = re.compile(r"(?i)\s+(class(?:es)?|functions?|modules?|files?|decorators?)$")
_PREFERRED = {"class": "classes", "funct": "functions", "modul": "modules", "files": "modules"}
_SUFFIXES = {
    "python": ".py", "javascript": ".js", "typescript": ".ts", "go": ".go", "rust": ".rs",
    "java": ".java", "ruby": ".rb", "php": ".php", "c++": ".cpp", "c": ".c",
}  # fmt: skip


def _name_pattern(listing: Listing) -> str:
    literal = re.escape(listing.object)
    if listing.relation == "prefix":
        return f"^{literal}"
    return f"{literal}$" if listing.relation == "suffix" else f"^{literal}$"


def _tell(question: Question, listing: Listing, printed: Printed, shown: int) -> Conclusion:
    voice = Voice(question.russian)
    total, files, tests = (int(n) for n in printed.strings("total")[0])
    head = [_headline(listing, total, files, tests, voice), _how(listing, printed, voice)]
    before = " ".join(part for part in head if part)
    if not total:
        return Conclusion(f"{before}\n\n{voice.closing()}")
    more = ""
    if total > shown:
        more = voice(f"\n… and {total - shown} more.", f"\n… и ещё {total - shown}.")
    return Conclusion(f"{before}\n\n", rows="rows", after=f"{more}\n\n{voice.closing()}")


def _headline(listing: Listing, total: int, files: int, tests: int, voice: Voice) -> str:
    what = _what(listing, voice)
    scope = (
        voice(f" in paths with `{listing.scope}`", f" в путях с `{listing.scope}`")
        if listing.scope
        else ""
    )
    if not total:
        return voice(
            f"None: no {what}{scope} in the indexed files.",
            f"Ни одного: {what}{scope} в индексе нет.",
        )
    spread = "" if listing.target == "file" else voice(f" in {files} files", f" в {files} файлах")
    split = ""
    if 0 < tests < total:
        split = voice(
            f" ({total - tests} outside tests, {tests} in tests)",
            f" (вне тестов: {total - tests}, в тестах: {tests})",
        )
    return voice(
        f"{total} {what}{scope}{spread}{split}.", f"Найдено {total}: {what}{scope}{spread}{split}."
    )


def _what(listing: Listing, voice: Voice) -> str:
    nouns_en = {
        "file": "files", "class": "classes", "function": "functions", "method": "methods",
        "test": "tests", "line": "lines", "exception": "exception classes",
        "environment": "environment variables", "option": "command-line options",
        "route": "routes", "noun": listing.noun,
    }  # fmt: skip
    nouns_ru = {
        "file": "файлы", "class": "классы", "function": "функции", "method": "методы",
        "test": "тесты", "line": "строки", "exception": "классы исключений",
        "environment": "переменные окружения", "option": "опции командной строки",
        "route": "маршруты", "noun": listing.noun,
    }  # fmt: skip
    name = voice(nouns_en[listing.target], nouns_ru[listing.target])
    value = f"`{listing.object}`"
    relation = {
        "all": ("", ""),
        "import": (f"that import {value}", f"с импортом {value}"),
        "subclass": (f"that name {value} as a direct base", f"с прямым предком {value}"),
        "call": (f"that call {value}", f"с вызовом {value}"),
        "contain": (f"that contain {value}", f"с текстом {value}"),
        "decorate": (f"decorated with {value}", f"с декоратором {value}"),
        "raise": (f"that raise {value}", f"с выбросом {value}"),
        "prefix": (f"whose name begins with {value}", f"с именем на {value}…"),
        "suffix": (f"whose name ends with {value}", f"с именем на …{value}"),
        "define": (f"named {value}", f"с именем {value}"),
    }[listing.relation]
    return f"{name} {voice(*relation)}".strip()


def _how(listing: Listing, printed: Printed, voice: Voice) -> str:
    """How it was counted, so that the number can be checked, and what lies beside it."""
    match listing.relation:
        case "import":
            return _how_imports(printed, voice)
        case "subclass":
            return _how_subclasses(printed, voice)
        case "contain":
            lines, times = (printed.strings("text") or [("0", "0")])[0]
            return voice(
                f"Counted: the exact text, upper and lower case told apart, as a whole word; {times} occurrences on {lines} lines.",
                f"Считалось точное вхождение целым словом с учётом регистра: {times} раз в {lines} строках.",
            )
        case "call":
            repeats = printed.number("repeats")
            extra = (
                voice(
                    f" {repeats} lines call it more than once.",
                    f" Повторных вызовов в той же строке: {repeats}.",
                )
                if repeats
                else ""
            )
            return (
                voice(
                    "Counted: calls under this name (Python parsed, other languages by pattern), definitions left out.",
                    "Считались вызовы по имени (Python — разбором, остальное — по образцу), без определений.",
                )
                + extra
            )
        case "decorate" | "raise":
            return voice(
                "Counted: Python by parsing it, other languages by pattern.",
                "Python считался разбором, остальные языки — по образцу.",
            )
        case _:
            return _how_all(listing, printed, voice)


def _how_imports(printed: Printed, voice: Voice) -> str:
    if printed.number("only_by_name"):
        return voice(
            "No file imports a module of that full name; counted are those that import the name from another module.",
            "Модуль с таким полным именем не импортирует никто; посчитаны файлы, которые берут это имя из другого модуля.",
        )
    extra = printed.number("by_name")
    beside = (
        voice(
            f" Not counted: {extra} more files import that name from another module (`from … import`, relative imports).",
            f" Не посчитаны ещё {extra} файлов: они берут это имя из другого модуля или относительным импортом.",
        )
        if extra
        else ""
    )
    return (
        voice(
            "Counted: files that import the module itself, a submodule or names from it, at any depth of the file (Python parsed, other languages by pattern); the first such line of each is shown.",
            "Посчитаны файлы, которые импортируют сам модуль, его подмодуль или имена из него, в любом месте файла (Python — разбором, остальное — по образцу); показана первая такая строка.",
        )
        + beside
    )


def _how_subclasses(printed: Printed, voice: Voice) -> str:
    count, names = (printed.strings("indirect") or [("0", "")])[0]
    if count == "0":
        return voice(
            "No further class inherits it through these.", "Через них больше никто не наследует."
        )
    listed = joined(names.split(", "))
    return voice(
        f"Through these, followed by name, {count} more inherit it indirectly: {listed}.",
        f"Через них, если идти по именам, косвенно наследуют ещё {count}: {listed}.",
    )


def _how_all(listing: Listing, printed: Printed, voice: Voice) -> str:
    if listing.target == "noun":
        way = (printed.strings("way") or [("",)])[0][0]
        loosened = (printed.strings("loosened") or [("",)])[0][0]
        beside = (
            voice(
                f"Nothing is named by all of `{listing.noun}`; these go by `{loosened}` alone. ",
                f"По всем словам `{listing.noun}` ничего нет; это найдено только по `{loosened}`. ",
            )
            if loosened
            else ""
        )
        return beside + (_WAYS[way][voice.russian] if way in _WAYS else "")
    if listing.target == "test":
        return voice(
            "Counted: functions and marks that the usual test runners take for tests.",
            "Посчитаны функции и метки, которые обычные средства запуска считают тестами.",
        )
    if listing.target in ("class", "function", "method"):
        return voice(
            "Counted: definitions the parser sees in the indexed files.",
            "Посчитаны определения, которые видит разбор индексированных файлов.",
        )
    if listing.target == "file":
        return voice("Counted: indexed files.", "Посчитаны индексированные файлы.")
    return voice(
        "Counted by the usual ways of writing them, the first place of each is shown.",
        "Посчитаны по обычным способам записи, показано первое место каждого.",
    )


_WAYS = {
    "modules_in_folders": (
        "Taken as: the modules in folders of that name, tests left out.",
        "Понято как модули в папках с таким именем, без тестов.",
    ),
    "classes_named": (
        "Taken as: classes whose name, or whose base's name, says so, tests left out.",
        "Понято как классы, о которых это говорит их имя или имя предка, без тестов.",
    ),
    "decorated": (
        "Taken as: definitions under a decorator of that name, tests left out.",
        "Понято как определения под декоратором с таким именем, без тестов.",
    ),
    "instances": (
        "Taken as: names assigned from a constructor of that name, tests left out.",
        "Понято как имена, получающие значение от конструктора с таким именем, без тестов.",
    ),
    "functions_named": (
        "Taken as: functions whose name says so, tests left out.",
        "Понято как функции, о которых это говорит имя, без тестов.",
    ),
}


def _failed(question: Question, printed: Printed) -> str:
    voice = Voice(question.russian)
    return (
        voice(
            f"I could not count this: the scan failed. {printed.text[:300]}",
            f"Посчитать не удалось: {printed.text[:300]}",
        )
        + f"\n\n{voice.closing()}"
    )
