from pathlib import Path

from rlm_crystal.build import build, refresh
from rlm_crystal.crystal import Crystal

COMMON = "def shared_helper(value):\n    return value.strip()\n\n\ndef unused():\n    return 1\n"


def made(root: Path) -> Crystal:
    (root / "lib").mkdir(parents=True)
    (root / "lib/common.py").write_text(COMMON, encoding="utf-8")
    for at in range(8):
        (root / f"lib/user_{at}.py").write_text(
            f'"""Bakes bread number {at} in the oven."""\n'
            "from lib.common import shared_helper\n\n\n"
            f"def bake_{at}(dough):\n    return shared_helper(dough)\n",
            encoding="utf-8",
        )
    (root / "lib/alone.py").write_text(
        "def lonely_planet(orbit):\n    return [orbit.moon for moon in orbit]\n", encoding="utf-8"
    )
    return build([root], workers=0)


def test_what_many_refer_to_is_the_most_central(tmp_path: Path) -> None:
    crystal = made(tmp_path / "corpus")
    segment, landmarks = crystal.segments[0], crystal.clusters.get().landmarks
    paths = list(segment.paths)
    assert paths[int(landmarks.file_rank.argmax())] == "lib/common.py"
    table = segment.graph.get()
    best = int(landmarks.definition_rank.argmax())
    assert table.names[int(table.definitions.symbol[best])] == "shared_helper"
    assert abs(float(landmarks.file_rank.sum()) - 1) < 1e-5


def test_a_map_tells_the_central_first_and_follows_a_question(tmp_path: Path) -> None:
    crystal = made(tmp_path / "corpus")
    whole = crystal.map(120)
    assert "common.py" in whole.split("\n- ")[1]
    asked = crystal.map(120, "lonely planet")
    assert "alone.py" in asked.split("\n- ")[1]
    assert crystal.map(120) == whole


def test_the_map_shows_changed_files_as_they_are_now(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    crystal = made(root)
    (root / "lib/alone.py").write_text("def crowded_star(orbit):\n    return 1\n", encoding="utf-8")
    (root / "lib/user_3.py").unlink()
    (root / "lib/newcomer.py").write_text("def arrives_late():\n    return 1\n", encoding="utf-8")
    text = refresh(crystal).map(4_000)
    assert "crowded_star" in text
    assert "arrives_late" in text
    assert "lonely_planet" not in text
    assert "user_3.py" not in text
    assert text.startswith("# Map of 10 files")


def test_telling_words_are_those_that_few_files_share(tmp_path: Path) -> None:
    crystal = made(tmp_path / "corpus")
    segment, landmarks = crystal.segments[0], crystal.clusters.get().landmarks
    words = segment.postings.get().words
    file = segment.paths.find("lib/user_0.py")
    low, high = landmarks.starts[file : file + 2].tolist()
    listed: list[int] = landmarks.words[low:high].tolist()
    told = [words[at] for at in listed]
    assert {"bread", "oven"} <= set(told)
    assert "the" not in told
