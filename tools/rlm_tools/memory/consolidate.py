"""`rlm_memory_consolidate`: derive sessions, subjects and the whole from what was said."""

from dataclasses import dataclass

from rlm_crystal.types import ProgressSink

from rlm_tools.host import Host
from rlm_tools.tool import Arguments, Effects, Tool


class ConsolidateArguments(Arguments):
    """Nothing to say."""


@dataclass(frozen=True, slots=True)
class ConsolidateReply:
    """What there is on the higher levels, and what was done for it."""

    traces: int
    categories: int
    written: int
    removed: int
    by_model: int

    def text(self) -> str:
        """Return it in words."""
        told = f" A model told {self.by_model} of them anew." if self.by_model else ""
        return (
            f"Traces: {self.traces}, categories: {self.categories};"
            f" written anew: {self.written}, taken away: {self.removed}.{told}"
        )


async def consolidate(
    host: Host, _arguments: ConsolidateArguments, _progress: ProgressSink
) -> ConsolidateReply:
    """Bring the higher levels up to date."""
    done = await host.memory.consolidate()
    return ConsolidateReply(done.traces, done.categories, done.written, done.removed, done.by_model)


TOOL = Tool(
    name="rlm_memory_consolidate",
    title="Consolidate the memory",
    description=(
        "Use at the end of a long session: it sums sessions up into traces and their subjects into"
        " categories, which rlm_memory_search finds by level. It changes nothing that was said, but"
        " what the owner's rules of retention end is forgotten."
    ),
    arguments=ConsolidateArguments,
    run=consolidate,
    effects=Effects(reads_only=False, open_world=True),
)
