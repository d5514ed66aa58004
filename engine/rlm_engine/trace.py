"""The record of one run: its steps, code, outputs cut, calls by hash, and what each took.

Prompts of sub-calls are kept by their hash only, and secrets not at all. The record is JSON and
goes to the function handed in, which seals it; nothing is written here.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict

from rlm_sandbox.redact import Redaction

from rlm_engine.clip import clip
from rlm_engine.json_value import JsonObject, JsonValue
from rlm_engine.scheduler import CallRecord

PutRecord = Callable[[str, bytes], None]
"""Stores one sealed record: a name of [a-z0-9-] and its bytes."""

FORMAT = 1
_EVENTS_MAX = 5_000
_TEXT_CHARS = 4_000


class Trace:
    """Collects the events of one query, deeper runs included."""

    def __init__(self, question: str, redaction: Redaction) -> None:
        self.trace_id = secrets.token_hex(8)
        self._redaction = redaction
        self._question = self._kept(question)
        self._events: list[JsonValue] = []
        self._left_out = 0

    def event(self, kind: str, **values: JsonValue) -> None:
        """Add one event; texts are redacted and cut, and events past 5,000 only counted."""
        if len(self._events) >= _EVENTS_MAX:
            self._left_out += 1
            return
        cut = {
            name: self._kept(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        self._events.append({"kind": kind, **cut})

    def call(self, record: CallRecord, *, at_s: float) -> None:
        """Add a sub-call."""
        self.event("subcall", **asdict(record), at_s=at_s)

    def record(self, outcome: JsonObject) -> bytes:
        """The whole record, `outcome` being the answer's documented form."""
        whole: JsonObject = {
            "format": FORMAT,
            "trace_id": self.trace_id,
            "question": self._question,
            "events": self._events,
            "events_left_out": self._left_out,
            "outcome": self._redaction.redactor().value(outcome),
        }
        return json.dumps(whole, ensure_ascii=False).encode("utf-8", "backslashreplace")

    def _kept(self, text: str) -> str:
        return clip(self._redaction.text(text), _TEXT_CHARS)

    @property
    def name(self) -> str:
        """The name the record is stored under."""
        return record_name(self.trace_id)


def record_name(trace_id: str) -> str:
    """The name a run's record is stored under."""
    return f"trace-{trace_id}"
