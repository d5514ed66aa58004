"""What a listing or counting question wants: which things, under which conditions, told how."""

from dataclasses import dataclass
from typing import Literal

Target = Literal[
    "file", "folder", "module", "class", "interface", "struct", "trait", "enum", "annotation",
    "type", "constant", "function", "method", "member", "test", "line", "time", "comment",
    "exception", "environment", "setting", "warning", "keyword", "macro", "option", "route", "noun",
]  # fmt: skip
Relation = Literal[
    "all", "import", "subclass", "call", "contain", "decorate", "raise", "prefix", "suffix",
    "define", "return", "accept",
]  # fmt: skip
Measure = Literal["lines", "parameters", "bytes", "characters"]
Comparison = Literal["more", "fewer", "at least", "at most", "exactly"]


@dataclass(frozen=True, slots=True)
class Having:
    """How much of a measure, or how many of other things inside, each thing must have."""

    comparison: Comparison
    number: int
    measure: Measure | None = None
    part: "Listing | None" = None


@dataclass(frozen=True, slots=True)
class Order:
    """Which things come first: those with the most (or least) of a measure or of a part."""

    most: bool
    first: int
    measure: Measure | None = None
    part: "Listing | None" = None


@dataclass(frozen=True, slots=True)
class Listing:
    """`target` things for which `relation` to `object` holds, in paths below `scope`.

    `noun` is the wording of the target, for those (`target == "noun"`) that the corpus itself has
    to explain ("management commands"). `attribute` is what to tell of each ("help text"), `owner`
    the class whose members are meant, `modifiers` what their headers must say ("public"), and
    `language` a programming language in lower case. `apart` are places left out, `deep` asks for
    indirect subclasses too, `documented` for those with or without documentation. `whole` says how
    a text is compared: as a word, as any part, or as is usual. `sum` adds a measure up. `unread`
    are words of the question that no rule reads: with them nothing can be counted exactly.
    `own_name` says that `object` is what a file is called, not what it defines.
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
    apart: tuple[str, ...] = ()
    deep: bool = False
    documented: bool | None = None
    whole: bool | None = None
    having: tuple[Having, ...] = ()
    order: Order | None = None
    sum: Measure | None = None
    unread: str = ""
    own_name: bool = False
