"""What `ask` gives back."""

from dataclasses import dataclass, field
from types import MappingProxyType

from rlm_engine.citations import Citation
from rlm_engine.errors import LimitWord
from rlm_engine.json_value import JsonObject
from rlm_engine.usage import Usage, in_json


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, the evidence for it that was checked, and what it took.

    `partial` is true when a limit ended the run or kept a part of it from being done; the text
    then says so itself. `depth` is the deepest level of models that was asked, the root being 0,
    and `models` what each took. `notes` are remarks for a person (price unknown, answers from the
    cache).
    """

    question: str
    answer: str
    citations: tuple[Citation, ...]
    provider: str
    iterations: int
    subcalls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    seconds: float
    limit_hit: LimitWord | None
    trace_id: str
    depth: int = 0
    models: Usage = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether a limit cut the work short."""
        return self.limit_hit is not None

    def to_json(self) -> JsonObject:
        """The documented form of `rlm-mcp ask --json`."""
        return {
            "question": self.question,
            "answer": self.answer,
            "citations": [citation.to_json() for citation in self.citations],
            "provider": self.provider,
            "iterations": self.iterations,
            "subcalls": self.subcalls,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost_usd": self.cost_usd,
            "seconds": self.seconds,
            "limit_hit": self.limit_hit,
            "trace_id": self.trace_id,
            "depth": self.depth,
            "models": in_json(self.models),
        }
