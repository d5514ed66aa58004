"""Columns of numbers that grow at their end and are read without being copied."""

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)

_FIRST_ROOM = 64


class Growing(Generic[Number]):
    """An array with room behind it; appending costs the same at any length."""

    __slots__ = ("_data", "_size")

    def __init__(self, kind: type[Number], held: npt.NDArray[Number] | None = None) -> None:
        self._data: npt.NDArray[Number] = np.zeros(0, kind) if held is None else held
        self._size = len(self._data)

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> npt.NDArray[Number]:
        """What is held now: a view, in which what is appended later does not show."""
        return self._data[: self._size]

    def append(self, value: float) -> None:
        if self._size == len(self._data):
            self._give_room(2 * self._size + _FIRST_ROOM)
        self._data[self._size] = value
        self._size += 1

    def put(self, at: int, value: float) -> None:
        """Change one value."""
        if not self._data.flags.writeable:
            self._give_room(self._size)
        self._data[at] = value

    def _give_room(self, size: int) -> None:
        roomy = np.zeros(size, self._data.dtype)
        roomy[: self._size] = self.values
        self._data = roomy
