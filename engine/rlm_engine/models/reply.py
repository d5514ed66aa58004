"""What a provider answered, as a Completion or as the reason why there is nothing to read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from rlm_engine.errors import NoText, ReplyEmpty, ReplyFiltered
from rlm_engine.model import Completion, Message, tokens_at_most
from rlm_engine.models.secrets import without_secrets
from rlm_engine.models.settings import ModelSettings
from rlm_engine.prices import Price
from rlm_engine.tokens import counter_for

_CUT: Final = frozenset({"length", "content_filter"})
_REFUSAL_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply as litellm gives it; counts are None where no usage was reported.

    `finish` is OpenAI's word for why it ended, and `ended` is false where a stream did not say.
    """

    text: str = ""
    refusal: str = ""
    finish: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int = 0
    tokens_cache_written: int = 0
    ended: bool = True

    def with_usage(self, usage: object) -> "Heard":
        """The same with what was counted."""
        details: object = getattr(usage, "prompt_tokens_details", None)
        return replace(
            self,
            tokens_in=_count(usage, "prompt_tokens"),
            tokens_out=_count(usage, "completion_tokens"),
            tokens_cached=_count(details, "cached_tokens")
            or _count(usage, "cache_read_input_tokens")
            or 0,
            tokens_cache_written=_count(usage, "cache_creation_input_tokens")
            or _count(details, "cache_creation_tokens")
            or 0,
        )

    def after(self, broken: "Heard") -> "Heard":
        """The same with what an attempt before it took added."""
        if self.tokens_in is None or self.tokens_out is None:
            return self
        return replace(
            self,
            tokens_in=self.tokens_in + (broken.tokens_in or 0),
            tokens_out=self.tokens_out + (broken.tokens_out or 0),
        )


def heard_in(response: Any) -> Heard:
    """What a whole response of litellm says."""
    heard = Heard().with_usage(getattr(response, "usage", None))
    if not response.choices:
        return heard
    choice = response.choices[0]
    return replace(
        heard,
        text=str(choice.message.content or ""),
        refusal=refusal_in(choice.message),
        finish=str(choice.finish_reason or ""),
    )


def refusal_in(message: object) -> str:
    """OpenAI's word for what the model says instead of a reply."""
    fields: object = getattr(message, "provider_specific_fields", None)
    inner: object = fields.get("refusal") if isinstance(fields, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    told: object = inner or getattr(message, "refusal", None)  # pyright: ignore[reportUnknownVariableType]
    return told if isinstance(told, str) else ""


def completion_of(
    heard: Heard, messages: Sequence[Message], *, price: Price | None, settings: ModelSettings
) -> Completion:
    """The reply with its costs; a NoText where there is nothing to read.

    What the provider did not count is counted here, from above where its tokenizer is not at hand.
    """
    tokens_in = heard.tokens_in or tokens_at_most(messages, settings.shown)
    tokens_out = heard.tokens_out or counter_for(settings.shown).count(heard.text)
    cached, written = heard.tokens_cached, heard.tokens_cache_written
    cost_usd = 0.0
    if price is not None:
        cost_usd = price.cost_usd(tokens_in, tokens_out, cached=cached, written=written)
    completion = Completion(
        heard.text,
        tokens_in,
        tokens_out,
        cost_usd,
        price_known=price is not None,
        tokens_cached=cached,
        tokens_cache_written=written,
        cut=heard.finish in _CUT,
    )
    if heard.text.strip():
        return completion
    model = settings.shown
    if heard.refusal or heard.finish == "content_filter":
        told = without_secrets(heard.refusal, settings=settings)
        why = told[:_REFUSAL_CHARS] or "its filter stopped it"
        raise ReplyFiltered(f"{model} gives no reply to this: {why}", billed=completion)
    if heard.finish == "length":
        raise NoText(
            f"{model} used all {tokens_out} tokens of its reply before it wrote a word",
            billed=completion,
        )
    raise ReplyEmpty(f"{model} answered with nothing", billed=completion)


def _count(usage: object, name: str) -> int | None:
    value: object = getattr(usage, name, None)
    return value if isinstance(value, int) and value > 0 else None
