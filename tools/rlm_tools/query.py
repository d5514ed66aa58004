"""`rlm_query`: an answer to a question, with the evidence for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from rlm_crystal.types import ProgressSink

from rlm_tools.clip import clip
from rlm_tools.fitting import ASK_FOR_MORE, longest, most_fitting, tokens_allowed
from rlm_tools.host import Host
from rlm_tools.planned import PlanReply, planned
from rlm_tools.tool import Arguments, Effects, MaxTokens, ResponseFormat, Tool

if TYPE_CHECKING:
    from rlm_engine.answer import Answer

CITATIONS_SHOWN = 40
_CITATIONS_FIRST = 8
_STEP_CHARS = 100
EXTRACTIVE = "extractive"


class QueryArguments(Arguments):
    """The question, and how long the reply may be."""

    question: Annotated[str, Field(min_length=1, max_length=20_000)]
    response_format: ResponseFormat = "concise"
    max_tokens: MaxTokens = 0
    plan_only: Annotated[bool, Field(description="say the way and worst cost only")] = False


@dataclass(frozen=True, slots=True)
class Cited:
    """A place the answer rests on; `verified` when it was opened and its quotes found there."""

    path: str
    start_line: int
    end_line: int
    verified: bool


@dataclass(frozen=True, slots=True)
class QueryReply:
    """The answer and what it took; `limit_hit` names what cut it short, or is empty."""

    question: str
    answer: str
    citations: tuple[Cited, ...]
    provider: str
    iterations: int
    subcalls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    seconds: float
    limit_hit: str
    route: str
    notes: tuple[str, ...]
    trace_id: str

    def text(self) -> str:
        """Return the answer, what was found of its citations and one line of what it took."""
        parts = [f"Question: {self.question}", self.answer]
        if self.citations:
            parts.append(self._checked())
        if self.limit_hit:
            parts.append(f"Partial: the limit of {self.limit_hit} was reached.")
        parts += self.notes
        parts.append(f"{self._spent()} {self.seconds} s, trace {self.trace_id}")
        return "\n\n".join(parts)

    def _checked(self) -> str:
        """The citations; one sentence where all hold and the answer shows each of them itself."""
        shown = all(_place(one) in self.answer for one in self.citations)
        if shown and all(one.verified for one in self.citations):
            return (
                f"Citations: {len(self.citations)} in the answer, each opened: the lines exist and"
                " hold what is quoted."
            )
        return "Citations:\n" + "\n".join(f"- {_place(one)}" for one in self.citations)

    def _spent(self) -> str:
        if self.provider == EXTRACTIVE:
            return (
                f"{self.provider} (no language model was asked, ${self.cost_usd}), {self.route}:"
                f" {self.iterations} turns, {self.subcalls} sub-calls,"
                f" {self.tokens_in} tokens read, {self.tokens_out} written,"
            )
        return (
            f"{self.provider}, {self.route}: {self.iterations} turns, {self.subcalls} sub-calls,"
            f" {self.tokens_in} tokens in, {self.tokens_out} out, ${self.cost_usd},"
        )


async def query(
    host: Host, arguments: QueryArguments, progress: ProgressSink
) -> QueryReply | PlanReply:
    """Answer, or say how that would be done and what it could cost."""
    if arguments.plan_only:
        return planned(await host.plan(arguments.question, progress))
    answer = await host.ask(arguments.question, progress)
    return _fitting(answer, tokens_allowed(arguments.response_format, arguments.max_tokens))


TOOL = Tool(
    name="rlm_query",
    title="Ask a question of the corpus",
    description=(
        "Use to get an answer about the whole indexed corpus when reading files one by one would"
        " be too much: how, why, where, list or compare questions. Returns checked path:line"
        " evidence. May take a minute; a long run returns a job_id for rlm_status."
    ),
    arguments=QueryArguments,
    run=query,
    effects=Effects(idempotent=False, open_world=True),
    lends_model=True,
)


def _fitting(answer: "Answer", tokens: int) -> QueryReply:
    """The reply with as much of the answer as fits beside some citations, then more of these."""
    named = min(CITATIONS_SHOWN, len(answer.citations))
    some = min(_CITATIONS_FIRST, named)
    chars = _STEP_CHARS * most_fitting(
        lambda steps: _reply(answer, steps * _STEP_CHARS, some),
        1 + len(answer.answer) // _STEP_CHARS,
        tokens,
    )
    return longest(lambda count: _reply(answer, chars, count), named, tokens, least=some)


def _reply(answer: "Answer", chars: int, shown: int) -> QueryReply:
    hidden = len(answer.citations) - shown
    more = (f"{hidden} more citations are in the answer.",) if hidden > 0 else ()
    return QueryReply(
        question=clip(answer.question, 300),
        answer=clip(answer.answer, chars, f"ask again: {ASK_FOR_MORE}"),
        citations=tuple(
            Cited(cited.path, cited.start_line, cited.end_line, cited.verified)
            for cited in answer.citations[:shown]
        ),
        provider=answer.provider,
        iterations=answer.iterations,
        subcalls=answer.subcalls,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        cost_usd=round(answer.cost_usd, 6),
        seconds=answer.seconds,
        limit_hit=answer.limit_hit or "",
        route=answer.route,
        notes=answer.notes + more,
        trace_id=answer.trace_id,
    )


def _place(cited: Cited) -> str:
    end = f"-{cited.end_line}" if cited.end_line != cited.start_line else ""
    return f"{cited.path}:{cited.start_line}{end}{'' if cited.verified else ' (not verified)'}"
