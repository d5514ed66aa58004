"""A sample of benchmarks/fuzz.py, which sends a thousand frames and more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")
def test_a_server_that_is_sent_random_frames_answers_what_it_must_and_stays_well() -> None:
    ran = subprocess.run(
        [sys.executable, SCRIPT, "--stdio", "75", "--era", "legacy", "--seed", "5", "--json"],
        capture_output=True,
        text=True,
    )
    found = json.loads(ran.stdout)
    assert (found["frames"], found["wrong"]) == (75, [])
    assert ran.returncode == 0
