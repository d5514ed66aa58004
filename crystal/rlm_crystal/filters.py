"""The filters inside a query: `symbol:Flask.run`, `-path:tests`, `callers:connect`.

A filter is a word of its own, its key in lower case and its value right behind the colon. What
only looks like one stays words: `std::vector`, `https://…`, `path:line`, `kind: of`, code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal

from rlm_crystal.errors import BadFilter
from rlm_crystal.report import is_long

RelationKind = Literal["callers", "callees", "importers"]

KEYS: Final = (
    "symbol", "path", "file", "lang", "language", "kind",
    "callers", "callees", "importers", "imports",
)  # fmt: skip

_FIELDS: Final = {
    "symbol": "symbols",
    "path": "paths",
    "file": "paths",
    "lang": "languages",
    "language": "languages",
    "kind": "kinds",
}
_RELATIONS: Final[dict[str, RelationKind]] = {
    "callers": "callers",
    "callees": "callees",
    "importers": "importers",
    "imports": "importers",
}

_TOKEN = re.compile(rf"""(?<!\S)(-?)({"|".join(KEYS)}):("[^"]*"|'[^']*'|\S+)(?!\S)""")
# A value that ends like a sentence or a piece of code is none.
_PLAIN_VALUE = re.compile(r"(?!:|//)[\w.*?/\\@+#$~<>:,\[\]&=!-]*[\w*/\\+#\]>~=]")
_NO_PATH = re.compile(r"\d+|(?:lines?|col|column|row|name|number)(?:[:-].*)?")


@dataclass(frozen=True, slots=True)
class Terms:
    """Values of one sign: any of a field will do, all fields given must."""

    paths: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """A question to the graph: who calls or imports `name`, or what it calls."""

    kind: RelationKind
    name: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What may be found; with nothing in it, everything."""

    wanted: Terms = Terms()
    unwanted: Terms = Terms()
    relations: tuple[Relation, ...] = ()

    def __bool__(self) -> bool:
        return self != _NONE

    def within(self, *, path_glob: str = "", language: str = "", kind: str = "") -> Filters:
        """These, and what separate arguments ask for. BadFilter where both name one field and
        not the same."""
        if not (path_glob or language or kind):
            return self
        wanted = Terms(
            paths=_narrowed(self.wanted.paths, path_glob, "path"),
            languages=_narrowed(self.wanted.languages, language, "lang"),
            kinds=_narrowed(self.wanted.kinds, kind, "kind"),
            symbols=self.wanted.symbols,
        )
        return Filters(wanted, self.unwanted, self.relations)


_NONE: Final = Filters()


@dataclass(frozen=True, slots=True)
class Asked:
    """A query taken apart: `text` is what is left to search for."""

    text: str
    filters: Filters


def asked_in(query: str, *, leading_only: bool = False) -> Asked:
    """The filters of a query and the rest of it.

    `leading_only` takes those before the first word that is none: for a text or a pattern, which
    has to stay as it is written. So has a whole report, whose code and logs are no filters.
    """
    leading_only = leading_only or is_long(query)
    found: list[tuple[str, str, str]] = []
    kept: list[str] = []
    at = 0
    for match in _TOKEN.finditer(query):
        between = query[at : match.start()]
        if leading_only and between.strip():
            break
        sign, key, raw = match.groups()
        value = _value(key, raw)
        if not value:
            if leading_only:
                break
            continue
        kept.append(between)
        found.append((sign, key, value))
        at = match.end()
    kept.append(query[at:])
    text = "".join(kept).strip() if found else query
    return Asked(text if leading_only else " ".join(text.split()) if found else text, _sum(found))


def _value(key: str, raw: str) -> str:
    """The value behind a key; empty where this is no filter."""
    if raw[0] in "\"'":
        return raw[1:-1].strip() if len(raw) > 1 and raw[-1] == raw[0] else ""
    if not _PLAIN_VALUE.fullmatch(raw):
        return ""
    return "" if key in {"path", "file"} and _NO_PATH.fullmatch(raw) else raw


def _sum(found: Sequence[tuple[str, str, str]]) -> Filters:
    signed: dict[str, dict[str, list[str]]] = {
        sign: {field.name: [] for field in fields(Terms)} for sign in ("", "-")
    }
    relations: list[Relation] = []
    for sign, key, value in found:
        relation = _RELATIONS.get(key)
        if relation is None:
            field = _FIELDS[key]
            values = value.split(",") if field in {"languages", "kinds"} else [value]
            signed[sign][field] += [part for part in values if part]
        elif sign:
            raise BadFilter(f"-{key}:{value} cannot be left out; exclude by -path: or -symbol:")
        else:
            relations.append(Relation(relation, value))
    return Filters(_terms(signed[""]), _terms(signed["-"]), tuple(dict.fromkeys(relations)))


def _terms(values: dict[str, list[str]]) -> Terms:
    return Terms(**{name: tuple(dict.fromkeys(own)) for name, own in values.items()})


def _narrowed(own: tuple[str, ...], other: str, key: str) -> tuple[str, ...]:
    if own and other and own != (other,):
        raise BadFilter(
            f"{key}: stands in the query ({', '.join(own)}) and beside it ({other}); give it once"
        )
    return own or ((other,) if other else ())
