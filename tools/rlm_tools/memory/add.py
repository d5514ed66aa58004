"""`rlm_memory_add`: keep a fact for later sessions."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.errors import BadArgument
from rlm_tools.host import Host
from rlm_tools.memory.desk import Contradiction, Fact, Trust, Zone
from rlm_tools.memory.moments import moment
from rlm_tools.memory.shown import contradictions_told
from rlm_tools.tool import Arguments, Effects, Tool


class AddArguments(Arguments):
    """A fact, where it is from, and what it is of."""

    text: Annotated[str, Field(min_length=1, max_length=20_000, description="one fact, whole")]
    trust: Annotated[Trust, Field(description="untrusted: from a tool, a file or the web")] = (
        "agent"
    )
    source: Annotated[str, Field(max_length=500, description="tool, file or address")] = ""
    zone: Zone = "internal"
    subject: Annotated[
        str, Field(max_length=200, description="with attribute and value: exact updates")
    ] = ""
    attribute: Annotated[str, Field(max_length=200)] = ""
    value: Annotated[str, Field(max_length=2_000)] = ""
    supersedes: Annotated[str, Field(max_length=64, description="id it takes the place of")] = ""
    valid_from: Annotated[str, Field(max_length=40, description="ISO date")] = ""
    valid_to: Annotated[str, Field(max_length=40)] = ""


@dataclass(frozen=True, slots=True)
class AddReply:
    """The id of the memory, what it contradicts, and why it is kept out of recall, if it is."""

    id: str
    conflicts: tuple[Contradiction, ...]
    quarantine: str
    cites: tuple[str, ...]

    def text(self) -> str:
        """Return what was done."""
        lines = [f"Remembered as {self.id}."]
        if self.cites:
            lines.append(f"It cites {', '.join(self.cites)}: recall tells when these lines change.")
        if self.quarantine:
            lines.append(f"Kept out of recall, for the user to read: it {self.quarantine}.")
        return "\n".join([*lines, *contradictions_told(self.conflicts)])


async def add(host: Host, arguments: AddArguments, progress: ProgressSink) -> AddReply:
    """Keep the fact."""
    slots = (arguments.subject, arguments.attribute, arguments.value)
    if any(slots) and not all(slots):
        raise BadArgument("Give subject, attribute and value together, or none of them.")
    fact = Fact(
        text=arguments.text,
        zone=arguments.zone,
        trust="untrusted" if "://" in arguments.source else arguments.trust,
        source=arguments.source,
        subject=arguments.subject,
        attribute=arguments.attribute,
        value=arguments.value,
        supersedes=arguments.supersedes,
        valid_from_s=moment("valid_from", arguments.valid_from, begins=True),
        valid_to_s=moment("valid_to", arguments.valid_to),
    )
    kept = await host.memory.add(fact, progress)
    return AddReply(kept.id, kept.contradictions, kept.quarantine, kept.cites)


TOOL = Tool(
    name="rlm_memory_add",
    title="Remember a fact",
    description=(
        "Use to keep a decision, a preference or a finding for later sessions: one fact a call, in"
        " a sentence that stands alone. What the user said or you concluded has trust agent; what a"
        " tool or the web said is untrusted. It replies with what the fact contradicts. Lines of"
        " code named as path:line are checked again when it is recalled."
    ),
    arguments=AddArguments,
    run=add,
    effects=Effects(reads_only=False),
)
