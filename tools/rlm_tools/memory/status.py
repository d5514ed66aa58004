"""`rlm_memory_status`: what the caller may do in the memory, and what waits there."""

from dataclasses import dataclass

from rlm_crystal.types import ProgressSink

from rlm_tools.host import Host
from rlm_tools.memory.desk import Contradiction
from rlm_tools.memory.shown import contradictions_told
from rlm_tools.tool import Arguments, Tool

_SHOWN_MAX = 10


class MemoryStatusArguments(Arguments):
    """Nothing to say."""


@dataclass(frozen=True, slots=True)
class MemoryStatusReply:
    """Rights by zone, memories by level, and contradictions that wait: the first ten of `open`."""

    agent: str
    rights: dict[str, tuple[str, ...]]
    levels: dict[str, int]
    quarantined: int
    open: int
    conflicts: tuple[Contradiction, ...]

    def text(self) -> str:
        """Return it in lines."""
        rights = [f"{zone}: {', '.join(held)}" for zone, held in self.rights.items()]
        if not rights:
            rights = ["none; the owner gives some with rlm-mcp memory grant"]
        held = ", ".join(f"{count} {level}" for level, count in self.levels.items()) or "nothing"
        lines = [
            f"You write as {self.agent}. Rights: {'; '.join(rights)}.",
            f"Remembered: {held}; {self.quarantined} in quarantine, {self.open} left open.",
        ]
        return "\n".join([*lines, *contradictions_told(self.conflicts)])


async def status(
    host: Host, _arguments: MemoryStatusArguments, _progress: ProgressSink
) -> MemoryStatusReply:
    """Say how the memory stands for this caller."""
    standing = await host.memory.standing()
    return MemoryStatusReply(
        standing.agent,
        standing.rights,
        standing.levels,
        standing.quarantined,
        len(standing.open),
        standing.open[:_SHOWN_MAX],
    )


TOOL = Tool(
    name="rlm_memory_status",
    title="State of the memory",
    description="Use to see how much is remembered, what you may do there, and what contradicts.",
    arguments=MemoryStatusArguments,
    run=status,
)
