"""Taking keys out of what is told: those this process holds, and what looks like one."""

import os
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from rlm_engine.models.settings import ModelSettings, basic, split_user

_SECRET_NAME: Final = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|PASSPHRASE", re.IGNORECASE)
_SECRET_TEXT: Final = re.compile(
    r"(?i)\b(?:bearer\s+\S+|(?:sk|pk|gsk|xai|AIza|hf|AKIA|fw)[-_]?[\w*.-]{12,})"
    r"|(?<=[?&])(?:key|api[-_]?key|token|access_token)=[^&\s\"']+"
)
_USER_IN_URL: Final = re.compile(r"(?<=://)[^/\s@]*@")
_CHARS_LEAST: Final = 6
# Shorter parts of a path are words such as "v1" or "deployments".
_PATH_PART_CHARS: Final = 16


def without_secrets(text: str, *, settings: ModelSettings) -> str:
    """`text` without any key that this process holds, and without what looks like one."""
    held = [value for name, value in os.environ.items() if _SECRET_NAME.search(name)]
    urls = [value for value in os.environ.values() if "://" in value]
    held += [part for url in (*urls, settings.api_base or "") for part in _secret_parts(url)]
    for secret in sorted({*held, settings.api_key or ""}, key=len, reverse=True):
        if len(secret) >= _CHARS_LEAST:
            text = text.replace(secret, "[key]")
    return _SECRET_TEXT.sub("[key]", _USER_IN_URL.sub("", text))


def place_of(url: str) -> str:
    """Scheme, host and port of an address: what may be told of it."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "its address"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def _secret_parts(url: str) -> Iterator[str]:
    """What an address may hold besides its place: a password, long parts of its path, its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    for part in (parts.username or "", parts.password or ""):
        yield from (part, unquote(part))
    if user := split_user(url)[1]:
        yield basic(user)
    yield from (part for part in parts.path.split("/") if len(part) >= _PATH_PART_CHARS)
    yield from (value for _, value in parse_qsl(parts.query))
