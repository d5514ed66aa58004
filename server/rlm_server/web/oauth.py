"""Doors for tokens of an authorization server: signed ones, and ones it is asked about.

A token that was issued for another audience opens nothing here, and one that was presented here is
sent to nobody but, by introspection, to the server that issued it.
"""

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import anyio
import jwt
from mcp.server.auth.provider import AccessToken

from rlm_server.principal import OWNER, Principal
from rlm_server.web.bearer import digest
from rlm_server.web.door import TooMany
from rlm_server.web.fetching import Unanswered, fetched
from rlm_server.web.issuer import Issuer
from rlm_server.web.pace import STRANGERS, Pace

_log = logging.getLogger(__name__)

# What is signed with a secret both sides share, or not at all, is not among them.
_ALGORITHMS: Final = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
]  # fmt: skip
_LEEWAY_S: Final = 30
_KEYS_FRESH_S: Final = 600.0
_KEYS_USABLE_S: Final = 3_600.0
_ASKED_AGAIN_S: Final = 30.0
_KNOWN_S: Final = 30.0
_KNOWN_MAX: Final = 1_024
_AT_ONCE_MAX: Final = 8
_NAME_MAX: Final = 200
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0]")


class SignedTokens:
    """Opens to tokens that the issuer signed, by its published keys."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._keys = _Keys(issuer.jwks)

    async def verify_token(self, token: str, _source: str = "", /) -> AccessToken | None:
        """What its claims say, if signature, issuer, audience and times hold."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self._keys.named(kid)
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._issuer.audience,
                issuer=self._issuer.address,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError:
            return None
        return access_of(claims)

    def principal_of(self, access: AccessToken) -> Principal | None:
        """An agent by its subject, or the owner."""
        return principal_of(access, self._issuer.owners)


class IntrospectedTokens:
    """Opens to tokens that the issuer says are active; what it said holds for 30 s.

    Whoever makes tokens up can ask about a new one at will. So one that was good has places of its
    own when it is asked about again, and one never seen is asked about at a pace for its address.
    """

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._good, self._bad = _Said(), _Said()
        self._again, self._first = anyio.Semaphore(_AT_ONCE_MAX), anyio.Semaphore(_AT_ONCE_MAX)
        self._strangers = Pace(STRANGERS)

    async def verify_token(self, token: str, source: str = "", /) -> AccessToken | None:
        """What the issuer says of it, if it is active and meant for us; TooMany from one source."""
        name, now_s = digest(token), time.time()
        known = self._good.of(name)
        if known is not None and now_s - known.at_s < _KNOWN_S:
            return known.access
        if known is None and (bad := self._bad.of(name)) and now_s - bad.at_s < _KNOWN_S:
            return None
        if known is None and (wait_s := self._strangers.take(source, time.monotonic())):
            raise TooMany(wait_s)
        said = await self._asked(token, self._first if known is None else self._again)
        if isinstance(said, Unanswered):
            return None
        access = self._worth(said, now_s)
        if access is None:
            self._good.forget(name)
            self._bad.keep(name, _Answer(now_s, None))
        else:
            self._good.keep(name, _Answer(now_s, access))
            if known is None:
                self._strangers.give_back(source)
        return access

    def principal_of(self, access: AccessToken) -> Principal | None:
        """An agent by its subject, or the owner."""
        return principal_of(access, self._issuer.owners)

    async def _asked(self, token: str, places: anyio.Semaphore) -> Mapping[str, Any] | Unanswered:
        issuer = self._issuer
        try:
            async with places:
                return await fetched(
                    issuer.introspection,
                    form={"token": token, "token_type_hint": "access_token"},
                    login=(issuer.client_id, issuer.client_secret),
                )
        except Unanswered as error:
            _log.warning("no token can be looked up: %s", error)
            return error

    def _worth(self, said: Mapping[str, Any], now_s: float) -> AccessToken | None:
        issuer = self._issuer
        audiences = said.get("aud", ())
        meant = audiences == issuer.audience or (
            isinstance(audiences, list) and issuer.audience in audiences
        )
        ours = said.get("iss", issuer.address) == issuer.address
        expires_s = said.get("exp", 0)
        live = said.get("active") is True and isinstance(expires_s, int) and expires_s > now_s
        return access_of(said) if live and meant and ours else None


@dataclass(frozen=True, slots=True)
class _Answer:
    at_s: float
    access: AccessToken | None


class _Said:
    """What was answered of tokens, by their digests: of so many, those that were asked of last."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    def of(self, name: str) -> _Answer | None:
        return self._answers.get(name)

    def keep(self, name: str, answer: _Answer) -> None:
        self.forget(name)
        self._answers[name] = answer
        if len(self._answers) > _KNOWN_MAX:
            self._answers.popitem(last=False)

    def forget(self, name: str) -> None:
        self._answers.pop(name, None)


class _Keys:
    """The keys an issuer publishes, asked for anew every ten minutes, or where one is unknown."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._turn = anyio.Lock()
        self._asked_s = self._got_s = float("-inf")
        self._keys: dict[str | None, jwt.PyJWK] = {}

    async def named(self, kid: str | None) -> jwt.PyJWK | None:
        """The key of this id, or the only one there is where none is named."""
        found, age_s = self._found(kid), time.monotonic() - self._got_s
        if found is not None and age_s <= _KEYS_FRESH_S:
            return found  # nobody waits because a stranger names a key that is not known
        async with self._turn:
            now_s = time.monotonic()
            old, unknown = now_s - self._got_s > _KEYS_FRESH_S, self._found(kid) is None
            if (old or unknown) and now_s - self._asked_s > _ASKED_AGAIN_S:
                self._asked_s = now_s
                await self._ask(now_s)
            return self._found(kid) if now_s - self._got_s < _KEYS_USABLE_S else None

    def _found(self, kid: str | None) -> jwt.PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _ask(self, now_s: float) -> None:
        try:
            said = await fetched(self._address)
            keys = jwt.PyJWKSet.from_dict(dict(said)).keys
        except (Unanswered, jwt.PyJWTError) as error:
            _log.warning("the keys of the issuer cannot be had: %s", error)
            return
        self._keys = {key.key_id: key for key in keys if key.public_key_use in (None, "sig")}
        self._got_s = now_s


def access_of(claims: Mapping[str, Any]) -> AccessToken | None:
    """What the claims of a token that holds come to; None where they are of a strange kind."""
    scopes = claims.get("scope", claims.get("scp", ""))
    listed = scopes.split() if isinstance(scopes, str) else scopes
    client = claims.get("client_id") or claims.get("azp") or claims.get("sub")
    subject, expires_s = claims.get("sub"), claims.get("exp")
    if not isinstance(listed, list) or not isinstance(client, str):
        return None
    if not isinstance(subject, str | None) or not isinstance(expires_s, int | float):
        return None
    return AccessToken(
        token="",  # it goes no further than this
        client_id=client,
        scopes=[str(each) for each in cast("list[object]", listed)],
        expires_at=int(expires_s) + _LEEWAY_S,
        subject=subject,
        claims={"iss": claims.get("iss")},
    )


def principal_of(access: AccessToken, owners: frozenset[str]) -> Principal | None:
    """Whom it stands for: its subject, or where it names none `client:` and its client."""
    name = access.subject or f"client:{access.client_id}"
    if not name or len(name) > _NAME_MAX or _UNSEEN.search(name):
        return None
    return OWNER if access.subject in owners else Principal(name)
