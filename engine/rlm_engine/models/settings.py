"""Which model to speak to, where, and with what patience.

Read from the environment; a key may also be in the system's keyring, under the name of the
variable that would hold it (`keyring set rlm-mcp ANTHROPIC_API_KEY`).
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Final, Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from rlm_crystal.system_keyring import stored_key as system_stored_key

from rlm_engine.errors import ModelNotConfigured
from rlm_engine.json_value import JsonObject
from rlm_engine.models.provider import COMPATIBLE, PROVIDERS, Provider, provider_of

Tier = Literal["root", "sub"]
StoredKey = Callable[[Mapping[str, str], str], str | None]

_KEYLESS: Final = "no-key-is-needed"
_REPLY_TIMEOUT_S: Final = 120.0
# Under the second names they were known before; an address that goes unread sends a key elsewhere.
_URL: Final = ("RLM_MODEL_URL", "RLM_API_BASE")
_KEY: Final = ("RLM_MODEL_KEY", "RLM_API_KEY")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """One model: `model` is litellm's name, `name` the user's if it is another.

    The key is never shown. Without a key litellm takes what it finds for the provider itself.
    `start` says how a server of the user's own is started; such a one costs nothing.
    """

    model: str
    api_base: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    connect_timeout_s: float = 10.0
    reply_timeout_s: float = _REPLY_TIMEOUT_S
    name: str = ""
    start: str = ""

    @property
    def shown(self) -> str:
        """The model as the user named it."""
        return self.name or self.model

    @property
    def provider(self) -> str:
        """litellm's word for the provider."""
        return self.model.partition("/")[0]

    def call_arguments(self) -> JsonObject:
        """What every call to litellm says besides its messages."""
        arguments: JsonObject = {"model": self.model, "max_retries": 0, "num_retries": 0}
        if self.api_base is not None:
            place, user = split_user(self.api_base)
            arguments["api_base"] = place
            if user:
                arguments["extra_headers"] = {"Authorization": f"Basic {basic(user)}"}
        if self.api_key is not None:
            arguments["api_key"] = self.api_key
        return arguments


def split_user(url: str) -> tuple[str, str]:
    """An address without what stands before its @, and that."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=place)), user


def basic(user: str) -> str:
    """`user:password` of an address as a header has it (RFC 7617)."""
    return b64encode(unquote(user).encode()).decode()


def settings_from_environ(
    environ: Mapping[str, str], *, stored_key: StoredKey = system_stored_key
) -> tuple[ModelSettings, ModelSettings]:
    """The root's and the sub-calls' model: RLM_MODEL, and RLM_SUB_MODEL or the same again.

    ModelNotConfigured says what to set, ValueError what is set wrongly.
    """
    root = _given(environ, "RLM_MODEL")
    if not root:
        raise ModelNotConfigured(
            "no model is configured: set RLM_MODEL, for instance to openai/gpt-5-mini or "
            "ollama/qwen3, and the key of its provider in the environment"
        )
    sub = _given(environ, "RLM_SUB_MODEL") or root
    return (
        settings_of(root, environ, stored_key=stored_key),
        settings_of(sub, environ, tier="sub", stored_key=stored_key),
    )


def settings_of(
    model: str,
    environ: Mapping[str, str],
    *,
    tier: Tier = "root",
    stored_key: StoredKey = system_stored_key,
) -> ModelSettings:
    """How to reach `model`, named as `provider/name`; may wait three seconds for the keyring.

    RLM_MODEL_URL and RLM_MODEL_KEY are for models of RLM_MODEL's provider, RLM_SUB_MODEL_URL and
    RLM_SUB_MODEL_KEY for sub-calls alone. RLM_REPLY_TIMEOUT is in seconds, default 120.
    """
    url, key = _place(model, environ, tier)
    provider, name = provider_of(model, at_url=bool(url))
    _require_package(model, provider)
    for variable in provider.needs:
        if not _given(environ, variable):
            raise ModelNotConfigured(f"{model} needs {variable} in the environment")
    url = url or next(filter(None, (_given(environ, each) for each in provider.url_variables)), "")
    if provider.url_variables and not (url or provider.url):
        raise ModelNotConfigured(f"{model} needs {provider.url_variables[0]} in the environment")
    return ModelSettings(
        model=f"{provider.prefix}/{name}",
        api_base=_completed(url, provider) if url else provider.url,
        api_key=key or _key(model, provider, environ, stored_key, at_url=bool(url)),
        reply_timeout_s=_reply_timeout_s(_given(environ, "RLM_REPLY_TIMEOUT")),
        name="" if provider == COMPATIBLE else model,
        start=provider.start,
    )


def addresses_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every address that is given for some model: other models may answer to a name elsewhere."""
    variables = dict.fromkeys(
        variable for provider in PROVIDERS.values() for variable in provider.url_variables
    )
    return tuple(_given(environ, *each) for each in (_URL, ("RLM_SUB_MODEL_URL",))) + tuple(
        _given(environ, variable) for variable in variables
    )


def _place(model: str, environ: Mapping[str, str], tier: Tier) -> tuple[str, str]:
    """The address and the key that were given for this model, each empty where none was."""
    url, key = _given(environ, *_URL), _given(environ, *_KEY)
    root = _given(environ, "RLM_MODEL") or model
    sub_url, sub_key = _given(environ, "RLM_SUB_MODEL_URL"), _given(environ, "RLM_SUB_MODEL_KEY")
    if tier == "sub" and (sub_url or sub_key):
        return sub_url or (url if _alike(model, root) else ""), sub_key
    # What was given for one provider is not sent to another.
    return (url, key) if _alike(model, root) else ("", "")


def _alike(model: str, other: str) -> bool:
    if model == other or other == "extractive":
        return True
    return provider_of(model, at_url=True)[0] == provider_of(other, at_url=True)[0]


def _key(
    model: str,
    provider: Provider,
    environ: Mapping[str, str],
    stored_key: StoredKey,
    *,
    at_url: bool,
) -> str | None:
    for variable in provider.keys:
        if key := _given(environ, variable):
            return key
    if provider.local or provider == COMPATIBLE:
        # The client would take the OpenAI key, which is none of this server's business.
        return _KEYLESS if provider.prefix == "openai" else None
    if not provider.keys or any(_given(environ, variable) for variable in provider.instead):
        return None
    if key := stored_key(environ, provider.keys[0]):
        return key
    if at_url:
        return _KEYLESS
    raise ModelNotConfigured(
        f"{model} needs a key: set {' or '.join(provider.keys)} in the environment of the server, "
        f"or keep it in the system's keyring (keyring set rlm-mcp {provider.keys[0]})"
    )


def _require_package(model: str, provider: Provider) -> None:
    if provider.package is None:
        return
    name, requirement = provider.package
    try:
        found = find_spec(name)
    except ModuleNotFoundError:  # of the package that would hold it
        found = None
    if found is None:
        raise ModelNotConfigured(f"{model} needs a package: pip install {requirement}")


def _completed(url: str, provider: Provider) -> str:
    """The address with the scheme, port and path that litellm expects of it."""
    if "://" not in url:
        url = f"http://{url}"
        if provider.url and not re.search(r":\d+", url):
            url += f":{urlsplit(provider.url).port}"
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if provider.path == "/v1" and not path:
        path = "/v1"
    if provider.path == "none":
        path = path.removesuffix("/v1")
    return urlunsplit(parts._replace(path=path))


def _given(environ: Mapping[str, str], *names: str) -> str:
    """The first of these variables that is set."""
    return next(filter(None, (environ.get(name, "").strip() for name in names)), "")


def _reply_timeout_s(text: str) -> float:
    try:
        seconds = float(text) if text else _REPLY_TIMEOUT_S
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"RLM_REPLY_TIMEOUT must be a number of seconds above 0, not {text!r}")
    return seconds
