"""The one face every language model shows to the engine.

A provider is a class with these three members; `models/` holds those that speak to a network,
`extractive/` those that need no model at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rlm_engine.tokens import ESTIMATE, counter_for

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply and what it took; `price_known` is false where `cost_usd` is 0 by ignorance.

    `tokens_cached` and `tokens_cache_written` are those of `tokens_in` that the provider read from,
    and wrote to, its own cache of prompts. `cut`: the reply ran into its limit of tokens.
    """

    text: str
    tokens_in: int
    tokens_out: int
    cost_usd: float
    price_known: bool = True
    tokens_cached: int = 0
    tokens_cache_written: int = 0
    cut: bool = False


class Model(Protocol):
    """A language model; `name` is what the answer reports as its provider."""

    @property
    def name(self) -> str: ...

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        """Answer the chat in at most `max_tokens`; raises a ModelError, never hangs."""
        ...

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        """The most that a call of so many tokens can cost; 0 where the price is not known."""
        ...


def tokens_at_most(messages: Sequence[Message], model: str = "") -> int:
    """The tokens of a prompt: as `model` counts them where that is known, else estimated from
    above."""
    counter = counter_for(model) if model else ESTIMATE
    return counter.of_messages(message.content for message in messages)
