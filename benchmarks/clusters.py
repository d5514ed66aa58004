"""How a corpus falls into clusters: number, size, noise, CPU, and whether they mean anything.

    python benchmarks/clusters.py ROOT [ROOT ...]

For each root: what ships, also as it is where points are too many for HDBSCAN and only a part of
them is clustered; and what it is compared with: HDBSCAN straight on the chunk vectors, and on them
after PCA. Agreement is that of the clustered chunks' labels with their folders, down to the
third level. Folders are among the features of what ships, so its agreement is partly by design.
Two measures are not: files that commits changed together, in a git repository, are they in one
cluster more often than files that were not; and do chunks stay together when a tenth of the files
is added.
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import hdbscan
import numpy as np
from rlm_crystal.assemble import embedding_text
from rlm_crystal.chunk import parse
from rlm_crystal.cluster import CLUSTER_SIZE_MIN, cluster_chunks
from rlm_crystal.embed import static_embedder
from rlm_crystal.history import history_of
from rlm_crystal.points import points_of, reduce
from rlm_crystal.reading import read
from rlm_crystal.types import Chunk, Document
from rlm_crystal.walk import walk
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

STRAIGHT_CHUNKS_MAX = 5_000
SAMPLED = (2, 4)
# Larger commits pair files that have little to do with each other.
PAIRED_MAX = 6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("roots", type=Path, nargs="+")
    for root in arguments.parse_args().roots:
        chunks = chunks_of(root)
        started = time.process_time()
        vectors = static_embedder().embed([embedding_text(chunk) for chunk in chunks])
        print(f"{root.name}: {len(chunks)} chunks, {_since(started)} to embed")
        started = time.process_time()
        clustering = cluster_chunks(chunks, vectors)
        report("ours", chunks, clustering.labels, started)
        changed_together(root, chunks, clustering.nearest)
        with_a_tenth_added(chunks, vectors, clustering.labels)
        for part in SAMPLED:
            started = time.process_time()
            points_max = -(-len(points_of(chunks, vectors).features) // part)
            sampled = cluster_chunks(chunks, vectors, points_max=points_max)
            report(f"ours, 1 of {part} points, the rest assigned", chunks, sampled.labels, started)
            both = (clustering.labels >= 0) & (sampled.labels >= 0)
            pair = clustering.labels[both], sampled.labels[both]
            print(
                f"    of chunks in a cluster of both ({both.mean():.2f} of all), ARI"
                f" {adjusted_rand_score(*pair):.2f}, NMI {normalized_mutual_info_score(*pair):.2f}"
            )
        few = np.random.default_rng(0).permutation(len(chunks))[:STRAIGHT_CHUNKS_MAX]
        some = [chunks[at] for at in few]
        for name, rows in (("PCA 16", reduce(vectors[few], 16)), ("straight", vectors[few])):
            started = time.process_time()
            model = hdbscan.HDBSCAN(min_cluster_size=CLUSTER_SIZE_MIN, core_dist_n_jobs=1)
            labels = model.fit_predict(rows.astype(np.float64))
            report(f"{name}, {len(few)} chunks", some, labels, started)


def chunks_of(root: Path) -> list[Chunk]:
    documents = [read(source) for source in walk([root]).sources]
    return [
        chunk
        for document in documents
        if isinstance(document, Document)
        for chunk in parse(document).chunks
    ]


def report(name: str, chunks: Sequence[Chunk], labels: np.ndarray, started: float) -> None:
    spent = _since(started)
    inside = labels >= 0
    folders = np.asarray(["/".join(chunk.path.split("/")[:-1][:3]) for chunk in chunks])[inside]
    sizes = np.bincount(labels[inside], minlength=1)
    print(
        f"  {name}: {labels.max() + 1} clusters, noise {1 - inside.mean():.2f}, "
        f"largest {sizes.max() / len(labels):.3f}, median {np.median(sizes):.0f}, "
        f"ARI {adjusted_rand_score(folders, labels[inside]):.2f}, "
        f"NMI {normalized_mutual_info_score(folders, labels[inside]):.2f}, {spent}",
        flush=True,
    )


def changed_together(root: Path, chunks: Sequence[Chunk], labels: np.ndarray) -> None:
    """How often two files of one commit are in one cluster, beside any two files that changed.

    A file counts as the cluster that most of its chunks are nearest to. The same for folders.
    """
    history = history_of([root])
    votes: defaultdict[str, Counter[int]] = defaultdict(Counter)
    listed: list[int] = labels.tolist()
    for chunk, label in zip(chunks, listed, strict=True):
        votes[chunk.path][label] += 1
    cluster_of = {path: count.most_common(1)[0][0] for path, count in votes.items()}
    paths = list(history.paths)
    starts: list[int] = history.starts.tolist()
    changed: list[int] = history.changed.tolist()
    commits = [
        [path for at in changed[low:high] if (path := paths[at]) in cluster_of]
        for low, high in pairwise(starts)
    ]
    pairs = [
        pair for files in commits if len(files) <= PAIRED_MAX for pair in combinations(files, 2)
    ]
    if not pairs:
        return
    ends: list[int] = np.random.default_rng(0).permutation(len(pairs)).tolist()
    apart = [(pairs[at][0], pairs[to][1]) for at, to in enumerate(ends)]
    apart = [pair for pair in apart if pair[0] != pair[1]]
    folder_of = {path: path.rpartition("/")[0] for path in cluster_of}
    same: dict[str, Mapping[str, int | str]] = {
        "one cluster": dict(cluster_of), "one folder": dict(folder_of),
    }  # fmt: skip
    told = [
        f"{name} {_shared(pairs, of):.3f} of {len(pairs)} pairs against {_shared(apart, of):.3f}"
        for name, of in same.items()
    ]
    print(f"    changed together: {', '.join(told)}", flush=True)


def with_a_tenth_added(chunks: Sequence[Chunk], vectors: np.ndarray, labels: np.ndarray) -> None:
    """Clusters nine tenths of the files and compares with those of all."""
    files = sorted({chunk.path for chunk in chunks})
    order: list[int] = np.random.default_rng(0).permutation(len(files)).tolist()
    kept = {files[at] for at in order[: len(files) * 9 // 10]}
    rows = [at for at, chunk in enumerate(chunks) if chunk.path in kept]
    before = cluster_chunks([chunks[at] for at in rows], vectors[rows]).labels
    both = (before >= 0) & (labels[rows] >= 0)
    pair = before[both], labels[rows][both]
    print(
        f"    a tenth of the files added: of chunks in a cluster of both ({both.mean():.2f}),"
        f" ARI {adjusted_rand_score(*pair):.2f}, NMI {normalized_mutual_info_score(*pair):.2f}",
        flush=True,
    )


def _shared(pairs: Sequence[tuple[str, str]], of: Mapping[str, int | str]) -> float:
    return sum(of[first] == of[second] for first, second in pairs) / max(len(pairs), 1)


def _since(started: float) -> str:
    return f"{time.process_time() - started:.1f} s CPU"


if __name__ == "__main__":
    main()
