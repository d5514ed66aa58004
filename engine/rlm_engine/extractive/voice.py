"""The words around the evidence, in the language of the question."""

from dataclasses import dataclass

_KINDS_RU = {
    "class": "класс", "function": "функция", "method": "метод", "module": "модуль",
    "interface": "интерфейс", "struct": "структура", "enum": "перечисление", "trait": "трейт",
    "impl": "реализация", "type": "тип", "constant": "константа", "section": "раздел",
    "lines": "строки",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks Russian to a Russian question and English to any other."""

    russian: bool

    def __call__(self, english: str, russian: str) -> str:
        return russian if self.russian else english

    def kind(self, kind: str) -> str:
        """A kind of definition with its article, as the language wants it."""
        if self.russian:
            return _KINDS_RU.get(kind, kind)
        return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"

    def closing(self) -> str:
        """What every answer ends with: how it was made."""
        return self(
            "(Extractive answer: composed from the quoted places, no language model was used.)",
            "(Ответ составлен из приведённых цитат, без языковой модели.)",
        )


def plural(noun: str, count: int) -> str:
    """The English noun as the count wants it: `plural("class", 2)` is "classes"."""
    if count == 1:
        return noun
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"


def counted(count: int, noun: str) -> str:
    """A number and its noun: "1 file", "2 classes"."""
    return f"{count:,} {plural(noun, count)}"
