"""What the root is told of its corpus: sizes and names, none of its text."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_crystal.language import language_of

if TYPE_CHECKING:  # numpy comes with it
    from rlm_crystal.crystal import Crystal

FIRST_PATHS = 20
_LANGUAGES_NAMED = 8


@dataclass(frozen=True, slots=True)
class Facts:
    """Sizes, the commonest languages with their number of files, and the first paths."""

    documents: int
    characters: int
    languages: tuple[tuple[str, int], ...]
    first_paths: tuple[str, ...]


def facts_of(crystal: "Crystal") -> Facts:
    """The facts of a whole corpus."""
    from rlm_crystal.crystal import CHARS_PER_TOKEN

    files = crystal.files
    return Facts(
        documents=len(files),
        characters=crystal.tokens * CHARS_PER_TOKEN,
        languages=_commonest(entry.language for entry in files),
        first_paths=tuple(entry.path for entry in files[:FIRST_PATHS]),
    )


def facts_of_slice(documents: Sequence[tuple[str, str]]) -> Facts:
    """The facts of (path, text) pairs that a deeper run works on."""
    return Facts(
        documents=len(documents),
        characters=sum(len(text) for _, text in documents),
        languages=_commonest(language_of(path) for path, _ in documents),
        first_paths=tuple(path for path, _ in documents[:FIRST_PATHS]),
    )


def _commonest(languages: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(languages).most_common(_LANGUAGES_NAMED))
