"""The record of one run: its steps, code, outputs cut, calls by hash, and what each took.

    run        a run begins; deeper ones name their `parent`
    root       the root answered: its reply, from which code is taken
    subcall    one sub-call ended, or failed with `error`
    code       a cell ran; its sub-calls and deeper runs came before it
    limit      a step that a limit kept from being done, or broke off
    finish     the run ended

No text keeps a secret that the run's redaction finds. Prompts are kept by their hash, in full only
where that was asked for. The record is JSON and goes to the function handed in, which seals it;
nothing is written here. `record_reading` reads it.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rlm_sandbox.redact import Redaction

from rlm_engine.clip import clip
from rlm_engine.json_value import JsonObject, JsonValue
from rlm_engine.model import Message
from rlm_engine.scheduler import CallRecord
from rlm_engine.usage import Meter

PutRecord = Callable[[str, bytes], None]
"""Stores one sealed record: a name of [a-z0-9-] and its bytes."""

Watch = Callable[[JsonObject], None]
"""Told each event as it happens; must return at once."""

FORMAT = 2
EVENTS_MAX = 5_000
RECORD_CHARS_MAX = 2_000_000
TEXT_CHARS_MAX = 4_000
PROMPT_CHARS_MAX = 100_000
"""Of one message of a prompt, where prompts are kept."""
_REPLY_CHARS = 400
# Names, hashes and the like are kept in a full record too; the number of events bounds them.
_SHORT_CHARS = 80
# What models write may hold a secret that no output showed. Outputs come redacted from the sandbox.
_AS_WRITTEN = frozenset({"text", "code", "reply", "question"})
_FULL = "[not kept: this record is full]"


@dataclass(frozen=True, slots=True)
class Tracing:
    """How a run is written down: who is told while it goes, whether prompts are kept whole, who
    keeps its record, and who adds up what it takes."""

    watch: Watch | None = None
    prompts: bool = False
    keep: PutRecord | None = None
    meter: Meter | None = None


UNTRACED = Tracing()


class Trace:
    """Collects the events of one question, deeper runs included."""

    def __init__(self, question: str, redaction: Redaction, tracing: Tracing) -> None:
        self.trace_id = secrets.token_hex(8)
        self._redaction = redaction
        self._started = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._tracing = tracing
        self._chars_left = RECORD_CHARS_MAX
        self._texts_left_out = 0
        self._question = self._fit(question, TEXT_CHARS_MAX, written=True)
        self._events: list[JsonValue] = []
        self._events_left_out = 0
        self._runs = 0
        self._open: list[int] = []
        self._asked: dict[int, Sequence[Message]] = {}

    def begin(self, *, depth: int, question: str, **values: JsonValue) -> None:
        """A run begins, inside the one a level above it."""
        del self._open[depth:]
        parent = self._open[-1] if self._open else None
        self._open.append(self._runs)
        self._runs += 1
        self.event("run", depth=depth, parent=parent, question=question, **values)

    def event(self, kind: str, *, depth: int, **values: JsonValue) -> None:
        """Add what happened in the run at `depth`; long texts are cut, and events past 5,000 only
        counted."""
        kept = len(self._events) < EVENTS_MAX
        cut = {
            name: self._fit(value, TEXT_CHARS_MAX, written=name in _AS_WRITTEN, kept=kept)
            if isinstance(value, str)
            else value
            for name, value in values.items()
        }
        run = self._open[depth] if depth < len(self._open) else None
        event: JsonObject = {"kind": kind, "run": run, "depth": depth, **cut}
        if kept:
            self._events.append(event)
        else:
            self._events_left_out += 1
        if self._tracing.watch is not None:
            self._tracing.watch(event)

    def call(self, call: CallRecord, *, at_s: float) -> None:
        """Add a sub-call: it belongs to the run a level above its own depth."""
        reply_chars = TEXT_CHARS_MAX if self._tracing.prompts else _REPLY_CHARS
        self.event(
            "subcall",
            depth=call.depth - 1,
            model=call.model,
            prompt_hash=call.prompt_hash,
            prompt_chars=sum(len(message.content) for message in call.messages),
            prompt=self._prompt(call.messages),
            reply=self._without_secrets(call.reply, reply_chars),
            cached=call.cached,
            tokens_in=call.tokens_in,
            tokens_out=call.tokens_out,
            cost_usd=call.cost_usd,
            error=call.error,
            begin_s=max(0.0, at_s - call.seconds),
            at_s=at_s,
        )

    def prompt(self, messages: Sequence[Message], *, depth: int) -> JsonObject:
        """A root's prompt as fields of an event: what its run was not asked with before."""
        before = self._asked.get(depth, ())
        same = next(
            (n for n, (old, new) in enumerate(zip(before, messages, strict=False)) if old != new),
            min(len(before), len(messages)),
        )
        self._asked[depth] = messages
        return {
            "prompt_chars": sum(len(message.content) for message in messages),
            "prompt_messages": len(messages),
            "prompt_as_before": same,
            "prompt": self._prompt(messages[same:]),
        }

    def record(self, outcome: JsonObject, **values: JsonValue) -> bytes:
        """The whole record, `outcome` being the answer's documented form, or `{"error": …}`."""
        whole: JsonObject = {
            "format": FORMAT,
            "trace_id": self.trace_id,
            "started": self._started,
            "question": self._question,
            "prompts": "full" if self._tracing.prompts else "hash",
            "events": self._events,
            "events_left_out": self._events_left_out,
            "texts_left_out": self._texts_left_out,
            "outcome": self._redaction.redactor().value(outcome),
            **values,
        }
        return json.dumps(whole, ensure_ascii=False).encode("utf-8", "backslashreplace")

    @property
    def name(self) -> str:
        """The name the record is stored under."""
        return record_name(self.trace_id)

    def _prompt(self, messages: Sequence[Message]) -> JsonValue:
        if not self._tracing.prompts:
            return None
        return [
            {
                "role": message.role,
                "content": self._fit(message.content, PROMPT_CHARS_MAX, written=True),
            }
            for message in messages
        ]

    def _fit(self, text: str, chars: int, *, written: bool = False, kept: bool = True) -> str:
        """`text` cut, and what it takes of the record's size written down."""
        room = min(chars, max(200, self._chars_left)) if kept else chars
        if kept and len(text) > _SHORT_CHARS and self._chars_left < 200:
            self._texts_left_out += 1
            return _FULL
        fitting = self._without_secrets(text, room) if written else clip(text, room)
        if kept and len(text) > _SHORT_CHARS:
            self._chars_left -= len(fitting)
        return fitting

    def _without_secrets(self, text: str, chars: int) -> str:
        """`text` cut after its secrets are gone: half of one is too much as well."""
        return clip(self._redaction.text(clip(text, 4 * chars)), chars)


def record_name(trace_id: str) -> str:
    """The name a run's record is stored under."""
    return f"trace-{trace_id}"
