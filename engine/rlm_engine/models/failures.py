"""What went wrong with a call, told in one line without a key, as one of the engine's errors.

litellm and the clients under it raise some forty classes; what decides here is the HTTP status,
whether a connection was made at all, and whether time ran out.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

from rlm_engine.errors import (
    ModelBusy,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from rlm_engine.models.settings import ModelSettings

_NO_CONNECTION = frozenset(
    {
        "ConnectError", "ConnectTimeout", "ClientConnectorError", "ClientConnectorDNSError",
        "ClientConnectorCertificateError", "ConnectionRefusedError", "ConnectionTimeoutError",
        "gaierror",
    }
)  # fmt: skip
_TIMED_OUT = frozenset({"Timeout", "TimeoutError", "ReadTimeout", "APITimeoutError"})
_BROKEN_OFF = frozenset({"RemoteProtocolError", "ServerDisconnectedError", "APIConnectionError"})
_WRAPPING = re.compile(r"^(?:litellm\.)?(?:\w+Error: )+(?:\w+Exception - )?")
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"(?i)\b(?:bearer\s+\S+|(?:sk|pk|gsk|xai|AIza|hf)[-_][\w*.-]{6,})")
# A client that finds no key raises before it asks anybody, and litellm calls that a status 500.
_NO_KEY = re.compile(r"(?i)\bmissing (?:credentials|[\w ]{0,30}api[ _]key)|api_key client option")
_USER_IN_URL = re.compile(r"(?<=://)[^/]*@")
_SECRET_CHARS_LEAST = 6
_TEXT_CHARS = 300
_CHAIN_MAX = 12


def model_error(error: BaseException, *, settings: ModelSettings) -> ModelError:
    """`error` as the engine's own, its text cut and without secrets."""
    causes = list(_chain(error))
    names = {type(cause).__name__ for cause in causes}
    where = _where(settings)
    if names & _NO_CONNECTION:
        return unreachable(settings)
    if names & _TIMED_OUT:
        return ModelTimeout(f"{where} did not answer within {settings.reply_timeout_s:.0f} s")
    status = _status(causes)
    said = _WRAPPING.sub("", " ".join(str(error).split()))
    text = _cut(without_secrets(said, settings=settings))
    if _NO_KEY.search(said):
        return ModelRefused(f"{where} was given no key: {text}{_advice(401)}")
    if status == 429 or status in (408, 409, 425):
        return ModelBusy(f"{where} is busy ({status}): {text}", retry_after_s=_retry_after(causes))
    if status is not None and 400 <= status < 500:
        return ModelRefused(f"{where} refused ({status}): {text}{_advice(status)}")
    if status is not None or names & _BROKEN_OFF:
        code = "connection broken off" if status is None else str(status)
        return ModelBusy(f"{where} failed ({code}): {text}", retry_after_s=_retry_after(causes))
    return ModelRefused(f"{where} failed: {text}")


def unreachable(settings: ModelSettings) -> ModelUnavailable:
    """That nobody takes a connection."""
    return ModelUnavailable(
        f"{_where(settings)} cannot be reached. Check that it runs, RLM_API_BASE, and the network."
    )


def without_secrets(text: str, *, settings: ModelSettings) -> str:
    """`text` without any key that this process holds, and without what looks like one."""
    held = [value for name, value in os.environ.items() if _SECRET_NAME.search(name)]
    for secret in sorted({*held, settings.api_key or ""}, key=len, reverse=True):
        if len(secret) >= _SECRET_CHARS_LEAST:
            text = text.replace(secret, "[key]")
    return _SECRET_TEXT.sub("[key]", text)


def _cut(text: str) -> str:
    if len(text) <= _TEXT_CHARS:
        return text
    return f"{text[:_TEXT_CHARS].rpartition(' ')[0]} …"


def _where(settings: ModelSettings) -> str:
    """The model and its endpoint, without what may stand before an @ in it."""
    if not settings.api_base:
        return settings.model
    return f"{settings.model} at {_USER_IN_URL.sub('', settings.api_base)}"


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


def _advice(status: int) -> str:
    if status in (401, 403):
        return " Check the provider's key in the environment."
    if status == 404:
        return " Check the model's name (RLM_MODEL, RLM_SUB_MODEL)."
    return ""
