"""How something was counted, so that the number can be checked, and what lies beside it."""

# ruff: noqa: E501, RUF001

from rlm_engine.extractive.compose import joined
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.plans.counted_things import NOUNS_EN, NOUNS_RU
from rlm_engine.extractive.query import Listing
from rlm_engine.extractive.voice import Voice, counted

_DEFINED = frozenset(
    [
        "class",
        "interface",
        "struct",
        "trait",
        "enum",
        "annotation",
        "type",
        "constant",
        "function",
        "method",
        "member",
    ]
)


def how_counted(listing: Listing, printed: Printed, voice: Voice) -> str:
    """How it was counted, so that the number can be checked, and what lies beside it."""
    match listing.relation:
        case "import":
            return _how_imports(printed, voice)
        case "subclass":
            return _how_subclasses(listing, printed, voice)
        case "contain":
            return _how_text(listing, printed, voice)
        case "call":
            repeats = printed.number("repeats")
            extra = (
                voice(
                    f" {counted(repeats, 'line')} {'calls' if repeats == 1 else 'call'} it more than once.",
                    f" Повторных вызовов в той же строке: {repeats}.",
                )
                if repeats
                else ""
            )
            return (
                voice(
                    "Counted: calls under this name in code, not in comments or strings (Python parsed, other languages by pattern), definitions left out.",
                    "Считались вызовы по имени (Python — разбором, остальное — по образцу), без определений.",
                )
                + extra
            )
        case "raise":
            return voice(
                "Counted: Python by parsing it, other languages by pattern outside comments and strings.",
                "Python считался разбором, остальные языки — по образцу вне комментариев и строк.",
            )
        case "decorate":
            return voice(
                "Counted: definitions the parser sees whose decorators, annotations or attributes name it.",
                "Посчитаны определения, над которыми это стоит декоратором, аннотацией или атрибутом.",
            )
        case _:
            return _how_all(listing, printed, voice)


def _how_text(listing: Listing, printed: Printed, voice: Voice) -> str:
    if listing.target == "comment":
        return voice(
            "Counted: comments, each once, that have it as a whole word (files parsed for their comments).",
            "Посчитаны комментарии, в которых это стоит целым словом.",
        )
    if listing.target == "time" or not printed.strings("text"):
        return ""
    lines, times, loose = (int(n) for n in printed.strings("text")[0])
    if listing.whole is False:
        return voice(
            f"Counted: the exact text, also inside longer words, upper and lower case told apart; {counted(loose, 'occurrence')} on {counted(lines, 'line')}.",
            f"Считалось точное вхождение, и внутри слов, с учётом регистра: {loose} раз в {lines} строках.",
        )
    return voice(
        f"Counted: the exact text, upper and lower case told apart, as a whole word; {counted(times, 'occurrence')} on {counted(lines, 'line')}.",
        f"Считалось точное вхождение целым словом с учётом регистра: {times} раз в {lines} строках.",
    )


def _how_imports(printed: Printed, voice: Voice) -> str:
    if printed.number("only_by_name") and printed.number("total"):
        return voice(
            "No file imports a module of that full name; counted are those that import the name from another module.",
            "Модуль с таким полным именем не импортирует никто; посчитаны файлы, которые берут это имя из другого модуля.",
        )
    extra = printed.number("by_name")
    beside = (
        voice(
            f" Not counted: {counted(extra, 'more file')} {'imports' if extra == 1 else 'import'} that name from another module (`from … import`, relative imports).",
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


def _how_subclasses(listing: Listing, printed: Printed, voice: Voice) -> str:
    methods = printed.number("implicit")
    if methods:
        return voice(
            f"In Go a type implements an interface by having its methods; these have all {methods} by name.",
            f"В Go тип реализует интерфейс самим набором методов; у этих есть все {methods} по именам.",
        )
    namesakes = printed.number("namesakes")
    aside = (
        voice(
            f" {namesakes} definitions here are called `{listing.object}`; bases are compared by name.",
            f" Определений с именем `{listing.object}` здесь {namesakes}; предки сравнивались по имени.",
        )
        if namesakes
        else ""
    )
    if listing.deep:
        return (
            voice(
                f"Counted by following base classes by name at any depth; {printed.number('direct')} of them directly.",
                f"Предки прослежены по именам на любую глубину; прямых: {printed.number('direct')}.",
            )
            + aside
        )
    count, names = (printed.strings("indirect") or [("0", "")])[0]
    if count == "0" or not printed.number("total"):
        return aside.strip()
    listed = joined(names.split(", "))
    rest = int(count) - len(names.split(", "))
    also = voice(f" and {rest} more" if rest > 0 else "", f" и ещё {rest}" if rest > 0 else "")
    return (
        voice(
            f"Through these, followed by name, {count} more inherit it indirectly: {listed}{also}.",
            f"Через них, если идти по именам, косвенно наследуют ещё {count}: {listed}{also}.",
        )
        + aside
    )


def _how_definitions(listing: Listing, printed: Printed, voice: Voice) -> str:
    taken = (printed.strings("taken") or [("",)])[0][0]
    if taken:
        return voice(
            f"There is no {NOUNS_EN[listing.target]} as such here; these are the nearest thing. Counted: what the parser sees.",
            "Именно таких определений здесь нет, это ближайшее по смыслу. Посчитано по разбору кода.",
        )
    beside = [
        voice(counted(int(count), kind), f"{NOUNS_RU.get(kind, kind)}: {count}")
        for kind, count in printed.strings("beside")
    ]
    not_counted = (
        f" {voice('Not counted in', 'Сверх того')}: {', '.join(beside)}." if beside else ""
    )
    return (
        voice("Counted: definitions the parser sees.", "Посчитаны определения по разбору кода.")
        + not_counted
    )


def _how_all(listing: Listing, printed: Printed, voice: Voice) -> str:
    if listing.target == "noun":
        way = (printed.strings("way") or [("",)])[0][0]
        aside = printed.number("in_tests")
        left = (
            voice(f" {aside} in tests left out.", f" Ещё {aside} в тестах не посчитаны.")
            if aside
            else ""
        )
        also = printed.number("also")
        named = (
            voice(f" Classes that are named so: {also}.", f" Классов с таким именем: {also}.")
            if also
            else ""
        )
        return (_WAYS[way][voice.russian] if way in _WAYS else "") + named + left
    if listing.target == "test":
        return voice(
            "Counted: functions and marks that the usual test runners take for tests.",
            "Посчитаны функции и метки, которые обычные средства запуска считают тестами.",
        )
    if listing.target in _DEFINED and listing.target != "exception":
        return _how_definitions(listing, printed, voice)
    if listing.target in ("file", "folder", "module"):
        if listing.relation == "define":
            return voice(
                "Counted: files that give it a value or a definition at their top level (Python parsed).",
                "Посчитаны файлы, где имя получает значение или определение на верхнем уровне.",
            )
        return voice("Counted: indexed files.", "Посчитаны индексированные файлы.")
    if listing.target in _KINDS_OF_COUNTING:
        return voice(*_KINDS_OF_COUNTING[listing.target])
    return voice(
        "Counted by the usual ways of writing them, the first place of each is shown.",
        "Посчитаны по обычным способам записи, показано первое место каждого.",
    )


_KINDS_OF_COUNTING = {
    "exception": (
        "Counted: classes with an exception among their bases, followed by name (Python parsed); in other languages those called …Error or …Exception.",
        "Посчитаны классы, у которых среди предков есть исключение (Python — разбором); в других языках — с именем …Error или …Exception.",
    ),
    "keyword": (
        "Counted: where the keyword begins one, outside comments and strings (Python parsed).",
        "Посчитаны места, где ключевое слово их начинает, вне комментариев и строк.",
    ),
    "comment": ("Counted: comments as the parser sees them.", "Посчитаны комментарии по разбору."),
    "macro": (
        "Counted: every line that defines one, outside comments.",
        "Посчитаны все строки с определением вне комментариев.",
    ),
    "setting": (
        "Counted: different names read off an object called settings or config (Python parsed), the first place of each is shown.",
        "Посчитаны разные имена, читаемые у объекта settings или config; показано первое место.",
    ),
    "warning": (
        "Counted: calls of `warnings.warn` in Python, deprecations by their category and its ancestors.",
        "Посчитаны вызовы `warnings.warn` в Python, устаревшее — по категории и её предкам.",
    ),
}
_WAYS = {
    "modules_in_folders": (
        "Taken as: the modules in folders of that name.",
        "Понято как модули в папках с таким именем.",
    ),
    "classes_named": (
        "Taken as: classes whose name, or whose base's name, says so.",
        "Понято как классы, о которых это говорит их имя или имя предка.",
    ),
    "decorated": (
        "Taken as: definitions under a decorator of that name.",
        "Понято как определения под декоратором с таким именем.",
    ),
    "instances": (
        "Taken as: names assigned from a constructor of that name.",
        "Понято как имена, получающие значение от конструктора с таким именем.",
    ),
    "functions_named": (
        "Taken as: functions whose name says so.",
        "Понято как функции, о которых это говорит имя.",
    ),
}
