"""A sample of benchmarks/kill.py, which kills each command at fifty instants."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kill.py"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_what_a_killed_build_leaves_opens_and_can_be_built_upon() -> None:
    ran = subprocess.run(
        [sys.executable, "-P", SCRIPT, "--runs", "1", "--acts", "rebuild", "--json"],
        capture_output=True,
        text=True,
    )
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(each["act"], each["kills"], each["wrong"]) for each in found] == [("rebuild", 1, [])]
    assert ran.returncode == 0
