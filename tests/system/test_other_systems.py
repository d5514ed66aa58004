"""What holds on macOS and Windows, shown on a Python that has been made to look like theirs.

A stand-in for those systems, no proof: it shows that nothing is imported or called that they lack.
"""

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
import rlm_crystal
import rlm_engine
import rlm_memory
import rlm_sandbox
import rlm_server
import rlm_tools
from command_line import Ran, plain_environment

OTHER_SYSTEM = Path(__file__).with_name("other_system.py")
ROOMS = (rlm_server, rlm_tools, rlm_engine, rlm_memory, rlm_crystal, rlm_sandbox)


def run_as(system: str, *commands: list[str | Path], home: Path) -> tuple[list[Ran], set[str]]:
    """How the commands ended in one process, and all modules, which it imported in the end."""
    done = subprocess.run(
        [sys.executable, "-I", OTHER_SYSTEM, system, json.dumps(commands, default=str)],
        env={**plain_environment(os.environ), "RLM_HOME": str(home)},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    ran, modules = json.loads(done.stdout)
    return [Ran(*each) for each in ran], set(modules)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_a_repository_is_indexed_and_searched_and_a_question_refused_with_what_works_here(
    system: str, home: Path, repository: Path
) -> None:
    rooted = ["--root", repository]
    (indexed, found, asked, doctor), modules = run_as(
        system,
        ["index", *rooted, "--json"],
        ["search", "sum the prices", *rooted, "--json"],
        ["ask", "what does pay return", *rooted],
        ["doctor", "--json"],
        home=home,
    )
    assert indexed.code == 0, indexed.err
    assert found.code == 0, found.err
    assert "shop/cart.py" in [result["path"] for result in found.json["results"][:2]]
    assert (asked.code, asked.out) == (1, "")
    assert "cannot be answered on this machine: wasmtime, componentize-py missing" in asked.err
    assert "needs the WebAssembly backend: pip install 'rlm-mcp[wasm]'" in asked.err
    assert "the rest works here" in asked.err
    only_the_sandbox_is_missing(doctor)
    assert modules == {
        found.name
        for room in ROOMS
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    }


def only_the_sandbox_is_missing(doctor: Ran) -> None:
    assert doctor.code == 0, doctor.err
    wrong = {finding["part"] for finding in doctor.json["findings"] if not finding["ok"]}
    # Our script has not the name here that Windows gives it; the rest is of this very machine.
    aside = {"python", "watch", "disk", *(part for part in wrong if part.startswith("client "))}
    assert wrong - aside == {"sandbox"}
