"""What the words of a question say of chunks and files: BM25F, exact for the best of them.

A word that many chunks hold says little. Where only the best chunks are wanted, lists are read from
the shortest on, and of a long one only those chunks whose score may still reach the best: all that
the lists not yet read could add is known (MaxScore; Turtle, Flood 1995). Scores of the best are the
same as if all was read; those of others may lack what could not have brought them among the best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlm_crystal.counting import Int64Array
from rlm_crystal.postings import inverse_frequency
from rlm_crystal.query import Group
from rlm_crystal.rank import Float64Array, Weights
from rlm_crystal.segment import BoolArray
from rlm_crystal.view import Float32Array, Occurrences, View

# Shorter lists are read faster than it is told which of their chunks may come among the best.
LONG = 50_000

_BODY = 2
# Below this share of all chunks, those that hold a word are sorted rather than counted into all.
_FEW = 16
_SAMPLED = 32
# What rounding may have taken from a sum.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Lexical:
    """BM25F sums of files, what their paths and names alone say, and of chunks the share of the
    question that one holds word for word, each word as rare as it is.
    """

    covered: Float64Array
    files: Float64Array
    paths: Float64Array
    names: Float64Array


@dataclass(frozen=True, slots=True)
class Best:
    """Only the scores of so many best of these chunks are wanted."""

    count: int
    among: BoolArray
    long: int = LONG


@dataclass(frozen=True, slots=True)
class _List:
    """Where a group occurs; `held` chunks hold it, and none gains more than `most` by it.

    `in_order` says that chunks ascend and none repeats.
    """

    group: Group
    found: Occurrences
    files: Int64Array
    in_order: bool
    held: int
    most: float


@dataclass(frozen=True, slots=True)
class LexicalChunks:
    """BM25F sums of the chunks; the rest is asked only of those that came out best."""

    chunks: Float64Array
    _view: View
    _weights: Weights
    _lists: tuple[_List, ...]

    def of(self, rows: Int64Array, wanted: BoolArray) -> Lexical:
        """What these chunks cover and the wanted files say; 0 for all others."""
        view, weights = self._view, self._weights
        numbers = np.flatnonzero(wanted)
        place = np.cumsum(wanted) - 1
        files, paths, names = (np.zeros(len(numbers)) for _ in range(3))
        alive = int(view.file_alive.sum())
        for each in self._lists:
            listed = np.flatnonzero(wanted[each.files])
            file = each.files[listed]
            own = place[file]
            path, name, body = (
                _summed(each.found.amounts(field, listed) / norm[file], own, len(numbers))
                for field, norm in enumerate(view.file_norms)
            )
            whole = weights.path * path + weights.name * name + weights.body * body
            for sums, amounts, field in ((files, whole, None), (paths, path, 0), (names, name, 1)):
                held = _files_holding(each, field, view.file_count)
                sums += each.group.weight * _saturated(amounts, held, alive, weights.k1)
        spread = np.zeros((3, view.file_count))
        spread[:, numbers] = files, paths, names
        return Lexical(self._covered(rows), spread[0], spread[1], spread[2])

    def _covered(self, rows: Int64Array) -> Float64Array:
        view = self._view
        covered = np.zeros(view.chunk_count)
        alive = int(view.chunk_alive.sum())
        for each in self._lists:
            exact = view.holding(each.group.exact)
            if len(exact):
                at = np.minimum(np.searchsorted(exact, rows), len(exact) - 1)
                held = rows[exact[at] == rows]
                covered[held] += each.group.weight * inverse_frequency(len(exact), alive)
        return covered


def lexical(
    view: View, groups: Sequence[Group], weights: Weights, *, best: Best | None = None
) -> LexicalChunks:
    """The scores of all chunks that hold a word of a group; with `best`, those of the best."""
    alive = int(view.chunk_alive.sum())
    lists = [made for group in groups if (made := _list(view, group, alive)) is not None]
    chunks = np.zeros(view.chunk_count)
    turns = lists
    if best is not None and any(len(each.found.docs) > best.long for each in lists):
        turns = sorted(lists, key=lambda each: len(each.found.docs))
    hopeful: BoolArray | None = None
    for at, each in enumerate(turns):
        docs = each.found.docs
        rows: Int64Array | slice = slice(None)
        if best is not None and len(docs) > best.long:
            if hopeful is None:
                hopeful = _hopeful(chunks, best, sum(other.most for other in turns[at:]))
            if hopeful is not None:
                rows = np.flatnonzero(hopeful[docs])
                docs = docs[rows]
        held, amounts = _gathered(
            _in_chunks(view, each.found, rows, weights), docs, view.chunk_count, each.in_order
        )
        chunks[held] += each.group.weight * _saturated(amounts, each.held, alive, weights.k1)
    return LexicalChunks(chunks, view, weights, tuple(lists))


def border_of(values: Float64Array, count: int) -> float:
    """The least of the `count` best of these values, of which there are more."""
    # Of many, most are told by a sample to lie below; to part them all takes ten times as long.
    sample = values[::_SAMPLED]
    wanted = 2 * count // _SAMPLED + _SAMPLED
    if len(sample) > wanted:
        above = values[values >= np.partition(sample, -wanted)[-wanted]]
        values = above if len(above) >= count else values
    return float(np.partition(values, -count)[-count])


def _list(view: View, group: Group, alive: int) -> _List | None:
    found = view.gather(group.variants)
    docs = found.docs
    if not len(docs):
        return None
    in_order = bool((docs[1:] > docs[:-1]).all())
    held = len(docs) if in_order else _distinct(docs, view.chunk_count)
    most = group.weight * inverse_frequency(held, alive)
    return _List(group, found, view.chunk_file[docs], in_order, held, most)


def _hopeful(chunks: Float64Array, best: Best, left: float) -> BoolArray | None:
    """The chunks that may still come among the best, where lists not yet read add less than `left`
    to each; None while any may."""
    left *= 1 + _SLACK
    if float(chunks.max()) <= left:
        return None
    # What the best have more than all that is left is worth, they have more than any other chunk.
    values = chunks[(chunks > left) & best.among]
    if len(values) <= best.count:
        return None
    return chunks >= border_of(values, best.count) - left


def _in_chunks(
    view: View, found: Occurrences, rows: Int64Array | slice, weights: Weights
) -> Float32Array:
    """How often a group stands in these rows, each field weighed and relative to its length."""
    docs = found.docs[rows]
    summed = np.zeros(len(docs), dtype=np.float32)
    for field, weight in enumerate((weights.path, weights.name, weights.body)):
        some, own = slice(None), rows
        if field != _BODY:
            # Most terms stand in few paths and names, and in the bodies of most that hold them.
            some = np.flatnonzero(found.counts[field][rows] > 0)
            own = some if isinstance(rows, slice) else rows[some]
        norm = view.chunk_norms[field][docs[some]]
        summed[some] += np.float32(weight) * found.amounts(field, own) / norm
    return summed


def _summed(amounts: Float32Array, at: Int64Array, size: int) -> Float64Array:
    return np.asarray(np.bincount(at, weights=amounts, minlength=size), dtype=np.float64)


def _gathered(
    amounts: Float32Array, at: Int64Array, size: int, in_order: bool
) -> tuple[Int64Array, Float64Array]:
    """The places where something stands, ascending, and how much; of a million most are empty."""
    if in_order:
        return at, amounts.astype(np.float64)
    if len(at) < size // _FEW:
        order = np.argsort(at, kind="stable")
        ordered = at[order]
        first = np.flatnonzero(np.diff(ordered, prepend=-1))
        if not len(first):
            return ordered, np.zeros(0)
        return ordered[first], np.add.reduceat(amounts[order].astype(np.float64), first)
    summed = _summed(amounts, at, size)
    places = np.flatnonzero(summed > 0.0)
    return places, summed[places]


def _files_holding(each: _List, field: int | None, size: int) -> int:
    """How many files hold something in this field, or in any: a list names none that does not."""
    files = each.files
    if field is not None:
        files = files[np.flatnonzero(each.found.counts[field] > 0)]
    if each.in_order:
        return int(np.count_nonzero(files[1:] != files[:-1])) + bool(len(files))
    return _distinct(files, size)


def _distinct(numbers: Int64Array, size: int) -> int:
    there = np.zeros(size, dtype=np.bool_)
    there[numbers] = True
    return int(np.count_nonzero(there))


def _saturated(counts: Float64Array, held: int, total: int, k1: float) -> Float64Array:
    """BM25 of one group, which `held` of `total` documents hold; `counts` are relative to the
    length of what they are counted in."""
    return inverse_frequency(held, total) * counts / (counts + k1)
