"""What went wrong with a call, told in one line without a key, as one of the engine's errors.

litellm and the clients under it raise some forty classes; what decides here is the HTTP status,
whether a connection was made at all, whether time ran out, and for a prompt that is too long the
words that providers have for it.
"""

import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from rlm_engine.errors import (
    ContextTooLong,
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from rlm_engine.models.secrets import place_of, without_secrets
from rlm_engine.models.settings import ModelSettings

_NO_CONNECTION: Final = frozenset(
    {
        "ConnectError", "ConnectTimeout", "ClientConnectorError", "ClientConnectorDNSError",
        "ClientConnectorCertificateError", "ConnectionRefusedError", "ConnectionTimeoutError",
        "gaierror",
    }
)  # fmt: skip
_TIMED_OUT: Final = frozenset({"Timeout", "TimeoutError", "ReadTimeout", "APITimeoutError"})
_BROKEN_OFF: Final = frozenset(
    {
        "RemoteProtocolError", "ServerDisconnectedError", "APIConnectionError", "ReadError",
        "WriteError",
    }
)  # fmt: skip
_WRAPPING: Final = re.compile(r"^(?:litellm\.)?(?:\w+Error: )*(?:litellm\.)?(?:\w+Error: )*"
                              r"(?:\w+(?:Exception|Error) - )?")  # fmt: skip
_TRACEBACK: Final = re.compile(r"\s*Traceback \(most recent call last\).*", re.DOTALL)
_HANDLE_WITH: Final = re.compile(r"\.? Handle with `litellm\.\w+`\.")
# The sentence within the JSON that a provider's error is.
_MESSAGE: Final = re.compile(r"""["'](?:message|error|detail)["']: *"((?:[^"\\]|\\.)+)\"""")
# A client that finds no key raises before it asks anybody, and litellm calls that a status 500.
_NO_KEY: Final = re.compile(
    r"(?i)\bmissing (?:credentials|[\w ]{0,30}api[ _]key)|api_key client option"
)
_NO_MONEY: Final = re.compile(
    r"(?i)insufficient[_ ](?:quota|balance|credit)|exceeded your current quota|credit balance"
)
_MALFORMED: Final = re.compile(
    r"(?i)expecting value|unable to get json|unexpected response|JSONDecode|is not a list|"
    r"must be a mapping|^'\w+'$|KeyError|validation error"
)
_TOO_LONG: Final = re.compile(
    r"""(?ix) maximum\ context | context[ _-](?:length|window|size) | prompt\ is\ too\ long
    | prompt\ (?:length|size)\ (?:exceeds|is) | maximum\ prompt\ length
    | (?:input|prompt|request|messages?)\b.{0,40}\btoo\ (?:long|large|many\ tokens)
    | input\ token\ count | too\ many\ (?:input\ )?tokens | reduce\ the\ length
    | exceed\w*\ .{0,40}\bcontext | too\ large\ for\ model"""
)
_REPLY_TOO_LONG: Final = re.compile(r"(?i)max(?:imum)?[_ ](?:completion_|output_|new_)?tokens\b")
_NUMBER: Final = r"(\d{1,3}(?:[,_]\d{3})+|\d{3,8})\b"
_TOKENS: Final = re.compile(r"\b" + _NUMBER)
_WINDOW: Final = re.compile(
    rf"(?i)(?:maximum|limit|window|context (?:size|length))\D{{0,60}}{_NUMBER}"
    rf"|> {_NUMBER}|\b{_NUMBER} maximum"
)
_TOKENS_LEAST: Final = 256
_TEXT_CHARS: Final = 300
_CHAIN_MAX: Final = 12


def model_error(error: BaseException, *, settings: ModelSettings) -> ModelError:
    """`error` as the engine's own, its text cut and without secrets."""
    causes = list(_chain(error))
    names = {type(cause).__name__ for cause in causes}
    where = _where(settings)
    if names & _NO_CONNECTION:
        return unreachable(settings)
    if names & _TIMED_OUT:
        return timed_out(settings)
    status = _status(causes)
    said = _said(error)
    text = _cut(without_secrets(said, settings=settings))
    if _NO_KEY.search(said):
        return ModelRefused(f"{where} was given no key: {text}{_advice(401, settings)}")
    if status != 429 and (
        "ContextWindowExceededError" in names or status == 413 or _TOO_LONG.search(said)
    ):
        return ContextTooLong(
            f"{where} cannot take a prompt of this length: {text}", tokens_max=_window(said)
        )
    if _NO_MONEY.search(said):
        return ModelRefused(f"{where} refused, for the account behind the key is empty: {text}")
    if status == 429 or status in (408, 409, 425):
        return ModelBusy(f"{where} is busy ({status}): {text}", retry_after_s=_retry_after(causes))
    if _MALFORMED.search(said):
        return ModelBusy(f"{where} sent what is no reply of a model: {text}")
    if status is not None and 300 <= status < 500:
        return ModelRefused(f"{where} refused ({status}): {text}{_advice(status, settings)}")
    if status is not None or names & _BROKEN_OFF:
        code = "connection broken off" if status is None else str(status)
        return ModelBusy(f"{where} failed ({code}): {text}", retry_after_s=_retry_after(causes))
    return ModelRefused(f"{where} failed: {text}")


def unreachable(settings: ModelSettings) -> ModelUnavailable:
    """That nobody takes a connection."""
    advice = "Check RLM_MODEL_URL, and the network."
    if settings.start:
        advice = f"Start it ({settings.start}), or set RLM_MODEL_URL to where it listens."
    return ModelUnavailable(f"{_where(settings)} cannot be reached. {advice}")


def timed_out(settings: ModelSettings) -> ModelTimeout:
    """That a call was sent and no reply came, or no more of it."""
    return ModelTimeout(
        f"{_where(settings)} did not answer within {settings.reply_timeout_s:.0f} s"
        " (RLM_REPLY_TIMEOUT)"
    )


def reply_tokens_allowed(error: ModelError, asked: int) -> int | None:
    """How long a reply the model can give, where `error` says that `asked` was too many tokens."""
    if isinstance(error, ContextTooLong) and error.tokens_max is not None:
        # A quarter of the window for the reply leaves the rest for the prompt.
        allowed = max(_TOKENS_LEAST, error.tokens_max // 4)
        return allowed if allowed < asked else None
    if isinstance(error, ModelRefused) and _REPLY_TOO_LONG.search(str(error)):
        smaller = [number for number in _numbers(str(error)) if _TOKENS_LEAST <= number < asked]
        return max(smaller, default=None)
    return None


def _said(error: BaseException) -> str:
    """The words of the provider, as far as they can be told from what litellm put around them."""
    text = _TRACEBACK.sub("", str(error))
    text = _HANDLE_WITH.sub("", _WRAPPING.sub("", " ".join(text.split())))
    inner = _MESSAGE.search(text)
    return inner[1] if inner else text


def _cut(text: str) -> str:
    if len(text) <= _TEXT_CHARS:
        return text
    return f"{text[:_TEXT_CHARS].rpartition(' ')[0]} …"


def _where(settings: ModelSettings) -> str:
    """The model and the place it is at, without what else its address may hold."""
    if not settings.api_base:
        return settings.shown
    return f"{settings.shown} at {place_of(settings.api_base)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen = 0
    current: BaseException | None = error
    while current is not None and seen < _CHAIN_MAX:
        yield current
        seen += 1
        current = current.__cause__ or current.__context__


def _status(causes: list[BaseException]) -> int | None:
    for cause in causes:
        status: object = getattr(cause, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _window(said: str) -> int | None:
    """The tokens of the model's window, where they are told."""
    found = _WINDOW.search(said)
    if found is None:
        return None
    tokens = _number(next(filter(None, found.groups())))
    return tokens if tokens >= _TOKENS_LEAST else None


def _numbers(text: str) -> list[int]:
    return [_number(digits) for digits in _TOKENS.findall(text)]


def _number(digits: str) -> int:
    return int(re.sub(r"[,_]", "", digits))


def _retry_after(causes: list[BaseException]) -> float | None:
    for cause in causes:
        headers: object = getattr(getattr(cause, "response", None), "headers", None)
        if isinstance(headers, Mapping):
            value: object = headers.get("retry-after")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            if isinstance(value, str):
                return _seconds(value.strip())
    return None


def _seconds(value: str) -> float | None:
    """Retry-After in seconds: a number, or a date (RFC 9110, 10.2.3); None for neither."""
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time())


def _advice(status: int, settings: ModelSettings) -> str:
    if status in (401, 403):
        return " Check the provider's key in the environment."
    if status == 404 and settings.provider == "ollama_chat":
        return f" Fetch it first: ollama pull {settings.model.partition('/')[2]}."
    if status == 404:
        return " Check the model's name (RLM_MODEL, RLM_SUB_MODEL) and RLM_MODEL_URL."
    return ""
