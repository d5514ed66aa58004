"""Any hosted or local model that litellm can speak to; `openai_form.py` speaks OpenAI's for it.

litellm costs three seconds of CPU and some 180 MB to import, so it is imported at the first call,
in a thread. It is told to load no `.env` of the working directory (the workspace is not ours), to
fetch no price map, to report nothing home and to print nothing. Keys come from the environment
or the system's keyring, and are struck out of every message.
"""

import importlib
import logging
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from warnings import catch_warnings

import anyio
from anyio.to_thread import run_sync

from rlm_engine.errors import ModelError, ModelNotConfigured
from rlm_engine.model import Completion, Message, tokens_at_most
from rlm_engine.model_table import table_from_environ
from rlm_engine.models.failures import model_error, reply_tokens_allowed, timed_out
from rlm_engine.models.openai_form import OpenaiForm, close_client, speaks_openai
from rlm_engine.models.reach import check_reachable
from rlm_engine.models.reply import Heard, completion_of, heard_in
from rlm_engine.models.settings import ModelSettings, Tier, settings_from_environ, settings_of
from rlm_engine.models.stream import read_stream
from rlm_engine.models.writing import Writing
from rlm_engine.prices import Price
from rlm_engine.say import Say

_QUIET: Final = {
    # In its default mode DEV it loads `.env` from the working directory.
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
}
# Ollama cuts what is longer than its window, and says nothing; another window loads the model anew.
_OLLAMA_WINDOWS: Final = (8_192, 16_384, 32_768, 65_536, 131_072)


def models_from_environ(environ: Mapping[str, str]) -> "tuple[LitellmModel, LitellmModel]":
    """The root's and the sub-calls' model; ModelNotConfigured or ValueError says what is wrong."""
    root, sub = settings_from_environ(environ)
    return _priced(root, environ, None), _priced(sub, environ, None)


def model_named(
    name: str, environ: Mapping[str, str], *, tier: Tier = "root", say: Say | None = None
) -> "LitellmModel":
    """The model of this name, as `models_from_environ`; may wait three seconds for the keyring.

    `say` is told how each reply comes along: the model is then asked to stream it.
    """
    return _priced(settings_of(name, environ, tier=tier), environ, say)


class LitellmModel:
    """A Model behind litellm. `price` is None where it is not known: calls then count as $0."""

    def __init__(
        self,
        settings: ModelSettings,
        *,
        price: Price | None,
        reply_max: int | None = None,
        say: Say | None = None,
    ) -> None:
        self.name = settings.shown
        self._settings = settings
        self._price = price
        self._say = say
        # What it cannot do, as far as is known before or found out.
        self._reply_max = reply_max
        self._streams = True
        self._direct = OpenaiForm(settings) if speaks_openai(settings) else None
        self._window = _OLLAMA_WINDOWS[0]

    async def complete(self, messages: Sequence[Message], *, max_tokens: int) -> Completion:
        """One chat call; a ModelError says why there is no reply.

        It is not retried here, but for a reply that may not be as long as was asked for.
        """
        client = self._direct or await self._litellm()
        allowed = min(max_tokens, self._reply_max or max_tokens)
        try:
            heard = await self._hear(client, messages, allowed)
        except ModelError as error:
            fewer = reply_tokens_allowed(error, allowed)
            if fewer is None:
                raise
            self._reply_max = fewer
            heard = await self._hear(client, messages, fewer)
        return completion_of(heard, messages, price=self._price, settings=self._settings)

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> float:
        """The price of such a prompt, nothing of it cached, and of such a reply."""
        if self._price is None:
            return 0.0
        return self._price.worst_usd(tokens_in, tokens_out)

    async def _litellm(self) -> Any:
        if not _litellm.cache_info().currsize:
            await check_reachable(self._settings)
        return await run_sync(_litellm)

    async def _hear(self, client: Any, messages: Sequence[Message], max_tokens: int) -> Heard:
        """What the model says; where it is listened to, as it says it."""
        if self._say is None or not self._streams:
            return await self._whole(client, messages, max_tokens)
        heard = await self._streamed(client, messages, max_tokens, self._say)
        if heard.ended:
            return heard
        # Such a server takes no part in streaming, or broke off: a whole reply tells which.
        self._streams = False
        whole = await self._whole(client, messages, max_tokens)
        return whole if heard.tokens_out is None else whole.after(heard)

    async def _whole(self, client: Any, messages: Sequence[Message], max_tokens: int) -> Heard:
        settings = self._settings
        try:
            with anyio.fail_after(settings.reply_timeout_s):
                response = await client.acompletion(**self._arguments(messages, max_tokens))
        except TimeoutError:
            raise timed_out(settings) from None
        except Exception as error:  # litellm raises what its many providers raise
            raise model_error(error, settings=settings) from None
        return heard_in(response)

    async def _streamed(
        self, client: Any, messages: Sequence[Message], max_tokens: int, say: Say
    ) -> Heard:
        settings = self._settings
        asked = client.acompletion(
            **self._arguments(messages, max_tokens),
            stream=True,
            stream_options={"include_usage": True},
        )
        try:
            writing = Writing(self.name, say)
            return await read_stream(asked, writing, silence_s=settings.reply_timeout_s)
        except TimeoutError:
            raise timed_out(settings) from None
        except Exception as error:  # as above
            raise model_error(error, settings=settings) from None

    def _arguments(self, messages: Sequence[Message], max_tokens: int) -> dict[str, Any]:
        settings = self._settings
        arguments: dict[str, Any] = {
            **settings.call_arguments(),
            "messages": _said(messages, marked=settings.provider == "anthropic"),
            "max_tokens": max_tokens,
        }
        if self._direct is None:
            arguments["timeout"] = _timeout(settings)
        if settings.provider == "ollama_chat":
            tokens = tokens_at_most(messages, self.name) + max_tokens
            fitting = (window for window in _OLLAMA_WINDOWS if window >= tokens)
            self._window = max(self._window, next(fitting, _OLLAMA_WINDOWS[-1]))
            arguments["num_ctx"] = self._window
        return arguments


def _said(messages: Sequence[Message], *, marked: bool) -> list[dict[str, Any]]:
    """The messages as litellm takes them.

    `marked`: Anthropic caches what is marked only, at a quarter more, and reads it at a tenth. So a
    run is marked from its second turn on, and what is asked once is not.
    """
    said: list[dict[str, Any]] = [{"role": m.role, "content": m.content} for m in messages]
    if marked and any(message.role == "assistant" for message in messages):
        last = {"type": "text", "text": messages[-1].content}
        said[-1]["content"] = [last | {"cache_control": {"type": "ephemeral"}}]
    return said


async def close_clients() -> None:
    """Close the connections that are kept open for this event loop, litellm's if it was used."""
    await close_client()
    if _litellm.cache_info().currsize:
        await _litellm().close_litellm_async_clients()


def _priced(settings: ModelSettings, environ: Mapping[str, str], say: Say | None) -> "LitellmModel":
    table = table_from_environ(environ)
    card = table.card(settings.shown)
    price = card.price or table.find(settings.model)
    return LitellmModel(settings, price=price, reply_max=card.reply_max, say=say)


@lru_cache(maxsize=1)
def _litellm() -> Any:
    os.environ.update(_QUIET)
    try:
        with catch_warnings(action="ignore"):
            litellm: Any = importlib.import_module("litellm")
            # It builds these at first use, and pydantic has remarks on them.
            _ = litellm.ModelResponse(), litellm.types.utils.Delta(content="")
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
