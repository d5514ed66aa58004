"""The root of the extractive provider: a Model that is a program.

It sorts the question into a type, and a plan for that type (`plans/`) writes REPL code cell by
cell: each `complete` replays the plan on the outputs in the chat and replies with its next cell,
so the model keeps no state and the same chat always gets the same reply. It knows words, not
meanings: it finds, counts, quotes and says how sure it is, and invents nothing.
"""

from collections.abc import Sequence
from itertools import pairwise

from rlm_engine.extractive.cell import Cell, Conclusion
from rlm_engine.extractive.evidence import read_printed
from rlm_engine.extractive.plans import plan_for
from rlm_engine.extractive.question import understand
from rlm_engine.model import Completion, Message
from rlm_engine.prompt import data_in, question_in


class ExtractiveRoot:
    """A Model that needs no model: free, offline and deterministic."""

    name = "extractive"

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,  # noqa: ARG002
    ) -> Completion:
        text = next_reply(question_in(messages), outputs_in(messages))
        tokens_in = sum(len(message.content) for message in messages) // 4
        return Completion(text, tokens_in, len(text) // 4, 0.0)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:  # noqa: ARG002
        return 0.0


def next_reply(question: str, outputs: Sequence[str]) -> str:
    """The reply to a chat whose cells have printed `outputs`: the next cell, or the last one."""
    step = _next_step(question, outputs)
    purpose = step.purpose if isinstance(step, Cell) else "That is enough to answer."
    return f"{purpose}\n\n```repl\n{step.code()}```"


def outputs_in(messages: Sequence[Message]) -> list[str]:
    """What the cells printed, one text for each of our turns that was answered."""
    outputs: list[str] = []
    for before, message in pairwise(messages):
        if before.role == "assistant" and message.role == "user":
            outputs.append("\n".join(data_in(message)))
    return outputs


def _next_step(question: str, outputs: Sequence[str]) -> Cell | Conclusion:
    plan = plan_for(understand(question))
    try:
        step = next(plan)
        for output in outputs:
            step = plan.send(read_printed(output))
    except StopIteration as done:
        conclusion: Conclusion = done.value
        return conclusion
    return step
