"""A sample of benchmarks/kill.py, which kills each command at fifty instants."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from kill import kill_all


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_what_a_killed_build_and_a_killed_rotation_leave_opens_and_can_be_built_upon(
    tmp_path: Path,
) -> None:
    found = list(kill_all(tmp_path, ["rebuild", "rotate"], runs=1, seed=0))
    assert [(each.act, each.kills, each.wrong) for each in found] == [
        ("rebuild", 1, []),
        ("rotate", 1, []),
    ]
