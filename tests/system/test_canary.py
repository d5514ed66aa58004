"""Nothing of the corpus reaches the disk in clear, nor the log."""

import base64
from pathlib import Path

import anyio
import pytest
from command_line import rlm_mcp
from mcp import Client, StdioServerParameters

IN_TEXT, IN_PATH, IN_SYMBOL = "quizzaciouslyplain", "zephyrhaunt", "FlimmerkistenMotor"
CANARIES = (IN_TEXT, IN_PATH, IN_SYMBOL)


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
    logs = ""
    for command in (
        ["index"],
        ["search", f"{IN_TEXT} {IN_SYMBOL}"],
        ["ask", f"what is {IN_SYMBOL} in {IN_PATH}.py"],
        ["ask", f"where is {IN_TEXT} used"],
    ):
        ran = rlm_mcp(*command, "--root", canaries, "--verbose", home=home, TMPDIR=str(scratch))
        assert ran.code == 0, ran.err
        logs += ran.err
    assert found_in(home, scratch) == []
    assert [canary for canary in CANARIES if canary.lower() in logs.lower()] == []


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


def found_in(*folders: Path) -> list[str]:
    """Which canaries stand in clear, or in base64, in any file or file name below the folders."""
    files = [path for folder in folders for path in folder.rglob("*")]
    assert files
    seen = b"\n".join(
        [
            str(path).encode() + b"\n" + (path.read_bytes() if path.is_file() else b"")
            for path in files
        ]
    ).lower()
    forms = {canary: [canary.encode().lower(), *in_base64(canary)] for canary in CANARIES}
    return [canary for canary, shapes in forms.items() if any(shape in seen for shape in shapes)]


def in_base64(canary: str) -> list[bytes]:
    """The middle of the canary as base64 shows it, for each of the three alignments."""
    return [base64.b64encode(b"\0" * pad + canary.encode())[4:-4].lower() for pad in range(3)]
