"""The vectors of texts by slot, where an embedder is there: what is meant, in other words.

They are held in steps of a 127th of the largest value of each, in memory and in the page alike.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float32]

_STEPS: Final = 127
_FIRST_ROOM: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class HeldVectors:
    """`steps` int8 (n, dimensions) and `scales` (n,) by slot; a scale of 0 is of no vector.

    `embedder` is the identity of who made them.
    """

    embedder: str
    steps: npt.NDArray[np.int8]
    scales: Vector


class Vectors:
    """Of one index and one embedder; slots without a vector are near nothing."""

    def __init__(self, embedder: str, slots: int, held: HeldVectors | None = None) -> None:
        self.embedder = embedder
        self._held = held if held and held.embedder == embedder else None
        self._rows = np.zeros((0, 0), np.float32)
        self._made = np.zeros(slots, np.bool_)
        if self._held is not None:
            self._made = self._held.scales > 0

    def without(self, alive: npt.NDArray[np.bool_], limit: int) -> npt.NDArray[np.int64]:
        """The first slots that have none, of those that are alive."""
        self._give_room(len(alive), 0)
        return np.flatnonzero(alive & ~self._made[: len(alive)])[:limit]

    def put(self, slots: npt.NDArray[np.int64], vectors: Vector) -> None:
        """Keep the vectors of these slots."""
        self._unfold(vectors.shape[1])
        self._give_room(int(slots.max(initial=-1)) + 1, vectors.shape[1])
        steps, scales = _stepped(vectors)
        self._rows[slots] = steps * scales[:, None]
        self._made[slots] = True

    def cosines(self, asked: Vector, count: int) -> Floats:
        """Of the first `count` slots with this vector; float64 (count,), none below 0."""
        self._unfold(len(asked))
        self._give_room(count, len(asked))
        # Not `@`: the threads it wakes take fifteen times the CPU at such sizes.
        cosines = np.vecdot(self._rows[:count], asked)
        return np.maximum(0.0, cosines).astype(np.float64)

    def held(self, slots: npt.NDArray[np.int64]) -> HeldVectors:
        """Those of these slots."""
        self._unfold(0)
        if not self._made.any():
            nothing = np.zeros((len(slots), 0), np.int8)
            return HeldVectors(self.embedder, nothing, np.zeros(len(slots), np.float32))
        self._give_room(int(slots.max(initial=-1)) + 1, self._rows.shape[1])
        steps, scales = _stepped(self._rows[slots])
        return HeldVectors(self.embedder, steps, np.where(self._made[slots], scales, 0))

    def _unfold(self, dimensions: int) -> None:
        """Make rows of what was read; done at the first question and not before."""
        if self._held is not None:
            self._rows = self._held.steps * self._held.scales[:, None]
            self._held = None
        if not self._rows.shape[1]:
            self._rows = np.zeros((len(self._rows), dimensions), np.float32)

    def _give_room(self, slots: int, dimensions: int) -> None:
        if slots > len(self._made):
            self._made = np.append(self._made, np.zeros(slots + _FIRST_ROOM, np.bool_))
        if dimensions and slots > len(self._rows):
            roomy = np.zeros((slots + slots // 4 + _FIRST_ROOM, dimensions), np.float32)
            roomy[: len(self._rows)] = self._rows
            self._rows = roomy


def _stepped(vectors: Vector) -> tuple[npt.NDArray[np.int8], Vector]:
    """Whole steps and how large one is; of a vector of zeros the smallest."""
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    scales = (np.maximum(largest, np.finfo(np.float32).tiny * _STEPS) / _STEPS).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales
