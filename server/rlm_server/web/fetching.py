"""One small JSON object from an address that the operator set: no redirects, bounded."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

import anyio

_WITHIN_S: Final = 5.0
_MAX_BYTES: Final = 1 << 20


class Unanswered(Exception):
    """Nothing usable came; the message holds nothing that was sent."""


async def fetched(
    address: str, *, form: Mapping[str, str] | None = None, login: tuple[str, str] | None = None
) -> Mapping[str, Any]:
    """What is at the address, by GET, or by POST where there is a form. Unanswered otherwise."""
    import httpx2

    body = bytearray()
    try:
        with anyio.fail_after(_WITHIN_S):
            async with (
                httpx2.AsyncClient(auth=login, headers={"accept": "application/json"}) as client,
                client.stream("POST" if form else "GET", address, data=form) as response,
            ):
                if response.status_code != 200:
                    raise Unanswered(f"{address} answered {response.status_code}")
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _MAX_BYTES:
                        raise Unanswered(f"{address} answered more than 1 MiB")
        said = json.loads(body)
    except (httpx2.HTTPError, TimeoutError, ValueError, RecursionError) as error:
        raise Unanswered(f"{address}: {type(error).__name__}") from None
    if not isinstance(said, dict):
        raise Unanswered(f"{address} answered no JSON object")
    return cast("dict[str, Any]", said)
