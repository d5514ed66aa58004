"""What a count says: the number and its noun, how it was counted, and what lies beside it."""

# ruff: noqa: E501, RUF001

from rlm_engine.extractive.cell import Conclusion
from rlm_engine.extractive.compose import joined
from rlm_engine.extractive.evidence import Printed
from rlm_engine.extractive.listing import Listing
from rlm_engine.extractive.question import Question
from rlm_engine.extractive.voice import Voice, counted, plural

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


def tell_count(question: Question, listing: Listing, printed: Printed) -> Conclusion:
    voice = Voice(question.russian)
    total, files, tests = (int(n) for n in printed.strings("total")[0])
    head = [_headline(listing, printed, total, files, tests, voice), _how(listing, printed, voice)]
    before = " ".join(part for part in head if part)
    if not total:
        return Conclusion(f"{before}\n\n{voice.closing()}")
    left = total - printed.number("shown")
    more = ""
    if left > 0:
        more = voice(
            f"\n… and {left} more; ask about one folder (“in path/to/folder”) to see the rest.",
            f"\n… и ещё {left}; спросите про одну папку («в path/to/folder»), чтобы увидеть остальные.",
        )
    return Conclusion(f"{before}\n\n", rows="rows", after=f"{more}\n\n{voice.closing()}")


def _headline(
    listing: Listing, printed: Printed, total: int, files: int, tests: int, voice: Voice
) -> str:
    taken = (printed.strings("taken") or [("",)])[0][0]
    what = f"{_what(listing, taken, total, voice)}{_where(listing, voice)}"
    if not total:
        return _none(listing, what, printed, voice)
    spread = ""
    if listing.target != "file" and not (listing.scope and files == 1):
        spread = voice(f" in {counted(files, 'file')}", f" (файлов: {files})")
    split = ""
    if 0 < tests < total:
        split = voice(
            f" ({total - tests} outside tests, {tests} in tests)",
            f" (вне тестов: {total - tests}, в тестах: {tests})",
        )
    return voice(f"{total} {what}{spread}{split}.", f"Найдено {total}: {what}{spread}{split}.")


def _where(listing: Listing, voice: Voice) -> str:
    owner = voice(f" of `{listing.owner}`", f" у `{listing.owner}`") if listing.owner else ""
    scope = listing.scope
    if listing.language:
        name = listing.language.capitalize()
        owner += voice(f" in {name}", f" на {name}")
    return owner + (voice(f" in `{scope}`", f" в `{scope}`") if scope else "")


def _none(listing: Listing, what: str, printed: Printed, voice: Voice) -> str:
    if listing.owner and not printed.number("owners"):
        return voice(
            f"None: nothing named `{listing.owner}` is defined in the indexed files.",
            f"Ни одного: имени `{listing.owner}` в проиндексированных файлах нет.",
        )
    return voice(
        f"None: no {what} in the indexed files.", f"Ни одного: {what} — в индексе такого нет."
    )


_NOUNS_EN = {
    "file": "file", "class": "class", "interface": "interface", "struct": "struct",
    "trait": "trait", "enum": "enum", "annotation": "annotation", "type": "type alias",
    "constant": "constant", "function": "function", "method": "method", "member": "member",
    "test": "test", "line": "line", "exception": "exception class",
    "environment": "environment variable", "option": "command-line option", "route": "route",
}  # fmt: skip
_NOUNS_RU = {
    "file": "файлы", "class": "классы", "interface": "интерфейсы", "struct": "структуры",
    "trait": "трейты", "enum": "перечисления", "annotation": "аннотации",
    "type": "псевдонимы типов", "constant": "константы", "function": "функции",
    "method": "методы", "member": "члены", "test": "тесты", "line": "строки",
    "exception": "классы исключений", "environment": "переменные окружения",
    "option": "опции командной строки", "route": "маршруты",
}  # fmt: skip


def _what(listing: Listing, taken: str, total: int, voice: Voice) -> str:
    """The counted things in words: "12 public methods", "1 line that calls `run`"."""
    target = taken or listing.target
    if target == "line" and listing.relation == "raise":
        return voice(
            f"{plural('place', total)} that {'raises' if total == 1 else 'raise'} `{listing.object}`",
            f"места, где выбрасывается `{listing.object}`",
        )
    if listing.target == "class" and listing.relation == "subclass":
        target = "class"
    english = plural(_NOUNS_EN[target], total) if target in _NOUNS_EN else listing.noun
    name = voice(english, _NOUNS_RU.get(target, listing.noun))
    adjectives = " ".join(listing.modifiers)
    value = f"`{listing.object}`"
    one = total == 1
    relation = {
        "all": ("", ""),
        "import": (f"that {'imports' if one else 'import'} {value}", f"с импортом {value}"),
        "subclass": (f"built directly on {value}", f"с прямым предком {value}"),
        "call": (f"that {'calls' if one else 'call'} {value}", f"с вызовом {value}"),
        "contain": (f"that {'contains' if one else 'contain'} {value}", f"с текстом {value}"),
        "decorate": (f"decorated with {value}", f"с декоратором {value}"),
        "raise": (f"that {'raises' if one else 'raise'} {value}", f"с выбросом {value}"),
        "prefix": (f"whose name begins with {value}", f"с именем на {value}…"),
        "suffix": (f"whose name ends with {value}", f"с именем на …{value}"),
        "define": (f"named {value}", f"с именем {value}"),
        "return": (f"that {'returns' if one else 'return'} {value}", f"с результатом {value}"),
        "accept": (f"that {'takes' if one else 'take'} {value}", f"с параметром {value}"),
    }[listing.relation]
    return " ".join(part for part in (adjectives, name, voice(*relation)) if part)


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
                f"Counted: the exact text, upper and lower case told apart, as a whole word; {counted(int(times), 'occurrence')} on {counted(int(lines), 'line')}.",
                f"Считалось точное вхождение целым словом с учётом регистра: {times} раз в {lines} строках.",
            )
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


def _how_subclasses(printed: Printed, voice: Voice) -> str:
    methods = printed.number("implicit")
    if methods:
        return voice(
            f"In Go a type implements an interface by having its methods; these have all {methods} by name.",
            f"В Go тип реализует интерфейс самим набором методов; у этих есть все {methods} по именам.",
        )
    count, names = (printed.strings("indirect") or [("0", "")])[0]
    if count == "0" or not printed.number("total"):
        return ""
    listed = joined(names.split(", "))
    rest = int(count) - len(names.split(", "))
    also = voice(f" and {rest} more" if rest > 0 else "", f" и ещё {rest}" if rest > 0 else "")
    return voice(
        f"Through these, followed by name, {count} more inherit it indirectly: {listed}{also}.",
        f"Через них, если идти по именам, косвенно наследуют ещё {count}: {listed}{also}.",
    )


def _how_definitions(listing: Listing, printed: Printed, voice: Voice) -> str:
    taken = (printed.strings("taken") or [("",)])[0][0]
    if taken:
        return voice(
            f"There is no {_NOUNS_EN[listing.target]} as such here; these are the nearest thing. Counted: what the parser sees.",
            "Именно таких определений здесь нет, это ближайшее по смыслу. Посчитано по разбору кода.",
        )
    beside = [
        voice(counted(int(count), kind), f"{_NOUNS_RU.get(kind, kind)}: {count}")
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
    if listing.target in _DEFINED and listing.target != "exception":
        return _how_definitions(listing, printed, voice)
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
