"""What a full build notes down so that a map can be drawn at once: ranks and telling words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlm_crystal.centrality import centrality
from rlm_crystal.counting import Int64Array
from rlm_crystal.segment import Segment
from rlm_crystal.telling import telling_words
from rlm_crystal.words import Int32Array

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Of the first segment: how central each file and each definition is, in the order of its
    tables, and the telling words of file `f`, ids in its postings: `words[starts[f]:starts[f+1]]`.
    """

    file_rank: Float32Array
    definition_rank: Float32Array
    starts: Int64Array
    words: Int32Array


def landmarks_of(segment: Segment) -> Landmarks:
    """Half a second of CPU for 30,000 chunks."""
    ranks = centrality(segment)
    starts, words = telling_words(segment)
    return Landmarks(
        ranks.files.astype(np.float32), ranks.definitions.astype(np.float32), starts, words
    )
