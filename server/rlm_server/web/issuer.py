"""Settings for tokens that an authorization server issues: we are an OAuth resource server.

RLM_OAUTH_ISSUER          its address, exactly as it stands in `iss`
RLM_OAUTH_AUDIENCE        our address, exactly as it stands in `aud`
RLM_OAUTH_JWKS            where its keys are, for tokens that it signs; or
RLM_OAUTH_INTROSPECTION   where it tells what a token is worth (RFC 7662), asked as
RLM_OAUTH_CLIENT_ID, RLM_OAUTH_CLIENT_SECRET
RLM_OAUTH_SCOPES          what a token must carry, separated by spaces
RLM_OAUTH_OWNERS          subjects that act as the owner; all others act as agents
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from rlm_server.errors import Misused

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues tokens for whom, and how one is looked at: `jwks` or `introspection` is set."""

    address: str
    audience: str
    jwks: str = ""
    introspection: str = ""
    client_id: str = ""
    client_secret: str = ""
    scopes: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Issuer | None":
        """None without RLM_OAUTH_ISSUER; Misused for settings that do not fit together."""
        given = {name: environ.get(f"RLM_OAUTH_{name}", "").strip() for name in _NAMES}
        if not given["ISSUER"]:
            if any(given.values()):
                raise Misused("RLM_OAUTH_ISSUER is not set, but others of its kind are.")
            return None
        if not given["AUDIENCE"]:
            raise Misused("RLM_OAUTH_AUDIENCE is not set: a token for another server would do.")
        if bool(given["JWKS"]) == bool(given["INTROSPECTION"]):
            raise Misused("Set one of RLM_OAUTH_JWKS and RLM_OAUTH_INTROSPECTION.")
        if given["INTROSPECTION"] and not (given["CLIENT_ID"] and given["CLIENT_SECRET"]):
            raise Misused(
                "RLM_OAUTH_INTROSPECTION needs RLM_OAUTH_CLIENT_ID and RLM_OAUTH_CLIENT_SECRET."
            )
        for name in ("ISSUER", "AUDIENCE", "JWKS", "INTROSPECTION"):
            _check_address(f"RLM_OAUTH_{name}", given[name])
        return cls(
            given["ISSUER"],
            given["AUDIENCE"],
            jwks=given["JWKS"],
            introspection=given["INTROSPECTION"],
            client_id=given["CLIENT_ID"],
            client_secret=given["CLIENT_SECRET"],
            scopes=tuple(given["SCOPES"].split()),
            owners=frozenset(given["OWNERS"].split()),
        )


_NAMES = (
    "ISSUER", "AUDIENCE", "JWKS", "INTROSPECTION", "CLIENT_ID", "CLIENT_SECRET", "SCOPES", "OWNERS",
)  # fmt: skip


def _check_address(name: str, address: str) -> None:
    try:
        parts = urlsplit(address)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        good = bool(parts.hostname and (parts.scheme == "https" or plain))
    except ValueError:
        good = False
    if address and not good:
        raise Misused(f"{name} is {address!r}; give an https address (http on loopback only).")
