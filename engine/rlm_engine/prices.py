"""What models cost, so that a budget stops even where a provider reports no price.

Looked up in this order: prices the user gives (`RLM_PRICES`), the map that litellm ships (read as
a file: importing litellm costs three seconds), the small table here. US dollars for a million
tokens, in and out, without discounts for cached prompts, so an estimate from here is never low.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import cast

PRICES_AS_OF = "2026-11"
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens of prompt and of reply."""

    input_usd: float
    output_usd: float

    def cost_usd(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost."""
        return (tokens_in * self.input_usd + tokens_out * self.output_usd) / _MILLION


_TABLE: dict[str, Price] = {
    "gpt-4o": Price(2.5, 10.0),
    "gpt-4o-mini": Price(0.15, 0.6),
    "gpt-4.1": Price(2.0, 8.0),
    "gpt-4.1-mini": Price(0.4, 1.6),
    "gpt-5": Price(1.25, 10.0),
    "gpt-5-mini": Price(0.25, 2.0),
    "gpt-5-nano": Price(0.05, 0.4),
    "claude-haiku-4-5": Price(1.0, 5.0),
    "claude-sonnet-4-5": Price(3.0, 15.0),
    "claude-opus-4-5": Price(5.0, 25.0),
    "gemini-2.5-pro": Price(2.5, 15.0),
    "gemini-2.5-flash": Price(0.3, 2.5),
    "gemini-3-pro-preview": Price(4.0, 18.0),
    "mistral-large-latest": Price(0.5, 1.5),
    "mistral-small-latest": Price(0.15, 0.6),
    "deepseek-chat": Price(0.28, 0.42),
}
# Run on the user's own machine: no bill comes.
_LOCAL = frozenset({"ollama", "ollama_chat", "lm_studio", "llamafile", "hosted_vllm", "vllm"})


class PriceList:
    """Prices by model name; `overrides` win over everything shipped."""

    def __init__(self, overrides: Mapping[str, Price] | None = None) -> None:
        self._overrides = dict(overrides or {})

    def find(self, model: str) -> Price | None:
        """The price of `model` (`provider/name` or `name`), or None where it is not known."""
        provider, _, name = model.partition("/")
        for key in (model, name or provider):
            if key in self._overrides:
                return self._overrides[key]
        if name and provider in _LOCAL:
            return Price(0.0, 0.0)
        return _shipped_with_litellm(model) or _in_table(model.rpartition("/")[2])


def prices_from_environ(environ: Mapping[str, str]) -> PriceList:
    """The list with `RLM_PRICES`, a JSON object `{"model": [input_usd, output_usd]}`, on top.

    ValueError says what is wrong with it: a price that is misread is a budget that does not hold.
    """
    text = environ.get("RLM_PRICES", "").strip()
    if not text:
        return PriceList()
    advice = 'RLM_PRICES must be a JSON object like {"my-model": [0.5, 1.5]} (US$ per million)'
    try:
        given: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{advice}; it is not JSON: {error.msg}") from None
    if not isinstance(given, dict):
        raise ValueError(advice)
    pairs = cast("dict[str, object]", given)
    return PriceList({model: _price(model, pair, advice) for model, pair in pairs.items()})


def _price(model: str, pair: object, advice: str) -> Price:
    numbers = cast("list[object]", pair) if isinstance(pair, list) else []
    amounts = [
        float(number)
        for number in numbers
        if isinstance(number, int | float) and not isinstance(number, bool) and number >= 0
    ]
    if len(numbers) != 2 or len(amounts) != 2:
        raise ValueError(f"{advice}; the price of {model!r} is not two numbers of 0 or more")
    return Price(amounts[0], amounts[1])


def _in_table(name: str) -> Price | None:
    known = [key for key in _TABLE if name == key or name.startswith(key + "-20")]
    return _TABLE[max(known, key=len)] if known else None


def _shipped_with_litellm(model: str) -> Price | None:
    prices = _litellm_map()
    for name in (model, model.partition("/")[2]):
        found = prices.get(name)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=1)
def _litellm_map() -> dict[str, Price]:
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return {}
    path = Path(spec.origin).parent / "model_prices_and_context_window_backup.json"
    try:
        entries = cast("dict[str, dict[str, object]]", json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return {}
    return {
        model: price
        for model, entry in entries.items()
        if (price := _entry_price(entry)) is not None
    }


def _entry_price(entry: Mapping[str, object]) -> Price | None:
    """The dearest tier of an entry: long prompts are billed at a higher rate by some."""
    dearest: list[float] = []
    for side in ("input_cost_per_token", "output_cost_per_token"):
        tiers = [
            float(value)
            for key, value in entry.items()
            if re.fullmatch(side + r"(_above_\d+k_tokens)?", key) and isinstance(value, int | float)
        ]
        if not tiers:
            return None
        dearest.append(max(tiers) * _MILLION)
    return Price(dearest[0], dearest[1])
