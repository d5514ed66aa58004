"""What a model costs. US dollars for a million tokens."""

from dataclasses import dataclass

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Of a prompt and of a reply; of what the provider read from or wrote to its cache of prompts.

    A cache price that is None is that of any other prompt. Prompts of more than `over_tokens` are
    billed as `over` says, where it says something.
    """

    input_usd: float
    output_usd: float
    cached_usd: float | None = None
    written_usd: float | None = None
    over_tokens: int = 0
    over: "Price | None" = None

    def cost_usd(
        self, tokens_in: int, tokens_out: int, *, cached: int = 0, written: int = 0
    ) -> float:
        """What so many tokens cost; `cached` and `written` are among `tokens_in`."""
        if self.over is not None and tokens_in > self.over_tokens:
            return self.over.cost_usd(tokens_in, tokens_out, cached=cached, written=written)
        plain = max(0, tokens_in - cached - written)
        prompt = plain * self.input_usd
        prompt += cached * (self.input_usd if self.cached_usd is None else self.cached_usd)
        prompt += written * (self.input_usd if self.written_usd is None else self.written_usd)
        return (prompt + tokens_out * self.output_usd) / _MILLION

    def worst_usd(self, tokens_in: int, tokens_out: int) -> float:
        """The most that so many tokens can cost: all of the prompt at the dearest rate."""
        written = tokens_in if (self.written_usd or 0.0) > self.input_usd else 0
        worst = self.cost_usd(tokens_in, tokens_out, written=written)
        return max(worst, self.cost_usd(tokens_in, tokens_out))
