"""Tokens as they are made, presented and compared.

A token has 256 random bits, so one round of SHA-256 is enough to keep it by: there is nothing to
guess. Digests are compared, in a time that does not depend on where they differ.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rlm_server.web.guard import values

if TYPE_CHECKING:
    from starlette.types import Scope

PREFIX: Final = "rlmt_"
_SCHEME: Final = "bearer "


def new_token() -> str:
    """A token nobody can guess; the prefix lets scanners of secrets, ours too, know it."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: 64 hex digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def matching(presented: str, digests: Iterable[str]) -> str:
    """Which of the digests is that of the token, or ""; all of them are compared."""
    own = digest(presented)
    found = [each for each in digests if hmac.compare_digest(each, own)]
    return found[0] if presented and found else ""


def presented(scope: "Scope") -> str:
    """The token of the Authorization header; "" where there is none, or more than one."""
    given = values(scope, b"authorization")
    if len(given) != 1 or not given[0].lower().startswith(_SCHEME):
        return ""
    return given[0][len(_SCHEME) :].strip()
