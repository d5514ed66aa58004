"""What one source says of one model, read from JSON and checked. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from rlm_engine.prices import Price
from rlm_engine.quality import Quality

_MILLION: Final = 1_000_000
_PRICES: Final = {
    "input_usd": "input_cost_per_token",
    "output_usd": "output_cost_per_token",
    "cached_usd": "cache_read_input_token_cost",
    "written_usd": "cache_creation_input_token_cost",
}
_COUNTS: Final = ("window", "reply_max", "over_tokens")
_QUALITY: Final = ("q0", "lambda_per_million", "epsilon")
_KNOWN: Final = frozenset({*_PRICES, *_COUNTS, *_QUALITY, "over", "source"})
_OVER: Final = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
_DATED: Final = re.compile(r"-(?:20\d\d-?\d\d-?\d\d|\d{4})$")


@dataclass(frozen=True, slots=True)
class Fields:
    """None is what a source does not say; a `window` of 0 says that there is no bound."""

    price: Price | None = None
    window: int | None = None
    reply_max: int | None = None
    quality: Quality | None = None
    source: str = ""


def name_parts(model: str) -> tuple[str, ...]:
    """The names under which a model may be listed, the most telling first, in small letters.

    `openrouter/anthropic/claude-opus-4.5-20251101` is listed as itself, without the first part, as
    its last part, as that without its date, and with a dash for each dot.
    """
    lower = model.lower()
    names = [lower, lower.partition("/")[2], lower.rpartition("/")[2]]
    names.append(_DATED.sub("", names[-1]))
    names.append(names[-1].replace(".", "-"))
    return tuple(dict.fromkeys(name for name in names if name))


def checked_table(models: object, *, where: str) -> dict[str, Fields]:
    """The entries of a table by name in small letters; ValueError names what is wrong in which."""
    if not isinstance(models, dict):
        raise ValueError(f'{where}: it must be an object with "models", an object of objects')
    return {
        name.lower(): _fields(entry, where=f"{where}: {name}")
        for name, entry in cast("dict[str, object]", models).items()
    }


def litellm_fields(entry: Mapping[str, object]) -> Fields:
    """What an entry of litellm's map says; its long-prompt rates with it."""
    if entry.get("mode") not in (None, "chat", "completion", "responses"):
        return Fields()
    tier = min((int(over[1]) for key in entry if (over := _OVER.fullmatch(key))), default=0)
    over = _litellm_price(entry, f"_above_{tier}k_tokens") if tier else None
    base = _litellm_price(entry, "")
    price = None
    if base is not None:
        price = Price(
            base.input_usd, base.output_usd, base.cached_usd, base.written_usd, tier * 1_000, over
        )
    return Fields(
        price=price,
        window=_positive(entry.get("max_input_tokens")),
        reply_max=_positive(entry.get("max_output_tokens")),
    )


def _fields(entry: object, *, where: str) -> Fields:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: it must be an object")
    told = cast("dict[str, object]", entry)
    unknown = sorted(told.keys() - _KNOWN)
    if unknown:
        known = ", ".join(sorted(_KNOWN))
        raise ValueError(f"{where}: {unknown[0]!r} is not known; there are {known}")
    source = told.get("source", "")
    if not isinstance(source, str):
        raise ValueError(f"{where}: source must be a text")
    return Fields(
        price=_price(told, where),
        window=_count(told, "window", where),
        reply_max=_count(told, "reply_max", where) or None,
        quality=_quality(told, where),
        source=source,
    )


def _price(told: Mapping[str, object], where: str) -> Price | None:
    rates = {field: _amount(told, field, where) for field in _PRICES}
    if rates["input_usd"] is None or rates["output_usd"] is None:
        if any(rate is not None for rate in rates.values()) or "over" in told:
            raise ValueError(f"{where}: a price needs input_usd and output_usd")
        return None
    over = told.get("over")
    if over is not None and not isinstance(over, dict):
        raise ValueError(f"{where}: over must be an object of prices")
    dearer = _price(cast("dict[str, object]", over), f"{where}: over") if over else None
    return Price(
        rates["input_usd"],
        rates["output_usd"],
        rates["cached_usd"],
        rates["written_usd"],
        _count(told, "over_tokens", where) or 0,
        dearer,
    )


def _quality(told: Mapping[str, object], where: str) -> Quality | None:
    q0, decay, floor = (_amount(told, field, where) for field in _QUALITY)
    if q0 is None and decay is None and floor is None:
        return None
    if q0 is None or decay is None or q0 + (floor or 0.0) > 1:
        raise ValueError(
            f"{where}: quality needs q0 and lambda_per_million; q0 + epsilon is 1 at most"
        )
    return Quality(q0, decay / _MILLION, floor or 0.0)


def _amount(told: Mapping[str, object], field: str, where: str) -> float | None:
    value = told.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ValueError(f"{where}: {field} must be a number of 0 or more, not {value!r}")
    return float(value)


def _count(told: Mapping[str, object], field: str, where: str) -> int | None:
    value = told.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{where}: {field} must be a whole number of 0 or more, not {value!r}")
    return value


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _litellm_price(entry: Mapping[str, object], tier: str) -> Price | None:
    rates = {field: _per_million(entry.get(key + tier)) for field, key in _PRICES.items()}
    if rates["input_usd"] is None or rates["output_usd"] is None:
        return None
    return Price(rates["input_usd"], rates["output_usd"], rates["cached_usd"], rates["written_usd"])


def _per_million(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return round(value * _MILLION, 9)
