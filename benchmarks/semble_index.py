"""What the index of semble costs, for the ratio to ours: run by a Python that has it.

    python -m venv PEER && PEER/bin/pip install semble
    PEER/bin/python benchmarks/semble_index.py --root DIR [--all]

Its model has to be downloaded; a table of random vectors of the same size stands in for it, under
the vocabulary that we ship, so what is found is worthless and what it costs is not. `--all` indexes
documents and configuration as well, as ours does; by itself it takes code only.
"""

from __future__ import annotations

import argparse
import os
import resource
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

VOCABULARY = Path(__file__).parent.parent / "crystal/rlm_crystal/data/vocabulary.txt"
DIMENSIONS = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    model, peer = _model(), _of("semble.index.index")
    peer.load_model = lambda _path=None: (model, "random")
    content = peer._ALL_CONTENT if options.all else peer._DEFAULT_CONTENT
    index = peer.SembleIndex.from_path(options.root, content=content)
    times = os.times()
    cpu_s = times.user + times.system + times.children_user + times.children_system
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(index.chunks):,} chunks: CPU {cpu_s:.1f} s, most RSS {most_mb:.0f} MB")


def _model() -> Any:
    tokenizers = _of("tokenizers")
    words = dict.fromkeys([*VOCABULARY.read_text(encoding="utf-8").split("\n"), "[UNK]", "[PAD]"])
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordPiece({word: at for at, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    table = np.random.default_rng(0).standard_normal((len(words), DIMENSIONS))
    return _of("model2vec").StaticModel(table.astype(np.float32), tokenizer)


def _of(module: str) -> Any:
    """A module of the peer's Python, which ours lacks."""
    return import_module(module)


if __name__ == "__main__":
    main()
