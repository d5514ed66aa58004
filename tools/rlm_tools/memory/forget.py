"""`rlm_memory_forget`: delete one memory for good."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.host import Host
from rlm_tools.tool import Arguments, Effects, Tool


class ForgetArguments(Arguments):
    """Which memory."""

    id: Annotated[str, Field(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class ForgetReply:
    """How many memories went, and how many summaries of them."""

    memories: int
    summaries: int

    def text(self) -> str:
        """Return it in words."""
        return f"Memories forgotten: {self.memories}, summaries of them: {self.summaries}."


async def forget(host: Host, arguments: ForgetArguments, _progress: ProgressSink) -> ForgetReply:
    """Delete the memory."""
    return ForgetReply(*await host.memory.forget(arguments.id))


TOOL = Tool(
    name="rlm_memory_forget",
    title="Forget a memory",
    description=(
        "Use when the user asks to forget something you wrote down, or it was wrong from the start."
        " For what has changed since, add the new fact instead: the old one then ends by itself."
        " Only memories you wrote yourself; there is no way back."
    ),
    arguments=ForgetArguments,
    run=forget,
    effects=Effects(reads_only=False, destructive=True),
)
