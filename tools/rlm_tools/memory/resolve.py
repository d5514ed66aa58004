"""`rlm_memory_resolve`: settle what two memories say against each other."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.errors import BadArgument
from rlm_tools.host import Host
from rlm_tools.memory.desk import Verdict
from rlm_tools.tool import Arguments, Effects, Tool


class ResolveArguments(Arguments):
    """The two memories and what is to hold."""

    new_id: Annotated[str, Field(min_length=1, max_length=64)]
    old_id: Annotated[str, Field(min_length=1, max_length=64)]
    verdict: Annotated[
        Verdict, Field(description="supersede: the new one holds; reject: the old one; keep: both")
    ]


@dataclass(frozen=True, slots=True)
class ResolveReply:
    """What was settled."""

    new_id: str
    old_id: str
    verdict: str

    def text(self) -> str:
        """Return it in words."""
        return f"Settled: {self.verdict} ({self.new_id} against {self.old_id}). Both are kept."


async def resolve(host: Host, arguments: ResolveArguments, _progress: ProgressSink) -> ResolveReply:
    """Settle it."""
    if arguments.new_id == arguments.old_id:
        raise BadArgument("new_id and old_id are the same memory; give the two that disagree.")
    await host.memory.resolve(arguments.new_id, arguments.old_id, arguments.verdict)
    return ResolveReply(arguments.new_id, arguments.old_id, arguments.verdict)


TOOL = Tool(
    name="rlm_memory_resolve",
    title="Settle a contradiction",
    description=(
        "Use to settle an open contradiction that rlm_memory_add or rlm_memory_status told, once"
        " the user or the code has made clear what holds. Only memories you wrote yourself: what"
        " the user stated, the user settles (rlm-mcp memory resolve)."
    ),
    arguments=ResolveArguments,
    run=resolve,
    effects=Effects(reads_only=False),
)
