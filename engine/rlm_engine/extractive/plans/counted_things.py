"""The things of a count in words: "12 public methods of `Cart` with more than 3 parameters"."""

# ruff: noqa: E501, RUF001

from rlm_engine.extractive.query import Having, Listing
from rlm_engine.extractive.voice import Voice, plural


def where_counted(listing: Listing, voice: Voice) -> str:
    owner = voice(f" of `{listing.owner}`", f" у `{listing.owner}`") if listing.owner else ""
    scope = listing.scope
    apart = "".join(
        voice(" outside tests", " вне тестов")
        if one == "tests"
        else voice(f" outside `{one}`", f" вне `{one}`")
        for one in listing.apart
    )
    if listing.language and listing.target not in ("file", "module"):
        name = listing.language.capitalize()
        owner += voice(f" in {name}", f" на {name}")
    return owner + (voice(f" in `{scope}`", f" в `{scope}`") if scope else "") + apart


NOUNS_EN = {
    "file": "file", "folder": "folder", "module": "module", "time": "place", "comment": "comment",
    "setting": "setting", "warning": "warning", "macro": "macro definition", "class": "class", "interface": "interface", "struct": "struct",
    "trait": "trait", "enum": "enum", "annotation": "annotation", "type": "type alias",
    "constant": "constant", "function": "function", "method": "method", "member": "member",
    "test": "test", "line": "line", "exception": "exception class",
    "environment": "environment variable", "option": "command-line option", "route": "route",
}  # fmt: skip
NOUNS_RU = {
    "file": "файлы", "folder": "папки", "module": "модули", "time": "места", "comment": "комментарии",
    "setting": "настройки", "warning": "предупреждения", "macro": "макросы", "class": "классы", "interface": "интерфейсы", "struct": "структуры",
    "trait": "трейты", "enum": "перечисления", "annotation": "аннотации",
    "type": "псевдонимы типов", "constant": "константы", "function": "функции",
    "method": "методы", "member": "члены", "test": "тесты", "line": "строки",
    "exception": "классы исключений", "environment": "переменные окружения",
    "option": "опции командной строки", "route": "маршруты",
}  # fmt: skip


def what_counted(listing: Listing, taken: str, total: int, voice: Voice) -> str:
    """The counted things in words: "12 public methods", "1 line that calls `run`"."""
    target = taken or listing.target
    if target == "line" and listing.relation == "raise":
        return voice(
            f"{plural('place', total)} that {'raises' if total == 1 else 'raise'} `{listing.object}`",
            f"места, где выбрасывается `{listing.object}`",
        )
    if listing.relation == "subclass" and target == "noun":
        target = "class"
    if target == "time" and listing.relation == "call":
        return voice(f"{plural('call', total)} of `{listing.object}`", f"вызовы `{listing.object}`")
    if target == "keyword":
        kind = "block" if "block" in listing.noun else "statement"
        return voice(f"`{listing.object}` {plural(kind, total)}", f"`{listing.object}`")
    if target == "warning" and listing.object:
        return voice(plural("deprecation warning", total), "предупреждения об устаревшем")
    english = plural(NOUNS_EN[target], total) if target in NOUNS_EN else listing.noun
    name = voice(english, NOUNS_RU.get(target, listing.noun))
    if listing.language and target in ("file", "module"):
        name = f"{_LANGUAGES.get(listing.language, listing.language.capitalize())} {name}"
    adjectives = " ".join(listing.modifiers)
    value = f"`{listing.object}`"
    one = total == 1
    built = "built on" if listing.deep else "built directly on"
    relation = {
        "all": ("", ""),
        "import": (f"that {'imports' if one else 'import'} {value}", f"с импортом {value}"),
        "subclass": (
            f"{built} {value}",
            f"{'с предком' if listing.deep else 'с прямым предком'} {value}",
        ),
        "call": (f"that {'calls' if one else 'call'} {value}", f"с вызовом {value}"),
        "contain": (f"that {'contains' if one else 'contain'} {value}", f"с текстом {value}"),
        "decorate": (f"marked with {value}", f"с пометкой {value}"),
        "raise": (f"that {'raises' if one else 'raise'} {value}", f"с выбросом {value}"),
        "prefix": (f"whose name begins with {value}", f"с именем на {value}…"),
        "suffix": (f"whose name ends with {value}", f"с именем на …{value}"),
        "define": (
            f"that {'defines' if one else 'define'} {value}"
            if target in ("file", "module")
            else f"named {value}",
            f"с именем {value}",
        ),
        "return": (f"that {'returns' if one else 'return'} {value}", f"с результатом {value}"),
        "accept": (f"that {'takes' if one else 'take'} {value}", f"с параметром {value}"),
    }[listing.relation]
    having = [_had(one, voice) for one in listing.having]
    if listing.documented is not None:
        having.append(
            voice("with documentation", "с документацией")
            if listing.documented
            else voice("without documentation", "без документации")
        )
    conditions = voice(" and ", " и ").join(having)
    return " ".join(part for part in (adjectives, name, voice(*relation), conditions) if part)


_LANGUAGES = {"php": "PHP", "javascript": "JavaScript", "typescript": "TypeScript", "csharp": "C#"}
_COMPARISONS = {
    "more": ("more than", "больше чем"),
    "fewer": ("fewer than", "меньше чем"),
    "at least": ("at least", "не меньше чем"),
    "at most": ("at most", "не больше чем"),
    "exactly": ("exactly", "ровно"),
}


def _had(having: Having, voice: Voice) -> str:
    """A bound in words: "with more than 10 methods", "without tests", "that import `x`"."""
    if having.measure:
        what = voice(
            having.measure,
            {
                "lines": "строк",
                "parameters": "параметров",
                "bytes": "байт",
                "characters": "символов",
            }[having.measure],
        )
    else:
        what = what_counted(having.part, "", 2, voice) if having.part else ""
    if having.number == 0 and having.comparison == "exactly":
        return voice(f"without {what}", f"без: {what}")
    if having.number == 1 and having.comparison == "at least":
        return voice(f"that hold {what}", f"где есть {what}")
    compared = voice(*_COMPARISONS[having.comparison])
    return voice(
        f"with {compared} {having.number:,} {what}", f"где {compared} {having.number} — {what}"
    )
