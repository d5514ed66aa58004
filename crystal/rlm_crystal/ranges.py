"""Many ranges of numbers as one array."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]


def ranges(starts: Int64Array, sizes: Int64Array) -> Int64Array:
    """The numbers from each start on, as many as its size, one range after another."""
    ends = np.cumsum(sizes, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - ends + sizes, sizes)
