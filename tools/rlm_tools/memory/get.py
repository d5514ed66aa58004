"""`rlm_memory_get`: one memory, with all that is known of it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.fitting import TOKENS_MAX, longest
from rlm_tools.host import Host
from rlm_tools.memory.desk import MemoryShown
from rlm_tools.memory.shown import DATA, clipped, lines_of
from rlm_tools.tool import Arguments, Tool


class GetArguments(Arguments):
    """Which memory."""

    id: Annotated[str, Field(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class GetReply:
    """The memory."""

    memory: MemoryShown

    def text(self) -> str:
        """Return it, fenced as data."""
        return "\n".join([DATA, *lines_of(self.memory)])


async def get(host: Host, arguments: GetArguments, progress: ProgressSink) -> GetReply:
    """Return the memory of this id."""
    memory = await host.memory.get(arguments.id, progress)
    hundreds = len(memory.text) // 100 + 1
    return longest(
        lambda most: GetReply(clipped(memory, 100 * most)), hundreds, TOKENS_MAX, least=1
    )


TOOL = Tool(
    name="rlm_memory_get",
    title="One memory",
    description="Use to see one memory whole by its id: source, trust, validity, what replaced it.",
    arguments=GetArguments,
    run=get,
)
