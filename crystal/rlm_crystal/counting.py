"""How often each raw word occurs in each chunk: counted once, for the postings and the vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rlm_crystal.lexicon import Lexicon
from rlm_crystal.ranges import Int64Array, ranges
from rlm_crystal.runs import runs_of
from rlm_crystal.words import Int32Array

__all__ = ["Counts", "Int64Array", "WordCounter", "tally"]

# Of as much text the arrays of a step stay in the processor's cache.
_BYTES_AT_ONCE: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class Counts:
    """One entry for each distinct word of each chunk, ordered by chunk and then by word.

    `words` counts in a lexicon; `lengths[c]` is how many words chunk `c` has in all.
    """

    chunks: Int64Array
    words: Int64Array
    times: Int64Array
    lengths: Int32Array

    def without(self, chunks: npt.NDArray[np.bool_]) -> Counts:
        """The same with no words in the chunks marked."""
        kept = ~chunks[self.chunks]
        return Counts(
            self.chunks[kept],
            self.words[kept],
            self.times[kept],
            np.where(chunks, 0, self.lengths).astype(np.int32),
        )


class WordCounter:
    """Takes chunks one after another, a text for each field, and reads them when it counts."""

    def __init__(self, *, fields: int, lexicon: Lexicon | None = None) -> None:
        self.lexicon = Lexicon() if lexicon is None else lexicon
        self._texts: list[list[bytes]] = [[] for _ in range(fields)]
        self._read: list[tuple[Int32Array, Int32Array] | None] = [None] * fields

    def add(self, *texts: str) -> None:
        for kept, text in zip(self._texts, texts, strict=True):
            kept.append(text.encode("utf-8", "surrogatepass"))

    def counts(self, *fields: int) -> Counts:
        """How often each word occurs in these fields together."""
        read = [self._words_of(field) for field in fields]
        size = max(len(self.lexicon), 1)
        pairs = [
            np.repeat(np.arange(len(lengths), dtype=np.int64) * size, lengths) + words
            for words, lengths in read
        ]
        pairs, times = tally(np.concatenate(pairs))
        chunks, words = np.divmod(pairs, size)
        lengths = np.stack([lengths for _, lengths in read]).sum(axis=0, dtype=np.int32)
        return Counts(chunks, words, times, lengths)

    def _words_of(self, field: int) -> tuple[Int32Array, Int32Array]:
        """All words of a field in a row, and how many of them each chunk has; of what was added
        before this was first asked."""
        known = self._read[field]
        if known is None:
            blocks = [_words_in(texts, self.lexicon) for texts in _blocks(self._texts[field])]
            words = np.concatenate([words for words, _ in blocks] or [np.zeros(0, np.int32)])
            lengths = np.concatenate([sizes for _, sizes in blocks] or [np.zeros(0, np.int32)])
            known = self._read[field] = words, lengths
            self._texts[field] = []
        return known


def tally(keys: Int64Array) -> tuple[Int64Array, Int64Array]:
    """The distinct keys in order, and how often each is there; sorts `keys` itself."""
    keys.sort()
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[first], np.diff(first, append=len(keys))


def _blocks(texts: Sequence[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    filled = 0
    for text in texts:
        block.append(text)
        filled += len(text)
        if filled >= _BYTES_AT_ONCE:
            yield block
            block, filled = [], 0
    if block:
        yield block


def _words_in(texts: Sequence[bytes], lexicon: Lexicon) -> tuple[Int32Array, Int32Array]:
    """The numbers of all words of some texts in a row, and how many each text has."""
    runs = runs_of(b"\n".join(texts))
    spelt, of_run = runs.distinct()
    numbers, held = lexicon.words_in(spelt)
    sizes = np.fromiter(map(len, texts), np.int64, count=len(texts))
    ends = np.searchsorted(runs.starts, np.cumsum(sizes + 1))
    if held is not None:
        size = held.take(of_run)
        of_run = ranges((np.cumsum(held) - held).take(of_run), size)
        ends = np.append(0, np.cumsum(size)).take(ends)
    return numbers.take(of_run), np.diff(ends, prepend=0).astype(np.int32)
