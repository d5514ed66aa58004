import warnings
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rlm_crystal.density import Selection, density_clusters

LIBRARY_NAME: dict[Selection, str] = {"excess of mass": "eom", "leaves": "leaf"}


def blobs(count: int, *, kinds: int, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((kinds, 6)) * 3
    rows = centres[chance.integers(kinds, size=count)] + chance.standard_normal((count, 6))
    return rows.astype(np.float32)


def groups(labels: np.ndarray[Any, Any]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


@pytest.mark.parametrize("selection", ["excess of mass", "leaves"])
@pytest.mark.parametrize(("count", "kinds", "cap"), [(40, 1, 40), (300, 4, 300), (700, 9, 60)])
def test_the_clusters_are_those_of_the_hdbscan_package(
    selection: Literal["excess of mass", "leaves"], count: int, kinds: int, cap: int
) -> None:
    rows = blobs(count, kinds=kinds, seed=count)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library: Any = pytest.importorskip("hdbscan")
        model: Any = library.HDBSCAN(
            min_cluster_size=5,
            min_samples=1,
            cluster_selection_method=LIBRARY_NAME[selection],
            max_cluster_size=cap if selection == "excess of mass" else 0,
        ).fit(rows.astype(np.float64))
    labels, strength = density_clusters(rows, size_min=5, size_max=cap, selection=selection)
    assert groups(labels) == groups(model.labels_)
    np.testing.assert_allclose(strength, model.probabilities_, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 80), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_copies_of_points_give_a_sound_clustering(count: int, kinds: int, seed: int) -> None:
    rows = np.repeat(blobs(count, kinds=kinds, seed=seed), 3, axis=0)
    labels, strength = density_clusters(rows, size_min=5, size_max=50, selection="excess of mass")
    sizes = np.bincount(labels[labels >= 0])
    assert not len(sizes) or (sizes.min() >= 5 and sizes.max() <= 50)
    assert np.all((strength >= 0) & (strength <= 1))
    assert not strength[labels < 0].any()


def test_one_dense_group_in_thin_noise_is_found() -> None:
    chance = np.random.default_rng(5)
    rows = np.vstack(
        [
            chance.uniform(-50, 50, (40, 3)),
            chance.normal(0, 0.1, (30, 3)),
            chance.normal(9, 0.1, (20, 3)),
        ]
    ).astype(np.float32)
    labels, _ = density_clusters(rows, size_min=5, size_max=90, selection="excess of mass")
    assert frozenset(range(40, 70)) in groups(labels)
    assert frozenset(range(70, 90)) in groups(labels)
