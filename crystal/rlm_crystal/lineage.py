"""What a type inherits from, by the names in its head."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rlm_crystal.corpus_names import CorpusNames
from rlm_crystal.types import Definition

_ANCESTORS_MAX: Final = 12
_WORD = re.compile(r"[A-Za-z_]\w*")
_NO_BASE: Final = frozenset(
    {
        "extends", "implements", "public", "private", "protected", "virtual", "with", "where",
        "class", "struct", "interface", "trait", "impl", "for", "metaclass", "final", "object",
        "open", "Generic", "dyn", "enum", "abstract", "static", "export", "default",
    }
)  # fmt: skip


class Lineage:
    """The ancestors of the types of one crystal; what was read is kept."""

    def __init__(self, names: CorpusNames) -> None:
        self._names = names
        self._bases: dict[str, tuple[str, ...]] = {}

    def of(self, name: str) -> list[str]:
        """A type and all it inherits from, by name, the nearest first."""
        found = [name]
        for at in range(_ANCESTORS_MAX):
            if at >= len(found):
                break
            found += [base for base in self._bases_of(found[at]) if base not in found]
        return found

    def _bases_of(self, name: str) -> tuple[str, ...]:
        if name not in self._bases:
            bases: dict[str, None] = {}
            for item in self._names.called(name):
                if item.is_type:
                    bases.update(dict.fromkeys(_bases_in(item.definition)))
            bases.pop(name, None)
            self._bases[name] = tuple(bases)
        return self._bases[name]


def _bases_in(definition: Definition) -> Iterable[str]:
    """The names behind a type's own name in its head: what it extends and implements."""
    name = definition.symbol.rsplit(".", 1)[-1]
    front, found, rest = definition.signature.partition(name)
    if definition.kind == "impl":  # impl Trait for Type
        return [word for word in _WORD.findall(front) if word not in _NO_BASE]
    without = re.sub(r"<[^<>]*>|\[[^\[\]]*\]|=\s*[\w.]+", " ", rest) if found else ""
    chains = re.findall(r"[A-Za-z_][\w.:\\]*", without)
    words = [re.split(r"\.|::|\\", chain.rstrip(":."))[-1] for chain in chains]
    return [word for word in words if word and word not in _NO_BASE]
