"""The operator's patterns never leave: not for a client, not for a model."""

from collections.abc import Sequence

import pytest
from rlm_engine.model import Completion, Message
from rlm_server.redaction import RedactingModel, redacted

PATTERNS = (r"ACME-\d+",)


class Listener:
    """A model that keeps what it was asked."""

    name = "listener"

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        self.heard += [message.content for message in messages]
        return Completion("", 0, 0, 0.0)

    def worst_case_usd(self, messages: Sequence[Message], max_tokens: int) -> float:
        return 0.5


def test_a_reply_without_patterns_is_untouched() -> None:
    fields = {"paths": ("ACME-1.py",)}
    assert redacted("ACME-1.py", fields, ()) == ("ACME-1.py", fields)


def test_matches_go_from_text_and_from_fields_at_any_depth() -> None:
    text, fields = redacted("see ACME-12", {"results": ({"snippet": "id = ACME-12"},)}, PATTERNS)
    assert "ACME" not in text
    assert "ACME" not in str(fields)
    assert list(fields or {}) == ["results"]


@pytest.mark.asyncio
async def test_a_model_never_sees_a_match() -> None:
    listener = Listener()
    model = RedactingModel(listener, PATTERNS)
    await model.complete([Message("user", "what is ACME-7 for")], max_tokens=5)
    assert "ACME" not in listener.heard[0]
    assert (model.name, model.worst_case_usd([], 5)) == ("listener", 0.5)
