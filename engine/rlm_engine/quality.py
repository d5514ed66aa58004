"""How a model's answers get worse as its prompt grows: Quality(c) = Q0·e^(-λc) + ε."""

import math
from dataclasses import dataclass

# What Llama2-7B reaches at 4K, the bar that RULER (arXiv 2404.06654) sets for "effective".
GOOD_ENOUGH = 0.856
# The longest prompt RULER tried: no figure of ours says anything of a longer one.
MEASURED_TO_TOKENS = 131_072


@dataclass(frozen=True, slots=True)
class Quality:
    """`q0` at an empty prompt, falling by `decay` (λ) for each token of it to `floor` (ε)."""

    q0: float
    decay: float
    floor: float = 0.0

    def at(self, tokens: int) -> float:
        """The share of right answers to expect with a prompt of so many tokens."""
        return self.q0 * math.exp(-self.decay * tokens) + self.floor

    def effective_tokens(self, least: float = GOOD_ENOUGH) -> int:
        """The longest prompt at which quality is still `least`, as far as that was measured."""
        if self.q0 + self.floor < least:
            return 0
        if self.decay == 0 or self.at(MEASURED_TO_TOKENS) >= least:
            return MEASURED_TO_TOKENS
        return int(math.log(self.q0 / (least - self.floor)) / self.decay)
