"""What is known of each slot beside its words: one column for each, in memory."""

from collections import Counter
from collections.abc import Mapping
from math import inf
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rlm_memory.cues import asks, tells_time
from rlm_memory.growing import Growing
from rlm_memory.types import TRUSTS, Memo

Column = npt.NDArray[Any]

_KINDS: Final = {
    "words": np.int32,
    "speaker": np.int32,
    "asks": np.int8,
    "tells_time": np.int8,
    "trust": np.int8,  # its rank, or -1 in quarantine
    "superseded": np.float64,
    "valid_from": np.float64,
    "valid_to": np.float64,
    "importance": np.float64,
    "last_used": np.float64,
    "uses": np.int32,
    "disputes": np.int8,  # whether it contradicts something
}


class Facts:
    """Columns by name, of one length."""

    def __init__(self, held: Mapping[str, Column] | None = None) -> None:
        self._columns: dict[str, Growing[Any]] = {
            name: Growing(kind, held[name] if held else None) for name, kind in _KINDS.items()
        }

    def __getitem__(self, name: str) -> Column:
        """The whole column; a view."""
        return self._columns[name].values

    def add(self, memo: Memo, stems: Counter[str], speaker: int) -> None:
        """Tell of the next slot."""
        for name, value in (
            ("words", stems.total()),
            ("speaker", speaker),
            ("asks", asks(memo.episode.text)),
            ("tells_time", tells_time(stems)),
            *_changing(memo),
        ):
            self._columns[name].append(value)

    def amend(self, slot: int, memo: Memo) -> None:
        """Tell anew of a slot what may change while a text stays."""
        for name, value in _changing(memo):
            self._columns[name].put(slot, value)

    def silence(self, slot: int) -> None:
        """Have a slot that was given up count for no words."""
        self._columns["words"].put(slot, 0)

    def of(self, slots: npt.NDArray[np.int64]) -> dict[str, Column]:
        """The columns of these slots only."""
        return {name: column.values[slots] for name, column in self._columns.items()}


def _changing(memo: Memo) -> tuple[tuple[str, float], ...]:
    episode = memo.episode
    return (
        ("trust", -1 if memo.quarantine else TRUSTS.index(episode.trust)),
        ("superseded", inf if memo.superseded_s is None else memo.superseded_s),
        ("valid_from", -inf if episode.valid_from_s is None else episode.valid_from_s),
        ("valid_to", inf if episode.valid_to_s is None else episode.valid_to_s),
        ("importance", episode.importance),
        ("last_used", memo.last_used_s),
        ("uses", memo.uses),
        ("disputes", any(edge.kind == "contradicts" for edge in memo.edges)),
    )
