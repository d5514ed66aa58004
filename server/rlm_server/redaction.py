"""Secrets taken out at the two edges of the process: what a client is told, what a model is.

By shape (keys, passwords) always, and by what the operator asks for besides: `RLM_REDACT`,
`RLM_REDACT_EMAILS`. What leaves the sandbox was redacted there already; doing it again changes
nothing, and nothing gets by on a way that has no sandbox in it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlm_engine.model import Completion, Message, Model
    from rlm_sandbox.redact import Redaction


@dataclass(frozen=True, slots=True)
class RedactingModel:
    """A model that is shown no secrets."""

    model: "Model"
    redaction: "Redaction"

    @property
    def name(self) -> str:
        """The model's own name."""
        return self.model.name

    async def complete(self, messages: "Sequence[Message]", *, max_tokens: int) -> "Completion":
        """Ask the model with every secret replaced."""
        redactor = self.redaction.redactor()
        shown = [replace(message, content=redactor.text(message.content)) for message in messages]
        return await self.model.complete(shown, max_tokens=max_tokens)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        """The most this call can cost."""
        return self.model.worst_case_usd(tokens_in, tokens_out)


def redacted(
    text: str, fields: dict[str, Any] | None, redaction: "Redaction"
) -> tuple[str, dict[str, Any] | None]:
    """Return a reply with every secret replaced, in its text and in its fields."""
    redactor = redaction.redactor()
    shown: Any = None if fields is None else redactor.value(json.loads(json.dumps(fields)))
    return redactor.text(text), shown
