"""A recorded run as a tree: what a view of it shows. Made by `record_reading`; plain values."""

from collections.abc import Iterator
from dataclasses import dataclass

from rlm_engine.model import Message
from rlm_engine.usage import ModelUsage


@dataclass(frozen=True, slots=True)
class Span:
    """When something began and ended, in seconds since the question; `begin_s` may be unknown."""

    begin_s: float | None
    end_s: float

    @property
    def seconds(self) -> float | None:
        """How long it took, where that is known."""
        return None if self.begin_s is None else max(0.0, self.end_s - self.begin_s)


@dataclass(frozen=True, slots=True)
class Took:
    """What a call to a model took."""

    tokens_in: int
    tokens_out: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: its hash and size, and its words where they were kept.

    `messages` are those that the turn before did not have; None where prompts are kept by hash.
    """

    hash: str
    chars: int
    messages: tuple[Message, ...] | None


@dataclass(frozen=True, slots=True)
class SubCall:
    """One call that code made to the sub-model; `error` is the kind of error, or empty."""

    model: str
    prompt: Prompt
    reply: str
    cached: bool
    error: str
    took: Took
    span: Span


@dataclass(frozen=True, slots=True)
class Cell:
    """One block of code that ran. `stopped` is the limit that broke it off, or empty.

    `seconds` is the time of the code itself, without the calls it waited for.
    """

    code: str
    output: str
    fault: str
    fault_line: int | None
    hint: str
    final: str | None
    stopped: str
    truncated: bool
    redactions: int
    state_lost: tuple[str, ...]
    seconds: float | None
    span: Span
    subcalls: "tuple[SubCall, ...]"
    deeper: "tuple[RecordedRun, ...]"


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply of a root model, and the cells it held.

    `refused` is the limit that kept the root from being asked, or empty.
    """

    number: int
    model: str
    text: str
    refused: str
    prompt: Prompt
    took: Took
    span: Span
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One run, of the question or of an `rlm_query` inside it.

    `ended` is false where the record stops before its end. `loose` are calls of a cell that the
    record does not hold.
    """

    question: str
    depth: int
    documents: int
    characters: int
    layers: tuple[str, ...]
    turns: tuple[Turn, ...]
    loose: "Cell | None"
    answer: str
    limit_hit: str
    ended: bool
    span: Span

    def cells(self) -> Iterator[Cell]:
        """The cells of all turns, and what is loose."""
        for turn in self.turns:
            yield from turn.cells
        if self.loose is not None:
            yield self.loose


@dataclass(frozen=True, slots=True)
class Place:
    """A place that the answer cites."""

    path: str
    start_line: int
    end_line: int
    verified: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question ended without an answer."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The whole record; texts are empty and numbers 0 where an older format did not have them."""

    format: int
    trace_id: str
    started: str
    question: str
    provider: str
    sub_model: str
    limits: tuple[tuple[str, float], ...]
    route: str
    route_reason: str
    notes: tuple[str, ...]
    prompts_kept: bool
    run: RecordedRun | None
    answer: str
    citations: tuple[Place, ...]
    failure: Failure | None
    iterations: int
    subcalls: int
    depth: int
    models: tuple[tuple[str, ModelUsage], ...]
    took: Took
    seconds: float
    limit_hit: str
    events_left_out: int
    texts_left_out: int

    @property
    def ending(self) -> str:
        """How it ended, in a word or two: answered, the limit, or the kind of failure."""
        if self.failure is not None:
            return f"failed: {self.failure.kind}"
        return f"limit: {self.limit_hit}" if self.limit_hit else "answered"
