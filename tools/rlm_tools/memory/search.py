"""`rlm_memory_search`: what is remembered, now or as it was believed on a day."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.fitting import TOKENS_MAX, longest
from rlm_tools.host import Host
from rlm_tools.memory.desk import Level, MemoryShown, Question
from rlm_tools.memory.moments import moment
from rlm_tools.memory.shown import DATA, clipped, lines_of
from rlm_tools.tool import Arguments, Tool

_CHARS_EACH = 1_500


class MemorySearchArguments(Arguments):
    """A question and what to leave out."""

    query: Annotated[str, Field(min_length=1, max_length=2_000)]
    limit: Annotated[int, Field(ge=1, le=50)] = 5
    as_of: Annotated[str, Field(max_length=40, description="ISO date: what was believed then")] = ""
    level: Annotated[Level, Field(description="trace: sessions; category: subjects")] = "episode"
    zone: Literal["", "public", "internal", "confidential", "secret"] = ""
    speaker: Annotated[str, Field(max_length=200)] = ""
    untrusted: Annotated[bool, Field(description="what nobody vouches for, too")] = False
    max_tokens: Annotated[int, Field(ge=500, le=TOKENS_MAX)] = 3_000


@dataclass(frozen=True, slots=True)
class MemorySearchReply:
    """The memories, best first; `reason` says why there is none."""

    memories: tuple[MemoryShown, ...]
    reason: str

    def text(self) -> str:
        """Return the memories, fenced as data."""
        if not self.memories:
            return f"Nothing: {self.reason}."
        return "\n".join([DATA, *(line for each in self.memories for line in lines_of(each))])


async def search(
    host: Host, arguments: MemorySearchArguments, progress: ProgressSink
) -> MemorySearchReply:
    """Recall what bears on the query."""
    question = Question(
        query=arguments.query,
        limit=arguments.limit,
        level=arguments.level,
        zone=arguments.zone,
        speaker=arguments.speaker,
        as_of_s=moment("as_of", arguments.as_of),
        untrusted=arguments.untrusted,
    )
    found = await host.memory.search(question, progress)
    memories = [clipped(each, _CHARS_EACH) for each in found.memories]
    return longest(
        lambda count: MemorySearchReply(tuple(memories[:count]), found.reason),
        len(memories),
        arguments.max_tokens,
        least=min(1, len(memories)),
    )


TOOL = Tool(
    name="rlm_memory_search",
    title="Recall",
    description=(
        "Use to recall what was said, decided or found in earlier sessions, before you ask the user"
        " again: plain words, names, dates. With as_of it tells what was believed on a day."
    ),
    arguments=MemorySearchArguments,
    run=search,
)
