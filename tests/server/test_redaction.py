"""Secrets never leave: not for a client, not for a model; by shape, and by the operator's words."""

from collections.abc import Sequence

import pytest
from rlm_engine.model import Completion, Message
from rlm_sandbox.redact import Redaction
from rlm_server.redaction import RedactingModel, redacted

REDACTION = Redaction(patterns=(r"ACME-\d+",))
KEY = "AKIA" + "ABCDEFGH12345678"


class Listener:
    """A model that keeps what it was asked."""

    name = "listener"

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        self.heard += [message.content for message in messages]
        return Completion("", 0, 0, 0.0)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        return 0.5


def test_a_reply_without_secrets_says_what_it_said() -> None:
    fields = {"paths": ["ACME-1.py"], "score": 0.5}
    assert redacted("ACME-1.py", fields, Redaction()) == ("ACME-1.py", fields)
    assert redacted("wrong", None, Redaction()) == ("wrong", None)


def test_keys_go_from_a_reply_without_being_asked_for() -> None:
    text, fields = redacted(f"id = {KEY}", {"snippet": KEY}, Redaction())
    assert (text, fields) == (
        "id = [redacted: AWS access key]",
        {"snippet": "[redacted: AWS access key]"},
    )


def test_matches_go_from_text_and_from_fields_at_any_depth() -> None:
    text, fields = redacted("see ACME-12", {"results": ({"snippet": "id = ACME-12"},)}, REDACTION)
    assert "ACME" not in text
    assert "ACME" not in str(fields)
    assert list(fields or {}) == ["results"]


@pytest.mark.asyncio
async def test_a_model_never_sees_a_match() -> None:
    listener = Listener()
    model = RedactingModel(listener, REDACTION)
    await model.complete([Message("user", f"what is ACME-7 for {KEY}")], max_tokens=5)
    assert listener.heard == ["what is [redacted: custom pattern] for [redacted: AWS access key]"]
    assert (model.name, model.worst_case_usd(0, 5)) == ("listener", 0.5)
