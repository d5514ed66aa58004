"""Who said how much, by number, and by which words each may be named."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from rlm_memory.cues import names_of


class People:
    """Speakers in the order they first spoke."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._numbers = {name: number for number, name in enumerate(names)}
        self._counts = [0] * len(names)
        self._named: dict[str, frozenset[str]] | None = None

    def names(self) -> tuple[str, ...]:
        return tuple(self._numbers)

    def number(self, speaker: str) -> int:
        """The speaker's number, a new one for one who is new."""
        number = self._numbers.setdefault(speaker, len(self._counts))
        if number == len(self._counts):
            self._counts.append(0)
        return number

    def known(self, speaker: str) -> int:
        """The speaker's number, or -1."""
        return self._numbers.get(speaker, -1)

    def numbers(self, speakers: Iterable[str]) -> list[int]:
        return [self._numbers[each] for each in speakers if each in self._numbers]

    def spoke(self, number: int, times: int) -> None:
        """Count what a speaker said so often more, or less."""
        before = self._counts[number]
        self._counts[number] = after = before + times
        if not before or not after:
            self._named = None

    def all_spoke(self, numbers: npt.NDArray[np.int32]) -> None:
        """Count one more for each of these numbers."""
        for number, times in enumerate(np.bincount(numbers).tolist()):
            self.spoke(number, times)

    def count(self, speaker: str) -> int:
        """How often a speaker spoke."""
        number = self.known(speaker)
        return self._counts[number] if number >= 0 else 0

    def named(self) -> Mapping[str, frozenset[str]]:
        """Who spoke, by each stem of a name."""
        if self._named is None:
            found: dict[str, set[str]] = {}
            for speaker, number in self._numbers.items():
                for name in names_of(speaker) if self._counts[number] else ():
                    found.setdefault(name, set()).add(speaker)
            self._named = {name: frozenset(speakers) for name, speakers in found.items()}
        return self._named
