"""Whether anybody listens at an endpoint, known before three seconds of CPU go into litellm."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio

from rlm_engine.models.failures import unreachable
from rlm_engine.models.settings import ModelSettings

_PORTS = {"http": 80, "https": 443}


async def check_reachable(settings: ModelSettings) -> None:
    """ModelUnavailable where nobody takes a connection at `api_base`.

    Nothing is tried without an `api_base`, or where a proxy stands between.
    """
    try:
        url = urlsplit(settings.api_base or "")
        host, port = url.hostname, url.port or _PORTS.get(url.scheme)
    except ValueError:  # a port that is none; litellm says what it makes of it
        return
    if not host or not port or _by_proxy(url.scheme, host):
        return
    try:
        with anyio.fail_after(settings.connect_timeout_s):
            stream = await anyio.connect_tcp(host, port)
            await stream.aclose()
    except OSError:  # a time-out is one, too
        raise unreachable(settings) from None


def _by_proxy(scheme: str, host: str) -> bool:
    proxies = getproxies()
    return (scheme in proxies or "all" in proxies) and not proxy_bypass(host)
