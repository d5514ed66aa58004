"""What `ask` gives back."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from rlm_engine.citations import Citation
from rlm_engine.errors import LimitWord
from rlm_engine.json_value import JsonObject
from rlm_engine.usage import Usage, in_json

RouteName = Literal["direct", "search", "loop"]
"""`direct`: the whole corpus in one prompt; `search`: the passages that a search finds in one
prompt; `loop`: the corpus in no prompt, code that works on it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, the evidence for it that was checked, and what it took.

    `partial` is true when a limit ended the run or kept a part of it from being done; the text
    then says so itself. `depth` is the deepest level of models that was asked, the root being 0,
    and `models` what each took. `iterations` are the calls to the root; `route` is the way that
    gave the answer, and `tokens_by` how tokens were counted before a call: by a tokenizer, or by an
    estimate from above. `notes` are remarks for a person (price unknown, answers from the cache).
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
    route: RouteName = "loop"
    tokens_by: str = "estimate"
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
            "route": self.route,
            "tokens_by": self.tokens_by,
        }
