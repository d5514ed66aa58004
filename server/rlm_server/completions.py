"""What a client may offer while a person types an argument: paths, symbols, ids of records.

From the crystal of the moment, without waiting for one: an empty list is better than a late one.
"""

from typing import TYPE_CHECKING, Final

from anyio.to_thread import run_sync

from rlm_server.principal import acting

if TYPE_CHECKING:
    from rlm_server.service import Service

VALUES_MAX: Final = 100
"""The protocol allows no more."""


async def completed(service: "Service", kind: str, begun: str) -> list[str]:
    """At most 100 values of a kind (`path`, `symbol`, `trace`) that begin with `begun`, the best
    first."""
    crystal, opened = service.state.crystal, service.opened
    if service.failure is not None:
        return []
    if kind == "trace" and opened is not None and acting().is_owner:
        from rlm_server.traces.opening import Traces

        ids = await run_sync(lambda: Traces(opened.archive.traces()).ids())
        return [one for one in ids if one.startswith(begun)][:VALUES_MAX]
    if crystal is None:
        return []
    from rlm_crystal.completing import paths_begun, symbols_begun

    if kind == "path":
        return await run_sync(lambda: paths_begun(crystal, begun, limit=VALUES_MAX))
    if kind == "symbol":
        return await run_sync(lambda: symbols_begun(crystal, begun, limit=VALUES_MAX))
    return []
