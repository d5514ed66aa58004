"""Several segments seen as one: global numbers of files and chunks, and statistics over them.

Files of segment `s` are numbered from `file_base[s]`, chunks from `chunk_base[s]`; masked files
and their chunks keep their numbers and are left out of every statistic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import Int64Array
from rlm_crystal.history import History
from rlm_crystal.postings import FIELDS, Postings, UInt8Array
from rlm_crystal.precedents import Precedents
from rlm_crystal.segment import BoolArray, Segment
from rlm_crystal.vocabulary import Vocabulary

Float32Array = npt.NDArray[np.float32]

_NO_CHUNKS = np.zeros(0, dtype=np.int64)

# How strongly a field's length counts against it (BM25's b): paths hardly vary.
B = {"path": 0.3, "name": 0.6, "body": 0.75}


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where a group of terms occurs: chunk numbers (a chunk may repeat), how often in each field,
    and what each occurrence counts for: one share for all, or one for each."""

    docs: Int64Array
    counts: tuple[UInt8Array, UInt8Array, UInt8Array]
    shares: Float32Array

    def amounts(self, field: int, rows: Int64Array | slice) -> Float32Array:
        """How often, times the share, in some of the rows."""
        shares = self.shares if len(self.shares) == 1 else self.shares[rows]
        return self.counts[field][rows] * shares


_NOTHING = np.zeros(0, dtype=np.uint8)
_NOWHERE = Occurrences(_NO_CHUNKS, (_NOTHING, _NOTHING, _NOTHING), np.ones(1, dtype=np.float32))


class View:
    """Built once a crystal; costs some milliseconds per hundred thousand chunks."""

    def __init__(
        self, segments: Sequence[Segment], alive: Sequence[BoolArray], history: History
    ) -> None:
        self.segments = tuple(segments)
        self.postings: tuple[Postings, ...] = tuple(s.postings.get() for s in segments)
        self.file_base = _bases([s.file_count for s in segments])
        self.chunk_base = _bases([s.chunk_count for s in segments])
        self.file_alive = np.concatenate(alive)
        self.chunk_file = np.concatenate(
            [s.chunks.file + base for s, base in zip(segments, self.file_base, strict=False)]
        ).astype(np.int64)
        self.chunk_alive = self.file_alive[self.chunk_file]
        self.masked = not bool(self.file_alive.all())
        self.file_count = len(self.file_alive)
        self.chunk_count = len(self.chunk_file)
        self.file_chunks = np.bincount(self.chunk_file, minlength=self.file_count)
        self.role = np.concatenate([s.files.role for s in segments])
        self.paths = tuple(path for segment in segments for path in segment.paths)
        self._set_norms()
        numbers = {self.paths[at]: at for at in np.flatnonzero(self.file_alive).tolist()}
        self.precedents = Precedents(history, numbers, self.file_count)
        pools = [part.words for part in self.postings]
        self.vocabulary = Vocabulary(pools, self._lives if self.masked else None)
        self.told = history.messages.words

    def _set_norms(self) -> None:
        chunk_norms: list[Float32Array] = []
        file_norms: list[Float32Array] = []
        for number, field in enumerate(FIELDS):
            length = np.concatenate([p.lengths[number] for p in self.postings])
            chunk_norms.append(_norm(length, self.chunk_alive, B[field]))
            total = np.bincount(self.chunk_file, weights=length, minlength=self.file_count)
            file_norms.append(_norm(total, self.file_alive, B[field]))
        self.chunk_norms = tuple(chunk_norms)
        # Every chunk of a file repeats the path, so the file's count is that of one chunk.
        per_chunk = np.maximum(self.file_chunks, 1).astype(np.float32)
        self.file_norms = (per_chunk, file_norms[1], file_norms[2])

    def _lives(self, part: int, term: int) -> bool:
        """Whether a term of a segment stands in a file that is not gone."""
        postings, base = self.postings[part], self.chunk_base[part]
        return bool(self.chunk_alive[postings.docs[postings.rows(term)] + np.int64(base)].any())

    def gather(self, variants: Mapping[str, float]) -> Occurrences:
        parts: list[tuple[int, Postings, slice, float]] = []
        for part, base in zip(self.postings, self.chunk_base.tolist(), strict=False):
            for term, weight in variants.items():
                at = part.words.find(term)
                if at >= 0:
                    parts.append((base, part, part.rows(at), weight))
        if not parts:
            return _NOWHERE
        docs = np.concatenate([part.docs[rows] + np.int64(base) for base, part, rows, _ in parts])
        counts = [
            np.concatenate([part.counts[field][rows] for _, part, rows, _ in parts])
            for field in range(len(FIELDS))
        ]
        shares = np.asarray([weight for *_, weight in parts], dtype=np.float32)
        if (shares == shares[0]).all():
            shares = shares[:1]
        else:
            shares = np.repeat(shares, [rows.stop - rows.start for _, _, rows, _ in parts])
        if self.masked:
            kept = self.chunk_alive[docs]
            docs, counts = docs[kept], [column[kept] for column in counts]
            shares = shares if len(shares) == 1 else shares[kept]
        return Occurrences(docs, (counts[0], counts[1], counts[2]), shares)

    def holding(self, terms: Sequence[str]) -> Int64Array:
        """The chunks that hold one of these terms in any field, ascending in each segment."""
        found: list[npt.NDArray[np.int64]] = []
        for part, base in zip(self.postings, self.chunk_base, strict=False):
            rows = [part.docs[part.rows(at)] for at in map(part.words.find, terms) if at >= 0]
            docs = rows[0] if len(rows) == 1 else np.unique(np.concatenate(rows or [_NO_CHUNKS]))
            found.append(docs + np.int64(base))
        chunks = np.concatenate(found)
        return chunks[self.chunk_alive[chunks]] if self.masked else chunks

    def held(self, term: str) -> int:
        """In how many chunks a term stands, files that are gone included."""
        count = 0
        for part in self.postings:
            at = part.words.find(term)
            if at >= 0:
                rows = part.rows(at)
                count += rows.stop - rows.start
        return count

    def locate(self, chunk: int) -> tuple[Segment, int]:
        """The segment of a chunk and its number there."""
        at = int(np.searchsorted(self.chunk_base, chunk, side="right")) - 1
        return self.segments[at], chunk - int(self.chunk_base[at])

    def locate_file(self, file: int) -> tuple[Segment, int]:
        at = int(np.searchsorted(self.file_base, file, side="right")) - 1
        return self.segments[at], file - int(self.file_base[at])


def _bases(sizes: Sequence[int]) -> Int64Array:
    return np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)


def _norm(length: npt.NDArray[Any], alive: BoolArray, b: float) -> Float32Array:
    living = length[alive]
    mean = float(living.mean()) if len(living) else 1.0
    return (1.0 - b + b * length / max(mean, 1.0)).astype(np.float32)
