"""The operator's own patterns (`RLM_REDACT`), taken out of what leaves for a client or a model.

What leaves the sandbox is redacted there by shape (keys, passwords), with such patterns or without.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlm_engine.model import Completion, Message, Model
    from rlm_sandbox.redact import Redactor


@dataclass(frozen=True, slots=True)
class RedactingModel:
    """A model that is shown nothing the patterns match."""

    model: "Model"
    patterns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The model's own name."""
        return self.model.name

    async def complete(self, messages: "Sequence[Message]", *, max_tokens: int) -> "Completion":
        """Ask the model with every match replaced."""
        redactor = _redactor(self.patterns)
        shown = [replace(message, content=redactor.text(message.content)) for message in messages]
        return await self.model.complete(shown, max_tokens=max_tokens)

    def worst_case_usd(self, messages: "Sequence[Message]", max_tokens: int) -> float:
        """The most this call can cost."""
        return self.model.worst_case_usd(messages, max_tokens)


def redacted(
    text: str, fields: dict[str, Any] | None, patterns: Sequence[str]
) -> tuple[str, dict[str, Any] | None]:
    """Return a reply with every match replaced, in its text and in its fields."""
    if not patterns:
        return text, fields
    redactor = _redactor(patterns)
    shown: Any = None if fields is None else redactor.value(json.loads(json.dumps(fields)))
    return redactor.text(text), shown


def _redactor(patterns: Sequence[str]) -> "Redactor":
    from rlm_sandbox.redact import Redactor

    return Redactor(patterns=[re.compile(pattern) for pattern in patterns])
