"""What the map of the page is drawn from: areas, groups, files in parts."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rlm_crystal.atlas import Atlas, AtlasCluster, AtlasFile, Part
from rlm_crystal.build import build
from rlm_server.ui.areas import AREAS_MAX, area_of, areas_of
from rlm_server.ui.picture import picture_of

NAMES = st.sampled_from(["a", "b", "c", "d e", "é"])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)


@given(st.dictionaries(PATHS, st.floats(0.1, 1e6), max_size=25))
def test_every_path_lies_in_one_of_few_areas_and_no_area_is_empty(sizes: dict[str, float]) -> None:
    areas = areas_of(sizes)
    assert len(areas) == len(set(areas)) <= AREAS_MAX
    assert {area_of(path, areas) for path in sizes} <= {*areas, ""}
    for path in sizes:
        area = area_of(path, areas)
        assert not area or path.startswith(f"{area}/")


def test_the_largest_folders_become_areas_and_small_ones_stay_with_the_one_above() -> None:
    sizes = {"src/core/a.py": 50.0, "src/web/b.py": 40.0, "docs/c.md": 30.0, "tiny/d.py": 0.1}
    assert areas_of(sizes) == ["src/core", "src/web", "docs", ""]
    assert area_of("src/new.py", areas_of(sizes)) == ""


def a_file(path: str, *parts: tuple[int, int]) -> AtlasFile:
    whole = sum(lines for _, lines in parts)
    held = tuple(Part(*part) for part in parts)
    return AtlasFile(path, "python", "source", whole, 5_000_000_000, 0.5, held)


def test_a_file_in_two_clusters_has_a_part_in_each() -> None:
    clusters = tuple(AtlasCluster(title, (title,), title, near) for title, near in
                     (("first", (1,)), ("second", (0,)), ("gone", ())))  # fmt: skip
    drawn = picture_of(
        Atlas((a_file("a/x.py", (0, 7), (1, 3)), a_file("b/y.py", (1, 9))), clusters)
    )
    assert [group["title"] for group in drawn["groups"]] == ["second", "first"]
    assert [group["near"] for group in drawn["groups"]] == [[1], [0]]
    assert drawn["parts"] == {"file": [0, 0, 1], "group": [1, 0, 0], "lines": [7, 3, 9]}
    assert drawn["files"]["changed"] == [5, 5]


def test_what_no_cluster_holds_is_grouped_by_its_folder() -> None:
    drawn = picture_of(Atlas((a_file("a/x.py", (-1, 7)), a_file("b/y.py", (-1, 9))), ()))
    areas = [area["name"] for area in drawn["areas"]]
    assert [areas[group["area"]] for group in drawn["groups"]] == ["b", "a"]


def test_an_empty_corpus_has_an_empty_picture() -> None:
    drawn = picture_of(Atlas((), ()))
    assert drawn["areas"] == drawn["groups"] == drawn["files"]["path"] == []


def test_the_atlas_of_a_corpus_holds_each_file_with_all_of_its_lines(repository: Path) -> None:
    crystal = build([repository])
    (repository / "shop" / "late.py").write_text("def late() -> int:\n    return 1\n")
    atlas = crystal.atlas()
    assert {file.path for file in atlas.files} <= {entry.path for entry in crystal.files}
    assert {"shop/cart.py", "README.md"} <= {file.path for file in atlas.files}
    for file in atlas.files:
        assert 0 < file.weight <= 1
        assert 0 < sum(part.lines for part in file.parts) <= file.lines + 1
