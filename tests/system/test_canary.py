"""Nothing of the corpus reaches the disk in clear, nor the log."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from command_line import plain_environment
from mcp import Client, StdioServerParameters
from raw_server import is_builder, raw_server
from workspace import seal

IN_TEXT, IN_PATH, IN_SYMBOL = "quizzaciouslyplain", "zephyrhaunt", "FlimmerkistenMotor"
CANARIES = (IN_TEXT, IN_PATH, IN_SYMBOL)
SHARED = Path("/dev/shm")
EVERY_KIND = ("*.page", "trace-*.sealed", "memory.sqlite3", "label")


@pytest.fixture
def canaries(repository: Path) -> Path:
    folder = repository / IN_PATH
    folder.mkdir()
    (folder / f"{IN_PATH}.py").write_text(
        f'class {IN_SYMBOL}:\n    """Is {IN_TEXT} to everyone."""\n\n'
        f"    def spin(self) -> str:\n        return {IN_TEXT!r}\n"
    )
    (repository / f"{IN_PATH}.md").write_text(f"# {IN_SYMBOL}\n\nIt is {IN_TEXT}.\n")
    return repository


def test_commands_leave_no_canary_on_disk_or_in_the_log(
    canaries: Path, home: Path, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    shared = files_below(SHARED)
    rooted = ["--root", str(canaries)]
    commands = [
        ["index", *rooted],
        ["search", f"{IN_TEXT} {IN_SYMBOL}", *rooted],
        ["ask", f"what is {IN_SYMBOL} in {IN_PATH}.py", *rooted],
        ["ask", f"where is {IN_TEXT} used", *rooted],
        ["key", "rotate"],
    ]
    in_turn = (
        "import json, sys; from rlm_server.cli import run; "
        "print([run([*command, '--verbose']) for command in json.loads(sys.argv[1])])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", in_turn, json.dumps(commands)],
        env={**plain_environment(os.environ), "RLM_HOME": str(home), "TMPDIR": str(scratch)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == str([0] * len(commands)), ran.stderr
    logs = ran.stderr
    assert all(any(home.rglob(kind)) for kind in EVERY_KIND)
    assert found_in(home, scratch) == []
    assert found_in_files(files_below(SHARED) - shared) == []
    assert [canary for canary in CANARIES if canary.lower() in logs.lower()] == []


@pytest.mark.usefixtures("indexed")  # it indexes anew in the end
@pytest.mark.asyncio
async def test_the_server_leaves_no_canary_on_disk_or_in_the_log(
    canaries: Path, home: Path, tmp_path: Path, server: StdioServerParameters
) -> None:
    scratch = anyio.Path(tmp_path / "scratch")
    await scratch.mkdir()
    started = server.model_copy(
        update={
            "args": [*server.args, "--verbose"],
            "env": {**(server.env or {}), "TMPDIR": str(scratch)},
        }
    )
    path = f"{IN_PATH}/{IN_PATH}.py"
    with anyio.fail_after(60):
        async with Client(started) as client:
            for name, arguments in (
                ("rlm_search", {"query": f"{IN_TEXT} {IN_SYMBOL}"}),
                ("rlm_query", {"question": f"what does {IN_SYMBOL} do"}),
                ("rlm_explain", {"path": path, "symbol": IN_SYMBOL}),
                ("rlm_review", {"path": path}),
                ("rlm_test", {"path": path, "symbol": IN_SYMBOL}),
                ("rlm_explain", {"path": f"{IN_PATH}/missing.py"}),
                ("rlm_reindex", {}),
            ):
                result = await client.call_tool(name, arguments)
                assert result.content
    assert found_in(home, tmp_path / "scratch") == []


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("interrupted", ["index", "ask"])
def test_a_server_that_is_killed_leaves_no_canary(
    interrupted: str, canaries: Path, home: Path, tmp_path: Path, server: StdioServerParameters
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    shared = files_below(SHARED)
    log = tmp_path / "log"
    environ = {**(server.env or {}), "TMPDIR": str(scratch)}
    if interrupted == "ask":
        seal(home, canaries)
    verbose = [*server.args, "--verbose"]
    with (
        log.open("wb") as stderr,
        raw_server(
            server.model_copy(update={"args": verbose, "env": environ}), stderr=stderr
        ) as raw,
    ):
        raw.initialize()
        if interrupted == "index":
            raw.call("rlm_search", {"query": IN_TEXT}, wait=False)
            raw.child_whose(is_builder)
        else:
            raw.call("rlm_query", {"question": f"what does {IN_SYMBOL} do"})
            (canaries / IN_PATH / "more.py").write_text(f"{IN_TEXT} = {IN_SYMBOL!r}\n")
            # The change is taken over first: it is killed in one or the other.
            raw.call("rlm_query", {"question": f"where is {IN_TEXT} used"}, wait=False)
        raw.process.kill()
    assert found_in(home, scratch) == []
    assert found_in_files(files_below(SHARED) - shared) == []
    assert [canary for canary in CANARIES if canary.lower() in log.read_text().lower()] == []


def found_in(*folders: Path) -> list[str]:
    """Which canaries stand in clear, or in base64, in any file or file name below the folders."""
    files = {path for folder in folders for path in folder.rglob("*")}
    assert files
    return found_in_files(files)


def found_in_files(files: set[Path]) -> list[str]:
    seen = b"\n".join(str(path).encode() + b"\n" + content_of(path) for path in files).lower()
    forms = {canary: [canary.encode().lower(), *in_base64(canary)] for canary in CANARIES}
    return [canary for canary, shapes in forms.items() if any(shape in seen for shape in shapes)]


def files_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*")) if folder.exists() else set()


def content_of(path: Path) -> bytes:
    """What a plain file holds; others may be gone already, or not be ours to read."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


def in_base64(canary: str) -> list[bytes]:
    """The middle of the canary as base64 shows it, for each of the three alignments."""
    return [base64.b64encode(b"\0" * pad + canary.encode())[4:-4].lower() for pad in range(3)]
