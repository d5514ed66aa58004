from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rlm_crystal import build as building
from rlm_crystal.build import build, refresh
from rlm_crystal.cluster_drift import ClusterDrift
from rlm_crystal.codec import from_pages, to_pages
from rlm_crystal.crystal import Crystal

TOPICS = {
    "shop": "cart basket item price checkout total discount",
    "net": "socket request header response status url proxy",
    "ui": "canvas color brush pixel draw shape gradient",
}
QUESTIONS = ("cart total", "request header", "draw a shape", "part_3", "where is the discount")


def text(topic: str, number: int) -> str:
    words = TOPICS[topic].split()
    body = "".join(
        f"\n\ndef {words[(number + at) % 7]}_{number}():\n    return '{words[at]}'\n"
        for at in range(3)
    )
    return f'"""Part {number}: {TOPICS[topic]}."""\n{body}'


def write(root: Path, path: str, content: str) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content, encoding="utf-8")


def made(root: Path) -> Crystal:
    for topic in TOPICS:
        for number in range(7):
            write(root, f"{topic}/part_{number}.py", text(topic, number))
    return build([root], workers=0)


def answers(crystal: Crystal) -> list[list[tuple[str, int, float]]]:
    return [
        [(hit.path, hit.start_line, round(hit.score, 6)) for hit in crystal.search(question)]
        for question in QUESTIONS
    ]


Edit = tuple[str, str, int, int]
_EDITS = st.tuples(
    st.sampled_from(["write", "remove", "move"]),
    st.sampled_from(list(TOPICS)),
    st.integers(0, 9),
    st.integers(0, 99),
)


def apply(root: Path, edit: Edit) -> None:
    act, topic, number, value = edit
    path = root / topic / f"part_{number}.py"
    if act == "write":
        write(root, f"{topic}/part_{number}.py", text(topic, value))
    elif path.exists() and act == "remove":
        path.unlink()
    elif path.exists():
        path.rename(root / topic / f"moved_{value}.py")


@settings(max_examples=3, deadline=None)
@given(st.lists(st.lists(_EDITS, min_size=1, max_size=4), min_size=1, max_size=4), st.booleans())
@example([[("remove", "net", 3, 0), ("remove", "shop", 3, 0), ("move", "ui", 3, 0)]], False)
def test_after_any_edits_the_crystal_answers_as_a_fresh_one(
    bursts: list[list[Edit]], folds: bool
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder)
        if folds:
            patch.setattr(building, "OVERLAY_FILES_MAX", 1)
            patch.setattr(building, "OVERLAY_SHARE_MAX", 0.0)
        crystal = made(root)
        for burst in bursts:
            for edit in burst:
                apply(root, edit)
            # Sizes and times may be those of before; content decides.
            crystal = refresh(crystal, paths=list(root.rglob("*.py")) + _gone(crystal, root))
        fresh = build([root], workers=0)
        assert crystal.files == fresh.files
        assert answers(crystal) == answers(fresh)
        assert len(crystal.cluster_labels()) == sum(s.chunk_count for s in crystal.segments)
        named = crystal.map(20_000)
        assert all(entry.path.rpartition("/")[2] in named for entry in crystal.files)
        again = build([root], previous=crystal, workers=0)
        assert again.cluster_drift == ClusterDrift()
        assert to_pages(replace(again, generation=1)) == to_pages(replace(fresh, generation=1))


def _gone(crystal: Crystal, root: Path) -> list[Path]:
    return [root / entry.path for entry in crystal.files if not (root / entry.path).exists()]


def test_an_edit_drifts_and_a_full_build_repairs_it(tmp_path: Path) -> None:
    crystal = made(tmp_path)
    assert crystal.cluster_drift == ClusterDrift()
    assert crystal.files_unclustered == 0
    write(tmp_path, "shop/stranger.py", "def zebra():\n    return 'savanna grass'\n")
    (tmp_path / "net/part_0.py").unlink()
    later = refresh(crystal)
    assert later.files_unclustered == 1
    assert 0 < later.cluster_drift.assigned < 0.1
    assert later.cluster_drift.gone > 0
    assert later.cluster_drift.looser > 0
    repaired = build([tmp_path], previous=later, workers=0)
    assert (repaired.cluster_drift, repaired.files_unclustered) == (ClusterDrift(), 0)


def test_many_edits_folded_in_keep_the_clusters_of_what_stayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crystal = made(tmp_path)
    monkeypatch.setattr(building, "OVERLAY_FILES_MAX", 1)
    monkeypatch.setattr(building, "OVERLAY_SHARE_MAX", 0.0)
    for number in range(3):
        write(tmp_path, f"ui/early_{number}.py", text("ui", 40 + number))
    folded = refresh(crystal)
    assert len(folded.segments) == 1
    assert folded.files_unclustered == 3
    assert folded.cluster_drift.assigned > 0
    before, after = labels_by_place(crystal), labels_by_place(folded)
    assert all(after[place] == label for place, label in before.items())
    assert len(after) > len(before)
    ranks = folded.clusters.get().landmarks.file_rank
    np.testing.assert_array_equal(
        ranks, build([tmp_path], workers=0).clusters.get().landmarks.file_rank
    )
    back = from_pages(to_pages(folded).__getitem__)
    assert back.cluster_drift == folded.cluster_drift
    assert back.files_unclustered == 3
    assert back.map(2_000) == folded.map(2_000)


def labels_by_place(crystal: Crystal) -> dict[tuple[str, int], int]:
    segment = crystal.segments[0]
    labels: list[int] = crystal.clusters.get().clustering.labels.tolist()
    files: list[int] = segment.chunks.file.tolist()
    lines: list[int] = segment.chunks.start_line.tolist()
    return {
        (segment.paths[file], line): label
        for file, line, label in zip(files, lines, labels, strict=True)
    }
