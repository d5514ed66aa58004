"""What holds on macOS and Windows, shown on a Python that has been made to look like theirs.

A stand-in for those systems, no proof: it shows that nothing is imported or called that they lack.
"""

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

other_systems = pytest.mark.parametrize("system", ["darwin", "win32"])


def run_as(system: str, *arguments: str | Path, home: Path) -> Ran:
    done = subprocess.run(
        [sys.executable, "-I", OTHER_SYSTEM, system, *map(str, arguments)],
        env={**plain_environment(os.environ), "RLM_HOME": str(home)},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@other_systems
def test_every_module_can_be_imported(system: str, home: Path) -> None:
    ran = run_as(system, "--import-all", home=home)
    assert ran.code == 0, ran.err
    modules = {
        found.name
        for room in ROOMS
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    }
    assert set(ran.out.split()) == modules


@other_systems
def test_a_repository_is_indexed_and_searched_and_a_question_refused_with_what_works_here(
    system: str, home: Path, repository: Path
) -> None:
    indexed = run_as(system, "index", "--root", repository, "--json", home=home)
    assert indexed.code == 0, indexed.err
    found = run_as(system, "search", "sum the prices", "--root", repository, "--json", home=home)
    assert found.code == 0, found.err
    assert "shop/cart.py" in [result["path"] for result in found.json["results"][:2]]
    asked = run_as(system, "ask", "what does pay return", "--root", repository, home=home)
    assert (asked.code, asked.out) == (1, "")
    assert "cannot be answered on this machine: wasmtime, componentize-py missing" in asked.err
    assert "needs the WebAssembly backend: pip install 'rlm-mcp[wasm]'" in asked.err
    assert "the rest works here" in asked.err


@other_systems
def test_doctor_names_the_sandbox_as_missing_and_all_else_as_working(
    system: str, home: Path
) -> None:
    ran = run_as(system, "doctor", "--json", home=home)
    assert ran.code == 0, ran.err
    wrong = {finding["part"] for finding in ran.json["findings"] if not finding["ok"]}
    # Our script has not the name here that Windows gives it; the rest is of this very machine.
    aside = {"python", "watch", "disk", *(part for part in wrong if part.startswith("client "))}
    assert wrong - aside == {"sandbox"}
