"""Endpoints of OpenAI's own form at an address that was given, spoken to without litellm.

litellm costs three seconds of CPU and 145 MB to import, and some ten milliseconds of CPU a call. A
server of the user's own (vLLM, llama.cpp, LM Studio, a gateway) needs none of what it is for. One
pooled client for each event loop makes all calls, at one to two milliseconds each, and is called as
litellm is: what is heard, and how calls fail, is read in one place for both.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from rlm_engine.models.settings import ModelSettings, basic, split_user

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response

_PREFIXES: Final = frozenset({"openai", "hosted_vllm", "lm_studio"})
# What these want of each of their models only litellm knows.
_THEIR_OWN: Final = ("openai.com", "azure.com")
_CONNECTIONS_KEPT: Final = 64
_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClient]" = WeakKeyDictionary()


def speaks_openai(settings: ModelSettings) -> bool:
    """Whether the model is behind an address of the user's own that speaks OpenAI's form."""
    if settings.api_base is None or settings.provider not in _PREFIXES:
        return False
    host = urlsplit(settings.api_base).hostname or ""
    return not any(host == own or host.endswith(f".{own}") for own in _THEIR_OWN)


class OpenaiForm:
    """One model at one address; `acompletion` as litellm's, of what `LitellmModel` asks."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        place, user = split_user(settings.api_base or "")
        self._url = f"{place.rstrip('/')}/chat/completions"
        self._headers = _headers(settings.api_key, user)
        self._model = settings.model.partition("/")[2]
        # Gateways to newer models of OpenAI take the second name only.
        self._limit = "max_tokens"

    async def acompletion(
        self,
        *,
        messages: list[dict[str, str]],
        max_tokens: int,
        stream: bool = False,
        stream_options: object = None,
        **_: object,
    ) -> Any:
        """The response, or with `stream` its chunks; raises what the client does, and Answered."""
        said: dict[str, Any] = {"model": self._model, "messages": messages}
        if stream:
            said |= {"stream": True, "stream_options": stream_options}
        response = await self._post(said | {self._limit: max_tokens}, stream=stream)
        if response.status_code == 400 and self._takes_other_limit(response.text):
            response = await self._post(said | {self._limit: max_tokens}, stream=stream)
        if response.status_code != 200:
            raise Answered(response)
        return Chunks(response) if stream else _read(response.text)

    async def _post(self, said: dict[str, Any], *, stream: bool) -> "Response":
        from httpx2 import Timeout

        settings, client = self._settings, _client()
        request = client.build_request(
            "POST",
            self._url,
            content=json.dumps(said).encode(),
            headers=self._headers,
            timeout=Timeout(settings.reply_timeout_s, connect=settings.connect_timeout_s),
        )
        response = await client.send(request, stream=stream)
        if stream and response.status_code != 200:
            await response.aread()
        return response

    def _takes_other_limit(self, told: str) -> bool:
        if self._limit == "max_tokens" and "max_completion_tokens" in told:
            self._limit = "max_completion_tokens"
            return True
        return False


class Answered(Exception):
    """The server's answer is no reply; its status and headers decide what that means."""

    def __init__(self, response: "Response") -> None:
        self.response = response
        self.status_code = response.status_code
        super().__init__(response.text[:2_000])


class Said(dict[str, Any]):
    """An object of JSON whose fields are attributes; one that is not there is None."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


class Chunks:
    """A stream of server-sent events (WHATWG, 9.2.6); a server may send one whole reply instead."""

    def __init__(self, response: "Response") -> None:
        self.received_finish_reason = ""
        self.intermittent_finish_reason = ""
        self._response = response
        whole = "application/json" in response.headers.get("content-type", "")
        self._chunks = self._whole() if whole else self._events()

    def __aiter__(self) -> "Chunks":
        return self

    async def __anext__(self) -> Any:
        chunk = await anext(self._chunks)
        if chunk.choices:
            choice = chunk.choices[0]
            choice["delta"] = choice.delta or choice.message or Said()
            self.received_finish_reason = choice.finish_reason or self.received_finish_reason
        return chunk

    async def aclose(self) -> None:
        """Hang up, also in the middle of the reply."""
        await self._response.aclose()

    async def _events(self) -> AsyncIterator[Any]:
        async for line in self._response.aiter_lines():
            data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
            if data == "[DONE]":
                return
            if data:
                yield _read(data)

    async def _whole(self) -> AsyncIterator[Any]:
        yield _read((await self._response.aread()).decode("utf-8", "replace"))


async def close_client() -> None:
    """Close the connections that are kept open for this event loop."""
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.aclose()


def _client() -> "AsyncClient":
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        from httpx2 import AsyncClient, Limits

        # How many calls are made at once is the scheduler's to say.
        limits = Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS_KEPT)
        client = _clients[loop] = AsyncClient(limits=limits)
    return client


def _headers(key: str | None, user: str) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if user:
        return headers | {"Authorization": f"Basic {basic(user)}"}
    return headers | {"Authorization": f"Bearer {key}"} if key else headers


def _read(text: str) -> Said:
    """What the server says; ValueError where that is no chat completion."""
    said: object = json.loads(text, object_hook=Said)
    if not isinstance(said, Said):
        raise ValueError("unexpected response: no JSON object")
    if said.error:
        raise ValueError(f"unexpected response: {json.dumps(said.error)[:2_000]}")
    return said
