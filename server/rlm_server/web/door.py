"""Who may come in over HTTP, and as whom."""

import logging
from typing import Protocol

from mcp.server.auth.provider import AccessToken

from rlm_server.errors import TokensDamaged
from rlm_server.principal import Principal
from rlm_server.web.tokens import TokenBook, holder

_log = logging.getLogger(__name__)


class Door(Protocol):
    """Tells tokens that are good from those that are not, and whose they are.

    What it returns holds no token: that one ends here, and nothing behind could pass it on.
    """

    async def verify_token(self, token: str) -> AccessToken | None:
        """What is known of whoever presents it, or None."""
        ...

    def principal_of(self, access: AccessToken) -> Principal | None:
        """As whom one who was verified acts, or None where that cannot be told."""
        ...


class TokenDoor:
    """Opens to the tokens of this machine."""

    def __init__(self, book: TokenBook) -> None:
        self._book = book

    async def verify_token(self, token: str) -> AccessToken | None:
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
