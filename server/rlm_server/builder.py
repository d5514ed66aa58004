"""Building a crystal in a process of its own, followed and ended from here."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from typing import Any

import anyio
from anyio.abc import ByteReceiveStream, Process
from rlm_crystal import errors as crystal_errors
from rlm_crystal.collection import BUILDING_ENVIRON
from rlm_crystal.types import Progress, ProgressSink

from rlm_server.build_child import BuildJob
from rlm_server.errors import BuildFailed
from rlm_server.lifetime import end_group, scrubbed

_LINE_BYTES_MAX = 1 << 16


async def build_in_child(job: BuildJob, progress: ProgressSink) -> int:
    """Build and seal a crystal; return its generation. Cancelling ends the child at once.

    Raises the error of the crystal that the child met, or BuildFailed when it ended without word.
    """
    process = await _started()
    try:
        assert process.stdin is not None  # both pipes were asked for
        assert process.stdout is not None
        await _hand_over(process, job)
        outcome = await _follow(process.stdout, progress)
        return _generation(outcome, await process.wait())
    finally:
        end_group(process)
        with anyio.CancelScope(shield=True), anyio.move_on_after(2):
            await process.aclose()


async def _started() -> Process:
    """Start the child; a cancellation in the middle of it would leave the child to nobody."""
    with anyio.CancelScope(shield=True):
        try:
            return await anyio.open_process(
                [sys.executable, "-I", "-m", "rlm_server.build_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None,
                env={**scrubbed(os.environ), **BUILDING_ENVIRON},
                start_new_session=sys.platform != "win32",
            )
        except OSError as error:
            raise BuildFailed(
                f"No building process could be started with {sys.executable}:"
                f" {error.strerror or error}. See that this user may run it."
            ) from error
    raise AssertionError("a shielded scope that nobody cancels runs to its end")


async def _hand_over(process: Process, job: BuildJob) -> None:
    """Send the job; the pipe stays open, as its end tells the child that we are gone."""
    assert process.stdin is not None
    try:
        await process.stdin.send(job.to_line())
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        raise BuildFailed(
            "The building process ended before it began; see rlm-mcp doctor."
        ) from None


async def _follow(stdout: ByteReceiveStream, progress: ProgressSink) -> dict[str, Any]:
    """Pass progress on until the child says how it ended; empty when it never did."""
    async for line in _lines(stdout):
        message: dict[str, Any] = json.loads(line)
        if "stage" not in message:
            return message
        progress(Progress(message["stage"], message["done"], message["total"]))
    return {}


async def _lines(stdout: ByteReceiveStream) -> AsyncGenerator[bytes]:
    pending = b""
    async for piece in stdout:
        *whole, pending = (pending + piece).split(b"\n")
        for line in whole:
            yield line
        if len(pending) > _LINE_BYTES_MAX:
            raise BuildFailed("The building process sent a line without end.")


def _generation(outcome: dict[str, Any], exit_code: int) -> int:
    if "generation" in outcome:
        return int(outcome["generation"])
    if not outcome:
        raise BuildFailed(
            f"The building process ended without a word (exit code {exit_code}); it may have run"
            " out of memory. Index fewer or smaller roots, or see its standard error."
        )
    kind = getattr(crystal_errors, str(outcome["error"]), BuildFailed)
    raise kind(str(outcome["message"]))
