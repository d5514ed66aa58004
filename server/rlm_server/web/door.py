"""Who may come in over HTTP, and as whom."""

import logging
import math
import time
from typing import Protocol

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response

from rlm_server.errors import TokensDamaged
from rlm_server.principal import Principal
from rlm_server.web.bearer import presented
from rlm_server.web.tokens import TokenBook, holder

_log = logging.getLogger(__name__)


class Door(Protocol):
    """Tells tokens that are good from those that are not, and whose they are.

    What it returns holds no token: that one ends here, and nothing behind could pass it on.
    """

    async def verify_token(self, token: str, source: str = "", /) -> AccessToken | None:
        """What is known of whoever presents it from this address, or None; TooMany."""
        ...

    def principal_of(self, access: AccessToken) -> Principal | None:
        """As whom one who was verified acts, or None where that cannot be told."""
        ...


class TooMany(AuthenticationError):
    """So many tokens that are none came from one address that no other is looked up for it now."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("Too many requests.")
        self.wait_s = wait_s


class Asker(AuthenticationBackend):
    """Asks a door about the token of a request."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def authenticate(
        self, conn: HTTPConnection
    ) -> tuple[AuthCredentials, AuthenticatedUser] | None:
        """Whose token it is, or None without a good one; TooMany."""
        token = presented(conn.scope)
        source = conn.client.host if conn.client else ""
        access = await self._door.verify_token(token, source) if token else None
        if access is None or (access.expires_at and access.expires_at < int(time.time())):
            return None
        return AuthCredentials(access.scopes), AuthenticatedUser(access)


def told_to_wait(_: HTTPConnection, error: AuthenticationError) -> Response:
    """The answer to TooMany."""
    wait_s = error.wait_s if isinstance(error, TooMany) else 1.0
    headers = {"retry-after": str(math.ceil(wait_s)), "connection": "close"}
    return PlainTextResponse(str(error), 429, headers)


class TokenDoor:
    """Opens to the tokens of this machine."""

    def __init__(self, book: TokenBook) -> None:
        self._book = book

    async def verify_token(self, token: str, _source: str = "", /) -> AccessToken | None:
        """The name of its holder, and no scopes; reads a small file where it has changed."""
        try:
            kept = self._book.whose(token)
        except (TokensDamaged, OSError) as error:
            _log.error("no token is accepted: %s", error)
            return None
        return None if kept is None else AccessToken(token="", client_id=kept.name, scopes=[])

    def principal_of(self, access: AccessToken) -> Principal | None:
        """The owner or an agent, by the name of the token."""
        return holder(access.client_id)
