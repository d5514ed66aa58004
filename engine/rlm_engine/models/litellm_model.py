"""Any hosted or local model that litellm can speak to.

litellm costs three seconds of CPU and some 180 MB to import, so it is imported at the first call,
in a thread. It is told to load no `.env` of the working directory (the workspace is not ours), to
fetch no price map, to report nothing home and to print nothing. Keys come from the environment
only, and are struck out of every message.
"""

import importlib
import logging
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import anyio
from anyio.to_thread import run_sync

from rlm_engine.errors import ModelNotConfigured, ModelTimeout
from rlm_engine.model import Completion, Message, tokens_at_most
from rlm_engine.models.failures import model_error
from rlm_engine.models.reach import check_reachable
from rlm_engine.models.settings import ModelSettings, settings_from_environ
from rlm_engine.prices import Price, prices_from_environ

_CHARS_PER_TOKEN = 4
_QUIET = {
    # In its default mode DEV it loads `.env` from the working directory.
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
}


def models_from_environ(environ: Mapping[str, str]) -> "tuple[LitellmModel, LitellmModel]":
    """The root's and the sub-calls' model; ModelNotConfigured or ValueError says what is wrong."""
    prices = prices_from_environ(environ)
    root, sub = settings_from_environ(environ)
    return (
        LitellmModel(root, price=prices.find(root.model)),
        LitellmModel(sub, price=prices.find(sub.model)),
    )


class LitellmModel:
    """A Model behind litellm. `price` is None where it is not known: calls then count as $0."""

    def __init__(self, settings: ModelSettings, *, price: Price | None) -> None:
        self.name = settings.model
        self._settings = settings
        self._price = price

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        """One chat call, not retried here; a ModelError says why there is no reply."""
        settings = self._settings
        if not _litellm.cache_info().currsize:
            await check_reachable(settings)
        litellm = await run_sync(_litellm)
        try:
            with anyio.fail_after(settings.reply_timeout_s):
                response = await litellm.acompletion(
                    **settings.call_arguments(),
                    messages=[{"role": m.role, "content": m.content} for m in messages],
                    max_tokens=max_tokens,
                    timeout=_timeout(settings),
                )
        except TimeoutError:
            raise ModelTimeout(
                f"{self.name} did not answer within {settings.reply_timeout_s:.0f} s"
            ) from None
        except Exception as error:  # litellm raises what its many providers raise
            raise model_error(error, settings=settings) from None
        return self._completion(response, messages)

    def worst_case_usd(self, messages: Sequence[Message], max_tokens: int) -> float:
        """The price of the prompt by an upper estimate, and of a reply of full length."""
        if self._price is None:
            return 0.0
        return self._price.cost_usd(tokens_at_most(messages), max_tokens)

    def _completion(self, response: Any, messages: Sequence[Message]) -> Completion:
        text = str(response.choices[0].message.content or "") if response.choices else ""
        usage = getattr(response, "usage", None)
        prompt_chars = sum(len(message.content) for message in messages)
        tokens_in = _count(usage, "prompt_tokens", otherwise=prompt_chars // _CHARS_PER_TOKEN)
        tokens_out = _count(usage, "completion_tokens", otherwise=len(text) // _CHARS_PER_TOKEN)
        if self._price is None:
            return Completion(text, tokens_in, tokens_out, 0.0, price_known=False)
        return Completion(text, tokens_in, tokens_out, self._price.cost_usd(tokens_in, tokens_out))


async def close_clients() -> None:
    """Close the connections that litellm keeps open for this event loop, if it was used."""
    if _litellm.cache_info().currsize:
        await _litellm().close_litellm_async_clients()


@lru_cache(maxsize=1)
def _litellm() -> Any:
    os.environ.update(_QUIET)
    try:
        litellm: Any = importlib.import_module("litellm")
    except ImportError:
        raise ModelNotConfigured(
            "the package litellm is not installed: pip install 'rlm-mcp[litellm]'"
        ) from None
    litellm.suppress_debug_info = True
    litellm.set_verbose = False
    litellm.drop_params = True
    litellm.turn_off_message_logging = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return litellm


def _timeout(settings: ModelSettings) -> Any:
    httpx = importlib.import_module("httpx")
    return httpx.Timeout(settings.reply_timeout_s, connect=settings.connect_timeout_s)


def _count(usage: object, name: str, *, otherwise: int) -> int:
    value: object = getattr(usage, name, None)
    return value if isinstance(value, int) and value > 0 else otherwise
