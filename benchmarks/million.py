"""What a question costs over a million chunks, without a corpus of that size.

    python benchmarks/million.py --root <a folder> [--chunks 1000000] [--questions 100]

The folder is indexed once and then stands as often as it takes under as many folders: every list
of the index is as long as in a corpus of that size, while the vocabulary is that of the one copy.
Questions are those of `index.py`.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import time
from dataclasses import fields, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the console script does

import numpy as np
from index import questions_of
from rlm_crystal.build import build
from rlm_crystal.crystal import Crystal
from rlm_crystal.lazy import ready
from rlm_crystal.postings import Postings
from rlm_crystal.segment import Segment
from rlm_crystal.tables import ChunkTable, FileTable, Vectors
from rlm_crystal.texts import Texts
from rlm_crystal.words import Words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    once = build([options.root])
    questions = questions_of(once, options.questions)
    times = -(-options.chunks // once.chunk_count)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()}")
    for crystal in (once, _crystal(once, times)):
        for question in questions[:10]:
            crystal.search(question)
        took = sorted(_cpu_ms(crystal, question) for question in questions)
        p99 = took[int(0.99 * (len(took) - 1))]
        most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{crystal.chunk_count:,} chunks: CPU p50 {statistics.median(took):.0f} ms,"
            f" p99 {p99:.0f} ms; most RSS {most_mb:.0f} MB",
            flush=True,
        )


def _cpu_ms(crystal: Crystal, question: str) -> float:
    started_s = time.process_time()
    crystal.search(question)
    return 1e3 * (time.process_time() - started_s)


def _crystal(once: Crystal, times: int) -> Crystal:
    segment = _copies(once.segments[0], times)
    alive = np.ones(segment.file_count, dtype=np.bool_)
    return replace(once, segments=(segment,), alive=(alive,))


def _copies(segment: Segment, times: int) -> Segment:
    """The segment as often below folders whose names sort in that order; texts and graph once."""
    paths = [f"copy-{at:04d}/{path}" for at in range(times) for path in segment.paths]
    count = segment.file_count
    chunks = {
        field.name: np.tile(getattr(segment.chunks, field.name), times)
        for field in fields(ChunkTable)
    }
    chunks["file"] += np.repeat(np.arange(times), segment.chunk_count).astype(np.int32) * count
    files = {
        field.name: np.concatenate([getattr(segment.files, field.name)] * times)
        for field in fields(FileTable)
        if field.name != "chunk_start"
    }
    sizes = np.tile(np.diff(segment.files.chunk_start), times)
    files["chunk_start"] = np.concatenate(([0], np.cumsum(sizes))).astype(np.int32)
    vectors = segment.vectors.get()
    return replace(
        segment,
        paths=Words.of(paths),
        files=FileTable(**files),
        chunks=ChunkTable(**chunks),
        postings=ready(_repeated(segment.postings.get(), times)),
        vectors=ready(Vectors(np.tile(vectors.values, (times, 1)), np.tile(vectors.scales, times))),
        texts=_texts(segment.texts, count, times),
    )


def _texts(once: Texts, count: int, times: int) -> Texts:
    starts = [once.pages[:-1] + at * count for at in range(times)]
    return Texts(
        np.tile(once.frame_bytes, times),
        np.concatenate([*starts, [count * times]]),
        lambda number: once.page(number % once.page_count),
    )


def _repeated(once: Postings, times: int) -> Postings:
    sizes = np.diff(once.starts)
    own = np.arange(len(once.docs)) + np.repeat(once.starts[:-1] * (times - 1), sizes)
    step = np.repeat(sizes, sizes)
    docs = np.empty(len(once.docs) * times, dtype=np.int32)
    counts = [np.empty(len(docs), dtype=np.uint8) for _ in once.counts]
    for at in range(times):
        place = own + at * step
        docs[place] = once.docs + at * once.doc_count
        for column, values in zip(counts, once.counts, strict=True):
            column[place] = values
    lengths = [np.tile(length, times) for length in once.lengths]
    return Postings(
        once.words,
        once.starts * times,
        docs,
        (counts[0], counts[1], counts[2]),
        (lengths[0], lengths[1], lengths[2]),
    )


if __name__ == "__main__":
    main()
