import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import rlm_crystal
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal import points
from rlm_crystal.chunk import parse
from rlm_crystal.cluster import Clustering, assign, cluster_chunks
from rlm_crystal.embed import static_embedder
from rlm_crystal.points import Floats
from rlm_crystal.reading import read
from rlm_crystal.types import Chunk, Document
from rlm_crystal.walk import walk

TOPICS = {
    "shop/cart": "cart basket item price checkout total discount",
    "net/http": "socket request header response status url proxy",
    "ui/paint": "canvas color brush pixel draw shape gradient",
    "db/sql": "table column index query join transaction rollback",
}


def made(count: int, seed: int = 0) -> list[Chunk]:
    """Chunks on four topics in four folders, a few of them to a file."""
    chance = random.Random(seed)
    chunks: list[Chunk] = []
    for at in range(count):
        folder = list(TOPICS)[at % len(TOPICS)]
        words = " ".join(chance.choices(TOPICS[folder].split(), k=12))
        path = f"{folder}/part{at // 24}.py"
        chunks.append(Chunk(path, at, at + 3, "python", "function", f"f{at}", "", "", words))
    return chunks


def embedded(chunks: Sequence[Chunk]) -> Floats:
    return static_embedder().embed([f"{chunk.path} {chunk.text}" for chunk in chunks])


def own_source() -> list[Chunk]:
    sources = walk([Path(rlm_crystal.__file__).parent]).sources
    documents = [document for document in map(read, sources) if isinstance(document, Document)]
    return [chunk for document in documents for chunk in parse(document).chunks]


def assert_sound(clustering: Clustering, count: int) -> None:
    assert len(clustering.labels) == len(clustering.nearest) == len(clustering.strength) == count
    inside = clustering.labels >= 0
    assert set(clustering.labels[inside].tolist()) == set(range(clustering.count))
    np.testing.assert_array_equal(clustering.nearest[inside], clustering.labels[inside])
    assert np.all((clustering.strength >= 0) & (clustering.strength <= 1))
    assert not clustering.strength[~inside].any()
    assert np.all(clustering.nearest < max(clustering.count, 0) + (clustering.count == 0))
    sizes = np.bincount(clustering.labels[inside], minlength=clustering.count)
    assert sorted(sizes, reverse=True) == sizes.tolist()


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9])
def test_a_tiny_corpus_has_no_clusters(count: int) -> None:
    chunks = made(count)
    clustering = cluster_chunks(chunks, embedded(chunks))
    assert_sound(clustering, count)
    assert clustering.count == 0
    assert clustering.nearest.tolist() == [-1] * count


def test_clusters_keep_to_their_topic() -> None:
    chunks = made(400)
    clustering = cluster_chunks(chunks, embedded(chunks))
    assert_sound(clustering, 400)
    assert clustering.count >= 4
    topics = [chunk.path.rsplit("/", 1)[0] for chunk in chunks]
    for label in range(clustering.count):
        within = [topics[at] for at in np.flatnonzero(clustering.labels == label)]
        assert max(map(within.count, within)) >= 0.9 * len(within)


def test_clusters_of_real_code_are_many_and_none_is_a_giant() -> None:
    chunks = own_source()
    clustering = cluster_chunks(chunks, embedded(chunks))
    assert_sound(clustering, len(chunks))
    sizes = np.bincount(clustering.labels[clustering.labels >= 0])
    assert clustering.count >= 10
    assert sizes.max() < 0.25 * len(chunks)
    assert clustering.noise_share < 0.4


def test_the_same_chunks_in_another_order_get_the_same_clusters() -> None:
    chunks = made(300)
    vectors = embedded(chunks)
    order = np.random.default_rng(1).permutation(len(chunks))
    first = cluster_chunks(chunks, vectors)
    second = cluster_chunks([chunks[at] for at in order], vectors[order])
    assert groups(first.labels[order]) == groups(second.labels)


def test_components_do_not_depend_on_the_order_in_which_products_are_added_up() -> None:
    random = np.random.default_rng(2)
    rows = points.unit(random.standard_normal((4_000, 64)).astype(np.float32))
    order = random.permutation(len(rows))
    np.testing.assert_array_equal(points.reduce(rows, 16)[order], points.reduce(rows[order], 16))


def groups(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


def test_identical_chunks_do_not_fail() -> None:
    chunks = made(1) * 300
    assert_sound(cluster_chunks(chunks, embedded(chunks)), 300)


def test_many_copies_among_other_chunks_do_not_fail() -> None:
    copies = [Chunk("a/copy.py", at, at, "python", "lines", "", "", "", "x") for at in range(200)]
    chunks = [*made(200), *copies]
    assert_sound(cluster_chunks(chunks, embedded(chunks)), 400)


@settings(max_examples=8)
@given(st.integers(0, 60), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_vectors_give_a_sound_clustering(count: int, kinds: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    vectors[::3] = 0
    chunks = [
        Chunk(f"{at % kinds}.c", at // kinds, at, "c", "lines", "", "", "", "")
        for at in range(count)
    ]
    assert_sound(cluster_chunks(chunks, points.unit(vectors)), count)


def test_beyond_the_limit_a_sample_is_clustered_and_the_rest_assigned() -> None:
    chunks = made(600)
    vectors = embedded(chunks)
    clustering = cluster_chunks(chunks, vectors, points_max=200)
    assert_sound(clustering, 600)
    topics = np.asarray([at % len(TOPICS) for at in range(600)])
    for label in range(clustering.count):
        within = topics[clustering.labels == label]
        assert np.bincount(within).max() >= 0.9 * len(within)
    assert clustering.noise_share < 0.5


def test_large_files_fall_into_symbols_and_small_ones_stay_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(points, "CHUNK_POINTS_MAX", 10)
    large = [
        Chunk("big.py", at, at, "python", "method", f"C{at % 2}.m{at}", "", "", "x")
        for at in range(20)
    ]
    small = [
        Chunk("small.py", at, at, "python", "method", f"C.m{at}", "", "", "y") for at in range(5)
    ]
    found = points.points_of([*large, *small], np.eye(25, dtype=np.float32))
    assert found.of_chunk.tolist() == [0, 1] * 10 + [2] * 5


def test_a_new_chunk_goes_to_the_nearest_cluster() -> None:
    chunks = made(400)
    clustering = cluster_chunks(chunks, embedded(chunks))
    fresh = made(40, seed=9)
    labels = assign(clustering.centroids, embedded(fresh))
    for chunk, label in zip(fresh, labels.tolist(), strict=True):
        members = [chunks[at].path for at in np.flatnonzero(clustering.labels == label)]
        folder = chunk.path.rsplit("/", 1)[0]
        assert sum(path.startswith(folder) for path in members) > len(members) / 2


def test_nothing_is_assigned_where_there_is_no_cluster_or_no_vector() -> None:
    assert assign(np.zeros((0, 4), np.float32), np.ones((2, 4), np.float32)).tolist() == [-1, -1]
    assert assign(np.eye(4, dtype=np.float32), np.zeros((1, 4), np.float32)).tolist() == [-1]


def test_importing_the_module_does_not_import_hdbscan() -> None:
    code = (
        "import sys; import rlm_crystal.cluster, rlm_crystal.summary, rlm_crystal.map; "
        "print(sorted({'scipy', 'sklearn', 'hdbscan'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
