"""What models took, each by its name: values that add up, for a run and for a session."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from rlm_engine.json_value import JsonObject
from rlm_engine.limits import Spent


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What one model took: `calls` that it answered, those that `failed`, tokens and dollars.

    `cached` replies came from our own cache and took nothing; `tokens_cached` of `tokens_in` the
    provider read from its own cache of prompts.
    """

    calls: int = 0
    failed: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_usd: float = 0.0

    def plus(self, other: "ModelUsage") -> "ModelUsage":
        """Both together."""
        return ModelUsage(
            self.calls + other.calls,
            self.failed + other.failed,
            self.cached + other.cached,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.tokens_cached + other.tokens_cached,
            self.cost_usd + other.cost_usd,
        )

    def to_json(self) -> JsonObject:
        """The documented form, a billionth of a dollar being the least that is told."""
        return {**asdict(self), "cost_usd": round(self.cost_usd, 9)}


NO_USAGE = ModelUsage()
ONE_CACHED = ModelUsage(cached=1)

Usage = Mapping[str, ModelUsage]
"""By the model's name."""

Meter = Callable[[str, ModelUsage], None]
"""Told what each call took, by the model's name, once it has ended; must return at once."""


def one_call(used: Spent, *, failed: bool = False) -> ModelUsage:
    """One call and what it used, which one that failed may have done too."""
    return ModelUsage(
        calls=not failed,
        failed=failed,
        tokens_in=used.tokens_in,
        tokens_out=used.tokens_out,
        tokens_cached=used.tokens_cached,
        cost_usd=used.cost_usd,
    )


def together(one: Usage, other: Usage) -> dict[str, ModelUsage]:
    """Both, each model's added up."""
    names = dict.fromkeys((*one, *other))
    return {name: one.get(name, NO_USAGE).plus(other.get(name, NO_USAGE)) for name in names}


def in_json(usage: Usage) -> JsonObject:
    """The documented form, the dearest model first."""
    dearest = sorted(usage.items(), key=lambda item: (-item[1].cost_usd, item[0]))
    return {name: one.to_json() for name, one in dearest}
