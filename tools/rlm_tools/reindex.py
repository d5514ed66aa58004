"""`rlm_reindex`: take over what changed, or build the index anew."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.host import Host, Reindexed
from rlm_tools.tool import Arguments, Effects, Tool


class ReindexArguments(Arguments):
    """How much."""

    scope: Annotated[
        Literal["changed", "full"], Field(description="full: everything, once a minute at most")
    ] = "full"


@dataclass(frozen=True, slots=True)
class ReindexReply:
    """How it ended: `status` is DONE or RATE_LIMITED; come back in `seconds_left` s."""

    status: Literal["DONE", "RATE_LIMITED"]
    seconds_left: float
    generation: int
    files: int
    chunks: int
    skipped: int
    seconds: float

    def text(self) -> str:
        """Return it in one sentence."""
        stands = (
            f"generation {self.generation}, {self.files} files, {self.chunks} chunks,"
            f" {self.skipped} skipped"
        )
        if self.status == "RATE_LIMITED":
            return (
                f"RATE_LIMITED({self.seconds_left}): a full reindex runs once in 60 s; try again"
                f' in {self.seconds_left} s or use scope="changed". Served: {stands}.'
                f" Answered in {self.seconds} s."
            )
        return f"DONE in {self.seconds} s, {self.seconds_left} s to wait: {stands}."


async def reindex(host: Host, arguments: ReindexArguments, progress: ProgressSink) -> ReindexReply:
    """Index again."""
    return _reply(await host.reindex(arguments.scope, progress))


TOOL = Tool(
    name="rlm_reindex",
    title="Index again",
    description=(
        "Use when rlm_validate or an error asks for it; changes on disk are followed without it."
        " Inside the cooldown it answers RATE_LIMITED(seconds)."
    ),
    arguments=ReindexArguments,
    run=reindex,
    effects=Effects(reads_only=False),
)


def _reply(done: Reindexed) -> ReindexReply:
    return ReindexReply(
        status="DONE" if done.state == "done" else "RATE_LIMITED",
        seconds_left=done.seconds_left,
        generation=done.generation,
        files=done.files,
        chunks=done.chunks,
        skipped=done.skipped,
        seconds=done.seconds,
    )
