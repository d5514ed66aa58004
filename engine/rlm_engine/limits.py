"""What one run may use, and what it has used."""

from dataclasses import dataclass

DEPTH_CEILING = 3


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The bounds of a run; it and every deeper run it opens share them.

    `max_depth` counts levels of models: the root is 0 and a call it makes is 1, so with 1 the
    calls of the root are plain model calls and with 2 an `rlm_query` opens a run of its own.
    `history_chars` bounds the root's prompt, `output_chars` what one cell may add to it.
    """

    max_iterations: int = 20
    max_depth: int = 1
    max_cost_usd: float = 1.0
    max_subcalls: int = 200
    max_seconds: float = 600.0
    max_tokens: int = 4_000_000
    parallel_calls: int = 8
    reply_tokens: int = 8_192
    subcall_reply_tokens: int = 4_096
    prompt_chars: int = 200_000
    output_chars: int = 8_000
    history_chars: int = 120_000
    cell_seconds: float = 30.0

    def __post_init__(self) -> None:
        if not 0 <= self.max_depth <= DEPTH_CEILING:
            raise ValueError(f"max_depth is {self.max_depth}; it must be 0 to {DEPTH_CEILING}")
        if self.parallel_calls < 1:
            raise ValueError(f"parallel_calls is {self.parallel_calls}; it must be 1 or more")
        if self.output_chars < 200 or self.history_chars < 4 * self.output_chars:
            raise ValueError("output_chars must be 200 or more, and history_chars four times that")


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has used so far: settled calls only.

    `tokens_cached` of `tokens_in` the provider read from its own cache of prompts.
    """

    cost_usd: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    subcalls: int = 0
    tokens_cached: int = 0

    @property
    def tokens(self) -> int:
        """Tokens in both directions."""
        return self.tokens_in + self.tokens_out

    def plus(self, other: "Spent") -> "Spent":
        """Both together."""
        return Spent(
            self.cost_usd + other.cost_usd,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.subcalls + other.subcalls,
            self.tokens_cached + other.tokens_cached,
        )


NOTHING_SPENT = Spent()
