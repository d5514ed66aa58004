"""What each client program is sent for, and how it reports; standard library only.

A program is called with one JSON argument: `command`, `args`, `env` and `cwd` of the server, and
`act`: `errand` (list the tools, let a fake model call them), `hold` (connect, call once, wait to be
killed) or `cancel` (cancel a full reindex once its build runs). It prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("rlm_search", {"query": "sum the prices of a cart", "limit": 3}),
    ("rlm_explain", {"path": "shop/cart.py", "symbol": "total_price"}),
    ("rlm_query", {"question": "how is the total price computed"}),
    ("rlm_status", {}),
    ("rlm_explain", {"path": "shop/no_such.py"}),
]
QUESTION = "What does the shop do?"
LAST_WORD = "That is all."
Call = Callable[[str, dict[str, Any]], Awaitable[Any]]


def asked() -> dict[str, Any]:
    """How to start the server, and what for."""
    return json.loads(sys.argv[1])


def report(packages: list[str], **told: Any) -> None:
    """Print the one line."""
    versions = {name: found for name in packages if (found := _version(name))}
    print(json.dumps({"versions": versions, **told}), flush=True)


async def hold(call: Call) -> None:
    """Start a full reindex, say so once its build runs, and wait to be killed."""
    reindex = asyncio.ensure_future(call("rlm_reindex", {"scope": "full"}))
    await _until(lambda: reindex.done() or bool(_builds()), 60)
    print("held" if _builds() else "no build ran", flush=True)
    await asyncio.sleep(600)


async def cancel(call: Call) -> dict[str, Any]:
    """Cancel a full reindex while its build runs; say whether the build ended of it."""
    await call("rlm_reindex", {"scope": "changed"})
    await _until(lambda: not _builds(), 60)
    reindex = asyncio.ensure_future(call("rlm_reindex", {"scope": "full"}))
    await _until(lambda: reindex.done() or bool(_builds()), 60)
    cancelled = not reindex.done()
    reindex.cancel()
    await asyncio.gather(reindex, return_exceptions=True)
    await _until(lambda: not _builds(), 3)
    ended = not _builds()
    after = await call(*CALLS[0])
    return {"cancelled": cancelled, "build_ended": ended, "after": str(after)}


async def _until(true: Callable[[], bool], bound_s: float) -> None:
    until_s = time.monotonic() + bound_s
    while not true() and time.monotonic() < until_s:  # noqa: ASYNC110 - other processes
        await asyncio.sleep(0.01)


def _builds() -> list[str]:
    """Builds of the server that this process started."""
    home = asked()["env"]["RLM_HOME"].encode()
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            environ = Path(f"/proc/{parent}/environ").read_bytes()
        except OSError:
            continue
        if b"rlm_server.build_child" in command and home in environ:
            found.append(process.name)
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
