"""No path that a call names leads out of the roots, or to what is left out of the index."""

import json
from pathlib import Path

import pytest
from rlm_server.offering import input_schema
from rlm_server.tool_call import call_tool, jobs_of
from rlm_tools.catalogue import offered
from services import serving, silent
from small_repository import git
from workspace import UNWATCHED, seal

OUTSIDE, LEFT_OUT = "canary-of-a-file-outside", "canary-of-a-file-left-out"
NAMED = ("path", "path_glob", "file", "folder", "uri")


def ways_to(canary: Path) -> list[str]:
    return [
        "../canary.txt", "shop/../../canary.txt", "./../canary.txt", "shop//..//..//canary.txt",
        str(canary), f"//{canary}", f"file://{canary}", str(canary).replace("/", "\\"),
        "..\\canary.txt", "\\\\localhost\\share\\canary.txt", "C:\\canary.txt", "way_out.txt",
        "folder_out/canary.txt", "../canary.txt\0.py", "shop/cart.py\0../../canary.txt",
        "%2e%2e/canary.txt", "..%2fcanary.txt", "~/canary.txt", "../*", "../**/*.txt",
        "/etc/passwd", "../../../../../../../../etc/passwd", "/proc/self/environ",
        ".env", "shop/../.env",
        "./.env", ".git/config", "shop/cart.py/../../../canary.txt", "\ud800", "a" * 5_000,
    ]  # fmt: skip


@pytest.mark.asyncio
async def test_no_tool_shows_what_lies_outside_or_was_left_out(
    repository: Path, environ: dict[str, str]
) -> None:
    canary = repository.parent / "canary.txt"
    canary.write_text(f"def canary(): return '{OUTSIDE}'\n")
    (repository / ".env").write_text(f"PASSWORD={LEFT_OUT}\n")
    (repository / "way_out.txt").symlink_to(canary)
    (repository / "folder_out").symlink_to(repository.parent)
    git(repository, "add", "-A", "-f")
    git(repository, "commit", "-q", "-m", "ways out")
    seal(Path(environ["RLM_HOME"]), repository)
    taking = {
        tool: [name for name in input_schema(tool)["properties"] if name in NAMED]
        for tool in offered("full", read_only=False)
    }
    assert {tool.name for tool in taking if taking[tool]} >= {
        "rlm_search", "rlm_explain", "rlm_review", "rlm_test"
    }  # fmt: skip
    async with serving(repository, environ, UNWATCHED) as service:
        service.jobs = jobs_of(service)
        for tool, names in taking.items():
            for name in names:
                others = {"query": "canary"} if tool.name == "rlm_search" else {}
                for way in ways_to(canary):
                    outcome = await call_tool(service, tool, {**others, name: way}, silent)
                    shown = outcome.text + json.dumps(outcome.fields)
                    for kept in (OUTSIDE, LEFT_OUT, "root:x:0", "Traceback"):
                        assert kept not in shown, (tool.name, way)
