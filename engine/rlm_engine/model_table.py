"""What is known of each model: prices, the window of its prompt, how far its quality carries.

Looked up field by field in this order:

    1. what the user gives (`RLM_MODEL_TABLE`, and `RLM_PRICES` for prices alone)
    2. the map that litellm ships, read as a file: importing litellm costs three seconds
    3. the table shipped here, `data/models.json`, dated, for where litellm is not installed
    4. for quality: the family of the model, in the same file, which names the source of each figure
    5. a default that errs on the safe side; a price that is nowhere stays unknown

Nothing is fetched.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

from rlm_engine.errors import ModelNotConfigured
from rlm_engine.model_fields import Fields, checked_table, litellm_fields, name_parts
from rlm_engine.prices import Price
from rlm_engine.quality import Quality

UNKNOWN_WINDOW: Final = 32_768
"""Of a model nobody knows. One that is smaller says so by refusing, and the prompt is cut then."""
UNKNOWN_QUALITY: Final = Quality(0.96, 6e-6)
"""Of a family nobody knows: effective to about 19,000 tokens. Not measured; meant to be low."""
# Run on the user's own machine: no bill comes.
_LOCAL: Final = frozenset(
    {
        "ollama", "ollama_chat", "lm_studio", "lmstudio", "llamafile", "llamacpp", "hosted_vllm",
        "vllm",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model. `window` counts tokens of a prompt and its reply; None: there is no bound.

    `price` is None where nobody knows it. `price_from`, `window_from` and `quality_from` name the
    source of a figure.
    """

    name: str
    price: Price | None
    price_from: str
    window: int | None
    window_from: str
    reply_max: int | None
    quality: Quality
    quality_from: str

    @property
    def effective_window(self) -> int | None:
        """The tokens up to which answers are good enough, never more than the window."""
        if self.window is None:
            return None
        return min(self.window, self.quality.effective_tokens())


class ModelTable:
    """Cards by model name; `overrides` and `prices` are the user's and win over what is shipped."""

    def __init__(
        self,
        overrides: Mapping[str, Fields] | None = None,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self._overrides = dict(overrides or {})
        self._prices = dict(prices or {})

    def find(self, model: str) -> Price | None:
        """The price of `model`, or None where it is not known."""
        return self.card(model).price

    def card(self, model: str) -> ModelCard:
        """What is known of `model` (`provider/name` or `name`)."""
        told = list(self._told(model))
        price, price_from = _first(told, "price", (None, "nowhere"))
        window, window_from = _first(told, "window", (UNKNOWN_WINDOW, "default of unknown models"))
        reply_max, _ = _first(told, "reply_max", (None, ""))
        unknown = (UNKNOWN_QUALITY, "default of unknown families, not measured")
        quality, quality_from = _first(told, "quality", unknown)
        return ModelCard(
            name=model,
            price=price,
            price_from=price_from,
            window=window or None,
            window_from=window_from,
            reply_max=reply_max,
            quality=quality,
            quality_from=quality_from,
        )

    def _told(self, model: str) -> Iterator[tuple[str, Fields]]:
        """What each source says of `model`, the most trusted first."""
        names = name_parts(model)
        shipped = _shipped()
        for name in names:
            if name in self._prices:
                yield "RLM_PRICES", Fields(price=self._prices[name])
            if name in self._overrides:
                yield "RLM_MODEL_TABLE", self._overrides[name]
        if "/" in model and names[0].partition("/")[0] in _LOCAL:
            yield "run on this machine", Fields(price=Price(0.0, 0.0))
        for name in names:
            if (known := _litellm_entry(name)) is not None:
                yield "litellm's map", known
        for name in names:
            if name in shipped.models:
                yield f"table of {shipped.as_of}", shipped.models[name]
        family = _family(names[-1], shipped.families)
        if family is not None:
            fields = shipped.families[family]
            yield fields.source, fields


def table_from_environ(environ: Mapping[str, str]) -> ModelTable:
    """The table with `RLM_MODEL_TABLE` and `RLM_PRICES` on top.

    The first is the absolute path of a JSON file in the form of `data/models.json` ("models" only),
    the second a JSON object `{"model": [input_usd, output_usd]}`. ModelNotConfigured says what is
    wrong: a price that is misread is a budget that does not hold.
    """
    where = environ.get("RLM_MODEL_TABLE", "").strip()
    try:
        overrides = _own_table(Path(where).expanduser()) if where else None
        return ModelTable(overrides, _own_prices(environ.get("RLM_PRICES", "").strip()))
    except ValueError as error:
        raise ModelNotConfigured(str(error)) from None


def _own_table(path: Path) -> Mapping[str, Fields]:
    # A relative path would be one of the working directory, and the workspace is not the user's.
    if not path.is_absolute():
        raise ValueError(f"RLM_MODEL_TABLE is {str(path)!r}; give an absolute path")
    try:
        whole: object = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(
            f"RLM_MODEL_TABLE: {path} cannot be read ({error.strerror or error})"
        ) from None
    except ValueError as error:
        raise ValueError(f"RLM_MODEL_TABLE: {path} is not JSON: {error}") from None
    models = cast("dict[str, object]", whole).get("models") if isinstance(whole, dict) else None
    return checked_table(models, where=f"RLM_MODEL_TABLE: {path}")


def _own_prices(text: str) -> dict[str, Price]:
    if not text:
        return {}
    advice = 'RLM_PRICES must be a JSON object like {"my-model": [0.5, 1.5]} (US$ per million)'
    try:
        given: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{advice}; it is not JSON: {error.msg}") from None
    if not isinstance(given, dict):
        raise ValueError(advice)
    pairs = cast("dict[str, object]", given)
    return {model: _pair(model, pair, advice) for model, pair in pairs.items()}


def _pair(model: str, pair: object, advice: str) -> Price:
    numbers = cast("list[object]", pair) if isinstance(pair, list) else []
    amounts = [
        float(number)
        for number in numbers
        if isinstance(number, int | float) and not isinstance(number, bool) and number >= 0
    ]
    if len(numbers) != 2 or len(amounts) != 2:
        raise ValueError(f"{advice}; the price of {model!r} is not two numbers of 0 or more")
    return Price(amounts[0], amounts[1])


@dataclass(frozen=True, slots=True)
class _Shipped:
    as_of: str
    models: Mapping[str, Fields]
    families: Mapping[str, Fields]


@lru_cache(maxsize=1)
def _shipped() -> _Shipped:
    text = files("rlm_engine").joinpath("data/models.json").read_text("utf-8")
    whole = json.loads(text)
    return _Shipped(
        as_of=whole["as_of"],
        models=checked_table(whole["models"], where="models.json"),
        families=checked_table(whole["families"], where="models.json"),
    )


@lru_cache(maxsize=256)
def _litellm_entry(name: str) -> Fields | None:
    """What litellm's map says of a name in lower case.

    The map is searched for the entry, as its file is laid out, and not parsed: its 4,000 entries
    would take a tenth of a second, and 11 MB to keep.
    """
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "model_prices_and_context_window_backup.json"
    try:
        text = path.read_bytes()
        at = text.lower().find(f"\n    {json.dumps(name)}: {{".encode())
        begin = text.index(b"{", at)
        entry = json.loads(text[begin : text.index(b"\n    }", begin) + 6]) if at >= 0 else None
    except (OSError, ValueError):
        return None
    return litellm_fields(cast("dict[str, object]", entry)) if isinstance(entry, dict) else None


def _first(told: list[tuple[str, Fields]], field: str, default: tuple[Any, str]) -> tuple[Any, str]:
    for source, fields in told:
        value = getattr(fields, field)
        if value is not None:
            return value, source
    return default


def _family(name: str, families: Mapping[str, Fields]) -> str | None:
    """The longest family that a name has as a word: `llama` of `meta-llama-3.1-70b`."""
    import re

    held = [one for one in families if re.search(rf"(?<![a-z]){re.escape(one)}(?![a-z])", name)]
    return max(held, key=len, default=None)
